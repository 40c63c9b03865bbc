"""Single cells: from the text that was written to a checked value.

A cell of CSV is text anyway; of JSON Lines numbers are kept as they are written, so that no
amount of money is ever a float.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from typing import Annotated, Any

from pydantic import BeforeValidator, PlainValidator

from badgejobs.rules.language.scalars import (
    did_you_mean,
    money,
    refusal,
    text_of,
    whole,
)
from badgejobs.rules.yaml_tree import shortened

_DAY = r"[0-9]{4}-[0-9]{2}-[0-9]{2}"
_MOMENT = re.compile(
    rf"({_DAY})[Tt ]([0-9]{{2}}:[0-9]{{2}}(?::[0-9]{{2}}(?:\.[0-9]{{1,9}})?)?)"
    r"([Zz]|[+-][0-9]{2}:?[0-9]{2})?"
)
_EARLIEST_YEAR, _LATEST_YEAR = 1970, 2199
_MOST_NAME = 200
_RATE_LIMIT = 10**9


def moment(value: object) -> datetime:
    """A moment with its zone, in UTC.

    >>> moment("2026-01-31T23:30:00+01:00").isoformat()
    '2026-01-31T22:30:00+00:00'
    """
    text = text_of(value).strip()
    found = _MOMENT.fullmatch(text)
    if not found:
        cure = "write it as 2026-01-31T23:30:00+01:00"
        if re.fullmatch(_DAY, text):
            cure = f"add the time and the zone, such as {text}T12:00:00Z"
        raise refusal(f"'{shortened(text)}' is not a moment; {cure}")
    if not found[3]:
        raise refusal(f"'{text}' has no zone; write its offset at the end, or did you mean "
                      f"'{text}Z' (UTC)?")  # fmt: skip
    try:
        read = datetime.fromisoformat(f"{found[1]}T{found[2]}{found[3].upper()}")
    except ValueError:
        raise refusal(f"'{text}' does not exist; correct the month, the day or the time") from None
    if not _EARLIEST_YEAR <= read.year <= _LATEST_YEAR:
        raise refusal(
            f"'{text}' is not in the years {_EARLIEST_YEAR} to {_LATEST_YEAR}; correct it"
        )
    return read.astimezone(UTC)


def _truth(value: object) -> bool:
    text = text_of(value).strip().lower()
    if text not in {"true", "false"}:
        raise refusal(f"'{shortened(text)}' is neither true nor false; write one of the two")
    return text == "true"


def _amount(value: object) -> Decimal:
    text = text_of(value).strip()
    try:
        return money(text)
    except ValueError:
        cure = "write digits and a point, such as 12.50"
        if re.fullmatch(r"[0-9]{1,12},[0-9]{1,2}", text):
            cure = f"did you mean {text.replace(',', '.')}?"
        elif text.startswith("-"):
            cure = "what was given back stands under 'refunded', or in a row with 'credit' true"
        raise refusal(f"'{shortened(text)}' is not an amount of money; {cure}") from None


def _count(value: object) -> int:
    text = text_of(value).strip()
    return 0 if text == "0" else whole(text)


def _rate(value: object) -> Decimal:
    text = text_of(value).strip()
    try:
        rate = Decimal(text)
    except InvalidOperation:
        rate = Decimal(0)
    if not rate.is_finite() or not 0 < rate < _RATE_LIMIT:
        raise refusal(f"'{shortened(text)}' is not a rate; write a number such as 1.17")
    return rate


def _name(value: object) -> str:
    text = text_of(value).strip()
    if not text or len(text) > _MOST_NAME:
        raise refusal(f"has {len(text)} characters; 1 to {_MOST_NAME} are allowed")
    return text


def _currency(value: object) -> str:
    text = text_of(value).strip()
    if not re.fullmatch(r"[A-Za-z]{3}", text):
        raise refusal(f"'{shortened(text)}' is not a currency's three-letter code; such as GBP")
    return text.upper()


def _names(value: object) -> frozenset[str]:
    values = value if isinstance(value, list) else [value]
    return frozenset(_name(one).lower() for one in values)


def _listed(value: object) -> object:
    """A list as it is, or as the JSON that a cell of CSV holds."""
    if not isinstance(value, str):
        return value
    try:
        return parsed_json(value)
    except ValueError as error:
        raise refusal(
            f"'{shortened(value)}' is not JSON ({error}); "
            """write a list such as [{"product": "mug", "quantity": 2}]"""
        ) from None


def parsed_json(text: str) -> Any:
    """JSON with every number and truth value as the text that was written; ``ValueError`` else.

    >>> parsed_json('{"amount": 12.50, "own": true}')
    {'amount': '12.50', 'own': 'true'}
    """
    try:
        found = json.loads(
            text, parse_float=str, parse_int=str, parse_constant=str, object_pairs_hook=_object
        )
    except json.JSONDecodeError as error:
        raise ValueError(f"{error.msg} at character {error.pos + 1}") from None
    except RecursionError:
        raise ValueError("nested too deep") from None
    return _plain(found)


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict[str, Any]()
    for key, value in pairs:
        if key in found:
            raise ValueError(f"the key '{shortened(key)}' is written twice")
        found[key] = _plain(value)
    return found


def _plain(value: Any) -> Any:
    if isinstance(value, bool):
        return str(value).lower()
    return [_plain(one) for one in value] if isinstance(value, list) else value


def chosen(words: Mapping[str, Any]) -> PlainValidator:
    """A validator of a closed list of words, in any case, to what each stands for."""

    def checked(value: object) -> Any:
        text = text_of(value).strip()
        word = text.lower()
        if word not in words:
            raise refusal(f"'{shortened(text)}' is not known; {did_you_mean(word, words)}")
        return words[word]

    return PlainValidator(checked)


Moment = Annotated[datetime, PlainValidator(moment)]
Truth = Annotated[bool, PlainValidator(_truth)]
Amount = Annotated[Decimal, PlainValidator(_amount)]
Number = Annotated[int, PlainValidator(_count)]
Rate = Annotated[Decimal, PlainValidator(_rate)]
Text = Annotated[str, PlainValidator(_name)]
CurrencyCode = Annotated[str, PlainValidator(_currency)]
Names = Annotated[frozenset[str], PlainValidator(_names)]
Listed = BeforeValidator(_listed)
