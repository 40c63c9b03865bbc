"""Comments: query, count, list by resource, get."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

from badgejobs.sandbox import kinds, pages, refusals, validation
from badgejobs.sandbox.collection import Record
from badgejobs.sandbox.endpoint import Answer, Call, Endpoint
from badgejobs.sandbox.query import Sort, Values, compile_filter
from badgejobs.wix import wire

_DEFAULT_LIMIT = 50
_DEFAULT_REPLIES = 10
_LONGEST_RESOURCE = 128
_FEW_DIGITS = re.compile(r"[0-9]{1,9}")
#: What a deleted comment has lost.
_CLEARED = frozenset({"author", "content", "draftContent"})
_SORTS: Final[Mapping[str, Sort]] = {
    "NEWEST_FIRST": kinds.NEWEST_FIRST,
    "OLDEST_FIRST": kinds.OLDEST_FIRST,
}


def stored_form(body: Mapping[str, Any]) -> dict[str, Any]:
    """A comment as Wix keeps it: a deleted one has neither author nor content."""
    if body.get("status") != "DELETED":
        return dict(body)
    return {name: value for name, value in body.items() if name not in _CLEARED}


def query(call: Call) -> Answer:
    """A page of one app's comments, in every status unless filtered."""
    app_id = validation.guid(call.body.get("appId"), "appId")
    listing = pages.Listing(
        name="comments",
        collection=call.site.comments,
        default_limit=_DEFAULT_LIMIT,
        within=(app_id,),
        condition=lambda _: lambda values: values["appId"] == app_id,
    )
    page = pages.read(call, listing)
    return pages.encoded("comments", page.records, {"pagingMetadata": page.metadata()})


def count(call: Call) -> Answer:
    """How many comments of one app match; hidden ones never count."""
    app_id = validation.guid(call.body.get("appId"), "appId")
    comments = call.site.comments
    matches = compile_filter(call.body.get("filter"), comments.fields, "filter").matches
    return {
        "count": sum(
            record.values["appId"] == app_id
            and record.values["status"] != "HIDDEN"
            and matches(record.values)
            for record in comments.shown(call.at).values()
        )
    }


def get(call: Call) -> Answer:
    """One comment as it is now."""
    comment_id = call.path_guid("commentId")
    record = call.site.comments.current.get(comment_id)
    if record is None:
        raise refusals.not_found("COMMENT_NOT_FOUND", f"comment {comment_id}")
    return b'{"comment":%b}' % record.encoded


def list_by_resource(call: Call) -> Answer:
    """Published comments of one resource, the first replies to each beside them.

    Where a comment has more replies than are shown, the cursor beside them leads to a list of
    the further ones, by this same call, as Wix's SDK describes it.
    """
    app_id = validation.guid(call.parameter("appId"), "appId")
    resource = tuple(
        validation.text(call.parameter(name), name, most=_LONGEST_RESOURCE)
        for name in ("contextId", "resourceId")
    )
    limit = _number(call, "cursorPaging.limit", _DEFAULT_LIMIT, least=1)
    replies_limit = _number(call, "cursorPaging.repliesLimit", _DEFAULT_REPLIES, least=0)

    def here(values: Values) -> bool:
        place = values["contextId"], values["resourceId"]
        own = values["appId"] == app_id and values["status"] == "PUBLISHED"
        return own and place == resource

    listing = pages.Listing(
        name="comments-by-resource", collection=call.site.comments, within=(app_id, *resource)
    )
    cursor, after, parent = call.parameter("cursorPaging.cursor"), None, None
    if cursor is None:
        order = _order(call, "commentSort.order", "NEWEST_FIRST")
        sort, replies_order = _SORTS[order], _order(call, "replySort.order", order)
    else:
        found = pages.opened(call, listing, cursor, "cursorPaging.cursor")
        _, sort, after, (parent, replies_order) = found
    listing = replace(
        listing,
        condition=lambda _: lambda values: values["parentComment.id"] == parent and here(values),
        kept=[parent, replies_order],
    )
    page = pages.page(call, listing, given=None, sort=sort, after=after, limit=limit)
    replies: dict[str, list[Record]] = {record.id: [] for record in page.records}
    for reply in call.site.comments.walk(call.at, _SORTS[replies_order], here):
        beside = replies.get(reply.values["parentComment.id"])
        if beside is not None and len(beside) <= replies_limit:
            beside.append(reply)
    answers = {
        one: _replies(call, replace(listing, kept=[one, replies_order]), beside, replies_limit)
        for one, beside in replies.items()
        if beside and replies_limit
    }
    rest = {"commentReplies": answers, "pagingMetadata": page.metadata()}
    return pages.encoded("comments", page.records, rest)


def _replies(call: Call, listing: pages.Listing, found: list[Record], limit: int) -> dict[str, Any]:
    """The first replies to one comment; ``found`` may hold one more than are shown."""
    shown, cursors = found[:limit], {}
    if len(found) > limit:
        sort = _SORTS[listing.kept[1]]
        cursors["next"] = pages.sealed(call, listing, given=None, sort=sort, last=shown[-1])
    return {
        "replies": [reply.body for reply in shown],
        "pagingMetadata": {"count": len(shown), "cursors": cursors, "hasNext": bool(cursors)},
    }


def _order(call: Call, name: str, default: str) -> str:
    order = call.parameter(name)
    if order is None:
        return default
    if order not in _SORTS:
        raise refusals.invalid(name, "must be NEWEST_FIRST or OLDEST_FIRST")
    return order


def _number(call: Call, name: str, default: int, *, least: int) -> int:
    given = call.parameter(name)
    if given is None:
        return default
    number = int(given) if _FEW_DIGITS.fullmatch(given) else given
    return validation.integer(number, name, least=least, most=wire.MOST_ITEMS)


ENDPOINTS: Final = (
    Endpoint("POST", wire.COMMENTS_QUERY, wire.SCOPE_READ_COMMENTS, query),
    Endpoint("POST", wire.COMMENTS_COUNT, wire.SCOPE_READ_COMMENTS, count),
    Endpoint("GET", wire.COMMENTS_BY_RESOURCE, wire.SCOPE_READ_COMMENTS, list_by_resource),
    Endpoint("GET", wire.COMMENT, wire.SCOPE_READ_COMMENTS, get),
)
