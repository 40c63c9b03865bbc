"""Time as it is written: lengths, days, moments, periods, and the zone they are meant in."""

from __future__ import annotations

import re
from datetime import date, datetime, timedelta
from functools import cache
from typing import Annotated, Any, Literal, get_args
from zoneinfo import available_timezones

from pydantic import PlainValidator

from badgejobs.core.calendar import NO_TIME, Period, Span
from badgejobs.rules.language.scalars import did_you_mean, nearest, refusal, schema, text_of, word
from badgejobs.rules.yaml_tree import shortened

#: Stands for what the site itself says, at Wix.
SITE = "site"

_SPAN = re.compile(r"([1-9][0-9]{0,5})(h|d|w|mo|y)")
_LOOSE_SPAN = re.compile(r"([1-9][0-9]{0,5})\s*([a-z]+)", re.IGNORECASE)
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_HOUR = "[0-9]{2}:[0-9]{2}"
_MOMENT = re.compile(rf"({_DAY.pattern})[Tt ]({_HOUR}(?::[0-9]{{2}})?)([Zz]|[+-]{_HOUR})?")
#: A hundred years, which is more than any rule means and far from where dates end.
_LONGEST = {"h": 876_600, "d": 36_525, "w": 5_218, "mo": 1_200, "y": 100}
_EARLIEST_YEAR, _LATEST_YEAR = 1970, 2199
#: Names that some machines know and that say nothing.
_NO_ZONES = frozenset({"localtime", "posixrules", "Factory"})


@cache
def known_zones() -> frozenset[str]:
    """The names of the IANA time zones."""
    return frozenset(available_timezones() - _NO_ZONES)


def _zone(value: object) -> str:
    text = text_of(value)
    if text == SITE or text in known_zones():
        return text
    near = nearest(text, known_zones() | {SITE})
    cure = f"did you mean '{near}'?" if near else "write 'site', or a name such as Europe/London"
    raise refusal(f"'{shortened(text)}' is not a time zone; {cure}")


def span(value: object) -> Span:
    """A length of time such as ``14d``; days and weeks are exact, months and years calendar's."""
    text = text_of(value)
    found = _SPAN.fullmatch(text)
    if not found:
        raise refusal(
            f"'{shortened(text)}' is not a length of time: a number and h, d, w, mo or y; "
            f"{_span_meant(text)}"
        )
    number, unit = int(found[1]), found[2]
    if number > _LONGEST[unit]:
        raise refusal(
            f"'{text}' is longer than a hundred years; write at most {_LONGEST[unit]}{unit}"
        )
    match unit:
        case "mo":
            return Span(months=number)
        case "y":
            return Span(months=12 * number)
        case "h":
            return Span(exact=timedelta(hours=number))
        case "w":
            return Span(exact=timedelta(weeks=number))
        case _:
            return Span(exact=timedelta(days=number))


def _span_meant(text: str) -> str:
    found = _LOOSE_SPAN.fullmatch(text.strip())
    unit = found and {"h": "h", "d": "d", "w": "w", "m": "mo", "y": "y"}.get(found[2][0].lower())
    if found and unit and not found[2].lower().startswith("mi"):
        return f"did you mean '{found[1]}{unit}'?"
    if re.fullmatch(r"[1-9][0-9]{0,5}", text):
        return f"did you mean '{text}d'?"
    return "such as 14d"


def _span_or_none(value: object) -> Span:
    return NO_TIME if isinstance(value, str) and value in {"0", "0h", "0d"} else span(value)


def _exact(value: object) -> timedelta:
    found = _span_or_none(value)
    if found.months:
        raise refusal(f"'{value}' has no exact length; write it in h, d or w, such as 30d")
    return found.exact


def _moment(value: object) -> date | datetime:
    """A day, meant as its local midnight, or a moment with its zone."""
    text = text_of(value)
    found = _MOMENT.fullmatch(text)
    if not found and not _DAY.fullmatch(text):
        raise refusal(
            f"'{shortened(text)}' is not a date; write it as 2026-11-27, "
            "or a moment as 2026-11-27T18:00:00Z"
        )
    if found and not found[3]:
        raise refusal(
            f"'{text}' has no zone; write the day alone for its local midnight, "
            f"or did you mean '{text}Z'?"
        )
    try:
        read = (
            datetime.fromisoformat(f"{found[1]}T{found[2]}{found[3].upper()}")
            if found
            else date.fromisoformat(text)
        )
    except ValueError:
        raise refusal(f"'{text}' does not exist; correct the month, the day or the time") from None
    if not _EARLIEST_YEAR <= read.year <= _LATEST_YEAR:
        raise refusal(
            f"'{text}' is not in the years {_EARLIEST_YEAR} to {_LATEST_YEAR}; correct it"
        )
    return read


def _period(value: object) -> Period:
    text = text_of(value)
    if text not in set(Period):
        raise refusal(f"'{shortened(text)}' is not a period; {did_you_mean(text, Period)}")
    return Period(text)


Check = Literal["daily", "weekly", "monthly", "quarterly", "yearly"]
#: The periods that are said as how often something is done.
HOW_OFTEN: dict[Check, Period] = {
    "daily": Period.DAY,
    "weekly": Period.WEEK,
    "monthly": Period.MONTH,
    "quarterly": Period.QUARTER,
    "yearly": Period.YEAR,
}
HowOften = Annotated[Check, word(Check)]

SPAN_SCHEMA: dict[str, Any] = {"type": "string", "pattern": f"^{_SPAN.pattern}$"}
_DATE_SCHEMA = {"type": "string", "pattern": r"^[0-9]{4}-[0-9]{2}-[0-9]{2}([Tt ].+)?$"}
#: A number alone is how an editor reads 0; no time at all.
_OR_NONE = {"enum": [0, "0", "0h", "0d"]}

TimeZone = Annotated[str, PlainValidator(_zone), schema(type="string")]
_Weekday = Literal["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]
Weekday = Annotated[_Weekday, word(_Weekday)]
Length = Annotated[Span, PlainValidator(span), schema(**SPAN_SCHEMA)]
LengthOrNone = Annotated[Span, PlainValidator(_span_or_none), schema(anyOf=[SPAN_SCHEMA, _OR_NONE])]
ExactLength = Annotated[
    timedelta,
    PlainValidator(_exact),
    schema(anyOf=[{"type": "string", "pattern": "^[1-9][0-9]{0,5}(h|d|w)$"}, _OR_NONE]),
]
Moment = Annotated[date | datetime, PlainValidator(_moment), schema(**_DATE_SCHEMA)]
PeriodName = Annotated[
    Period, PlainValidator(_period), schema(enum=[period.value for period in Period])
]


def weekday_number(name: str) -> int:
    """The number of a day of the week, of which Monday is 0."""
    return get_args(_Weekday).index(name)
