"""What the client sends for each sample, what it reads from it, and what a refusal means."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from sample_facts import comment_facts, joined_facts, order_facts
from wix_facts import no_fence

from badgejobs import errors
from badgejobs.core.milestone import Look
from badgejobs.core.wixfacts import (
    Removed,
    SiteFacts,
    WixAssignment,
    WixBadge,
    WixInstance,
    WixMember,
)
from badgejobs.wix import calls, wire
from badgejobs.wix.auth import AppCredentials
from badgejobs.wix.calls import Call
from badgejobs.wix.client import WixClient

APP = AppCredentials(
    app_id="4e1b7d20-93c5-4a6f-8b12-70d9e5c3a101",
    app_secret="made-up-app-secret",
    instance_id="8a30c6f4-1d7e-4b95-a2c8-6f5e4d3c2b02",
)
SITE = "d5f2e8b1-6a94-4c03-9e7d-1b2a3c4d5e03"
ANA = "51c9a7e3-2b40-4d86-9f1a-8e7d6c5b4a11"
BEN = "51c9a7e3-2b40-4d86-9f1a-8e7d6c5b4a12"
LOYAL = "e07b3c58-49d1-4f6a-8c25-9a1b0c2d3e21"
FIRST = "e07b3c58-49d1-4f6a-8c25-9a1b0c2d3e22"
ANAS = "b8d4f1a6-70c2-4e39-95b7-3c2d1e0f9a31"
BENS = "b8d4f1a6-70c2-4e39-95b7-3c2d1e0f9a32"
NOTHING = "00000000-0000-4000-8000-00000000dead"
ORDER = "2d6e9b04-85f3-4a17-b0c9-7e8f1a2b3c41"
GUEST_ORDER = "2d6e9b04-85f3-4a17-b0c9-7e8f1a2b3c42"
COMMENT = "f3a81c7d-5e26-4b90-8d4f-2a3b4c5d6e51"
REPLY = "f3a81c7d-5e26-4b90-8d4f-2a3b4c5d6e52"
DELETED = "f3a81c7d-5e26-4b90-8d4f-2a3b4c5d6e53"
MUG = "6b1f0c92-7d3e-4a58-91c4-2e3f4a5b6c71"
TEA = "6b1f0c92-7d3e-4a58-91c4-2e3f4a5b6c72"
#: The collection of Catalog V1 that holds everything; its id is no GUID.
ALL = "00000000-000000-000000-000000000001"
CUPS = "a41c7e05-3f28-4d96-b7e1-5c6d7e8f9a81"
HOT = "a41c7e05-3f28-4d96-b7e1-5c6d7e8f9a82"
BLOG = wire.COMMENT_APPS["blog"]
POST = "post-7f3"
REVIEW = "c9e5a2f8-4b17-4d60-a3c8-1f0e9d8c7b91"
SINCE = datetime(2026, 3, 6, tzinfo=UTC)
CURSOR = "bWFkZS11cC0x"
OLDEST_REVIEWS_FIRST = {
    "sort": [{"fieldName": "createdDate", "order": "ASC"}],
    "cursorPaging": {"limit": 100},
}

LOOK = Look(
    title="Loyal Guest",
    description="Ten orders that were paid",
    background="#264653",
    text="#F4F1DE",
)
BADGE = WixBadge(id=LOYAL, revision="1", title="Loyal Guest", look=LOOK)
OTHER_BADGE = WixBadge(
    id=FIRST,
    revision="3",
    title="First Words",
    look=Look(
        title="First Words", description="A first comment", background="#E9C46A", text="#000000"
    ),
)
ANA_HAS_IT = WixAssignment(
    id=ANAS,
    badge_id=LOYAL,
    member_id=ANA,
    created_at=datetime(2026, 3, 3, 8, 0, 0, 250000, tzinfo=UTC),
)
BEN_HAS_IT = WixAssignment(
    id=BENS,
    badge_id=LOYAL,
    member_id=BEN,
    created_at=datetime(2026, 3, 3, 8, 0, 1, 750000, tzinfo=UTC),
)

#: The builder of each request that the client sends.
BUILT: dict[str, Callable[[], Call]] = {
    "token": lambda: calls.token(
        app_id=APP.app_id, app_secret=APP.app_secret, instance_id=APP.instance_id
    ),
    "token-refused": lambda: calls.token(
        app_id=APP.app_id, app_secret="another-secret", instance_id=APP.instance_id
    ),
    "token-info": lambda: calls.token_info("OauthNG.JWS.made-up.access-token"),
    "app-instance": calls.app_instance,
    "badge-create": lambda: calls.create_badge(LOOK),
    "badge-get": lambda: calls.get_badge(LOYAL),
    "badges-query": calls.query_badges,
    "badge-update": lambda: calls.update_badge(
        LOYAL, "1", title="Loyal Friend", description="Twelve paid orders"
    ),
    "badge-move": lambda: calls.move_badge(LOYAL, after=FIRST),
    "assignment-create": lambda: calls.create_assignment(LOYAL, BEN),
    "assignments-query": lambda: calls.query_assignments([LOYAL, FIRST], [ANA, BEN]),
    "assignment-delete": lambda: calls.delete_assignment(ANAS),
    "assignments-bulk-create": lambda: calls.create_assignments([(LOYAL, BEN), (LOYAL, ANA)]),
    "assignments-bulk-delete": lambda: calls.delete_assignments([ANAS, NOTHING]),
    "orders-search": lambda: calls.search_orders(SINCE),
    "orders-search-next": lambda: calls.search_orders(SINCE, cursor=CURSOR),
    "order-get": lambda: calls.get_order(ORDER),
    "payments-list": lambda: calls.list_transactions([ORDER]),
    "comments-query": lambda: calls.query_comments(BLOG, resource_ids=[POST]),
    "comments-count": lambda: calls.count_comments(
        BLOG, author=ANA, resource_ids=[POST, "post-8a4"]
    ),
    "comments-by-resource": lambda: calls.list_comments(BLOG, context_id=POST, resource_id=POST),
    "comment-get": lambda: calls.get_comment(COMMENT),
    "members-query": lambda: calls.query_members([ANA, BEN], fieldset="PUBLIC"),
    "members-query-extended": lambda: calls.query_members([ANA], fieldset="EXTENDED"),
    "members-list": lambda: calls.list_members(offset=0, by_date=False, fieldset="EXTENDED"),
    "member-get": lambda: calls.get_member(ANA, fieldset="EXTENDED"),
    "site-properties": calls.site_properties,
    "catalog-version": calls.catalog_version,
    "products-query": lambda: calls.query_products([MUG, TEA]),
    "collections-query": lambda: calls.query_collections([ALL, CUPS]),
    "products-query-v3": lambda: calls.query_products_v3([MUG, TEA]),
    "categories-query": lambda: calls.query_categories([CUPS, HOT]),
    "posts-query": lambda: calls.query_posts([ANA, BEN]),
    "reviews-query": lambda: calls.read_by_post(
        wire.REVIEWS_QUERY, {"query": OLDEST_REVIEWS_FIRST}
    ),
    "review-get": lambda: calls.read_by_get(wire.REVIEW.replace("{id}", REVIEW), {}),
    "error-validation": lambda: calls.create_badge(
        Look(title="T" * 51, background="#264653", text="#F4F1DE")
    ),
    "error-cursor": lambda: calls.search_orders(None, cursor="bm8tc3VjaC1jdXJzb3I"),
    "error-unauthenticated": calls.query_badges,
    "error-permission": lambda: calls.search_orders(None),
    "error-not-found": lambda: calls.get_badge(NOTHING),
    "error-exists": lambda: calls.create_assignment(LOYAL, ANA),
    "error-revision": lambda: calls.update_badge(LOYAL, "7", description="x"),
    "error-rate-limit": calls.query_badges,
    "error-unavailable": lambda: calls.count_comments(BLOG),
}
#: What the client never asks for; the sandbox is held to it all the same.
NOT_ASKED = {
    "badge-delete",
    "badges-order",
    "assignments-bulk-tags",
    "assignments-tags-by-filter",
    "order-payments",
    "comments-query-plain",
}


JOINED = datetime(2025, 12, 1, tzinfo=UTC)
STAYED = datetime(2026, 2, 2, 2, 2, 2, tzinfo=UTC)
BOUGHT = datetime(2026, 3, 1, 18, 30, 0, 100000, tzinfo=UTC)
TEAPOTS = (
    *("Teapot", "3b9d7f15-c2a8-4e64-90b1-7c8d9e0f1a91", "215238eb-22a5-4c36-9e7b-e7c08025e04e"),
    *(3, None, "12.40", "PHYSICAL"),
)
ANAS_ORDER = (
    *(ORDER, "APPROVED", "PARTIALLY_REFUNDED", "FULFILLED", "EUR", ANA),
    *("37.20", "2.20", "40.00", "12.40"),
    *(BOUGHT, datetime(2026, 3, 6, 7, 8, 9, 10000, tzinfo=UTC), False, False),
    *("WEB", [TEAPOTS]),
)
GUESTS_ORDER = (
    *(GUEST_ORDER, "CANCELED", "NOT_PAID", "FULFILLED", "EUR", None),
    *("37.20", "2.20", "40.00", "0.00"),
    *(BOUGHT, datetime(2026, 3, 6, 9, tzinfo=UTC), False, False),
    *("WEB", [TEAPOTS]),
)
WRITTEN = datetime(2026, 2, 28, 19, 59, 59, tzinfo=UTC)
CHANGED = datetime(2026, 3, 2, 20, 10, tzinfo=UTC)
ANAS_COMMENT = (COMMENT, 4, "PUBLISHED", ANA, POST, POST, WRITTEN, CHANGED, None, 0)
BENS_REPLY = (REPLY, 4, "PUBLISHED", BEN, POST, POST, WRITTEN, CHANGED, COMMENT, 0)
A_DELETED_ONE = (DELETED, 9, "DELETED", None, POST, POST, WRITTEN, CHANGED, None, 0)


def created_facts(wix: WixClient) -> list[object]:
    told = wix.create_assignments([(LOYAL, BEN), (LOYAL, ANA)], fence=no_fence)
    return [one.assignment or type(one.error) for one in told]


def transaction_facts(wix: WixClient) -> list[object]:
    [one] = wix.order_transactions([ORDER]).records
    [payment], [refund] = one.payments, one.refunds
    [moved] = refund.transactions
    return [
        one.order_id,
        payment.amount and payment.amount.amount,
        payment.id == moved.payment_id,
        refund.created_date,
        moved.amount.amount,
        moved.refund_status,
    ]


def thread_facts(wix: WixClient) -> list[object]:
    found = wix.list_comments(BLOG, context_id=POST, resource_id=POST)
    [(parent, thread)] = found.replies.items()
    return [
        comment_facts(found.comments.records),
        found.comments.next_cursor,
        parent,
        comment_facts(thread.replies),
        thread.more,
    ]


def token_facts(wix: WixClient) -> list[object]:
    found = wix.token_info()
    return [found.active, found.app_id, found.instance_id, found.site_id, found.expires_at]


#: What is done with each answer, and what it must tell.
READ: dict[str, tuple[Callable[[WixClient], Any], Any]] = {
    "token-info": (
        token_facts,
        [True, APP.app_id, APP.instance_id, SITE, datetime(2026, 2, 3, 12, 28, 21, tzinfo=UTC)],
    ),
    "app-instance": (
        lambda wix: wix.app_instance(),
        WixInstance(
            instance_id=APP.instance_id,
            site_id=SITE,
            permissions=frozenset({wire.SCOPE_MANAGE_BADGES, wire.SCOPE_READ_BADGES}),
        ),
    ),
    "badge-create": (lambda wix: wix.create_badge(LOOK), BADGE),
    "badge-get": (lambda wix: wix.get_badge(LOYAL), BADGE),
    "badges-query": (lambda wix: wix.badges(), [BADGE, OTHER_BADGE]),
    "badge-update": (
        lambda wix: wix.update_badge(
            LOYAL, "1", title="Loyal Friend", description="Twelve paid orders"
        ),
        WixBadge(
            id=LOYAL,
            revision="2",
            title="Loyal Friend",
            look=Look(
                title="Loyal Friend",
                description="Twelve paid orders",
                background="#264653",
                text="#F4F1DE",
            ),
        ),
    ),
    "badge-move": (lambda wix: wix.move_badge(LOYAL, after=FIRST), None),
    "assignment-create": (
        lambda wix: wix.create_assignment(LOYAL, BEN, fence=no_fence),
        BEN_HAS_IT,
    ),
    "assignments-query": (lambda wix: wix.assignments([LOYAL, FIRST], [ANA, BEN]), [ANA_HAS_IT]),
    "assignment-delete": (lambda wix: wix.delete_assignment(ANAS, fence=no_fence), Removed()),
    "assignments-bulk-create": (created_facts, [BEN_HAS_IT, errors.AlreadyExists]),
    "assignments-bulk-delete": (
        lambda wix: wix.delete_assignments([ANAS, NOTHING], fence=no_fence),
        [Removed(), Removed(was_there=False)],
    ),
    "orders-search": (
        lambda wix: [
            *order_facts(found := wix.search_orders(SINCE, None)),
            found.next_cursor,
            found.bad,
        ],
        [ANAS_ORDER, GUESTS_ORDER, CURSOR, ()],
    ),
    "orders-search-next": (
        lambda wix: [
            *order_facts(found := wix.search_orders(SINCE, CURSOR)),
            found.next_cursor,
        ],
        [GUESTS_ORDER, None],
    ),
    "order-get": (lambda wix: order_facts(wix.get_order(ORDER)), [ANAS_ORDER]),
    "payments-list": (
        transaction_facts,
        [ORDER, "40.00", True, datetime(2026, 3, 5, 16, tzinfo=UTC), "12.40", "SUCCEEDED"],
    ),
    "comments-query": (
        lambda wix: comment_facts(wix.query_comments(BLOG, None, resource_ids=[POST]).records),
        [ANAS_COMMENT, BENS_REPLY, A_DELETED_ONE],
    ),
    "comments-count": (
        lambda wix: wix.count_comments(BLOG, author=ANA, resource_ids=[POST, "post-8a4"]),
        1,
    ),
    "comments-by-resource": (
        thread_facts,
        [[ANAS_COMMENT], None, COMMENT, [BENS_REPLY], False],
    ),
    "comment-get": (
        lambda wix: comment_facts(wix.get_comment(COMMENT).records),
        [ANAS_COMMENT],
    ),
    "members-query": (
        lambda wix: wix.members([ANA, BEN]),
        {
            ANA: WixMember(id=ANA, nickname="Ana", slug="ana"),
            BEN: WixMember(id=BEN, nickname="Ben", slug="ben"),
        },
    ),
    "members-query-extended": (
        lambda wix: list(wix.members([ANA], fieldset="EXTENDED").values()),
        [
            WixMember(
                id=ANA,
                nickname="Ana",
                slug="ana",
                status="APPROVED",
                login_email="ana@shop.example",
            )
        ],
    ),
    "members-list": (
        lambda wix: joined_facts(wix.list_members(offset=0, by_date=False)),
        [2, (ANA, JOINED, STAYED, "APPROVED"), (BEN, JOINED, STAYED, "APPROVED")],
    ),
    "member-get": (
        lambda wix: wix.get_member(ANA, fieldset="EXTENDED"),
        WixMember(
            id=ANA, nickname="Ana", slug="ana", status="APPROVED", login_email="ana@shop.example"
        ),
    ),
    "site-properties": (
        lambda wix: wix.site_facts(),
        SiteFacts(timezone="Europe/Vilnius", currency="EUR"),
    ),
    "catalog-version": (lambda wix: wix.catalog_version(), wire.CatalogVersion.V1),
    "products-query": (
        lambda wix: wix.product_collections([MUG, TEA]),
        {MUG: frozenset({ALL, CUPS}), TEA: frozenset({ALL})},
    ),
    "collections-query": (
        lambda wix: wix.collection_names([ALL, CUPS]),
        {ALL: "All Products", CUPS: "Cups"},
    ),
    "products-query-v3": (
        lambda wix: wix.product_categories([MUG, TEA]),
        {MUG: frozenset({CUPS, HOT}), TEA: frozenset({HOT})},
    ),
    "categories-query": (
        lambda wix: wix.category_names([CUPS, HOT]),
        {CUPS: "Cups", HOT: "Hot drinks"},
    ),
    "posts-query": (lambda wix: wix.posts_of([ANA, BEN]), {POST: ANA}),
    "reviews-query": (
        lambda wix: [
            (one["id"], one["author"]["contactId"], one["content"]["rating"])
            for one in wix.post(wire.REVIEWS_QUERY, {"query": OLDEST_REVIEWS_FIRST}).body["reviews"]
        ],
        [(REVIEW, ANA, 5)],
    ),
    "review-get": (
        lambda wix: wix.get(wire.REVIEW.replace("{id}", REVIEW)).body["review"]["revision"],
        "2",
    ),
}

#: What is asked where Wix refuses, and the error that it must be, with a part of its text.
REFUSED: dict[str, tuple[Callable[[WixClient], Any], type[errors.BadgeJobsError], str]] = {
    "token-refused": (lambda wix: wix.badges(), errors.CredentialsRefused, "invalid_client"),
    "error-validation": (
        lambda wix: wix.create_badge(Look(title="T" * 51, background="#264653", text="#F4F1DE")),
        errors.Refused,
        "badge.title has size 51, expected 50 or less",
    ),
    "error-cursor": (
        lambda wix: wix.search_orders(None, "bm8tc3VjaC1jdXJzb3I"),
        errors.CursorRefused,
        "search.cursorPaging.cursor is not valid",
    ),
    "error-unauthenticated": (
        lambda wix: wix.badges(),
        errors.CredentialsRefused,
        "UNAUTHENTICATED",
    ),
    "error-permission": (
        lambda wix: wix.search_orders(None, None),
        errors.PermissionMissing,
        wire.SCOPE_READ_ORDERS,
    ),
    "error-not-found": (lambda wix: wix.get_badge(NOTHING), errors.NotFound, "BADGE_NOT_FOUND"),
    "error-exists": (
        lambda wix: wix.create_assignment(LOYAL, ANA, fence=no_fence),
        errors.AlreadyExists,
        "ALREADY_EXISTS",
    ),
    "error-revision": (
        lambda wix: wix.update_badge(LOYAL, "7", description="x"),
        errors.StaleRevision,
        "REVISION_MISMATCH",
    ),
    "error-rate-limit": (lambda wix: wix.badges(), errors.RateLimited, "60 s"),
    "error-unavailable": (
        lambda wix: wix.count_comments(BLOG),
        errors.Ambiguous,
        "answered 503",
    ),
}
