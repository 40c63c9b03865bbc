"""Requests of Badges V4 (Wix docs, Badges V4; public paths by the SDK)."""

from __future__ import annotations

from typing import Any, Literal

from badgejobs.core.milestone import Look
from badgejobs.errors import Refused
from badgejobs.wix import wire
from badgejobs.wix.calls.call import NO_GUID, Call, is_guid, paged

#: Where a badge may be moved to in the order of display.
Place = Literal["FIRST", "LAST"]


def query_badges(*, cursor: str | None = None, limit: int = wire.MOST_ITEMS) -> Call:
    """A page of the site's badges."""
    return Call(
        form=wire.BADGES_QUERY,
        body={"query": paged({}, cursor, limit)},
        scope=wire.SCOPE_READ_BADGES,
        cursor_sent=cursor is not None,
    )


def get_badge(badge_id: str) -> Call:
    """One badge, as it is now: reading by id does not lag behind."""
    return Call(method="GET", form=wire.BADGE, id=badge_id, scope=wire.SCOPE_READ_BADGES)


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
        form=wire.BADGES, body={"badge": badge}, scope=wire.SCOPE_MANAGE_BADGES, writes=True
    )


def update_badge(
    badge_id: str,
    revision: str,
    *,
    title: str | None = None,
    description: str | None = None,
    background: str | None = None,
    text: str | None = None,
    icon: str | None = None,
) -> Call:
    """Change what is given of a badge and leave the rest.

    Wix changes only what is sent, and only where the revision is still the badge's.
    """
    changes = {
        "title": title,
        "description": description,
        "backgroundColor": background,
        "textColor": text,
        "icon": None if icon is None else {"url": icon},
    }
    badge: dict[str, Any] = {"id": badge_id, "revision": revision}
    badge |= {name: value for name, value in changes.items() if value is not None}
    return Call(
        method="PATCH",
        form=wire.BADGE,
        id=badge_id,
        body={"badge": badge},
        scope=wire.SCOPE_MANAGE_BADGES,
        writes=True,
        revision_sent=True,
    )


def move_badge(badge_id: str, *, place: Place | None = None, after: str | None = None) -> Call:
    """Move a badge in the order of display: to an end, or right behind another badge."""
    assert (place is None) != (after is None), "either a place or a badge to stand behind"
    body: dict[str, Any] = {"position": place}
    if after is not None:
        if not is_guid(after):
            raise Refused(NO_GUID)
        body = {"position": "AFTER", "moveAfterBadgeId": after}
    return Call(
        form=wire.BADGE_MOVE,
        id=badge_id,
        body=body,
        scope=wire.SCOPE_MANAGE_BADGES,
        writes=True,
    )
