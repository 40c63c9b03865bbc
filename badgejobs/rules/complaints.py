"""What is wrong with a rules file, each with its place, and the one error that comes of it."""

from __future__ import annotations

from collections.abc import Sequence
from difflib import get_close_matches
from typing import Any, NamedTuple

from pydantic import BaseModel, ValidationError

from badgejobs.errors import RulesError
from badgejobs.rules.document import (
    MEASURES,
    TAG,
    BadgeRule,
    CommentRules,
    LookRule,
    OrderRules,
    Policies,
    Rules,
    SiteFacts,
)
from badgejobs.rules.unsupported import not_supported
from badgejobs.rules.values import did_you_mean
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
}

#: The models by the place of their mapping, for the keys that are known there.
_MODELS: dict[tuple[str | int, ...], type[BaseModel]] = {
    (): Rules,
    ("site",): SiteFacts,
    ("policies",): Policies,
    ("policies", "orders"): OrderRules,
    ("policies", "comments"): CommentRules,
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


def complaints_of(error: ValidationError, document: Document) -> list[Complaint]:
    """What the models found, in our words and with the places of the file."""
    errors = error.errors(include_url=False)
    misspelt = {
        (one["loc"][:-1], near)
        for one in errors
        if one["type"] == "extra_forbidden"
        for near in get_close_matches(str(one["loc"][-1]), _known_at(one["loc"][:-1]), n=1)
    }
    return [
        _complaint(one, document)
        for one in errors
        # a key that is missing because it is misspelt is one problem, told as the latter
        if one["type"] != "missing" or (one["loc"][:-1], one["loc"][-1]) not in misspelt
    ]


def _complaint(error: Any, document: Document) -> Complaint:
    location: tuple[str | int, ...] = error["loc"]
    trail = tuple(step for step in location if not str(step).startswith(TAG))
    match error["type"]:
        case "missing":
            key = str(trail[-1])
            text = f"'{key}' is missing; add for example '{_EXAMPLES.get(key, key)}'"
            return Complaint(document.place(trail[:-1]), named(trail[:-1], text))
        case "extra_forbidden":
            key = str(trail[-1])
            known = did_you_mean(key, _known_at(location[:-1]))
            text = not_supported(key) or f"'{shortened(key)}' is not known here; {known}"
            return Complaint(document.place(trail, of_key=True), named(trail[:-1], text))
        case "rules":
            if key := error["ctx"]["key"]:
                place = document.place((*trail, key), of_key=True)
                return Complaint(place, named(trail, error["ctx"]["text"]))
            return Complaint(document.place(trail), named(trail, error["ctx"]["text"]))
        case kind:
            return Complaint(document.place(trail), named(trail, _sentence(kind, error)))


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


def _known_at(location: tuple[str | int, ...]) -> list[str]:
    match location:
        case (*_, "badge", tag) if tag == TAG + "look":
            model: type[BaseModel] = LookRule
        case (*_, str(tag)) if tag.startswith(TAG):
            model = MEASURES[tag.removeprefix(TAG)]
        case ("badges", int()):
            model = BadgeRule
        case _:
            model = _MODELS[location]
    return list(model.model_fields)
