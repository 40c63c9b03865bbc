"""What may have changed when Wix sends an event: where to look, and nothing of what it says."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final, TypeGuard

from badgejobs.core.source import Resources, Track
from badgejobs.intake.verify import Event
from badgejobs.wix.calls import is_resource_id

#: The sources and the duty that events are about, by their names in tables.
ORDERS: Final = "orders"
COMMENTS: Final = "comments"
MEMBERSHIP: Final = "membership"
RECONCILE: Final = "reconcile"


class Installation(StrEnum):
    """What became of our app on a site."""

    INSTALLED = "installed"
    REMOVED = "removed"


#: Wix's names of these events, which are older than its other ones.
_INSTALLATIONS: Final = {
    "AppInstalled": Installation.INSTALLED,
    "AppRemoved": Installation.REMOVED,
}


def installation(event: Event) -> Installation | None:
    """Whether an event says that our app was installed or removed; ``None`` where it does not.

    Wix signs with the key of the app that it is about, which is ours.
    """
    return _INSTALLATIONS.get(event.kind)


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """A track of a source, or a duty, that may have something new to read."""

    source: str
    track: Track = Track.LIVE
    #: The resources to read, where the event names them.
    resources: Resources | None = None


def changed(event: Event, *, apps: Collection[str], own_app: str | None) -> Change | None:
    """What to look at after an event; ``None`` for one that is about nothing of ours.

    ``apps`` are the site's ``comment_apps`` by id, and ``own_app`` is the app that we are: what
    we gave ourselves is no news.
    """
    family, _, name = event.kind.rpartition(".")
    match family, name:
        case "wix.comments.v2", _ if name.startswith("comment_"):
            return _of_comments(event.data, apps)
        case "wix.ecom.v1", _ if name.startswith("order_"):
            return Change(source=ORDERS)
        case "wix.members.v1", _ if name.startswith("member_"):
            return Change(source=MEMBERSHIP, track=Track.FULL)
        case "wix.badges.v4", _ if name.startswith("badge_assignment_"):
            is_ours = own_app is not None and event.by_app == own_app.lower()
            return None if is_ours else Change(source=RECONCILE)
        case _:
            return None


def _of_comments(data: Mapping[str, Any], apps: Collection[str]) -> Change | None:
    """The resources that the comment stands on and may have been moved to.

    Where Wix names no app, as when only a text changed, or a deleted comment is not sent along,
    the numbers must tell.
    """
    about = _about(data)
    app = about.get("appId")
    if app is None:
        return Change(source=COMMENTS)
    part = next((one for one in apps if isinstance(app, str) and one.lower() == app.lower()), None)
    if part is None:
        return None
    places = (about, _part(_part(_part(data, "actionEvent"), "body"), "destination"))
    named = (place.get("resourceId") for place in places)
    ids = tuple(sorted({name for name in named if _is_id(name)}))
    return Change(source=COMMENTS, resources=Resources(part=part, ids=ids) if ids else None)


def _about(data: Mapping[str, Any]) -> Mapping[str, Any]:
    """The comment, or the resource, that an event carries; empty where it carries none."""
    body = _part(_part(data, "actionEvent"), "body")
    carried = (
        _part(_part(data, "createdEvent"), "entity"),
        _part(_part(data, "updatedEvent"), "currentEntity"),
        _part(_part(data, "deletedEvent"), "deletedEntity"),
        _part(body, "comment"),
        body,
    )
    return next((one for one in carried if "appId" in one), {})


def _part(data: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    found = data.get(name)
    return found if isinstance(found, dict) else {}


def _is_id(name: Any) -> TypeGuard[str]:
    return isinstance(name, str) and is_resource_id(name)
