"""Until when something more can still count: when a number falls, and when a window closes."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

from badgejobs.core.counted import Counted
from badgejobs.core.milestone import Between, First, Selection


class Ends(NamedTuple):
    """By when what is missing of a leaf must come."""

    #: The last moment before the number falls by time alone; ``None`` where it does not.
    falls_at: datetime | None = None
    #: Only what comes before it can count.
    closes_at: datetime | None = None
    #: Whether nothing that is still to come can count.
    is_over: bool = False


NO_ENDS = Ends()


def ends_of(of: Selection, counted: Counted, as_of: datetime, *, falls_at: datetime | None) -> Ends:
    """The ends of a selection at a moment, whose number falls then."""
    if falls_at is not None:
        # what comes counts only when it is settled
        falls_at = falls_at - of.settle if falls_at - of.settle > as_of else None
    closes_at = None
    match of.stretch:
        case Between(until=until):
            closes_at = until
        case First(span=span) if counted.dates:
            closes_at = of.calendar.plus(counted.dates[0], span)
    if closes_at is not None and closes_at <= as_of:
        return Ends(falls_at, None, is_over=True)
    return Ends(falls_at, closes_at)
