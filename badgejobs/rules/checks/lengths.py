"""How long a span can be, and how many periods a stretch of time can touch."""

from __future__ import annotations

from datetime import timedelta
from math import ceil

from badgejobs.core.calendar import Period, Span

_MONTHS_A_YEAR = 12
#: More than the clocks of any place were ever set forward within a span that matters.
_CLOCKS = timedelta(hours=3)
_SHORTEST = {
    Period.DAY: timedelta(days=1),
    Period.WEEK: timedelta(weeks=1),
    Period.MONTH: timedelta(days=28),
    Period.QUARTER: timedelta(days=90),
    Period.YEAR: timedelta(days=365),
}
_LONGEST = {
    Period.DAY: timedelta(days=1),
    Period.WEEK: timedelta(weeks=1),
    Period.MONTH: timedelta(days=31),
    Period.QUARTER: timedelta(days=92),
    Period.YEAR: timedelta(days=366),
}


def shortest(span: Span) -> timedelta:
    """The least that a span can be; months and years have no exact length."""
    years, months = divmod(span.months, _MONTHS_A_YEAR)
    return span.exact + timedelta(days=365 * years + 28 * months)


def longest(span: Span) -> timedelta:
    """The most that a span can be.

    >>> longest(Span(months=14)).days, shortest(Span(months=14)).days
    (428, 421)
    """
    years, months = divmod(span.months, _MONTHS_A_YEAR)
    return span.exact + timedelta(days=366 * years + 31 * months)


def most_touched(length: timedelta, period: Period) -> int:
    """How many periods a stretch of this length can touch at most.

    >>> most_touched(timedelta(days=30), Period.MONTH)
    3
    """
    return ceil((length + _CLOCKS) / _SHORTEST[period]) + 1


def most_days(period: Period) -> int:
    """How many local days a period of the calendar has at most."""
    return _LONGEST[period].days


def longest_period(period: Period) -> timedelta:
    """The most that a period of the calendar can last."""
    return _LONGEST[period] + _CLOCKS
