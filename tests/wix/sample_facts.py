"""What the client reads of orders, comments and members, laid out to be compared."""

from __future__ import annotations

from badgejobs.wix import bodies, pages
from badgejobs.wix.client.people import MembersListed


def line_facts(line: bodies.LineItem) -> tuple[object, ...]:
    return (
        line.product_name.original if line.product_name else None,
        line.catalog_reference.catalog_item_id if line.catalog_reference else None,
        line.catalog_reference.app_id if line.catalog_reference else None,
        line.quantity,
        line.refund_quantity,
        line.price.amount if line.price else None,
        line.item_type.preset if line.item_type else None,
    )


def joined_facts(found: MembersListed) -> list[object]:
    members = [
        (one.id, one.created_date, one.updated_date, one.status) for one in found.page.records
    ]
    return [found.total, *members]


def order_facts(found: pages.Listed[bodies.Order]) -> list[object]:
    return [
        (
            one.id,
            one.status,
            one.payment_status,
            one.fulfillment_status,
            one.currency,
            one.buyer_info.member_id if one.buyer_info else "nobody",
            one.price_summary.subtotal.amount,
            one.price_summary.discount.amount if one.price_summary.discount else None,
            one.price_summary.total.amount,
            one.balance_summary.refunded.amount
            if one.balance_summary and one.balance_summary.refunded
            else None,
            one.purchased_date,
            one.updated_date,
            one.imported,
            one.demo,
            one.channel_info.type if one.channel_info else None,
            [line_facts(line) for line in one.line_items or ()],
        )
        for one in found.records
    ]


def comment_facts(records: tuple[bodies.Comment, ...]) -> list[object]:
    return [
        (
            one.id,
            one.revision,
            one.status,
            one.author.member_id if one.author else None,
            one.context_id,
            one.resource_id,
            one.comment_date,
            one.updated_date,
            one.parent_comment.id if one.parent_comment else None,
            one.length,
        )
        for one in records
    ]
