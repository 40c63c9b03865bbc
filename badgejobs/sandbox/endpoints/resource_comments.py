"""Comments of one resource: a page of those that stand alone, and the replies to each."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from badgejobs.sandbox import refusals, validation
from badgejobs.sandbox.endpoints import pages
from badgejobs.sandbox.endpoints.endpoint import Answer, Call, Endpoint
from badgejobs.sandbox.records.collection import Record
from badgejobs.sandbox.records.query import Sort, Values
from badgejobs.wix import wire

_DEFAULT_REPLIES = 10
_LONGEST_RESOURCE = 128
_FEW_DIGITS = re.compile(r"[0-9]{1,9}")
_PARENT = "parentComment.id"
_MARKED_FIRST: Final[Sort] = (("isMarked", True),)
_NEWEST: Final[Sort] = (("createdDate", True),)
_REPLY_SORTS: Final[Mapping[str, Sort]] = {
    "UNKNOWN_ORDER": _NEWEST,
    "NEWEST_FIRST": _NEWEST,
    "OLDEST_FIRST": (("createdDate", False),),
    "REACTION_COUNT": (("reactionSummary.total", True), *_NEWEST),
}
_SORTS: Final[Mapping[str, Sort]] = {
    **_REPLY_SORTS,
    "NET_VOTE_COUNT": (("voteSummary.netVoteCount", True), *_NEWEST),
    "NET_VOTE_COUNT_ASC": (("voteSummary.netVoteCount", False), *_NEWEST),
    "RATING": (("rating", True), *_NEWEST),
    "RATING_ASC": (("rating", False), *_NEWEST),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Asked:
    """What is listed: comments of a parent, None for those without one, from a place on."""

    parent: str | None
    sort: Sort
    replies_sort: Sort
    after: list[Any] | None

    @property
    def carried(self) -> list[Any]:
        return [self.parent, self.replies_sort]


def list_by_resource(call: Call) -> Answer:
    """Published comments of one resource, with the first replies to each beside them.

    The cursor of a list of replies goes where that of comments goes, as in an older client of
    Wix; that what follows stands under ``comments`` is a choice.
    """
    app_id = validation.guid(call.parameter("appId"), "appId")
    resource = tuple(
        validation.text(call.parameter(name), name, most=_LONGEST_RESOURCE)
        for name in ("contextId", "resourceId")
    )
    limit = _number(call, "cursorPaging.limit", call.switches.comments_default_limit, least=1)
    most_replies = _number(call, "cursorPaging.repliesLimit", _DEFAULT_REPLIES, least=0)
    rest = _author_badges(call)

    def here(values: Values) -> bool:
        place = values["contextId"], values["resourceId"]
        own = values["appId"] == app_id and values["status"] == "PUBLISHED"
        return own and place == resource

    listing = pages.Listing(
        name="comments-by-resource",
        collection=call.site.comments,
        within=(app_id, *resource),
    )
    asked = _asked(call, listing)
    page = pages.page(
        call,
        listing,
        matches=lambda values: values[_PARENT] == asked.parent and here(values),
        sort=asked.sort,
        after=asked.after,
        limit=limit,
        carried=asked.carried,
    )
    replies: dict[str, list[Record]] = {record.id: [] for record in page.records}
    for reply in call.site.comments.walk(call.at, asked.replies_sort, here):
        found = replies.get(reply.values[_PARENT])
        if found is not None:
            found.append(reply)
    rest["commentReplies"] = {
        parent: _replies(call, listing, replace(asked, parent=parent), found, most_replies)
        for parent, found in replies.items()
        if found
    }
    return pages.encoded("comments", page.records, rest | {"pagingMetadata": page.metadata()})


def _replies(
    call: Call, listing: pages.Listing, asked: _Asked, found: list[Record], most: int
) -> dict[str, Any]:
    """The first replies to one comment, and the way to the others."""
    shown, way_on = found[:most], None
    if len(found) > most:
        way_on = pages.cursor_behind(
            call,
            listing,
            carried=asked.carried,
            sort=asked.replies_sort,
            last=shown[-1] if shown else None,
        )
    return {
        "replies": [reply.body for reply in shown],
        "pagingMetadata": pages.metadata(len(shown), way_on),
    }


def _asked(call: Call, listing: pages.Listing) -> _Asked:
    """What the parameters ask for; with a cursor the orders that they name are ignored."""
    sealed = call.parameter("cursorPaging.cursor")
    if sealed is not None:
        (parent, replies_sort), sort, after = pages.opened(
            call, listing, sealed, "cursorPaging.cursor"
        )
        return _Asked(
            parent=parent, sort=sort, replies_sort=pages.sort_of(replies_sort), after=after
        )
    order = _order(call, "commentSort.order", _SORTS) or "NEWEST_FIRST"
    # The contract sorts replies as it sorts comments; what replies cannot be sorted by falls back.
    replies_order = _order(call, "replySort.order", _REPLY_SORTS) or order
    return _Asked(
        parent=None,
        sort=_first(call, "commentSort") + _SORTS[order],
        replies_sort=_first(call, "replySort") + _REPLY_SORTS.get(replies_order, _NEWEST),
        after=None,
    )


def _order(call: Call, name: str, known: Mapping[str, Sort]) -> str | None:
    order = call.parameter(name)
    if order is not None and order not in known:
        raise refusals.invalid(name, f"must be one of {', '.join(known)}")
    return order


def _first(call: Call, name: str) -> Sort:
    """What stands before the order itself: that marked comments come first, if they do."""
    field = f"{name}.keepMarkedInOriginalOrder"
    kept = call.parameter(field) or "false"
    if kept not in ("true", "false"):
        raise refusals.invalid(field, "must be true or false")
    in_order = kept == "true" or call.switches.marked_comments == "in-order"
    return () if in_order else _MARKED_FIRST


def _author_badges(call: Call) -> dict[str, Any]:
    """The roles of authors, if they are asked for; nobody has one here."""
    wanted = call.query.get("fields", ())
    if any(one != "AUTHOR_BADGES" for one in wanted):
        raise refusals.invalid("fields", "must be AUTHOR_BADGES")
    return {"authorBadges": {"badgesByMemberId": {}}} if wanted else {}


def _number(call: Call, name: str, default: int, *, least: int) -> int:
    given = call.parameter(name)
    if given is None:
        return default
    number = int(given) if _FEW_DIGITS.fullmatch(given) else given
    return validation.integer(number, name, least=least, most=wire.MOST_ITEMS)


ENDPOINTS: Final = (
    Endpoint("GET", wire.COMMENTS_BY_RESOURCE, wire.SCOPE_READ_COMMENTS, list_by_resource),
)
