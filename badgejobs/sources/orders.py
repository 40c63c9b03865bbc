"""Orders of Wix eCommerce as activities, read by last change."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from types import MappingProxyType

from badgejobs.core import identity
from badgejobs.core.activity import Activity, Item, Mark, Unreadable, label
from badgejobs.core.identity import Identity
from badgejobs.core.site import Site
from badgejobs.core.source import Mode, Page, Scope, Window
from badgejobs.sources import order_money
from badgejobs.sources.catalogue import Catalogue
from badgejobs.sources.paid import paid_at
from badgejobs.wix import wire
from badgejobs.wix.bodies import BuyerInfo, LineItem, Order, OrderTransactions
from badgejobs.wix.client import WixClient
from badgejobs.wix.pages import Listed

#: A refund does not undo that an order was paid: whether a refunded one counts is the policy's
#: question. A status without marks is one that no policy counts.
_MARKS_OF_STATUS = {
    "INITIALIZED": {Mark.PENDING},
    "APPROVED": {Mark.APPROVED},
    "CANCELED": {Mark.CANCELLED},
    "PENDING": {Mark.PENDING},
    "REJECTED": {Mark.REJECTED},
}
_MARKS_OF_PAYMENT = {
    "PAID": {Mark.PAID},
    "PARTIALLY_REFUNDED": {Mark.PAID, Mark.PARTLY_REFUNDED},
    "FULLY_REFUNDED": {Mark.PAID, Mark.REFUNDED},
}


class Orders:
    """The orders of one site; ``updatedDate`` ascending, so that nothing can slip by.

    Where the rules want payments, one more call a page tells when its orders were paid; where
    they want categories, products that were not met before are asked for. Where they count what
    guests bought, digests of a guest's contact and address are told, and nothing else of them.
    """

    name = "orders"
    mode: Mode = "window"

    def __init__(self, site: Site) -> None:
        self._site = site
        self._catalogue = Catalogue()

    def fetch(self, client: WixClient, scope: Scope, cursor: str | None) -> Page:
        """One page of up to 100 orders of every status, from the window's beginning on."""
        assert isinstance(scope, Window), "orders are read by windows"
        return self._page(client, client.search_orders(scope.since, cursor))

    def reread(self, client: WixClient, activity_ids: Sequence[str]) -> Page:
        """Up to 100 orders as they are now; those that Wix has no more are left out."""
        return self._page(client, client.orders_by_id(activity_ids))

    def _page(self, client: WixClient, found: Listed[Order]) -> Page:
        """Orders as activities, with what the rules want beside them."""
        activities: list[Activity] = []
        unreadable = [
            Unreadable(source=self.name, activity_id=bad.id, reason=bad.reason) for bad in found.bad
        ]
        paid = self._paid(client, found.records)
        for order in found.records:
            try:
                activities.append(self._activity(order, paid.get(order.id)))
            except ValueError as error:
                reason = f"an amount of the order or its lines: {error}"
                unreadable.append(Unreadable(source=self.name, activity_id=order.id, reason=reason))
        wants_categories = self._site.wants.categories
        return Page(
            activities=self._catalogue.filed(client, activities)
            if wants_categories
            else tuple(activities),
            unreadable=tuple(unreadable),
            next_cursor=found.next_cursor,
            answered_at=found.answered_at,
        )

    def _paid(self, client: WixClient, orders: Sequence[Order]) -> dict[str, datetime | None]:
        """When each was paid in full; an order that is not paid is not asked for."""
        if not self._site.wants.payments:
            return {}
        asked = {one.id: one for one in orders if Mark.PAID in _marks_of_status(one)}
        if not asked:
            return {}
        ids = list(asked)
        told = [
            one
            for start in range(0, len(ids), wire.MOST_ITEMS)
            for one in client.order_transactions(ids[start : start + wire.MOST_ITEMS]).records
        ]
        known = {one.order_id: one for one in told}
        return {one.id: _when_paid(one, known.get(one.id)) for one in asked.values()}

    def _activity(self, order: Order, when_paid: datetime | None) -> Activity:
        conversion = order.currency_conversion_details
        return Activity(
            site=self._site.name,
            source=self.name,
            activity_id=order.id,
            member_id=order.buyer_info.member_id if order.buyer_info else None,
            occurred_at=order.purchased_date or order.created_date,
            updated_at=order.updated_date,
            marks=_marks(order),
            amounts=MappingProxyType(order_money.amounts(order)),
            currency=order.currency,
            base_currency=(conversion.original_currency or None) if conversion else None,
            rate=conversion.conversion_rate if conversion else None,
            paid_at=when_paid,
            channel=(order.channel_info.type or "") if order.channel_info else "",
            items=tuple(_item(line, order) for line in order.line_items or ()),
            identities=self._identities(order.buyer_info),
        )

    def _identities(self, buyer: BuyerInfo | None) -> frozenset[Identity]:
        """By what a guest may be known again; who was signed in is known."""
        digest = self._site.digest
        if digest is None or not self._site.wants.guests or buyer is None or buyer.member_id:
            return frozenset()
        found = set[Identity]()
        if buyer.contact_id:
            found.add(identity.contact(buyer.contact_id, digest))
        if buyer.email:
            found.add(identity.email(buyer.email, digest))
        return frozenset(found)


def _marks(order: Order) -> frozenset[Mark]:
    """What is true of the order now."""
    marks = _marks_of_status(order)
    if order.fulfillment_status == "FULFILLED":
        marks |= {Mark.FULFILLED}
    if order.imported:
        marks |= {Mark.IMPORTED}
    if order.demo:
        marks |= {Mark.DEMO}
    if order_money.is_charged_back(order):
        marks |= {Mark.CHARGED_BACK}
    if order_money.is_trial(order):
        marks |= {Mark.TRIAL}
    return frozenset(marks)


def _marks_of_status(order: Order) -> set[Mark]:
    return _MARKS_OF_STATUS[order.status] | _MARKS_OF_PAYMENT.get(order.payment_status, set())


def _when_paid(order: Order, transactions: OrderTransactions | None) -> datetime | None:
    """``None`` also where an amount makes no sense: it decides about this moment alone."""
    try:
        return paid_at(order, transactions)
    except ValueError:
        return None


def _item(line: LineItem, order: Order) -> Item:
    """A line; of the product's name only its label is kept. One made by hand has no product id."""
    name = line.product_name.original if line.product_name else None
    reference = line.catalog_reference
    is_gift_card = order_money.is_gift_card(line)
    return Item(
        product=(reference.catalog_item_id or "") if reference else "",
        name=label(name) if name else "",
        catalog=(reference.app_id or "") if reference else "",
        quantity=line.quantity,
        refunded=line.refund_quantity or 0,
        amount=0 if is_gift_card else order_money.line_amount(line, order.currency),
    )
