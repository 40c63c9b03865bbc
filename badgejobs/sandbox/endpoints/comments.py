"""Comments: query, count, get."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from http import HTTPStatus
from typing import Any, Final

from badgejobs.sandbox import refusals, validation
from badgejobs.sandbox.endpoints import pages
from badgejobs.sandbox.endpoints.endpoint import Answer, Call, Endpoint
from badgejobs.sandbox.records import kinds
from badgejobs.sandbox.records.collection import Record
from badgejobs.wix import wire

#: What a deleted comment has lost.
_CLEARED = frozenset({"author", "content", "draftContent"})


def stored_form(body: Mapping[str, Any]) -> dict[str, Any]:
    """A comment as Wix keeps it: a deleted one has neither author nor content."""
    if body.get("status") != "DELETED":
        return dict(body)
    return {name: value for name, value in body.items() if name not in _CLEARED}


def query(call: Call) -> Answer:
    """A page of one app's comments, in every status unless filtered."""
    app_id = validation.guid(call.body.get("appId"), "appId")
    by_date = call.switches.comment_date_sort == "accept"
    listing = pages.Listing(
        name="comments",
        collection=call.site.comments,
        default_limit=call.switches.comments_default_limit,
        within=(app_id,),
        condition=lambda _: lambda values: values["appId"] == app_id,
        fields=kinds.COMMENTS_BY_DATE if by_date else kinds.COMMENTS,
    )
    page = pages.read(call, listing)
    return pages.encoded("comments", page.records, {"pagingMetadata": page.metadata()})


def count(call: Call) -> Answer:
    """How many comments of one app match; hidden ones never count."""
    app_id = validation.guid(call.body.get("appId"), "appId")
    comments, given = call.site.comments, call.body.get("filter")
    matches = call.filter(given, comments.fields, "filter").matches
    resources = _resources(given)
    if resources is None:
        candidates: Iterable[Record] = comments.shown(call.at).values()
    else:
        candidates = comments.grouped(call.at, resources)
    found = sum(
        record.values["appId"] == app_id
        and record.values["status"] != "HIDDEN"
        and matches(record.values)
        for record in candidates
    )
    most = call.switches.count_limit
    if most is not None and found > most:
        raise refusals.application_error(
            HTTPStatus(call.switches.count_limit_status),
            "TOO_MANY_TO_COUNT",
            "there are too many comments to count them",
        )
    return {"count": found}


def _resources(given: Any) -> Collection[Any] | None:
    """The resources outside which a filter that was compiled matches nothing, if it names some."""
    wanted = given.get("resourceId") if isinstance(given, dict) else None
    if isinstance(wanted, dict):
        wanted = wanted.get("$in")
    one = [wanted] if isinstance(wanted, str) else wanted
    return one if isinstance(one, list) else None


def get(call: Call) -> Answer:
    """One comment as it is now."""
    comment_id = call.path_guid("commentId")
    record = call.site.comments.current.get(comment_id)
    if record is None:
        raise refusals.not_found("COMMENT_NOT_FOUND", f"comment {comment_id}")
    return b'{"comment":%b}' % record.encoded


ENDPOINTS: Final = (
    Endpoint("POST", wire.COMMENTS_QUERY, wire.SCOPE_READ_COMMENTS, query),
    Endpoint("POST", wire.COMMENTS_QUERY_PLAIN, wire.SCOPE_READ_COMMENTS, query),
    Endpoint("POST", wire.COMMENTS_COUNT, wire.SCOPE_READ_COMMENTS, count),
    Endpoint("GET", wire.COMMENT, wire.SCOPE_READ_COMMENTS, get),
)
