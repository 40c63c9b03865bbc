"""Reviews of products: query and get."""

from __future__ import annotations

from typing import Final

from badgejobs.sandbox import refusals
from badgejobs.sandbox.endpoints import pages
from badgejobs.sandbox.endpoints.endpoint import Answer, Call, Endpoint
from badgejobs.wix import wire


def query(call: Call) -> Answer:
    """A page of reviews, whatever their moderation came to.

    The docs call the largest page ``paging.limit`` and say that the query language is the common
    one, so both ways of paging are taken. Under which key the answer pages is not shown there.
    """
    listing = pages.Listing(name="reviews", collection=call.site.reviews, offsets=True)
    page = pages.read(call, listing)
    totals = {} if page.offset is None else pages.totals(call, listing, page)
    return pages.encoded("reviews", page.records, {"pagingMetadata": page.metadata() | totals})


def get(call: Call) -> Answer:
    """One review as it is now."""
    review_id = call.path_guid("reviewId")
    record = call.site.reviews.current.get(review_id)
    if record is None:
        raise refusals.not_found("REVIEW_NOT_FOUND", f"review {review_id}")
    return b'{"review":%b}' % record.encoded


ENDPOINTS: Final = (
    Endpoint("POST", wire.REVIEWS_QUERY, wire.SCOPE_READ_REVIEWS, query),
    Endpoint("GET", wire.REVIEW, wire.SCOPE_READ_REVIEWS, get),
)
