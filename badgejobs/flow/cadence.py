"""How often each track of a source is read, and how long one slice of it may last."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from math import ceil

from badgejobs.core.source import Track

#: Records on one page of Wix.
PAGE = 100
#: So many that are known do not all become none from one reading to the next.
MANY = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Cadence:
    """The times of one source; settings."""

    every: timedelta = timedelta(seconds=60)
    overlap: timedelta = timedelta(minutes=10)
    #: A source that can only be walked is walked in full at least this often, if it is small.
    walk_every: timedelta = timedelta(hours=6)
    #: What asks for a walk brings it forward, but never closer to the last than this.
    walk_at_most_every: timedelta = timedelta(minutes=10)
    #: Walks and other long readings may take so many pages a minute of the site's pace.
    spare_pages_a_minute: float = 36.0
    #: A source with a watermark is read in full again this often.
    audit_every: timedelta = timedelta(days=7)
    #: The last days of such a source are read again this often, and so far back.
    recent_every: timedelta = timedelta(days=1)
    recent_reaches: timedelta = timedelta(hours=48)
    #: A record that was missed by two complete readings at least so far apart is gone.
    miss_gap: timedelta = timedelta(minutes=10)
    slice: timedelta = timedelta(seconds=20)
    #: How long the last step of a slice may take: a request that was just begun.
    last_step: timedelta = timedelta(seconds=30)

    @property
    def lease(self) -> timedelta:
        """How long a scan holds its lease without a page: longer than a slice."""
        return self.slice + self.last_step

    def walk_length(self, records: int) -> timedelta:
        """How long one full walk takes at the pace that is left for walks."""
        return timedelta(minutes=ceil(records / PAGE) / self.spare_pages_a_minute)

    def walk_period(self, records: int) -> timedelta:
        """From the beginning of one walk to that of the next.

        A big source is walked without a break, and a small one as often as is asked for.
        """
        return max(self.walk_every, self.walk_length(records))

    def rest(self, track: Track, mode: str, *, records: int) -> timedelta:
        """How long after a complete reading the track is due again."""
        if track is Track.LIVE:
            return self.every
        if track is Track.RECENT:
            return self.recent_every
        return self.audit_every if mode == "window" else self.walk_period(records)


@dataclass(frozen=True, slots=True, kw_only=True)
class Latency:
    """How long, at worst, a change at Wix stays unknown to us; ``None`` where never sought."""

    #: A new or deleted record where the numbers of a known resource tell, or the time of change.
    change: timedelta
    #: A record on a resource that was not known.
    on_new_resource: timedelta
    #: A change that no number shows: an edit, or one hidden while another is published.
    unseen_by_numbers: timedelta
    #: A record that was removed without a trace.
    removal: timedelta


def worst_case(cadence: Cadence, mode: str, *, is_probed: bool, records: int) -> Latency:
    """The latency that follows from the schedule, when Wix answers and the pace suffices."""
    walk = cadence.walk_period(records) + cadence.walk_length(records)
    two_walks = walk + cadence.walk_period(records)
    if mode == "window":
        audit = cadence.audit_every + cadence.walk_length(records)
        return Latency(
            change=cadence.every,
            on_new_resource=cadence.every,
            unseen_by_numbers=cadence.every,
            removal=audit + cadence.audit_every,
        )
    if not is_probed:
        return Latency(change=walk, on_new_resource=walk, unseen_by_numbers=walk, removal=two_walks)
    return Latency(
        change=cadence.every,
        on_new_resource=cadence.every + cadence.walk_at_most_every + cadence.walk_length(records),
        unseen_by_numbers=walk,
        removal=two_walks,
    )
