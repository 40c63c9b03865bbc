"""When a number reaches its line: counts, sums, different things and largest values.

Every leaf can be swept: facts enter when they begin to count and leave when they cease to. Where
nothing leaves, the line is found by position instead, which gives the same and is faster.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from itertools import accumulate
from typing import NamedTuple

from badgejobs.core.activity import Activity
from badgejobs.core.counted import Counted
from badgejobs.core.lines import amount_of, catalogs_of, categories_of, products_of, units_of
from badgejobs.core.milestone import (
    Between,
    Count,
    Distinct,
    First,
    InPeriod,
    Max,
    Rolling,
    Selection,
    Sum,
    Where,
)
from badgejobs.core.policy import Refusal
from badgejobs.core.timeline import FOREVER, NEVER, Stretch, Timeline, joined

Numeric = Count | Sum | Distinct | Max
#: What one fact gives: a number to add up or compare, or the different things to count.
Given = int | frozenset[object]
_Giving = Callable[[Activity], Given | Refusal]


def numeric(leaf: Numeric) -> Callable[[Counted], Timeline]:
    """What tells when the leaf is met, by the shortest way that finds it."""
    rolling = leaf.of.stretch
    match leaf:
        case Count(gte=gte) if rolling is None:
            return lambda counted: _crossed(counted.starts, counted.facts, gte - 1)
        case Count(gte=gte) if isinstance(rolling, Rolling) and not rolling.span.months:
            return lambda counted: _crowded(counted, gte, rolling)
        case Sum(gte=gte) if rolling is None:
            given = _giving(leaf)
            return lambda counted: (
                _swept(leaf, counted)
                if counted.credits
                else _reached(_totals(leaf.field, given, counted), gte)
            )
        case Distinct(gte=gte) if rolling is None:
            given = _giving(leaf)
            return lambda counted: _nth(_firsts(leaf.field, given, counted), gte)
    return lambda counted: _swept(leaf, counted)


def _swept(leaf: Numeric, counted: Counted) -> Timeline:
    return swept(leaf, entries(leaf, counted)[0])


def _crossed(starts: Sequence[datetime], facts: Sequence[Activity], at: int) -> Timeline:
    if at >= len(starts):
        return NEVER
    return ((starts[at], FOREVER, facts[at].activity_id),)


def _nth(firsts: _Firsts, number: int) -> Timeline:
    return _crossed(firsts.starts, firsts.facts, number - 1)


def _reached(totals: _Totals, gte: int) -> Timeline:
    return _crossed(totals.starts, totals.facts, bisect_left(totals.sums, gte))


def _crowded(counted: Counted, gte: int, window: Rolling) -> Timeline:
    """So many facts within a window: from the last of them until the first of them leaves."""
    exact, found = window.span.exact, list[Stretch]()
    for first, start, last in zip(
        counted.dates, counted.starts[gte - 1 :], counted.facts[gte - 1 :], strict=False
    ):
        end = first + exact
        if start < end:
            if found and start <= found[-1][1]:
                found[-1] = found[-1][0], end, found[-1][2]
            else:
                found.append((start, end, last.activity_id))
    return found


class _Firsts(NamedTuple):
    """Each different thing's first fact; one fact stands there once for each thing it brings."""

    facts: list[Activity]
    starts: list[datetime]


class _Totals(NamedTuple):
    """Running totals of what never falls, with the facts that add to them."""

    sums: list[int]
    facts: list[Activity]
    starts: list[datetime]


def _totals(field: str, given: _Giving, counted: Counted) -> _Totals:
    known = counted.kept.get(("totals", field))
    if isinstance(known, _Totals):
        return known
    facts, starts = counted.facts, counted.starts
    values = [given(fact) for fact in facts]
    numbers = [value for value in values if type(value) is int]
    if len(numbers) < len(values):
        adds = [type(value) is int for value in values]
        facts = [fact for fact, does in zip(facts, adds, strict=True) if does]
        starts = [start for start, does in zip(starts, adds, strict=True) if does]
    found = counted.kept["totals", field] = _Totals(list(accumulate(numbers)), facts, starts)
    return found


def _firsts(field: str, given: _Giving, counted: Counted) -> _Firsts:
    known = counted.kept.get(("firsts", field))
    if isinstance(known, _Firsts):
        return known
    facts, starts, seen = list[Activity](), list[datetime](), set[object]()
    for fact, start in zip(counted.facts, counted.starts, strict=True):
        things = given(fact)
        if isinstance(things, frozenset) and not things <= seen:
            new = things - seen
            seen |= new
            facts += [fact] * len(new)
            starts += [start] * len(new)
    found = counted.kept["firsts", field] = _Firsts(facts, starts)
    return found


class Entry(NamedTuple):
    """What one fact gives to a measure, in [start, end)."""

    start: datetime
    end: datetime
    fact: Activity
    given: Given


def entries(leaf: Numeric, counted: Counted) -> tuple[list[Entry], list[tuple[Activity, Refusal]]]:
    """What each fact that counts gives to this leaf, and what the leaf's own terms leave out."""
    found, refused = list[Entry](), list[tuple[Activity, Refusal]]()
    until, giving = ending(leaf.of, counted.dates), _giving(leaf)
    candidates = list(zip(counted.dates, counted.starts, counted.facts, strict=True))
    if isinstance(leaf, Sum) and leaf.field == "amount":
        date = leaf.of.policy.date
        candidates += [(date(fact), start, fact) for start, fact in counted.credits]
    else:
        refused += [(fact, Refusal.CREDIT) for _, fact in counted.credits]
    for at, start, fact in candidates:
        end = until(at)
        given = Refusal.OUTSIDE if end is None else giving(fact)
        if isinstance(given, Refusal):
            refused.append((fact, given))
        elif end is not None:
            found.append(Entry(start, end, fact, given))
    return found, refused


def swept(leaf: Numeric, given: Sequence[Entry]) -> Timeline:
    """When the leaf is met, by what each fact gives to it."""
    if isinstance(leaf, Max):
        return joined(
            (one.start, one.end, one.fact.activity_id)
            for one in sorted(given, key=_by_start)
            if isinstance(one.given, int) and one.given >= leaf.gte
        )
    level = _Things() if isinstance(leaf, Distinct) else _Total()
    ordered = sorted((one for one in given if one.start < one.end), key=_by_start)
    leaving = sorted((one for one in ordered if one.end < FOREVER), key=_by_end)
    changes = [(one.start, 1, one) for one in ordered] + [(one.end, 0, one) for one in leaving]
    # what leaves at a moment leaves before anything enters: a window is half-open
    changes.sort(key=lambda change: change[:2])
    result, since = list[Stretch](), None
    for moment, enters, one in changes:
        level.move(one, 1 if enters else -1)
        if level.number < leaf.gte:
            if since:
                result.append((since[0], moment, since[1]))
            since = None
        elif since is None:
            since = moment, one.fact.activity_id if enters else ""
    if since:
        result.append((since[0], FOREVER, since[1]))
    return joined(result)


def number_at(leaf: Numeric, given: Iterable[Entry], moment: datetime) -> int:
    """The leaf's number at a moment."""
    level: _Total | _Things | _Largest
    match leaf:
        case Max():
            level = _Largest()
        case Distinct():
            level = _Things()
        case _:
            level = _Total()
    for one in given:
        if one.start <= moment < one.end:
            level.move(one, 1)
    return level.number


# ---------------------------------------------------------------- windows


def ending(of: Selection, dates: Sequence[datetime]) -> Callable[[datetime], datetime | None]:
    """Until when a fact of some date counts; ``None`` where the window leaves it out."""
    calendar = of.calendar
    match of.stretch:
        case None:
            return lambda _: FOREVER
        case Rolling(span=span):
            if not span.months:
                exact = span.exact
                return lambda at: at + exact
            return lambda at: calendar.plus(at, span)
        case InPeriod(period=period):
            return lambda at: calendar.start(period, calendar.index(period, at) + 1)
        case Between(since=since, until=until):
            return lambda at: FOREVER if _lies_between(at, since, until) else None
        case First(span=span):
            ends = calendar.plus(dates[0], span) if dates else FOREVER
            return lambda at: FOREVER if at < ends else None


def _lies_between(at: datetime, since: datetime | None, until: datetime | None) -> bool:
    return (since is None or since <= at) and (until is None or at < until)


# ---------------------------------------------------------------- values


#: What different things the lines of an order bring, by the field that names them.
_OF_LINES: dict[str, Callable[[Activity, Where], Iterable[object]]] = {
    "items.product": products_of,
    "items.category": categories_of,
    "items.catalog": catalogs_of,
}


def _giving(leaf: Numeric) -> _Giving:
    of = leaf.of
    where = of.where
    match leaf:
        case Count():
            return lambda _: 1
        case Sum(field="amount") | Max(field="amount") if not where.of_lines:
            return of.policy.value
        case Sum(field="amount") | Max(field="amount"):
            return lambda fact: amount_of(fact, of)
        case Sum(field="items.quantity") | Max(field="items.quantity"):
            return lambda fact: units_of(fact, where) or Refusal.NO_VALUE
        case Max(field="length"):
            return lambda fact: fact.length
        case Distinct(field=field) if things := _OF_LINES.get(field):
            return lambda fact: frozenset(things(fact, where)) or Refusal.NO_VALUE
        case Distinct(field="post"):
            return lambda fact: frozenset((fact.post,)) if fact.post else Refusal.NO_VALUE
        case Distinct(field="day"):
            return lambda fact: frozenset((of.calendar.day(of.policy.date(fact)),))
        case _:
            raise ValueError(f"{type(leaf).__name__} knows no field {leaf.field!r}")


# ---------------------------------------------------------------- what stands


class _Total:
    """The sum of what stands."""

    number = 0

    def move(self, one: Entry, step: int) -> None:
        assert isinstance(one.given, int), "numbers are added up"
        self.number += step * one.given


class _Largest:
    """The largest of what stands; nothing is ever taken from it."""

    number = 0

    def move(self, one: Entry, step: int) -> None:
        assert isinstance(one.given, int), "numbers are compared"
        self.number = max(self.number, step * one.given)


class _Things:
    """How many different things stand."""

    def __init__(self) -> None:
        self._standing = Counter[object]()

    @property
    def number(self) -> int:
        return len(self._standing)

    def move(self, one: Entry, step: int) -> None:
        assert isinstance(one.given, frozenset), "things are told apart"
        for thing in one.given:
            self._standing[thing] += step
            if not self._standing[thing]:
                del self._standing[thing]


def _by_start(one: Entry) -> tuple[datetime, str]:
    return one.start, one.fact.activity_id


def _by_end(one: Entry) -> datetime:
    return one.end
