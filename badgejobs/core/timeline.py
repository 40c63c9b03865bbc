"""When something holds: disjoint half-open stretches of time in order, and their algebra.

A stretch is (start, end, by): ``by`` is the id of the activity that brought it about, or empty
where time alone did. Stretches that touch are one.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime

#: Later than any fact; the end of what holds for good.
FOREVER = datetime.max.replace(tzinfo=UTC)
#: Earlier than any fact.
ALWAYS = datetime.min.replace(tzinfo=UTC)

Stretch = tuple[datetime, datetime, str]
Timeline = Sequence[Stretch]

NEVER: Timeline = ()


def joined(stretches: Iterable[Stretch]) -> Timeline:
    """Stretches in any order as a timeline: sorted, and joined where they touch."""
    result = list[Stretch]()
    for start, end, by in sorted(stretches, key=_by_start):
        if start >= end:
            continue
        if result and start <= result[-1][1]:
            first, last, earlier = result[-1]
            if end > last:
                result[-1] = first, end, earlier
        else:
            result.append((start, end, by))
    return result


def at_least(number: int, timelines: Sequence[Timeline]) -> Timeline:
    """When so many of them hold; each of its stretches begins with the one that was missing.

    >>> from datetime import timedelta
    >>> noon = datetime(2026, 1, 1, 12, tzinfo=UTC)
    >>> hours = lambda a, b, by: [(noon + timedelta(hours=a), noon + timedelta(hours=b), by)]
    >>> both = at_least(2, [hours(0, 4, "a"), hours(1, 9, "b"), hours(3, 5, "c")])
    >>> [(start.hour, end.hour, by) for start, end, by in both]
    [(13, 17, 'b')]
    """
    if number == len(timelines) == 1:
        return timelines[0]
    changes = [
        change
        for timeline in timelines
        for start, end, by in timeline
        for change in ((start, 1, by), (end, -1, ""))
    ]
    # an end before a start at the same moment, so that the level never counts both
    changes.sort(key=_by_moment_and_step)
    level, since, result = 0, (ALWAYS, ""), list[Stretch]()
    for moment, step, by in changes:
        before, level = level, level + step
        if before < number <= level:
            since = moment, by
        elif level < number <= before:
            result.append((since[0], moment, since[1]))
    return joined(result)


def every(timelines: Sequence[Timeline]) -> Timeline:
    """When all of them hold."""
    if not all(timelines):
        return NEVER
    return at_least(len(timelines), timelines)


def some(timelines: Sequence[Timeline]) -> Timeline:
    """When one of them holds at least."""
    return timelines[0] if len(timelines) == 1 else joined(s for t in timelines for s in t)


def complement(timeline: Timeline) -> Timeline:
    """When it does not hold; it ends by time, or by the activity that begins the next stretch."""
    gaps, since = list[Stretch](), ALWAYS
    for start, end, _ in timeline:
        if since < start:
            gaps.append((since, start, ""))
        since = end
    if since < FOREVER:
        gaps.append((since, FOREVER, ""))
    return gaps


def without(timeline: Timeline, others: Sequence[Timeline]) -> Timeline:
    """When it holds and none of the others does."""
    taken = some(others) if others else NEVER
    return every([timeline, complement(taken)]) if taken and timeline else timeline


def clipped(timeline: Timeline, since: datetime, until: datetime = FOREVER) -> Timeline:
    """What of it lies in [since, until)."""
    return [
        (start, min(end, until), by) if start >= since else (since, min(end, until), "")
        for start, end, by in timeline
        if end > since and start < until
    ]


def stretch_at(timeline: Timeline, moment: datetime) -> Stretch | None:
    """The stretch that a moment lies in, if it holds then."""
    for stretch in timeline:
        if stretch[0] > moment:
            return None
        if moment < stretch[1]:
            return stretch
    return None


def next_change(timeline: Timeline, moment: datetime) -> datetime | None:
    """The first moment behind this one at which it begins or ceases to hold."""
    for start, end, _ in timeline:
        if start > moment:
            return start
        if moment < end:
            return end if end < FOREVER else None
    return None


def _by_start(stretch: Stretch) -> datetime:
    return stretch[0]


def _by_moment_and_step(change: tuple[datetime, int, str]) -> tuple[datetime, int]:
    return change[0], change[1]
