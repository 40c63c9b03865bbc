"""By which fields each kind of record can be filtered and sorted, and with which operators.

The fields are those that Wix's official SDK and the docs' tables both have, and a few of the
SDK alone; a date of a comment is in neither, which is why comments cannot be read from a moment
on. The operators are the SDK's; they bind only where the sandbox is told to be that strict.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from badgejobs.sandbox.records.query import Fields, Sort

#: Badges, assignments and orders: newest first.
NEWEST_FIRST: Final[Sort] = (("createdDate", True),)
_BY_ID: Final[Sort] = (("id", False),)

_ORDERED = frozenset({"$eq", "$ne", "$gt", "$gte", "$lt", "$lte"})
_ANY_DATE = _ORDERED | {"$exists", "$in", "$nin"}
_ANY_TEXT = _ANY_DATE | {"$isEmpty", "$startsWith"}
_ANY_TRUTH = frozenset({"$eq", "$ne", "$exists", "$in", "$nin"})
_LISTED = frozenset({"$eq", "$ne", "$in", "$nin"})
_NAMED = frozenset({"$eq", "$ne", "$in"})
_WITHIN = frozenset({"$hasAll", "$hasSome"})

_BADGE_TEXTS = dict.fromkeys(("id", "title", "description", "slug"), _ANY_TEXT)
_BADGE = _BADGE_TEXTS | {"permissionsEnabled": _ANY_TRUTH}
BADGES: Final = Fields(
    filterable=_BADGE,
    sortable=frozenset(_BADGE),
    default_sort=NEWEST_FIRST,
    dates=frozenset({"createdDate"}),
)

_ASSIGNMENT = dict.fromkeys(("badgeId", "memberId"), _ANY_TEXT)
ASSIGNMENTS: Final = Fields(
    filterable=_ASSIGNMENT,
    sortable=frozenset(_ASSIGNMENT),
    default_sort=NEWEST_FIRST,
    most_sorts=5,
    dates=frozenset({"createdDate"}),
)

_ORDER_DATES = frozenset({"createdDate", "updatedDate", "purchasedDate"})
_ORDER_SORTED = (
    dict.fromkeys(_ORDER_DATES, _ANY_DATE)
    | dict.fromkeys(("number", "buyerInfo.email", "priceSummary.total.amount"), _ANY_TEXT)
    | dict.fromkeys(("status", "paymentStatus", "fulfillmentStatus", "channelInfo.type"), _LISTED)
)
ORDERS: Final = Fields(
    filterable=_ORDER_SORTED
    | dict.fromkeys(("archived", "imported", "seenByAHuman", "demo"), _ANY_TRUTH)
    | dict.fromkeys(
        (
            "id",
            "checkoutId",
            "buyerInfo.memberId",
            "buyerInfo.contactId",
            "createdBy.userId",
            "shippingInfo.title",
            "shippingInfo.region.name",
        ),
        _LISTED,
    )
    | {"shippingInfo.logistics.deliveryTime": _ANY_TEXT}
    | dict.fromkeys(
        (
            "lineItems.catalogReference.appId",
            "lineItems.catalogReference.catalogItemId",
            "lineItems.productName.original",
        ),
        _WITHIN,
    ),
    sortable=frozenset(_ORDER_SORTED),
    default_sort=NEWEST_FIRST,
    most_sorts=4,
    dates=_ORDER_DATES,
)

_COMMENT_SORTED = dict.fromkeys(
    ("replyCount", "rating", "reactionSummary.total", "voteSummary.netVoteCount"), _ORDERED
) | {"marked": frozenset({"$eq", "$ne"})}
COMMENTS: Final = Fields(
    filterable=_COMMENT_SORTED
    | dict.fromkeys(
        (
            "id",
            "contextId",
            "resourceId",
            "status",
            "author.memberId",
            "author.userId",
            "author.visitorId",
            "parentComment.id",
        ),
        _NAMED,
    ),
    sortable=frozenset(_COMMENT_SORTED),
    default_sort=_BY_ID,
    most_sorts=5,
    dates=frozenset({"createdDate"}),
    kept=frozenset({"appId", "createdDate"}),
    derived={"isMarked": lambda body: body.get("marked") is True},
)
#: The same with the date that a sample of older docs sorts by.
COMMENTS_BY_DATE: Final = replace(COMMENTS, sortable=COMMENTS.sortable | {"createdDate"})

_MEMBER_TEXTS = (
    "id",
    "contactId",
    "loginEmail",
    "profile.nickname",
    "profile.slug",
    "contact.firstName",
    "contact.lastName",
)
_MEMBER_DATES = frozenset({"createdDate", "updatedDate", "lastLoginDate"})
#: By these the docs sort members; the SDK by none.
_MEMBER_SORTED = _MEMBER_DATES | {"profile.nickname", "contact.firstName", "contact.lastName"}
MEMBERS: Final = Fields(
    filterable=dict.fromkeys((*_MEMBER_TEXTS, "privacyStatus", "status"), _ANY_TEXT),
    sortable=frozenset(),
    default_sort=_BY_ID,
    dates=_MEMBER_DATES,
    kept=_MEMBER_SORTED | {"profile.title"},
)
MEMBERS_SORTED: Final = replace(MEMBERS, sortable=_MEMBER_SORTED)

_VISIBLE = frozenset({"visible"})
#: Products and collections as Catalog V1 has them; the docs' table has ``$hasSome`` for ids, the
#: published skills use ``$in``.
_V1_ID = frozenset({"$eq", "$ne", "$hasSome", "$in"})
_V1_TEXT = frozenset({"$eq", "$ne", "$hasSome", "$startsWith"})
PRODUCTS: Final = Fields(
    filterable={"id": _V1_ID}
    | dict.fromkeys(("name", "slug", "productType"), _V1_TEXT)
    | {"collections.id": _WITHIN | {"$eq", "$ne"}},
    sortable=frozenset({"id", "name", "slug", "productType"}),
    default_sort=_BY_ID,
    dates=frozenset({"createdDate", "updatedDate"}),
    kept=_VISIBLE | {"createdDate", "updatedDate"},
    derived={"collections.id": lambda body: tuple(body.get("collectionIds") or ())},
)
COLLECTIONS: Final = Fields(
    filterable={"id": _V1_ID} | dict.fromkeys(("name", "slug"), _V1_TEXT),
    sortable=frozenset({"name"}),
    default_sort=_BY_ID,
    kept=_VISIBLE,
)
#: The same records where Catalog V3 shows them, by the docs' tables.
_V3_ID = _ANY_TEXT | {"$hasSome"}
PRODUCTS_V3: Final = replace(
    PRODUCTS,
    filterable=dict.fromkeys(("id", "slug"), _V3_ID)
    | dict.fromkeys(("createdDate", "updatedDate"), _ANY_DATE | {"$hasSome"})
    | {"visible": _ANY_TRUTH | {"$hasSome"}},
    sortable=frozenset({"slug", "createdDate", "updatedDate", "visible"}),
)
CATEGORIES: Final = replace(
    COLLECTIONS,
    filterable=dict.fromkeys(("id", "slug", "name"), _V3_ID)
    | {"visible": _ANY_TRUTH | {"$hasSome"}},
)

_POST_DATES = frozenset({"firstPublishedDate", "lastPublishedDate"})
#: Posts; what comments know them by, ``referenceId``, is in no table.
POSTS: Final = Fields(
    filterable=dict.fromkeys(("id", "memberId"), frozenset({"$eq", "$ne", "$hasSome"}))
    | {"title": _V1_TEXT | _ORDERED | {"$exists", "$in"}}
    | dict.fromkeys(_POST_DATES, _ORDERED | {"$in"})
    | dict.fromkeys(("featured", "pinned"), frozenset({"$eq", "$ne"})),
    sortable=_POST_DATES | {"id", "title", "featured", "pinned"},
    default_sort=(("pinned", True), ("firstPublishedDate", True)),
    dates=_POST_DATES,
)

_REVIEW_FIGURES = dict.fromkeys(
    ("relevanceScore", "content.rating", "helpfulness"), _ORDERED | {"$in"}
)
_REVIEW_SORTED = _REVIEW_FIGURES | {
    "createdDate": _ORDERED | {"$in"},
    "verified": frozenset({"$eq", "$ne"}),
    "origin.type": frozenset({"$eq", "$ne"}),
}
#: Reviews, by the docs' table; the day of the last change is not in it.
REVIEWS: Final = Fields(
    filterable=_REVIEW_SORTED
    | dict.fromkeys(
        ("id", "namespace", "moderation.moderationStatus", "entityId", "author.contactId"), _NAMED
    ),
    sortable=frozenset(_REVIEW_SORTED),
    default_sort=(("createdDate", False),),
    dates=frozenset({"createdDate"}),
)

#: Payments and refunds by the order that they belong to; they are asked for by its id alone.
PAYMENTS: Final = Fields(filterable={}, sortable=frozenset(), default_sort=_BY_ID)
