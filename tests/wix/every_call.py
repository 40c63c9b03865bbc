"""Every request that the client can make, by the name of its method, with ids of one's own.

Wherever all of them have to hold to something, this is the list of them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from wix_facts import no_fence

from badgejobs.core.milestone import Look
from badgejobs.wix import wire
from badgejobs.wix.client import WixClient


@dataclass(frozen=True, kw_only=True)
class Facts:
    """What the calls are about."""

    badge: str = "3f0a9d5e-5f4d-4f2b-9a57-1f2b7a0c1101"
    other_badge: str = "3f0a9d5e-5f4d-4f2b-9a57-1f2b7a0c1102"
    member: str = "c2b7a6d4-0d3f-4a4e-9f10-6f5a2c9e2201"
    other_member: str = "c2b7a6d4-0d3f-4a4e-9f10-6f5a2c9e2202"
    assignment: str = "91d5b3aa-2b61-4a0c-8e0d-3b1f5d7e3301"
    order: str = "0a7c1f3e-6b52-4d19-8f2c-5e9d4b6a4401"
    review: str = "e1d4c7b0-5a63-4f18-9b2e-7c6d5e4f7701"
    comment: str = "7c6b5a49-3827-4615-8c4b-3a2918076601"
    context: str = "context-of-a-post"
    resource: str = "resource-of-a-post"
    product: str = "58b0e4c7-1a9d-4e36-8f25-0d1c2b3a4f71"
    collection: str = "58b0e4c7-1a9d-4e36-8f25-0d1c2b3a4f72"
    app: str = wire.COMMENT_APPS["blog"]
    cursor: str = "a-cursor-of-wix"
    title: str = "Loyal Buyer"
    description: str = "Ten paid orders"
    revision: str = "1"


@dataclass(frozen=True, kw_only=True)
class Use:
    """One method, the path that it asks, and whether it changes something at Wix."""

    form: str
    method: str = "POST"
    writes: bool = False
    #: The catalogue that the site must have.
    catalog: wire.CatalogVersion = wire.CatalogVersion.V1
    act: Callable[[WixClient, Facts], object]

    def path(self, facts: Facts) -> str:
        """The path as it is sent, in the SDK's spelling."""
        named = {
            wire.BADGE: facts.badge,
            wire.BADGE_MOVE: facts.badge,
            wire.ASSIGNMENT: facts.assignment,
            wire.ORDER: facts.order,
            wire.COMMENT: facts.comment,
            wire.REVIEW: facts.review,
            wire.MEMBER: facts.member,
        }
        return self.form.replace("{id}", named.get(self.form, ""))


EVERY_CALL: Final[Mapping[str, Use]] = MappingProxyType(
    {
        "badges": Use(form=wire.BADGES_QUERY, act=lambda wix, _: wix.badges()),
        "get_badge": Use(
            method="GET", form=wire.BADGE, act=lambda wix, on: wix.get_badge(on.badge)
        ),
        "create_badge": Use(
            form=wire.BADGES,
            writes=True,
            act=lambda wix, on: wix.create_badge(Look(title=on.title, description=on.description)),
        ),
        "update_badge": Use(
            method="PATCH",
            form=wire.BADGE,
            writes=True,
            act=lambda wix, on: wix.update_badge(on.badge, on.revision, description=on.description),
        ),
        "move_badge": Use(
            form=wire.BADGE_MOVE,
            writes=True,
            act=lambda wix, on: wix.move_badge(on.badge, after=on.other_badge),
        ),
        "assignments": Use(
            form=wire.ASSIGNMENTS_QUERY,
            act=lambda wix, on: wix.assignments([on.badge], [on.member, on.other_member]),
        ),
        "assignments_page": Use(
            form=wire.ASSIGNMENTS_QUERY,
            act=lambda wix, on: wix.assignments_page([on.badge], None),
        ),
        "create_assignment": Use(
            form=wire.ASSIGNMENTS,
            writes=True,
            act=lambda wix, on: wix.create_assignment(on.badge, on.member, fence=no_fence),
        ),
        "create_assignments": Use(
            form=wire.ASSIGNMENTS_BULK_CREATE,
            writes=True,
            act=lambda wix, on: wix.create_assignments(
                [(on.badge, on.member), (on.badge, on.other_member)], fence=no_fence
            ),
        ),
        "delete_assignment": Use(
            method="DELETE",
            form=wire.ASSIGNMENT,
            writes=True,
            act=lambda wix, on: wix.delete_assignment(on.assignment, fence=no_fence),
        ),
        "delete_assignments": Use(
            form=wire.ASSIGNMENTS_BULK_DELETE,
            writes=True,
            act=lambda wix, on: wix.delete_assignments([on.assignment], fence=no_fence),
        ),
        "search_orders": Use(
            form=wire.ORDERS_SEARCH, act=lambda wix, on: wix.search_orders(None, on.cursor)
        ),
        "orders_by_id": Use(
            form=wire.ORDERS_SEARCH, act=lambda wix, on: wix.orders_by_id([on.order])
        ),
        "get_order": Use(
            method="GET", form=wire.ORDER, act=lambda wix, on: wix.get_order(on.order)
        ),
        "order_transactions": Use(
            form=wire.PAYMENTS_LIST, act=lambda wix, on: wix.order_transactions([on.order])
        ),
        "query_comments": Use(
            form=wire.COMMENTS_QUERY,
            act=lambda wix, on: wix.query_comments(
                on.app, None, author=on.member, resource_ids=[on.resource]
            ),
        ),
        "comments_by_id": Use(
            form=wire.COMMENTS_QUERY, act=lambda wix, on: wix.comments_by_id(on.app, [on.comment])
        ),
        "count_comments": Use(
            form=wire.COMMENTS_COUNT,
            act=lambda wix, on: wix.count_comments(
                on.app, author=on.member, resource_ids=[on.resource]
            ),
        ),
        "list_comments": Use(
            method="GET",
            form=wire.COMMENTS_BY_RESOURCE,
            act=lambda wix, on: wix.list_comments(
                on.app, context_id=on.context, resource_id=on.resource
            ),
        ),
        "get_comment": Use(
            method="GET", form=wire.COMMENT, act=lambda wix, on: wix.get_comment(on.comment)
        ),
        "members": Use(
            form=wire.MEMBERS_QUERY,
            act=lambda wix, on: wix.members([on.member, on.other_member], fieldset="EXTENDED"),
        ),
        "members_by_email": Use(
            form=wire.MEMBERS_QUERY,
            act=lambda wix, _: wix.members_by_email(["ana@example.com"]),
        ),
        "list_members": Use(
            form=wire.MEMBERS_QUERY,
            act=lambda wix, _: wix.list_members(offset=0, by_date=False),
        ),
        "joined": Use(
            form=wire.MEMBERS_QUERY, act=lambda wix, on: wix.joined([on.member, on.other_member])
        ),
        "get_member": Use(
            method="GET", form=wire.MEMBER, act=lambda wix, on: wix.get_member(on.member)
        ),
        "app_instance": Use(
            method="GET", form=wire.APP_INSTANCE, act=lambda wix, _: wix.app_instance()
        ),
        "site_facts": Use(
            method="GET", form=wire.SITE_PROPERTIES, act=lambda wix, _: wix.site_facts()
        ),
        "catalog_version": Use(
            method="GET", form=wire.CATALOG_VERSION, act=lambda wix, _: wix.catalog_version()
        ),
        "product_collections": Use(
            form=wire.PRODUCTS_QUERY, act=lambda wix, on: wix.product_collections([on.product])
        ),
        "collection_names": Use(
            form=wire.COLLECTIONS_QUERY, act=lambda wix, on: wix.collection_names([on.collection])
        ),
        "product_categories": Use(
            form=wire.PRODUCTS_V3_QUERY,
            catalog=wire.CatalogVersion.V3,
            act=lambda wix, on: wix.product_categories([on.product]),
        ),
        "category_names": Use(
            form=wire.CATEGORIES_QUERY,
            catalog=wire.CatalogVersion.V3,
            act=lambda wix, on: wix.category_names([on.collection]),
        ),
        "posts_of": Use(form=wire.POSTS_QUERY, act=lambda wix, on: wix.posts_of([on.member])),
        "post": Use(
            form=wire.REVIEWS_QUERY,
            act=lambda wix, on: wix.post(
                wire.REVIEWS_QUERY, {"query": {"filter": {"author.contactId": on.member}}}
            ),
        ),
        "get": Use(
            method="GET",
            form=wire.REVIEW,
            act=lambda wix, on: wix.get(wire.REVIEW.replace("{id}", on.review), {"of": on.member}),
        ),
    }
)

#: Those that ask several paths, or one that is no API request, and have tests of their own.
OTHERS: Final = frozenset({"categories_of", "probe", "probe_assignment_paths", "token_info"})
