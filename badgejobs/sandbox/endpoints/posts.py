"""Posts of the blog: query."""

from __future__ import annotations

from typing import Final

from badgejobs.sandbox import validation
from badgejobs.sandbox.endpoints import pages
from badgejobs.sandbox.endpoints.endpoint import Answer, Call, Endpoint
from badgejobs.wix import wire

_REFERENCE: Final = "REFERENCE_ID"
_DEFAULT_LIMIT: Final = 50


def query(call: Call) -> Answer:
    """A page of published posts; what comments know them by only where it is asked for."""
    given = validation.items(call.body.get("fieldsets") or [], "fieldsets")
    fieldsets = {validation.text(one, f"fieldsets[{place}]") for place, one in enumerate(given)}
    listing = pages.Listing(
        name="posts", collection=call.site.posts, default_limit=_DEFAULT_LIMIT, offsets=True
    )
    page = pages.read(call, listing)
    rows = [record.body for record in page.records]
    if _REFERENCE not in fieldsets:
        for row in rows:
            row.pop("referenceId", None)
    return {"posts": rows, "pagingMetadata": page.metadata() | pages.totals(call, listing, page)}


ENDPOINTS: Final = (Endpoint("POST", wire.POSTS_QUERY, wire.SCOPE_READ_BLOG, query),)
