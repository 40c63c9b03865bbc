"""Time as people count it: periods of a local calendar, and lengths of time.

A day here is a local one and has 23, 24 or 25 hours; ``365d`` of a rolling window is 365 times
24 hours, whatever the clocks do meanwhile.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

_MONTHS_A_YEAR = 12
_DAYS_A_WEEK = 7


class Period(StrEnum):
    """A stretch of the local calendar, from one local midnight to another."""

    DAY = "day"
    WEEK = "week"
    MONTH = "month"
    QUARTER = "quarter"
    YEAR = "year"


_MONTHS_OF = {Period.MONTH: 1, Period.QUARTER: 3, Period.YEAR: _MONTHS_A_YEAR}


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """A length of time: exact (hours, days of 24 hours, weeks) or in months of the calendar."""

    exact: timedelta = timedelta(0)
    months: int = 0

    def __bool__(self) -> bool:
        return bool(self.exact) or bool(self.months)


#: No time at all.
NO_TIME = Span()

UTC_ZONE = ZoneInfo("UTC")


@dataclass(frozen=True, slots=True, kw_only=True)
class Calendar:
    """The calendar of one site: its zone, and the day its weeks begin with (Monday is 0)."""

    zone: ZoneInfo = UTC_ZONE
    week_starts: int = 0

    def midnight(self, day: date) -> datetime:
        """The moment at which a local day begins, in UTC.

        Where the clocks skip midnight, the moment of the change; where it comes twice, the first.
        """
        return datetime(day.year, day.month, day.day, tzinfo=self.zone).astimezone(UTC)

    def day(self, moment: datetime) -> date:
        """The local day of a moment."""
        return moment.astimezone(self.zone).date()

    def index(self, period: Period, moment: datetime) -> int:
        """The number of the period that a moment lies in: the next one has the next number."""
        day = self.day(moment)
        match period:
            case Period.DAY:
                return day.toordinal()
            case Period.WEEK:
                # 0001-01-01 was a Monday and has ordinal 1
                return (day.toordinal() - 1 - self.week_starts) // _DAYS_A_WEEK
            case _:
                return (day.year * _MONTHS_A_YEAR + day.month - 1) // _MONTHS_OF[period]

    def start(self, period: Period, index: int) -> datetime:
        """The moment at which the period of this number begins, in UTC."""
        match period:
            case Period.DAY:
                return self.midnight(date.fromordinal(index))
            case Period.WEEK:
                return self.midnight(date.fromordinal(index * _DAYS_A_WEEK + 1 + self.week_starts))
            case _:
                year, month = divmod(index * _MONTHS_OF[period], _MONTHS_A_YEAR)
                return self.midnight(date(year, month + 1, 1))

    def plus(self, moment: datetime, span: Span) -> datetime:
        """A moment later by a span, in UTC.

        Months keep the local day and time of day. Where the month has no such day, it is the
        beginning of the next month: the anniversary of 29 February is 1 March.

        >>> from datetime import UTC, datetime
        >>> leap = datetime(2024, 2, 29, 15, tzinfo=UTC)
        >>> Calendar().plus(leap, Span(months=12)).isoformat()
        '2025-03-01T00:00:00+00:00'
        >>> Calendar().plus(leap, Span(months=48)).isoformat()
        '2028-02-29T15:00:00+00:00'
        """
        if not span.months:
            return moment + span.exact
        local = moment.astimezone(self.zone)
        year, month = divmod(
            local.year * _MONTHS_A_YEAR + local.month - 1 + span.months, _MONTHS_A_YEAR
        )
        try:
            moved = local.replace(year=year, month=month + 1, fold=0)
        except ValueError:
            year, month = divmod(year * _MONTHS_A_YEAR + month + 1, _MONTHS_A_YEAR)
            moved = datetime(year, month + 1, 1, tzinfo=self.zone)
        return moved.astimezone(UTC) + span.exact


#: The calendar of a site of which nothing else is known.
UTC_CALENDAR = Calendar()
