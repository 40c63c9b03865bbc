"""Single values: from the text that was written to a checked value."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from decimal import Decimal
from difflib import get_close_matches
from typing import Annotated, Any, TypeVar, get_args

from pydantic import BeforeValidator, GetCoreSchemaHandler, GetJsonSchemaHandler, WithJsonSchema
from pydantic_core import PydanticCustomError, core_schema

from badgejobs.rules.yaml_tree import shortened

_WHOLE = re.compile(r"[1-9][0-9]{0,8}")
_MONEY = re.compile(r"(?:0|[1-9][0-9]{0,11})(?:\.[0-9]{1,3})?")


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
    near = nearest(word, names)
    return f"did you mean '{near}'?" if near else f"write one of: {', '.join(names)}"


def nearest(word: str, known: Iterable[str]) -> str | None:
    """The known word that was probably meant; of long words only the beginning is looked at."""
    by_small = {name.lower(): name for name in sorted(known, reverse=True)}
    near = get_close_matches(word.lower()[:80], by_small, n=1, cutoff=0.6)
    return by_small[near[0]] if near else None


def text_of(value: object) -> str:
    """The text of a scalar; an empty value, a list and a mapping are refused."""
    if value is None:
        raise refusal("is empty; write a value (in quotes if it begins with #) or remove the key")
    if not isinstance(value, str):
        kind = "a mapping" if isinstance(value, dict) else "a list"
        raise refusal(f"must be a single value, not {kind}")
    return value


def whole(value: object) -> int:
    """A whole number from 1."""
    text = text_of(value)
    if text == "0" or re.fullmatch(r"-[0-9]+", text):
        raise refusal(f"'{shortened(text)}' is too small; it must be 1 or more")
    if not _WHOLE.fullmatch(text):
        raise refusal(
            f"'{shortened(text)}' is not a whole number below 1,000,000,000; "
            "write digits only, such as 10"
        )
    return int(text)


def money(value: object) -> Decimal:
    """An amount of money, not yet in a currency."""
    text = text_of(value)
    if not _MONEY.fullmatch(text):
        raise refusal(
            f"'{shortened(text)}' is not an amount of money; write digits and a point, "
            "such as '1000' or '12.50'"
        )
    return Decimal(text).normalize()


def _whole_or_none(value: object) -> int:
    return 0 if value == "0" else whole(value)


def _truth(value: object) -> bool:
    text = text_of(value)
    if text in {"true", "false"}:
        return text == "true"
    meant = {"yes": "true", "on": "true", "1": "true", "no": "false", "off": "false", "0": "false"}
    near = meant.get(text.lower()) or ("true" if text.lower() == "true" else "false")
    raise refusal(f"'{shortened(text)}' is neither true nor false; did you mean '{near}'?")


def one_of(*choices: str) -> Callable[[object], str]:
    """A validator of a closed list of words."""

    def checked(value: object) -> str:
        text = text_of(value)
        if text not in choices:
            raise refusal(f"'{shortened(text)}' is not known; {did_you_mean(text, choices)}")
        return text

    return checked


def word(literal: Any) -> BeforeValidator:
    """The validator of a ``Literal``, which tells its words where another is written."""
    return BeforeValidator(one_of(*get_args(literal)))


def schema(**words: Any) -> WithJsonSchema:
    """The JSON Schema of a value that a validator of ours reads."""
    return WithJsonSchema(words)


class OneOrMore:
    """Marks a list that may be written as the one value alone."""

    def __get_pydantic_core_schema__(
        self, source: Any, handler: GetCoreSchemaHandler
    ) -> core_schema.CoreSchema:
        """Validate what is no list as a list of it."""
        return core_schema.no_info_before_validator_function(
            lambda value: value if isinstance(value, list) else [value], handler(source)
        )

    def __get_pydantic_json_schema__(
        self, wrapped: core_schema.CoreSchema, handler: GetJsonSchemaHandler
    ) -> dict[str, Any]:
        """Take either."""
        listed = handler(wrapped)
        return {"anyOf": [listed["items"], listed]}


class _NotEmpty:
    """Marks a value that may be left out, and must not be left empty."""

    def __get_pydantic_core_schema__(
        self, source: Any, handler: GetCoreSchemaHandler
    ) -> core_schema.CoreSchema:
        """Refuse an empty value; one that is left out is never looked at."""

        def checked(value: object) -> object:
            if value is None:
                raise refusal("is empty; write a value, or remove the key")
            return value

        return core_schema.no_info_before_validator_function(checked, handler(source))

    def __get_pydantic_json_schema__(
        self, wrapped: core_schema.CoreSchema, handler: GetJsonSchemaHandler
    ) -> dict[str, Any]:
        """Take no null."""
        kinds = [kind for kind in handler(wrapped)["anyOf"] if kind != {"type": "null"}]
        return dict(kinds[0]) if len(kinds) == 1 else {"anyOf": kinds}


_T = TypeVar("_T")
Maybe = Annotated[_T | None, _NotEmpty()]

#: A number may be written plain or in quotes, so the schema takes both.
WHOLE_SCHEMA = [
    {"type": "integer", "minimum": 1, "maximum": 999_999_999},
    {"type": "string", "pattern": f"^{_WHOLE.pattern}$"},
]
MONEY_SCHEMA = [
    {"type": "number", "minimum": 0},
    {"type": "string", "pattern": f"^{_MONEY.pattern}$"},
]
Whole = Annotated[int, BeforeValidator(whole), schema(anyOf=WHOLE_SCHEMA)]
WholeOrNone = Annotated[
    int, BeforeValidator(_whole_or_none), schema(anyOf=[*WHOLE_SCHEMA, {"enum": [0, "0"]}])
]
Money = Annotated[Decimal, BeforeValidator(money), schema(anyOf=MONEY_SCHEMA)]
Truth = Annotated[bool, BeforeValidator(_truth), schema(enum=[True, False, "true", "false"])]
LanguageVersion = Annotated[str, BeforeValidator(one_of("1")), schema(enum=[1, "1"])]
