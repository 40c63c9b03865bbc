"""The queues: one a lane, one for ticks, and the one of workers before there were lanes."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from badgejobs.core.lane import Lane, lane_of
from badgejobs.core.source import Track
from badgejobs.errors import SettingsError

#: For ticks that somebody calls for; beats tick by themselves.
TICK = "tick"
#: What a worker can be told to work for: the lanes and the ticks.
LANES = (*(lane.value for lane in Lane), TICK)
#: Where workers of older versions send everything; emptied by all while these are replaced.
OLDER = "celery"

_OURS = "badgejobs."


def lane_of_task(name: str, arguments: Mapping[str, Any]) -> Lane | None:
    """The lane of one of our tasks; ``None`` for what looks for work instead of doing it.

    >>> lane_of_task("badgejobs.scan", {"site": "a", "source": "orders", "track": "full"})
    <Lane.WALK: 'walk'>
    >>> lane_of_task("badgejobs.check_member", {"request": 7})
    <Lane.SCAN: 'scan'>
    >>> lane_of_task("badgejobs.reconcile", {})
    """
    kind = name.removeprefix(_OURS)
    if kind == "tick" or (kind == "reconcile" and not arguments.get("site")):
        return None
    told = arguments.get("track")
    track = Track(told) if told in set(Track) else Track.LIVE
    return lane_of(kind, track)


def route(
    name: str, _args: object, kwargs: Mapping[str, Any] | None, _options: object, **_: object
) -> dict[str, str] | None:
    """The queue of a message, as Celery asks for it; its own choice for what is not ours."""
    if not name.startswith(_OURS):
        return None
    lane = lane_of_task(name, kwargs or {})
    return {"queue": lane.value if lane else TICK}


def queues_of(lanes: str) -> list[str]:
    """The queues of a worker for these lanes, names joined by commas.

    Every worker also empties the queue of older ones. Raises ``SettingsError``.

    >>> queues_of("assign, scan")
    ['assign', 'scan', 'celery']
    """
    wanted = {one.strip() for one in lanes.split(",")} - {""}
    unknown = sorted(wanted - set(LANES))
    if unknown or not wanted:
        raise SettingsError(
            f"--lanes is a list of {', '.join(LANES)}, joined by commas; not {lanes!r}"
        )
    return [*(one for one in LANES if one in wanted), OLDER]


def lanes_in(queues: Collection[str]) -> frozenset[Lane]:
    """The lanes that a worker of these queues works for."""
    return frozenset(lane for lane in Lane if lane.value in queues)
