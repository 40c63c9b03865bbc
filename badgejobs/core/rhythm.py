"""When habits reach their line: streaks, gaps, and how long ago the first fact is."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from badgejobs.core.activity import Activity
from badgejobs.core.counted import Counted
from badgejobs.core.measure import ending
from badgejobs.core.milestone import Age, Gap, Streak
from badgejobs.core.policy import Refusal
from badgejobs.core.timeline import FOREVER, NEVER, Stretch, Timeline, joined

#: A fact, its date, and the moment from which on it counts.
Dated = tuple[datetime, datetime, Activity]


def within(leaf: Streak | Gap | Age, counted: Counted) -> list[Dated]:
    """The facts that lie in the leaf's window, in order of their dates."""
    every = zip(counted.dates, counted.starts, counted.facts, strict=True)
    if leaf.of.stretch is None:
        return list(every)
    until = ending(leaf.of, counted.dates)
    return [one for one in every if until(one[0])]


# ---------------------------------------------------------------- streaks


def streak_timeline(leaf: Streak, counted: Counted) -> Timeline:
    """When the last ``length`` active periods are a streak that has not broken.

    With the first of them in period b, up to ``miss`` missed, it lives through period
    b + length + miss, in which it could still be extended, and has broken when that is over.
    """
    calendar, every = leaf.of.calendar, leaf.every
    periods = _active(leaf, within(leaf, counted))
    found = list[Stretch]()
    for (first, _), (last, (_, start, fact)) in zip(
        periods, periods[leaf.length - 1 :], strict=False
    ):
        if last - first + 1 - leaf.length <= leaf.miss:
            end = calendar.start(every, first + leaf.length + leaf.miss + 1)
            found.append((start, end, fact.activity_id))
    return joined(found)


def streak_at(leaf: Streak, counted: Counted, moment: datetime) -> int:
    """How many active periods the streak has that is alive at a moment; 0 where none is."""
    return _alive(leaf, counted, moment)[1]


def streak_breaks_at(leaf: Streak, counted: Counted, moment: datetime) -> datetime | None:
    """When the streak that is alive at a moment breaks, if nothing more comes."""
    first, number = _alive(leaf, counted, moment)
    if not number:
        return None
    return leaf.of.calendar.start(leaf.every, first + number + leaf.miss + 1)


def _alive(leaf: Streak, counted: Counted, moment: datetime) -> tuple[int, int]:
    """The first period of the longest streak that is alive, and how many active ones it has."""
    calendar = leaf.of.calendar
    present = calendar.index(leaf.every, moment)
    facts = [one for one in within(leaf, counted) if one[1] <= moment]
    active = [index for index, _ in _active(leaf, facts)]
    last = present if present in active else present - 1
    began, longest = present, 0
    for number, first in enumerate(reversed(active), start=1):
        if last - first + 1 - number <= leaf.miss:
            began, longest = first, number
    return began, longest


def _active(leaf: Streak, facts: Sequence[Dated]) -> list[tuple[int, Dated]]:
    """Each active period with its first fact, in order."""
    found = dict[int, Dated]()
    for one in facts:
        found.setdefault(leaf.of.calendar.index(leaf.every, one[0]), one)
    return list(found.items())


# ---------------------------------------------------------------- gaps


def gap_timeline(leaf: Gap, counted: Counted) -> Timeline:
    """From the first fact that came long enough after the one before it."""
    before: datetime | None = None
    plus = leaf.of.calendar.plus
    for at, start, fact in _present(leaf, counted):
        if fact and before and plus(before, leaf.gte) <= at:
            return ((start, FOREVER, fact.activity_id),)
        before = at
    return NEVER


def gap_at(leaf: Gap, counted: Counted, moment: datetime) -> int:
    """The longest gap up to a moment that a fact has ended, in seconds."""
    before: datetime | None = None
    longest = timedelta(0)
    for at, start, fact in _present(leaf, counted):
        if fact and before and start <= moment:
            longest = max(longest, at - before)
        before = at
    return int(longest.total_seconds())


def fillers(leaf: Gap, counted: Counted) -> list[tuple[datetime, Activity]]:
    """What was taken back, and was there all the same; what the rule does not look at was not."""
    if not counted.taken_back or leaf.of.stretch is None:
        return counted.taken_back
    until = ending(leaf.of, counted.dates)
    return [(at, fact) for at, fact in counted.taken_back if until(at)]


def _present(leaf: Gap, counted: Counted) -> list[tuple[datetime, datetime, Activity | None]]:
    """When the member was there, in order; with the fact where it counts."""
    there: list[tuple[datetime, datetime, Activity | None]] = [*within(leaf, counted)]
    if filling := fillers(leaf, counted):
        there.extend((at, at, None) for at, _ in filling)
        there.sort(key=lambda one: (one[0], one[2] is not None))
    return there


# ---------------------------------------------------------------- ages


def age_timeline(leaf: Age, counted: Counted) -> Timeline:
    """From the moment at which the first fact lies long enough back."""
    if not counted.dates:
        return NEVER
    reached = leaf.of.calendar.plus(counted.dates[0], leaf.gte)
    return ((max(reached, counted.starts[0]), FOREVER, ""),)


def age_at(counted: Counted, moment: datetime) -> int:
    """How long ago the first fact is, in seconds."""
    first = counted.dates[0] if counted.dates else datetime.max.replace(tzinfo=UTC)
    return max(0, int((moment - first).total_seconds()))


def outside(leaf: Streak | Gap | Age, counted: Counted) -> list[tuple[Activity, Refusal]]:
    """The facts that the leaf's window leaves out."""
    inside = {id(one[2]) for one in within(leaf, counted)}
    return [(fact, Refusal.OUTSIDE) for fact in counted.facts if id(fact) not in inside]
