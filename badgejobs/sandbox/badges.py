"""Badges: create, get, query, update, delete, move."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from functools import partial
from http import HTTPStatus
from typing import Any, Final

from badgejobs.sandbox import pages, refusals, validation
from badgejobs.sandbox.assignments import forget_assignments
from badgejobs.sandbox.collection import Record
from badgejobs.sandbox.endpoint import Answer, Call, Endpoint
from badgejobs.sandbox.journal import stamp
from badgejobs.sandbox.kinds import BADGES
from badgejobs.sandbox.world import new_id
from badgejobs.wix import wire

_LONGEST_TITLE = 50
_LONGEST_DESCRIPTION = 1500
_LONGEST_SLUG = 255
_COLOURS = ("backgroundColor", "textColor")
_COLOUR = re.compile(r"#[0-9a-fA-F]{6}")
_OPTIONAL: Final[Mapping[str, Callable[[object, str], Any]]] = {
    "description": partial(validation.text, least=0, most=_LONGEST_DESCRIPTION),
    "icon": validation.mapping,
    "permissionsEnabled": validation.truth,
}


def _slug(title: str) -> str:
    """The title in lower case, spaces turned to hyphens.

    >>> _slug("Loyal Buyer")
    'loyal-buyer'
    """
    return re.sub(r"\s", "-", title.lower())[:_LONGEST_SLUG]


def _sent(call: Call, *, creating: bool) -> dict[str, Any]:
    """The writable fields that the caller sent, checked; None takes an optional one away."""
    sent = validation.mapping(call.body.get("badge"), "badge")
    found: dict[str, Any] = {}
    if creating or "title" in sent:
        found["title"] = validation.text(sent.get("title"), "badge.title", most=_LONGEST_TITLE)
    for name in _COLOURS:
        if creating or name in sent:
            colour = validation.text(sent.get(name), f"badge.{name}", least=0)
            if not _COLOUR.fullmatch(colour):
                raise refusals.invalid(f"badge.{name}", "is not a hex colour", "FORMAT")
            found[name] = colour
    for name, check in _OPTIONAL.items():
        if name in sent:
            value = sent[name]
            found[name] = None if value is None else check(value, f"badge.{name}")
    return found


def _stored(badge: dict[str, Any]) -> dict[str, Any]:
    """The badge as it is kept, without the fields that were taken away."""
    there = {name: value for name, value in badge.items() if value is not None}
    return {"permissionsEnabled": False} | there


def _after(before: str, now: str) -> str:
    """The later of two stamps, moved on by the least step where both are the same."""
    if now > before:
        return now
    return stamp(datetime.fromisoformat(before) + timedelta(milliseconds=1))


def _existing(call: Call, badge_id: str) -> Record:
    record = call.site.badges.current.get(badge_id)
    if record is None:
        raise refusals.not_found("BADGE_NOT_FOUND", f"badge {badge_id}")
    return record


def create(call: Call) -> Answer:
    """Create a badge; it is displayed last."""
    sent = _sent(call, creating=True)
    now = call.world.stamp()
    badge = _stored(
        {
            "id": new_id(),
            "revision": "1",
            **sent,
            "slug": _slug(sent["title"]),
            "createdDate": now,
            "updatedDate": now,
        }
    )
    call.site.badges.put(Record(badge, BADGES), call.at)
    call.site.display_order.append(badge["id"])
    return {"badge": badge}


def get(call: Call) -> Answer:
    """One badge as it is now."""
    return {"badge": _existing(call, call.path_guid("badgeId")).body}


def update(call: Call) -> Answer:
    """Change the fields that were sent, if the revision sent is the current one."""
    badge_id = call.path_guid("badge.id")
    sent = _sent(call, creating=False)
    revision = call.body["badge"].get("revision")
    if revision is None:
        raise refusals.invalid("badge.revision", "must not be empty")
    badge = _existing(call, badge_id).body
    if revision != badge["revision"]:
        raise refusals.application_error(
            HTTPStatus.CONFLICT,
            "REVISION_MISMATCH",
            f"badge {badge_id} was changed since the revision sent",
        )
    badge = _stored(badge | sent)
    badge["revision"] = str(int(badge["revision"]) + 1)
    badge["slug"] = _slug(badge["title"])
    badge["updatedDate"] = _after(badge["updatedDate"], call.world.stamp())
    call.site.badges.put(Record(badge, BADGES), call.at)
    return {"badge": badge}


def delete(call: Call) -> Answer:
    """Delete a badge, and with it all its assignments."""
    badge_id = _existing(call, call.path_guid("badgeId")).id
    call.site.badges.remove(badge_id, call.at)
    call.site.display_order.remove(badge_id)
    forget_assignments(call, badge_id)
    return {}


def move(call: Call) -> Answer:
    """Move a badge in the order of display."""
    badge_id = call.path_guid("badgeId")
    position = call.body.get("position")
    if position not in ("FIRST", "LAST", "AFTER"):
        raise refusals.invalid("position", "must be one of FIRST, LAST, AFTER")
    anchor = call.body.get("moveAfterBadgeId")
    if anchor is not None or position == "AFTER":
        anchor = validation.guid(anchor, "moveAfterBadgeId")
    _existing(call, badge_id)
    order = call.site.display_order
    if position == "AFTER" and anchor is not None:
        _existing(call, anchor)
        if anchor == badge_id:
            return {}
        order.remove(badge_id)
        order.insert(order.index(anchor) + 1, badge_id)
    else:
        order.remove(badge_id)
        order.insert(0 if position == "FIRST" else len(order), badge_id)
    return {}


def query(call: Call) -> Answer:
    """A page of badges."""
    listing = pages.Listing(name="badges", collection=call.site.badges, offsets=True)
    page = pages.read(call, listing)
    metadata = page.metadata()
    if page.offset is not None:
        metadata |= pages.totals(call, listing, page)  # the SDK counts pages by the total
    return pages.encoded("badges", page.records, {"pagingMetadata": metadata})


ENDPOINTS: Final = (
    Endpoint("POST", wire.BADGES, wire.SCOPE_MANAGE_BADGES, create),
    Endpoint("POST", wire.BADGES_QUERY, wire.SCOPE_READ_BADGES, query),
    Endpoint("GET", wire.BADGE, wire.SCOPE_READ_BADGES, get),
    Endpoint("PATCH", wire.BADGE, wire.SCOPE_MANAGE_BADGES, update),
    Endpoint("DELETE", wire.BADGE, wire.SCOPE_MANAGE_BADGES, delete),
    Endpoint("POST", wire.BADGE_MOVE, wire.SCOPE_MANAGE_BADGES, move),
)
