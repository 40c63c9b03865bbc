"""The requests that we send to Wix, as values; one builder per endpoint.

All paths are constants of :mod:`badgejobs.wix.wire`: nothing that came from outside ever
becomes part of a URL.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final, Literal

from badgejobs.core.milestone import Look
from badgejobs.wix import wire

_GUID: Final = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}", re.ASCII)


def is_guid(text: str) -> bool:
    """Whether a text has the form of Wix's ids.

    >>> is_guid("c2b7a6d4-0d3f-4a4e-9f10-6f5a2c9e2201"), is_guid("../orders")
    (True, False)
    """
    return _GUID.fullmatch(text) is not None


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One request."""

    path: str
    #: Never shown: the body of a token request holds the app secret.
    body: Mapping[str, Any] = field(repr=False)
    method: Literal["POST"] = "POST"
    #: The permission scope that Wix asks for, for the text of a refusal.
    scope: str | None = None
    #: Whether it changes something at Wix.
    creates: bool = False
    #: Whether it goes on with a cursor, which Wix may no longer take.
    cursor_sent: bool = False


def token(*, app_id: str, app_secret: str, instance_id: str) -> Call:
    """Client credentials, as JSON (Wix docs, "Create Access Token"; SDK ``AppStrategy``)."""
    body = {
        "grant_type": "client_credentials",
        "client_id": app_id,
        "client_secret": app_secret,
        "instance_id": instance_id,
    }
    return Call(path=wire.TOKEN, body=body)


def query_badges(*, cursor: str | None = None, limit: int = wire.MOST_ITEMS) -> Call:
    """A page of the site's badges."""
    return Call(
        path=wire.BADGES_QUERY,
        body={"query": _paged({}, cursor, limit)},
        scope=wire.SCOPE_READ_BADGES,
        cursor_sent=cursor is not None,
    )


def create_badge(look: Look) -> Call:
    """A new badge; Wix requires title and both colours."""
    badge: dict[str, Any] = {
        "title": look.title,
        "backgroundColor": look.background,
        "textColor": look.text,
    }
    if look.description:
        badge["description"] = look.description
    if look.icon:
        badge["icon"] = {"url": look.icon}
    return Call(
        path=wire.BADGES, body={"badge": badge}, scope=wire.SCOPE_MANAGE_BADGES, creates=True
    )


def query_assignments(
    badge_ids: Sequence[str],
    member_ids: Sequence[str] | None,
    *,
    cursor: str | None = None,
) -> Call:
    """A page of the assignments of these badges, to these members where given."""
    wanted: dict[str, Any] = {"badgeId": {"$in": list(badge_ids)}}
    if member_ids is not None:
        wanted["memberId"] = {"$in": list(member_ids)}
    return Call(
        path=wire.ASSIGNMENTS_QUERY,
        body={"query": _paged({"filter": wanted}, cursor)},
        scope=wire.SCOPE_READ_BADGES,
        cursor_sent=cursor is not None,
    )


def create_assignment(badge_id: str, member_id: str) -> Call:
    """One badge to one member."""
    return Call(
        path=wire.ASSIGNMENTS,
        body={"badgeAssignment": {"badgeId": badge_id, "memberId": member_id}},
        scope=wire.SCOPE_MANAGE_BADGES,
        creates=True,
    )


def delete_nothing() -> Call:
    """A write that cannot take effect: the assignment that it names exists nowhere."""
    return Call(
        path=wire.ASSIGNMENTS_BULK_DELETE,
        body={"badgeAssignmentIds": ["00000000-0000-0000-0000-000000000000"]},
        scope=wire.SCOPE_MANAGE_BADGES,
    )


def create_assignments(pairs: Sequence[tuple[str, str]]) -> Call:
    """Up to 100 (badge id, member id) pairs; not atomic at Wix."""
    assignments = [{"badgeId": badge, "memberId": member} for badge, member in pairs]
    return Call(
        path=wire.ASSIGNMENTS_BULK_CREATE,
        body={"badgeAssignments": assignments, "returnEntity": True},
        scope=wire.SCOPE_MANAGE_BADGES,
        creates=True,
    )


def search_orders(
    since: datetime | None, *, cursor: str | None = None, limit: int = wire.MOST_ITEMS
) -> Call:
    """A page of orders by ascending ``updatedDate``, from ``since`` on, equal ones included.

    Every status is named, since Wix otherwise leaves out pending and rejected orders.
    """
    wanted: dict[str, Any] = {"status": {"$in": list(wire.ORDER_STATUSES)}}
    if since is not None:
        wanted["updatedDate"] = {"$gte": _stamp(since)}
    query = {"filter": wanted, "sort": [{"fieldName": "updatedDate", "order": "ASC"}]}
    return Call(
        path=wire.ORDERS_SEARCH,
        body={"search": _paged(query, cursor, limit)},
        scope=wire.SCOPE_READ_ORDERS,
        cursor_sent=cursor is not None,
    )


def query_comments(app_id: str, *, cursor: str | None = None) -> Call:
    """A page of the comments of one app, in Wix's own order (id ascending), all statuses."""
    query = {"filter": {"status": {"$in": list(wire.COMMENT_STATUSES)}}}
    return Call(
        path=wire.COMMENTS_QUERY,
        body={"appId": app_id, "query": _paged(query, cursor)},
        scope=wire.SCOPE_READ_COMMENTS,
        cursor_sent=cursor is not None,
    )


def count_comments(app_id: str) -> Call:
    """How many published comments one app has."""
    return Call(
        path=wire.COMMENTS_COUNT,
        body={"appId": app_id, "filter": {"status": "PUBLISHED"}},
        scope=wire.SCOPE_READ_COMMENTS,
    )


def _paged(
    query: dict[str, Any], cursor: str | None, limit: int = wire.MOST_ITEMS
) -> dict[str, Any]:
    """The first page of a query, or what follows a cursor, which carries filter and sort."""
    if cursor is not None:
        return {"cursorPaging": {"limit": limit, "cursor": cursor}}
    return query | {"cursorPaging": {"limit": limit}}


def _stamp(moment: datetime) -> str:
    """A moment as Wix writes it; cut, never rounded up, so that ``>=`` misses nothing.

    >>> _stamp(datetime(2026, 2, 3, 8, 15, 0, 120999, tzinfo=UTC))
    '2026-02-03T08:15:00.120Z'
    """
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
