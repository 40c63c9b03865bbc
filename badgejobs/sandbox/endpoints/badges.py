"""Badges: create, get, query, update, delete."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from functools import partial
from http import HTTPStatus
from itertools import count
from typing import Any, Final

from badgejobs.sandbox import refusals, validation
from badgejobs.sandbox.endpoints import pages
from badgejobs.sandbox.endpoints.assignments import forget_assignments
from badgejobs.sandbox.endpoints.endpoint import Answer, Call, Endpoint
from badgejobs.sandbox.records.collection import Record
from badgejobs.sandbox.records.kinds import BADGES
from badgejobs.sandbox.records.stamps import stamp
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


def existing(call: Call, badge_id: str) -> Record:
    """A badge as it is now, or a refusal (404)."""
    record = call.site.badges.current.get(badge_id)
    if record is None:
        raise refusals.not_found("BADGE_NOT_FOUND", f"badge {badge_id}")
    return record


def _require_free_title(call: Call, title: str, own_id: str | None = None) -> None:
    """Refuse a title that another badge has, where such are refused."""
    if call.switches.duplicate_titles == "refuse" and any(
        one.values["title"] == title and one.id != own_id
        for one in call.site.badges.current.values()
    ):
        raise refusals.application_error(
            HTTPStatus.CONFLICT, "ALREADY_EXISTS", "another badge has this title"
        )


def _free_slug(call: Call, title: str, own_id: str | None = None) -> str:
    """The slug of a title, with a number behind it where another badge has it and that matters."""
    slug = plain = _slug(title)
    if call.switches.slug_collisions == "suffix":
        badges = call.site.badges.current.values()
        taken = {one.values["slug"] for one in badges if one.id != own_id}
        numbers = count(2)
        while slug in taken:
            slug = f"{plain}-{next(numbers)}"
    return slug


def create(call: Call) -> Answer:
    """Create a badge; it is displayed last."""
    sent = _sent(call, creating=True)
    _require_free_title(call, sent["title"])
    now = call.world.stamp()
    badge = _stored(
        {
            "id": new_id(),
            "revision": "1",
            **sent,
            "slug": _free_slug(call, sent["title"]),
            "createdDate": now,
            "updatedDate": now,
        }
    )
    call.site.badges.put(Record(badge, BADGES), call.at)
    call.site.display_order.append(badge["id"])
    return {"badge": badge}


def get(call: Call) -> Answer:
    """One badge as it is now."""
    return {"badge": existing(call, call.path_guid("badgeId")).body}


def update(call: Call) -> Answer:
    """Change the fields that were sent, if the revision sent is the current one."""
    badge_id = call.path_guid("badge.id")
    sent = _sent(call, creating=False)
    revision = call.body["badge"].get("revision")
    if revision is None and call.switches.missing_revision == "refuse":
        raise refusals.invalid("badge.revision", "must not be empty")
    badge = existing(call, badge_id).body
    accepted = (None,) if call.switches.missing_revision == "accept" else ()
    if revision not in (*accepted, badge["revision"]):
        raise refusals.application_error(
            HTTPStatus(call.switches.stale_revision_status),
            "REVISION_MISMATCH",
            f"badge {badge_id} was changed since the revision sent",
        )
    if "title" in sent:
        _require_free_title(call, sent["title"], badge_id)
    badge = _stored(badge | sent)
    badge["slug"] = _free_slug(call, badge["title"], badge_id)
    badge["revision"] = str(int(badge["revision"]) + 1)
    badge["updatedDate"] = _after(badge["updatedDate"], call.world.stamp())
    call.site.badges.put(Record(badge, BADGES), call.at)
    return {"badge": badge}


def delete(call: Call) -> Answer:
    """Delete a badge, and with it all its assignments."""
    badge_id = existing(call, call.path_guid("badgeId")).id
    call.site.badges.remove(badge_id, call.at)
    call.site.display_order.remove(badge_id)
    forget_assignments(call, badge_id)
    return {}


def query(call: Call) -> Answer:
    """A page of badges."""
    listing = pages.Listing(
        name="badges",
        collection=call.site.badges,
        default_limit=call.switches.badges_default_limit,
        offsets=True,
    )
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
)
