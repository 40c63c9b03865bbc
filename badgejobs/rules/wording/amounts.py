"""Numbers, money and time as people say them."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, time, timedelta

from badgejobs.core.calendar import Calendar, Span
from badgejobs.core.money import shown
from badgejobs.rules.setting import NO_CURRENCY

_HOUR, _DAY = timedelta(hours=1), timedelta(days=1)
_MONTHS_A_YEAR = 12


def some(number: int, one: str) -> str:
    """A number of things.

    >>> some(1, "day"), some(14, "day")
    ('1 day', '14 days')
    """
    return f"{number} {one}{'' if number == 1 else 's'}"


def length(span: Span | timedelta) -> str:
    """How long a span is.

    >>> length(Span(months=18)), length(timedelta(hours=36)), length(Span(exact=timedelta(14)))
    ('18 months', '36 hours', '14 days')
    """
    exact = span if isinstance(span, timedelta) else span.exact
    if isinstance(span, Span) and span.months:
        years, months = divmod(span.months, _MONTHS_A_YEAR)
        return some(span.months, "month") if months else some(years, "year")
    if exact % _DAY:
        return some(exact // _HOUR, "hour")
    return some(exact // _DAY, "day")


def money(minor: int, currency: str | None) -> str:
    """An amount; where the currency is the site's own and not known, in two digits.

    >>> money(25000, "GBP"), money(25000, "XXX")
    ('250.00 GBP', "250.00 of the site's currency")
    """
    if currency is None or currency == NO_CURRENCY:
        return f"{shown(minor, NO_CURRENCY).partition(' ')[0]} of the site's currency"
    return shown(minor, currency)


def moment(at: datetime, calendar: Calendar) -> str:
    """A moment in local time, of a midnight the day alone.

    >>> from datetime import UTC
    >>> moment(datetime(2026, 11, 27, tzinfo=UTC), Calendar())
    '2026-11-27'
    """
    local = at.astimezone(calendar.zone)
    if local.time() == time():
        return local.date().isoformat()
    if local.second:
        return f"{local:%Y-%m-%d %H:%M:%S}"
    return f"{local:%Y-%m-%d %H:%M}"


def between(since: datetime | None, until: datetime | None, calendar: Calendar) -> str:
    """A half-open stretch, either end of which may be open."""
    parts = (
        since and f"from {moment(since, calendar)}",
        until and f"before {moment(until, calendar)}",
    )
    return " to ".join(part for part in parts if part) if all(parts) else str(parts[0] or parts[1])


def either(names: Iterable[str]) -> str:
    """Names of which one is enough.

    >>> either(["b", "a", "c"])
    'a, b or c'
    """
    *most, last = sorted(names)
    return f"{', '.join(most)} or {last}" if most else last
