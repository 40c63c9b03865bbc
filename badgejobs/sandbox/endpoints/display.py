"""The order in which badges are displayed: one badge moved, or all put in order."""

from __future__ import annotations

from typing import Final

from badgejobs.sandbox import refusals, validation
from badgejobs.sandbox.endpoints import bulk
from badgejobs.sandbox.endpoints.badges import existing
from badgejobs.sandbox.endpoints.endpoint import Answer, Call, Endpoint
from badgejobs.wix import wire


def move(call: Call) -> Answer:
    """Move a badge in the order of display."""
    badge_id = call.path_guid("badgeId")
    position = call.body.get("position")
    if position not in ("FIRST", "LAST", "AFTER"):
        raise refusals.invalid("position", "must be one of FIRST, LAST, AFTER")
    anchor = call.body.get("moveAfterBadgeId")
    if anchor is not None or position == "AFTER":
        anchor = validation.guid(anchor, "moveAfterBadgeId")
    existing(call, badge_id)
    order = call.site.display_order
    if position == "AFTER" and anchor is not None:
        existing(call, anchor)
        if anchor == badge_id:
            return {}
        order.remove(badge_id)
        order.insert(order.index(anchor) + 1, badge_id)
    else:
        order.remove(badge_id)
        order.insert(0 if position == "FIRST" else len(order), badge_id)
    return {}


def put_in_order(call: Call) -> Answer:
    """Display badges in the order of their ids, and answer with all badges of the site.

    Wix does not say what becomes of badges that are not named: here they follow behind, in the
    order that they had. An id that is there twice, or unknown, changes nothing.
    """
    ids = bulk.ids(call, "ids")
    if len(set(ids)) < len(ids):
        raise refusals.invalid("ids", "holds the same id twice")
    for badge_id in ids:
        existing(call, badge_id)
    site, named = call.site, set(ids)
    site.display_order = [*ids, *(one for one in site.display_order if one not in named)]
    return {"badges": [site.badges.current[one].body for one in site.display_order]}


ENDPOINTS: Final = (
    Endpoint("POST", wire.BADGE_MOVE, wire.SCOPE_MANAGE_BADGES, move),
    Endpoint(
        "POST",
        wire.BADGES_ORDER,
        wire.SCOPE_MANAGE_BADGES,
        put_in_order,
        present=lambda switches: switches.display_order_endpoint == "present",
    ),
)
