"""Requests of Comments (Wix docs, Comments).

Wix knows no filter and no order by date here, and asks for the app whose comments are meant.
Hidden comments are never counted, whatever the filter says.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final, Literal

from badgejobs.errors import Refused
from badgejobs.wix import wire
from badgejobs.wix.calls.call import Call, among, paged

Order = Literal["NEWEST_FIRST", "OLDEST_FIRST"]

#: The longest id of a context or resource, which need not be a GUID.
_LONGEST_RESOURCE: Final = 128
#: Wix documents no limit for the ``$in`` of a count; a body of so many ids stays below 200 KB.
MOST_COUNTED: Final = 1_000


def is_resource_id(text: str) -> bool:
    """Whether Wix can be asked about a resource of this id.

    >>> is_resource_id("post-1"), is_resource_id(""), is_resource_id("p" * 129)
    (True, False, False)
    """
    return 1 <= len(text) <= _LONGEST_RESOURCE and text.isprintable()


def query_comments(
    app_id: str,
    *,
    author: str | None = None,
    resource_ids: Sequence[str] | None = None,
    statuses: Sequence[str] = wire.COMMENT_STATUSES,
    cursor: str | None = None,
) -> Call:
    """A page of the comments of one app, in Wix's own order (id ascending).

    All statuses unless fewer are named; of one member and of up to 100 resources where given.
    """
    wanted = {"status": among(statuses)} | _narrowed(author, resource_ids)
    return Call(
        form=wire.COMMENTS_QUERY,
        body={"appId": app_id, "query": paged({"filter": wanted}, cursor)},
        scope=wire.SCOPE_READ_COMMENTS,
        cursor_sent=cursor is not None,
    )


def comments_by_id(app_id: str, comment_ids: Sequence[str]) -> Call:
    """Up to 100 comments of one app by their ids, whatever their status."""
    wanted = {"id": among(comment_ids), "status": among(wire.COMMENT_STATUSES)}
    return Call(
        form=wire.COMMENTS_QUERY,
        body={"appId": app_id, "query": paged({"filter": wanted}, None)},
        scope=wire.SCOPE_READ_COMMENTS,
    )


def count_comments(
    app_id: str,
    *,
    author: str | None = None,
    resource_ids: Sequence[str] | None = None,
    status: str = "PUBLISHED",
) -> Call:
    """How many comments of one app have this status, on up to ``MOST_COUNTED`` resources."""
    narrowed = _narrowed(author, resource_ids, most=MOST_COUNTED)
    return Call(
        form=wire.COMMENTS_COUNT,
        body={"appId": app_id, "filter": {"status": status} | narrowed},
        scope=wire.SCOPE_READ_COMMENTS,
    )


def list_comments(
    app_id: str,
    *,
    context_id: str,
    resource_id: str,
    order: Order = "NEWEST_FIRST",
    cursor: str | None = None,
) -> Call:
    """A page of the published comments of one resource, up to 100 replies with each.

    A cursor carries the order; one that is sent beside it would be ignored.
    """
    query = {
        "appId": app_id,
        "contextId": _named(context_id),
        "resourceId": _named(resource_id),
        "cursorPaging.limit": str(wire.MOST_ITEMS),
        "cursorPaging.repliesLimit": str(wire.MOST_ITEMS),
    }
    if cursor is None:
        query["commentSort.order"] = order
    else:
        query["cursorPaging.cursor"] = cursor
    return Call(
        method="GET",
        form=wire.COMMENTS_BY_RESOURCE,
        query=query,
        scope=wire.SCOPE_READ_COMMENTS,
        cursor_sent=cursor is not None,
    )


def get_comment(comment_id: str) -> Call:
    """One comment as it is now."""
    return Call(method="GET", form=wire.COMMENT, id=comment_id, scope=wire.SCOPE_READ_COMMENTS)


def _narrowed(
    author: str | None, resource_ids: Sequence[str] | None, *, most: int = wire.MOST_ITEMS
) -> dict[str, Any]:
    wanted: dict[str, Any] = {}
    if author is not None:
        wanted["author.memberId"] = author
    if resource_ids is not None:
        wanted["resourceId"] = among([_named(one) for one in resource_ids], most=most)
    return wanted


def _named(text: str) -> str:
    """An id that is no GUID: short, and of characters that can be sent."""
    if not is_resource_id(text):
        raise Refused(
            "the id of a context or resource is empty, longer than "
            f"{_LONGEST_RESOURCE} characters or not printable; nothing was sent"
        )
    return text
