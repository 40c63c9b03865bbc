"""What is wrong with a row, in one sentence with its cure."""

from __future__ import annotations

from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError

from badgejobs.rules.language.scalars import did_you_mean
from badgejobs.rules.yaml_tree import shortened

#: A cell: its column, and for a line of an order its number and key.
Where = tuple[str | int, ...]

_EXAMPLES = {
    "source": "orders",
    "id": "o-1001",
    "at": "2026-01-31T23:30:00+01:00",
    "product": "coffee-dark",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """The names of columns: of this source, of any other, and of the lines of an order."""

    here: AbstractSet[str]
    elsewhere: AbstractSet[str]
    of_lines: AbstractSet[str]


class RowError(ValueError):
    """A row cannot be understood: which cell, and why."""

    def __init__(self, where: Where, text: str) -> None:
        super().__init__(f"{named(where)}: {text}" if where else text)
        self.where, self.text = where, text


def named(where: Where) -> str:
    """A cell's name for people.

    >>> named(("items", 0, "quantity"))
    'items[1].quantity'
    """
    parts = [f"[{step + 1}]" if isinstance(step, int) else f".{step}" for step in where]
    return "".join(parts).removeprefix(".")


def row_error(error: ValidationError, *, known: Known, source: str) -> RowError:
    """The first thing that the models found, and how much more there is."""
    problems = error.errors(include_url=False)
    where: Where = problems[0]["loc"]
    text = _sentence(problems[0], where, known=known, source=source)
    if more := len(problems) - 1:
        text = f"{text} ({more} more problem{'s' if more > 1 else ''} in this row)"
    return RowError(where, text)


def _sentence(problem: Any, where: Where, *, known: Known, source: str) -> str:
    match problem["type"]:
        case "rules":
            return str(problem["ctx"]["text"])
        case "missing":
            return f"is missing; write one such as {_EXAMPLES[str(where[-1])]}"
        case "extra_forbidden":
            key = str(where[-1])
            if len(where) > 1:
                return f"is not known; {did_you_mean(key, known.of_lines)}"
            if key in known.elsewhere:
                return f"does not belong to {source}; leave it empty"
            return f"is not known; {did_you_mean(key, known.here)}"
        case "list_type":
            return 'must be a list, such as [{"product": "mug", "quantity": 2}]'
        case "model_type" | "dict_type":
            return f"'{shortened(str(problem['input']))}' must be a mapping with a 'product'"
        case _:
            return str(problem["msg"])
