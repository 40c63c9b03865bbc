"""What is played: so many sites, how long their work takes, and what goes wrong."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import count

from badgejobs.core.lane import Lane
from badgejobs.core.source import Track
from badgejobs.jobs.rooms import walks_among
from badgejobs.store.dispatch import Due

#: Seconds that a worker is at a unit, as measured by `badgejobs bench`: one call that finds
#: nothing, a batch of awards, a slice of a walk, and a bell that finds nothing to do.
SCAN_SECONDS = 0.25
ASSIGN_SECONDS = 0.5
WALK_SECONDS = 20.0
NOTHING_SECONDS = 0.01
#: A site whose every call times out holds a worker so long.
TIMED_OUT_SECONDS = 30.0
#: One in so many scans finds something to give.
GIVES = 0.02
#: How much of the workers' time the units above are to take.
LOAD = 0.7


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """One fleet to be played."""

    sites: int
    #: Virtual seconds: how long it is played, how often a site is read, how often it ticks.
    seconds: int = 600
    interval: int = 60
    tick: int = 10
    seed: int = 7
    #: The share of sites whose calls time out, and of those whose history is read.
    bad: float = 0.0
    backlog: float = 0.01
    #: The share of bells that are lost on their way.
    lost: float = 0.0

    @property
    def slots(self) -> int:
        """Jobs at once, for which the short work of the sites is a load of ``LOAD``.

        What walks may take is left aside, as if they always took it.
        """
        short = SCAN_SECONDS + GIVES * ASSIGN_SECONDS
        needed = self.sites * short / self.interval / LOAD
        return next(slots for slots in count(4) if slots - walks_among(slots) >= needed)


@dataclass(slots=True, kw_only=True)
class Played:
    """What came of it."""

    #: How late each scan of a sound site began, in intervals; and those of bad ones.
    delays: list[float] = field(default_factory=list)
    bad_delays: list[float] = field(default_factory=list)
    #: Seconds of real time and statements that each tick took, and the bells that it rang.
    tick_seconds: list[float] = field(default_factory=list)
    statements: list[int] = field(default_factory=list)
    bells: list[int] = field(default_factory=list)
    bounds: dict[Lane, int] = field(default_factory=dict)
    #: The most units that were out at once, by lane, and of one site beside its assigning.
    most_out: dict[Lane, int] = field(default_factory=lambda: dict.fromkeys(Lane, 0))
    most_of_a_site: int = 0
    #: How many scans each site had, its rounds of walking, and what its wait comes to at the end.
    scans: dict[str, int] = field(default_factory=dict)
    walks: int = 0
    doubled: int = 0
    lost: int = 0


def seconds_of(due: Due, *, bad: bool) -> float:
    """How long a worker is at a unit."""
    if bad:
        return TIMED_OUT_SECONDS
    if due.source == "assign":
        return ASSIGN_SECONDS
    return SCAN_SECONDS if due.track is Track.LIVE else WALK_SECONDS
