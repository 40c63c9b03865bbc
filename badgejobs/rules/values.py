"""The single values of a rules file: from the text that was written to a checked value."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from decimal import Decimal
from difflib import get_close_matches
from typing import Annotated, Any

from pydantic import BeforeValidator, ValidationInfo, WithJsonSchema
from pydantic_core import PydanticCustomError

from badgejobs.rules.yaml_tree import shortened

#: The sources that badgejobs itself ships.
OUR_SOURCES = frozenset({"orders", "comments"})

_WHOLE = re.compile(r"[1-9][0-9]{0,8}")
_MONEY = re.compile(r"(?:0|[1-9][0-9]{0,11})(?:\.[0-9]{1,3})?")
_COLOUR = re.compile(r"#[0-9A-Fa-f]{6}")
_ID = re.compile(r"[a-z0-9][a-z0-9-]{0,62}")
_SOURCE = re.compile(r"[a-z][a-z0-9_]{0,62}")
_ICON = re.compile(r"https://[^\s/]+/\S*")
_MOST_TITLE, _MOST_DESCRIPTION, _MOST_ICON = 50, 1500, 1000


def refusal(text: str, *, key: str | None = None) -> PydanticCustomError:
    """What a validator raises: the whole sentence, and the key it is about if it is one's."""
    return PydanticCustomError("rules", "{text}", {"text": text, "key": key})


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """The cure of a misspelt word: the nearest known one, else all of them.

    >>> did_you_mean("piad", ["paid", "fulfilled"])
    "did you mean 'paid'?"
    >>> did_you_mean("x", ["paid", "fulfilled"])
    'write one of: fulfilled, paid'
    """
    names = sorted(known)
    near = get_close_matches(word.lower(), names, n=1, cutoff=0.6)
    return f"did you mean '{near[0]}'?" if near else f"write one of: {', '.join(names)}"


def text_of(value: object) -> str:
    """The text of a scalar; an empty value, a list and a mapping are refused."""
    if value is None:
        raise refusal("is empty; write a value (in quotes if it begins with #) or remove the key")
    if not isinstance(value, str):
        kind = "a mapping" if isinstance(value, dict) else "a list"
        raise refusal(f"must be a single value, not {kind}")
    return value


def _whole(value: object) -> int:
    text = text_of(value)
    if text == "0" or re.fullmatch(r"-[0-9]+", text):
        raise refusal(f"'{shortened(text)}' is too small; it must be 1 or more")
    if not _WHOLE.fullmatch(text):
        raise refusal(
            f"'{shortened(text)}' is not a whole number below 1,000,000,000; "
            "write digits only, such as 10"
        )
    return int(text)


def _money(value: object) -> Decimal:
    text = text_of(value)
    if not _MONEY.fullmatch(text):
        raise refusal(
            f"'{shortened(text)}' is not an amount of money; write digits and a point, "
            "such as '1000' or '12.50'"
        )
    return Decimal(text).normalize()


def _truth(value: object) -> bool:
    text = text_of(value)
    if text in {"true", "false"}:
        return text == "true"
    meant = {"yes": "true", "on": "true", "1": "true", "no": "false", "off": "false", "0": "false"}
    near = meant.get(text.lower()) or ("true" if text.lower() == "true" else "false")
    raise refusal(f"'{shortened(text)}' is neither true nor false; did you mean '{near}'?")


def _currency(value: object) -> str:
    text = text_of(value)
    if text == "site":
        raise refusal("'site' is not supported by this version; write the code, such as GBP")
    if not re.fullmatch(r"[A-Z]{3}", text):
        upper = text.upper()
        cure = f"did you mean '{upper}'?" if re.fullmatch(r"[A-Z]{3}", upper) else "such as GBP"
        raise refusal(f"'{shortened(text)}' is not a currency's three-letter code; {cure}")
    return text


def _colour(value: object) -> str:
    if value is None:
        raise refusal("is empty; put the colour in quotes, such as '#1B4D3E': # begins a comment")
    text = text_of(value)
    if not _COLOUR.fullmatch(text):
        cure = "such as '#1B4D3E'"
        if re.fullmatch(r"[0-9A-Fa-f]{6}", text):
            cure = f"did you mean '#{text}'?"
        raise refusal(f"'{shortened(text)}' is not a colour of the form '#RRGGBB'; {cure}")
    return text.upper()


def _title(value: object) -> str:
    text = text_of(value).strip()
    if not text or len(text) > _MOST_TITLE or "\n" in text or "\t" in text:
        raise refusal(
            f"'{shortened(text)}' has {len(text)} characters; "
            f"a title is one line of 1 to {_MOST_TITLE}"
        )
    return text


def _description(value: object) -> str:
    text = text_of(value).strip()
    if len(text) > _MOST_DESCRIPTION:
        raise refusal(f"has {len(text)} characters; at most {_MOST_DESCRIPTION} are allowed")
    return text


def _icon(value: object) -> str:
    text = text_of(value)
    if len(text) > _MOST_ICON or not _ICON.fullmatch(text):
        raise refusal(
            f"'{shortened(text)}' is not the address of a picture; "
            "write it in full, such as 'https://static.wixstatic.com/media/star.png'"
        )
    return text


def _id(value: object) -> str:
    text = text_of(value)
    if not _ID.fullmatch(text):
        meant = re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")[:63]
        cure = f"did you mean '{meant}'?" if meant else "such as first-purchase"
        raise refusal(
            f"'{shortened(text)}' is not an id: up to 63 small letters, digits and hyphens; {cure}"
        )
    return text


def _source(value: object, info: ValidationInfo) -> str:
    text = text_of(value)
    known = (info.context or {}).get("sources", OUR_SOURCES)
    if text not in known:
        what = "a known source" if _SOURCE.fullmatch(text) else "the name of a source"
        raise refusal(f"'{shortened(text)}' is not {what}; {did_you_mean(text, known)}")
    return text


def _measure(value: object) -> str:
    text = text_of(value)
    if text != "orders.amount":
        raise refusal(
            f"'{shortened(text)}' cannot be summed by this version; "
            f"{did_you_mean(text, ['orders.amount'])}"
        )
    return text


def one_of(*choices: str) -> Callable[[object], str]:
    """A validator of a closed list of words."""

    def checked(value: object) -> str:
        text = text_of(value)
        if text not in choices:
            raise refusal(f"'{shortened(text)}' is not known; {did_you_mean(text, choices)}")
        return text

    return checked


def _schema(**words: Any) -> WithJsonSchema:
    return WithJsonSchema(words)


#: A number may be written plain or in quotes, so the schema takes both.
_NUMBERS = {"type": "integer", "minimum": 1, "maximum": 999_999_999}
Whole = Annotated[
    int,
    BeforeValidator(_whole),
    _schema(anyOf=[_NUMBERS, {"type": "string", "pattern": f"^{_WHOLE.pattern}$"}]),
]
Money = Annotated[
    Decimal,
    BeforeValidator(_money),
    _schema(
        anyOf=[
            {"type": "number", "minimum": 0},
            {"type": "string", "pattern": f"^{_MONEY.pattern}$"},
        ]
    ),
]
Truth = Annotated[
    bool, BeforeValidator(_truth), _schema(enum=[True, False, "true", "false"], default=False)
]
Currency = Annotated[str, BeforeValidator(_currency), _schema(type="string", pattern="^[A-Z]{3}$")]
Colour = Annotated[
    str, BeforeValidator(_colour), _schema(type="string", pattern=f"^{_COLOUR.pattern}$")
]
Title = Annotated[
    str, BeforeValidator(_title), _schema(type="string", minLength=1, maxLength=_MOST_TITLE)
]
Description = Annotated[
    str, BeforeValidator(_description), _schema(type="string", maxLength=_MOST_DESCRIPTION)
]
Icon = Annotated[
    str,
    BeforeValidator(_icon),
    _schema(type="string", pattern=f"^{_ICON.pattern}$", maxLength=_MOST_ICON),
]
BadgeId = Annotated[str, BeforeValidator(_id), _schema(type="string", pattern=f"^{_ID.pattern}$")]
SourceName = Annotated[str, BeforeValidator(_source), _schema(enum=sorted(OUR_SOURCES))]
Summable = Annotated[str, BeforeValidator(_measure), _schema(enum=["orders.amount"])]
LanguageVersion = Annotated[str, BeforeValidator(one_of("1")), _schema(enum=[1, "1"])]
