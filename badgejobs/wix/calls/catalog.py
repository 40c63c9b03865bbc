"""Requests about products and what they are filed under (Wix docs, Stores: Catalog V1 and V3).

A site has one of two catalogues. V1 files products in collections, V3 in categories, and each
refuses the calls of the other (428, by Wix's published skills). V1 takes a filter as JSON in a
text and pages by offset; V3 is like the rest of the API.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from badgejobs.wix import wire
from badgejobs.wix.calls.call import Call, among, paged


def catalog_version() -> Call:
    """Which catalogue the site has (Wix docs, Catalog Versioning)."""
    return Call(method="GET", form=wire.CATALOG_VERSION, scope=wire.SCOPE_READ_CATALOG_VERSION)


def query_products(product_ids: Sequence[str]) -> Call:
    """Up to 100 products of Catalog V1 by their ids.

    Hidden products come only to who asks for them, and that needs the permission to manage
    products, which is too much to ask for here: they are left out.
    """
    return Call(form=wire.PRODUCTS_QUERY, body=_by_ids(product_ids), scope=wire.SCOPE_READ_PRODUCTS)


def query_collections(collection_ids: Sequence[str]) -> Call:
    """Up to 100 collections of Catalog V1 by their ids, which need not be GUIDs."""
    return Call(
        form=wire.COLLECTIONS_QUERY, body=_by_ids(collection_ids), scope=wire.SCOPE_READ_PRODUCTS
    )


def query_products_v3(product_ids: Sequence[str], *, cursor: str | None = None) -> Call:
    """Up to 100 products of Catalog V3, with every category that they stand in.

    ``ALL_CATEGORIES_INFO`` has the categories above a product's own ones too. What visitors do
    not see is left out for callers without the admin scope.
    """
    return Call(
        form=wire.PRODUCTS_V3_QUERY,
        body={
            "fields": ["ALL_CATEGORIES_INFO"],
            "query": paged({"filter": {"id": among(product_ids)}}, cursor),
        },
        scope=wire.SCOPE_READ_PRODUCTS_V3,
        cursor_sent=cursor is not None,
    )


def query_categories(category_ids: Sequence[str], *, cursor: str | None = None) -> Call:
    """Up to 100 categories of Wix Stores by their ids (Wix docs, Categories).

    Those that visitors do not see are left out unless asked for; they keep their ids here and
    have no name.
    """
    return Call(
        form=wire.CATEGORIES_QUERY,
        body={
            "treeReference": {"appNamespace": wire.STORES_TREE, "treeKey": None},
            "query": paged({"filter": {"id": among(category_ids)}}, cursor),
        },
        scope=wire.SCOPE_READ_CATEGORIES,
        cursor_sent=cursor is not None,
    )


def _by_ids(ids: Sequence[str]) -> dict[str, Any]:
    """A query of Catalog V1; by the table of its docs ids take ``$hasSome``.

    Wix's published skills send ``$in`` there, which the table does not have. For collections no
    table was found; theirs is taken to be like that of products.
    """
    wanted = {"id": {"$hasSome": among(ids)["$in"]}}
    paging = {"limit": wire.MOST_ITEMS, "offset": 0}
    return {"query": {"filter": json.dumps(wanted, separators=(",", ":")), "paging": paging}}
