"""The paths, ids and limits of Wix's API: all that client and sandbox must agree on.

The public paths are those that Wix's official SDK sends to ``www.wixapis.com``; where docs
print another form for badge assignments (``/v4/badge-assignments``), the SDK's is used.
"""

from __future__ import annotations

from typing import Final

HOST: Final = "www.wixapis.com"
BASE_URL: Final = f"https://{HOST}"

TOKEN: Final = "/oauth2/token"  # noqa: S105 - a path, not a secret
APP_INSTANCE: Final = "/apps/v1/instance"
BADGES: Final = "/badges/v4/badges"
BADGES_QUERY: Final = "/badges/v4/badges/query"
ASSIGNMENTS: Final = "/badges/v4/assignments"
ASSIGNMENTS_QUERY: Final = "/badges/v4/assignments/query"
ASSIGNMENTS_BULK_CREATE: Final = "/badges/v4/bulk/assignments/create"
ASSIGNMENTS_BULK_DELETE: Final = "/badges/v4/bulk/assignments/delete"
ORDERS_SEARCH: Final = "/ecom/v1/orders/search"
COMMENTS_QUERY: Final = "/comments/v1/comments/query-cursor"
COMMENTS_COUNT: Final = "/comments/v1/comments/count"

#: The largest page and the largest ``$in`` and bulk list that these endpoints take.
MOST_ITEMS: Final = 100
#: Requests per minute and instance, by Wix's documentation.
REQUESTS_PER_MINUTE: Final = 200

#: All order statuses that Search Orders can return; it hides two of them unless they are named.
ORDER_STATUSES: Final = ("APPROVED", "CANCELED", "PENDING", "REJECTED")

#: All comment statuses with a meaning; ``UNKNOWN`` is the fifth that the API lists.
COMMENT_STATUSES: Final = ("PUBLISHED", "HIDDEN", "PENDING", "DELETED")

#: The apps whose comments the Comments API holds, by their everyday name.
COMMENT_APPS: Final = {
    "blog": "14bcded7-0066-7c35-14d7-466cb3f09103",
    "comments": "91c9d6a7-6667-41fb-b0b4-7d3b3ff0b02e",
    "forum": "14724f35-6794-cd1a-0244-25fd138f9242",
    "groups": "148c2287-c669-d849-d153-463c7486a694",
}

SCOPE_READ_BADGES: Final = "SCOPE.DC-MEMBERS.READ-BADGES"
SCOPE_MANAGE_BADGES: Final = "SCOPE.DC-MEMBERS.MANAGE-BADGES"
SCOPE_READ_ORDERS: Final = "SCOPE.DC-STORES.READ-ORDERS"
SCOPE_READ_COMMENTS: Final = "SCOPE.DC_COMMENTS.READ.COMMENTS"
