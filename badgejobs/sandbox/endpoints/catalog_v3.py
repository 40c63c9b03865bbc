"""Products of Catalog V3 and their categories.

The world has one shop, which is stored as Catalog V1 has it: a collection is shown as a
category, without any above it, unless a record says otherwise.
"""

from __future__ import annotations

from typing import Any, Final

from badgejobs.sandbox import refusals, validation
from badgejobs.sandbox.endpoints import pages
from badgejobs.sandbox.endpoints.catalog import require
from badgejobs.sandbox.endpoints.endpoint import Answer, Call, Endpoint
from badgejobs.sandbox.records import kinds
from badgejobs.sandbox.records.query import Filter
from badgejobs.wix import wire
from badgejobs.wix.wire import CatalogVersion

_CATEGORIES: Final = "ALL_CATEGORIES_INFO"
#: What more of a product can be asked for, by Wix's published skills.
_MORE: Final = frozenset(
    {
        *("URL", "CURRENCY", "INFO_SECTION", "MERCHANT_DATA", "PLAIN_DESCRIPTION", "DESCRIPTION"),
        *("INFO_SECTION_PLAIN_DESCRIPTION", "INFO_SECTION_DESCRIPTION", "SUBSCRIPTION_PRICES_INFO"),
        *("BREADCRUMBS_INFO", "WEIGHT_MEASUREMENT_UNIT_INFO", "VARIANT_OPTION_CHOICE_NAMES"),
        *("MEDIA_ITEMS_INFO", "DIRECT_CATEGORIES_INFO", "DIRECT_CATEGORY_IDS", _CATEGORIES),
        *("MIN_VARIANT_PRICE_INFO", "THUMBNAIL", "PRODUCT_CHOICES_MEDIA_REFERENCES"),
    }
)


def products(call: Call) -> Answer:
    """A page of products; those that visitors do not see only for callers with a wider scope."""
    require(call, CatalogVersion.V3)
    more = validation.items(call.body.get("fields") or [], "fields")
    for place, one in enumerate(more):
        if one not in _MORE:
            raise refusals.invalid(f"fields[{place}]", "is not a field that can be asked for")
    granted = call.site.installation.scopes
    all_seen = granted is None or wire.SCOPE_READ_HIDDEN_PRODUCTS_V3 in granted

    def visible(_: Filter) -> pages.Predicate:
        return lambda values: all_seen or values["visible"] is not False

    listing = pages.Listing(
        name="products-v3",
        collection=call.site.products,
        condition=visible,
        fields=kinds.PRODUCTS_V3,
        offsets=True,
    )
    page = pages.read(call, listing)
    rows = [_product(record.body, told=_CATEGORIES in more) for record in page.records]
    return {"products": rows, "pagingMetadata": page.metadata()}


def _product(body: dict[str, Any], *, told: bool) -> dict[str, Any]:
    """A product in the form of V3; its categories only where they were asked for."""
    filed = body.pop("collectionIds", None) or []
    categories = body.pop("allCategoriesInfo", {"categories": [{"id": one} for one in filed]})
    return body | {"allCategoriesInfo": categories} if told else body


def categories(call: Call) -> Answer:
    """A page of categories; those that visitors do not see only where they are asked for.

    A filter that is there and empty is refused, by Wix's published skills.
    """
    require(call, CatalogVersion.V3)
    tree = validation.mapping(call.body.get("treeReference"), "treeReference")
    if tree.get("appNamespace") != wire.STORES_TREE:
        raise refusals.invalid("treeReference.appNamespace", f"must be {wire.STORES_TREE}")
    query = call.body.get("query")
    if isinstance(query, dict) and query.get("filter") == {}:
        raise refusals.invalid("query.filter", "must not be empty", "INVALID_FILTER")
    asked = call.body.get("returnNonVisibleCategories", False)
    hidden = validation.truth(asked, "returnNonVisibleCategories")

    def visible(_: Filter) -> pages.Predicate:
        return lambda values: hidden or values["visible"] is not False

    listing = pages.Listing(
        name="categories",
        collection=call.site.collections,
        condition=visible,
        fields=kinds.CATEGORIES,
        offsets=True,
    )
    page = pages.read(call, listing)
    return pages.encoded("categories", page.records, {"pagingMetadata": page.metadata()})


ENDPOINTS: Final = (
    Endpoint("POST", wire.PRODUCTS_V3_QUERY, wire.SCOPE_READ_PRODUCTS_V3, products),
    Endpoint("POST", wire.CATEGORIES_QUERY, wire.SCOPE_READ_CATEGORIES, categories),
)
