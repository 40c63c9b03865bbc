"""The paths, ids and limits of Wix's API: all that client and sandbox must agree on.

The public paths are those that Wix's official SDK sends to ``www.wixapis.com``. Some pages of
the docs print another form for badge assignments (``/v4/badge-assignments``): :func:`spelled`
knows both. A path with ``{id}`` in it is a form; what takes its place is a GUID, checked before.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Final

HOST: Final = "www.wixapis.com"
BASE_URL: Final = f"https://{HOST}"

TOKEN: Final = "/oauth2/token"  # noqa: S105 - a path, not a secret
TOKEN_INFO: Final = "/oauth2/token-info"  # noqa: S105 - as above
APP_INSTANCE: Final = "/apps/v1/instance"
BADGES: Final = "/badges/v4/badges"
BADGE: Final = "/badges/v4/badges/{id}"
BADGE_MOVE: Final = "/badges/v4/badges/{id}/move"
BADGES_QUERY: Final = "/badges/v4/badges/query"
#: Deprecated by Wix in favour of ``move``, with 2026-07-01 as the day of its removal.
BADGES_ORDER: Final = "/badges/v4/badges/order"
ASSIGNMENTS: Final = "/badges/v4/assignments"
ASSIGNMENT: Final = "/badges/v4/assignments/{id}"
ASSIGNMENTS_QUERY: Final = "/badges/v4/assignments/query"
ASSIGNMENTS_BULK_CREATE: Final = "/badges/v4/bulk/assignments/create"
ASSIGNMENTS_BULK_DELETE: Final = "/badges/v4/bulk/assignments/delete"
ASSIGNMENTS_BULK_TAGS: Final = "/badges/v4/bulk/assignments/bulk-update-tags"
ASSIGNMENTS_TAGS_BY_FILTER: Final = "/badges/v4/bulk/assignments/update-tags-by-filter"
ORDERS_SEARCH: Final = "/ecom/v1/orders/search"
ORDER: Final = "/ecom/v1/orders/{id}"
ORDER_PAYMENTS: Final = "/ecom/v1/payments/orders/{id}"
PAYMENTS_LIST: Final = "/ecom/v1/payments/list-by-ids"
COMMENTS_QUERY: Final = "/comments/v1/comments/query-cursor"
#: The second binding of the same call that the docs name.
COMMENTS_QUERY_PLAIN: Final = "/comments/v1/comments/query"
COMMENTS_BY_RESOURCE: Final = "/comments/v1/comments/list-by-resource"
COMMENTS_COUNT: Final = "/comments/v1/comments/count"
COMMENT: Final = "/comments/v1/comments/{id}"
MEMBERS_QUERY: Final = "/members/v1/members/query"
MEMBER: Final = "/members/v1/members/{id}"
SITE_PROPERTIES: Final = "/site-properties/v4/properties"
CATALOG_VERSION: Final = "/stores/v3/provision/version"
PRODUCTS_QUERY: Final = "/stores-reader/v1/products/query"
COLLECTIONS_QUERY: Final = "/stores-reader/v1/collections/query"
PRODUCTS_V3_QUERY: Final = "/stores/v3/products/query"
CATEGORIES_QUERY: Final = "/categories/v1/categories/query"
POSTS_QUERY: Final = "/blog/v3/posts/query"
#: These two are asked by a plug-in alone: the example that stands among the tests.
REVIEWS_QUERY: Final = "/reviews/v1/reviews/query"
REVIEW: Final = "/reviews/v1/reviews/{id}"


class Spelling(StrEnum):
    """Which of two documented forms the paths of badge assignments have."""

    #: As the official SDK and the docs' HTML pages: ``/badges/v4/assignments``.
    SDK = "sdk"
    #: As the docs' plain-text pages and their curl lines: ``/v4/badge-assignments``.
    DOCS = "docs"


class CatalogVersion(StrEnum):
    """Which catalogue of Wix Stores a site has: its calls fail with the other one's paths.

    By Wix's docs a site has one of them, and one that was moved to V3 never goes back.
    """

    V1 = "V1_CATALOG"
    V3 = "V3_CATALOG"
    NONE = "STORES_NOT_INSTALLED"


_SDK_TO_DOCS: Final = (
    ("/badges/v4/bulk/assignments", "/v4/bulk/badge-assignments"),
    ("/badges/v4/assignments", "/v4/badge-assignments"),
)


def spelled(path: str, spelling: Spelling) -> str:
    """A path in one of its two spellings; only those of badge assignments have a second one.

    >>> spelled(ASSIGNMENTS_QUERY, Spelling.DOCS), spelled(ORDERS_SEARCH, Spelling.DOCS)
    ('/v4/badge-assignments/query', '/ecom/v1/orders/search')
    >>> spelled(ASSIGNMENTS_BULK_CREATE, Spelling.SDK)
    '/badges/v4/bulk/assignments/create'
    """
    if spelling is Spelling.DOCS:
        for sdk, docs in _SDK_TO_DOCS:
            if path == sdk or path.startswith(f"{sdk}/"):
                return docs + path.removeprefix(sdk)
    return path


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

#: The app whose catalogue holds the products of Wix Stores, in both versions.
STORES_APP: Final = "215238eb-22a5-4c36-9e7b-e7c08025e04e"
#: The name by which Categories know the tree of Wix Stores.
STORES_TREE: Final = "@wix/stores"

SCOPE_READ_BADGES: Final = "SCOPE.DC-MEMBERS.READ-BADGES"
SCOPE_MANAGE_BADGES: Final = "SCOPE.DC-MEMBERS.MANAGE-BADGES"
SCOPE_READ_ORDERS: Final = "SCOPE.DC-STORES.READ-ORDERS"
SCOPE_READ_COMMENTS: Final = "SCOPE.DC_COMMENTS.READ.COMMENTS"
SCOPE_READ_MEMBERS: Final = "SCOPE.DC-MEMBERS.READ-MEMBERS"
SCOPE_READ_CATALOG_VERSION: Final = "SCOPE.STORES.CATALOG_READ_LIMITED"
#: Products and collections of Catalog V1.
SCOPE_READ_PRODUCTS: Final = "SCOPE.DC-STORES.READ-PRODUCTS"
SCOPE_READ_PRODUCTS_V3: Final = "SCOPE.STORES.PRODUCT_READ"
#: With this one also those products of Catalog V3 that visitors do not see.
SCOPE_READ_HIDDEN_PRODUCTS_V3: Final = "SCOPE.STORES.PRODUCT_READ_ADMIN"
SCOPE_READ_CATEGORIES: Final = "SCOPE.CATEGORIES.CATEGORY_READ"
SCOPE_READ_BLOG: Final = "SCOPE.DC-BLOG.READ-BLOGS"
#: The docs print the id of "Manage Reviews" (``SCOPE.DC-REVIEWS.MANAGE-REVIEWS``) and for "Read
#: Reviews" only its name; this id is made after it.
SCOPE_READ_REVIEWS: Final = "SCOPE.DC-REVIEWS.READ-REVIEWS"
