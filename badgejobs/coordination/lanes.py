"""Who goes first when the pace of a site is short, and what the pace is counted over."""

from __future__ import annotations

from badgejobs.core.lane import Lane
from badgejobs.wix import wire

#: A slot is good for so long. Right before its bytes leave, a request whose slot is older (the
#: thread stood still, a token had to be fetched, connecting took long) takes another one.
SLOT_LIFE_SECONDS = 1.0

#: What slots are counted over. Wix counts the requests of a minute and does not say where one
#: begins, so any 60 s must do; and they arrive up to a slot's life after they were counted, so
#: those of any 60 s were taken within this. It costs 1.6 % of the pace.
WINDOW_SECONDS = 60.0 + SLOT_LIFE_SECONDS

#: No answer names a wait shorter than this, so that whoever waits never spins.
SHORTEST_WAIT_SECONDS = 0.001


#: Up to which percentage of the budget a lane may fill the window, whoever filled it before.
#: An award that was earned is given first, so nobody but ``ASSIGN`` takes the last tenth (at
#: 180 a minute 18 requests: 900 awards in batches). A scan of new orders comes before a walk
#: over old comments, which is long, waits well, and would fill every window to the brim.
PERCENT = {Lane.ASSIGN: 100, Lane.SCAN: 90, Lane.WALK: 70}


def ceiling(lane: Lane, per_minute: int) -> int:
    """How many requests the window may hold for this lane to take one more; at least one.

    >>> [ceiling(lane, 180) for lane in Lane]
    [180, 162, 126]
    >>> ceiling(Lane.WALK, 1)
    1
    """
    return max(1, per_minute * PERCENT[lane] // 100)


#: One request for each of the processes that are counted on where none is known.
_LEAST = 8


def headroom(per_minute: int) -> int:
    """What is allowed beyond a pace: all there is for those who cannot know of the others.

    Never more than Wix allows in all, and a ninth of the pace: who told a site to keep to less
    than Wix's limit wants it kept to about that. It also covers what no client can: a request
    that lingers on its way to Wix.

    >>> headroom(180), headroom(45), headroom(200)
    (20, 8, 0)
    """
    return max(0, min(wire.REQUESTS_PER_MINUTE - per_minute, max(_LEAST, per_minute // 9)))
