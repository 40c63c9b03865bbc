"""Who goes first when the pace of a site is short."""

from __future__ import annotations

from badgejobs.core.lane import Lane

#: What the budget of one minute is counted over: any 60 s, not the minute of a clock. Wix
#: documents 200 requests a minute for each app instance and does not say where a minute begins.
WINDOW_SECONDS = 60.0

#: After a 429 the pace of a site starts again at half ...
PACE_AFTER_SHUT = 0.5
#: ... and grows evenly back to the whole within ten minutes: long enough to see a second 429
#: before the old pace is reached, short enough not to matter to a scan of a day.
RECOVERY_SECONDS = 600.0

#: A pause that Wix asks for is kept within these bounds: a broken ``Retry-After`` neither
#: hammers Wix nor stops a site for hours.
SHORTEST_SHUT_SECONDS = 1.0
LONGEST_SHUT_SECONDS = 900.0

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


def shut_for(seconds: float) -> float:
    """A pause within its bounds; what is no number is the longest.

    >>> shut_for(-3), shut_for(7), shut_for(1e9), shut_for(float("nan"))
    (1.0, 7, 900.0, 900.0)
    """
    if not seconds <= LONGEST_SHUT_SECONDS:  # also true of NaN
        return LONGEST_SHUT_SECONDS
    return max(SHORTEST_SHUT_SECONDS, seconds)
