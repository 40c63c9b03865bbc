"""What a piece of work is for, which says how soon it is done and how much room it leaves."""

from __future__ import annotations

from enum import StrEnum

from badgejobs.core.source import Track


class Lane(StrEnum):
    """A later lane leaves room for the earlier ones; also the name of its queue."""

    ASSIGN = "assign"
    SCAN = "scan"
    WALK = "walk"


def lane_of(kind: str, track: Track) -> Lane:
    """The lane of a source's track or of a duty.

    What gives badges goes first; reading all of something anew, or comparing it, waits well.

    >>> lane_of("assign", Track.LIVE), lane_of("orders", Track.LIVE), lane_of("orders", Track.FULL)
    (<Lane.ASSIGN: 'assign'>, <Lane.SCAN: 'scan'>, <Lane.WALK: 'walk'>)
    """
    if kind == "assign":
        return Lane.ASSIGN
    if kind in WAIT_WELL or track is not Track.LIVE:
        return Lane.WALK
    return Lane.SCAN


#: Duties that read much and change nothing that anybody waits for.
WAIT_WELL = frozenset({"reconcile", "quarantine"})
