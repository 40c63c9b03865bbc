"""By which fields each kind of record can be filtered and sorted.

The lists are those of Wix's official SDK for the fields that the sandbox knows; a date of a
comment is in neither, which is why comments cannot be read from a moment on.
"""

from __future__ import annotations

from typing import Final

from badgejobs.sandbox.query import Fields, Sort

#: Badges, assignments and orders: newest first.
NEWEST_FIRST: Final[Sort] = (("createdDate", True),)
#: The order of comments by resource, the other way round.
OLDEST_FIRST: Final[Sort] = (("createdDate", False),)
_BY_ID: Final[Sort] = (("id", False),)

_BADGE = frozenset({"id", "title", "description", "slug", "permissionsEnabled"})
BADGES: Final = Fields(
    filterable=_BADGE,
    sortable=_BADGE,
    default_sort=NEWEST_FIRST,
    dates=frozenset({"createdDate"}),
)

_ASSIGNMENT = frozenset({"badgeId", "memberId"})
ASSIGNMENTS: Final = Fields(
    filterable=_ASSIGNMENT,
    sortable=_ASSIGNMENT,
    default_sort=NEWEST_FIRST,
    dates=frozenset({"createdDate"}),
)

_ORDER_DATES = frozenset({"createdDate", "updatedDate", "purchasedDate"})
_ORDER = _ORDER_DATES | {
    "number",
    "status",
    "paymentStatus",
    "fulfillmentStatus",
    "channelInfo.type",
    "buyerInfo.email",
    "priceSummary.total.amount",
}
ORDERS: Final = Fields(
    filterable=_ORDER
    | {
        "id",
        "archived",
        "imported",
        "seenByAHuman",
        "demo",
        "checkoutId",
        "buyerInfo.memberId",
        "buyerInfo.contactId",
        "lineItems.catalogReference.appId",
        "lineItems.catalogReference.catalogItemId",
    },
    sortable=_ORDER,
    default_sort=NEWEST_FIRST,
    dates=_ORDER_DATES,
)

_COMMENT = frozenset({"replyCount", "rating", "reactionSummary.total", "marked"})
COMMENTS: Final = Fields(
    filterable=_COMMENT
    | {
        "id",
        "contextId",
        "resourceId",
        "status",
        "author.memberId",
        "author.userId",
        "author.visitorId",
        "parentComment.id",
    },
    sortable=_COMMENT,
    default_sort=_BY_ID,
    dates=frozenset({"createdDate"}),
    kept=frozenset({"appId", "createdDate"}),
)

MEMBERS: Final = Fields(
    filterable=frozenset(
        {
            "id",
            "contactId",
            "loginEmail",
            "profile.nickname",
            "profile.slug",
            "contact.firstName",
            "contact.lastName",
            "privacyStatus",
            "status",
        }
    ),
    sortable=frozenset(),
    default_sort=_BY_ID,
)
