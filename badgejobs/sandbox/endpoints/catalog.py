"""Which catalogue the site has, and the products and collections of Catalog V1.

Filter and sort are JSON in a text there, pages go by offset, and the paging information tells
how many records were asked for, not how many came.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from http import HTTPStatus
from typing import Any, Final

from badgejobs.sandbox import refusals, validation
from badgejobs.sandbox.endpoints import pages
from badgejobs.sandbox.endpoints.endpoint import Answer, Call, Endpoint
from badgejobs.sandbox.records.collection import Collection
from badgejobs.sandbox.records.query import Filter
from badgejobs.wix import wire
from badgejobs.wix.wire import CatalogVersion


def version(call: Call) -> Answer:
    """Which catalogue the site has."""
    return {"catalogVersion": call.site.properties.catalog_version}


def require(call: Call, wanted: CatalogVersion) -> None:
    """Refuse (428) a call for another catalogue than the site has; the code is our choice."""
    if call.site.properties.catalog_version is not wanted:
        raise refusals.application_error(
            HTTPStatus.PRECONDITION_REQUIRED,
            "FAILED_PRECONDITION",
            f"the site has no {wanted}",
        )


def products(call: Call) -> Answer:
    """A page of products; hidden ones only where they are asked for."""
    hidden = validation.truth(
        call.body.get("includeHiddenProducts", False), "includeHiddenProducts"
    )

    def visible(_: Filter) -> pages.Predicate:
        return lambda values: hidden or values["visible"] is not False

    return _page(call, "products", call.site.products, visible)


def collections(call: Call) -> Answer:
    """A page of collections."""
    return _page(call, "collections", call.site.collections, None)


def _page(
    call: Call,
    name: str,
    collection: Collection,
    condition: Callable[[Filter], pages.Predicate] | None,
) -> Answer:
    require(call, CatalogVersion.V1)
    query = _decoded(call.body.get("query"))
    listing = pages.Listing(name=name, collection=collection, offsets=True, condition=condition)
    asked = replace(call, body={"query": query})
    page = pages.read(asked, listing)
    told = pages.totals(asked, listing, page)
    limit = (query.get("paging") or {}).get("limit") or listing.default_limit
    paging = {"items": limit, "offset": told["offset"]}
    rest = {"metadata": paging, "totalResults": told["total"]}
    return pages.encoded(name, page.records, rest)


def _decoded(given: object) -> dict[str, Any]:
    """The query with what is JSON in a text taken out of it."""
    query = dict(validation.mapping({} if given is None else given, "query"))
    for name in ("filter", "sort"):
        if query.get(name) is None:
            continue
        field = f"query.{name}"
        try:
            query[name] = json.loads(validation.text(query[name], field))
        except (ValueError, RecursionError) as error:
            raise refusals.invalid(field, "is not JSON in a text") from error
    return query


ENDPOINTS: Final = (
    Endpoint("GET", wire.CATALOG_VERSION, wire.SCOPE_READ_CATALOG_VERSION, version),
    Endpoint("POST", wire.PRODUCTS_QUERY, wire.SCOPE_READ_PRODUCTS, products),
    Endpoint("POST", wire.COLLECTIONS_QUERY, wire.SCOPE_READ_PRODUCTS, collections),
)
