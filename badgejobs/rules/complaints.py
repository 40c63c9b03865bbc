"""What is wrong with a rules file, each with its place, and the one error that comes of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from pydantic import BaseModel, ValidationError

from badgejobs.errors import RulesError
from badgejobs.rules.language.conditions import BESIDE, MEASURES
from badgejobs.rules.language.document import Rules
from badgejobs.rules.language.known import Location, known_keys
from badgejobs.rules.language.scalars import did_you_mean, nearest
from badgejobs.rules.language.strict import TAG
from badgejobs.rules.language.windows import KINDS
from badgejobs.rules.yaml_tree import Document, Place, Trail, shortened

#: What a missing key could look like.
_EXAMPLES = {
    "version": "version: 1",
    "badges": "badges: and a list of them",
    "id": "id: first-purchase",
    "badge": "badge: {title: First Purchase}",
    "when": "when: {count: orders, gte: 1}",
    "gte": "gte: 10",
    "title": "title: First Purchase",
    "every": "every: month",
    "length": "length: 6",
    "of": "of: and a list of conditions",
    "grace": "grace: 7d",
    "first": "first: 100",
    "from": "from: 2026-01-01",
    "measure": "measure: {sum: orders.amount}",
    "tiers": "tiers: and a list of {id, badge, gte}",
}


class Complaint(NamedTuple):
    """One thing that is wrong, and where; complaints sort in the order of the file."""

    place: Place
    text: str


def as_error(complaints: Sequence[Complaint], *, file: str) -> RulesError:
    """The first complaint in the order of the file, and how many more there are."""
    place, text = min(complaints)
    if more := len(complaints) - 1:
        text = f"{text} ({more} more problem{'s' if more > 1 else ''} after it)"
    return RulesError(text, file=file, line=place.line, column=place.column)


def named(trail: Trail, text: str) -> str:
    """A sentence with the key in front that it is about."""
    key = next((step for step in reversed(trail) if isinstance(step, str)), None)
    return text if key is None else f"{shortened(key)}: {text}"


def complaints_of(
    error: ValidationError,
    document: Document,
    *,
    root: type[BaseModel] = Rules,
    examples: Mapping[str, str] = _EXAMPLES,
) -> list[Complaint]:
    """What the models found, in our words and with the places of the file.

    ``root`` is the model of the file, and ``examples`` are of keys that could be missing.
    """
    errors = error.errors(include_url=False)
    misspelt = {
        (one["loc"][:-1], near)
        for one in errors
        if one["type"] == "extra_forbidden"
        if (near := nearest(str(one["loc"][-1]), known_keys(one["loc"][:-1], root)))
    }
    return [
        _complaint(one, document, root, examples)
        for one in errors
        # a key that is missing because it is misspelt is one problem, told as the latter
        if one["type"] != "missing" or (one["loc"][:-1], one["loc"][-1]) not in misspelt
    ]


def _complaint(
    error: Any, document: Document, root: type[BaseModel], examples: Mapping[str, str]
) -> Complaint:
    location: Location = error["loc"]
    trail = tuple(step for step in location if not str(step).startswith(TAG))
    match error["type"]:
        case "missing":
            key = str(trail[-1])
            text = f"'{key}' is missing; add for example '{examples.get(key, key)}'"
            return Complaint(document.place(trail[:-1]), named(trail[:-1], text))
        case "extra_forbidden":
            key = str(trail[-1])
            known = known_keys(location[:-1], root)
            text = f"{_stranger(key, location[:-1])}; {did_you_mean(key, known)}"
            return Complaint(document.place(trail, of_key=True), named(trail[:-1], text))
        case "rules":
            if key := error["ctx"]["key"]:
                place = document.place((*trail, key), of_key=True)
                return Complaint(place, named(trail, error["ctx"]["text"]))
            return Complaint(document.place(trail), named(trail, error["ctx"]["text"]))
        case kind:
            return Complaint(document.place(trail), named(trail, _sentence(kind, error)))


def _stranger(key: str, location: Location) -> str:
    """What to say of a key that may not stand here, but perhaps beside another measure."""
    measure = str(location[-1]).removeprefix(TAG) if location else ""
    if measure in MEASURES and key in BESIDE:
        return f"'{key}' does not belong to '{measure}'"
    if measure == "window" and key in KINDS:
        return f"this measure knows no '{key}' window"
    return f"'{shortened(key)}' is not known here"


def _sentence(kind: str, error: Any) -> str:
    match kind:
        case "model_type" | "dict_type" if error["input"] is None:
            return "is empty; write its keys below it, further in, or remove it"
        case "model_type" | "dict_type":
            return "must be a mapping: lines of 'key: value'"
        case "list_type":
            return "must be a list: each entry begins with '- '"
        case "too_short":
            return "is an empty list; write one entry at least"
        case "too_long":
            most = error["ctx"]["max_length"]
            return f"has {error['ctx']['actual_length']} entries; at most {most} are allowed"
        case _:
            return str(error["msg"])
