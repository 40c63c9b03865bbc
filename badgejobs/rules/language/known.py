"""Which keys may stand at a place: found in the models, so that no list of them can grow old."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any, get_args, get_origin

from pydantic import BaseModel, Tag

from badgejobs.rules.language.document import Rules
from badgejobs.rules.language.strict import TAG

#: A place as the models tell it: keys, list indices, and tags of unions.
Location = tuple[str | int, ...]


def known_keys(location: Location, root: type[BaseModel] = Rules) -> list[str]:
    """The keys of the mapping at a place."""
    return [field.alias or name for name, field in model_at(location, root).model_fields.items()]


def model_at(location: Location, root: type[BaseModel] = Rules) -> type[BaseModel]:
    """The model of the mapping at a place of a file that ``root`` is the model of.

    >>> model_at(("badges", 0, "limit")).__name__
    'LimitRule'
    """
    model = root
    within: Any = root
    for step in location:
        if isinstance(step, int):
            continue
        if step.startswith(TAG):
            model = next(one for tag, one in _models(within) if tag == step)
        else:
            field = next(
                field for name, field in model.model_fields.items() if step in {name, field.alias}
            )
            within = field.annotation
            model = next((one for _, one in _models(within)), model)
    return model


def _models(annotation: Any) -> Iterator[tuple[str | None, type[BaseModel]]]:
    """The models of a field, each with its tag in a union."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield None, annotation
    elif get_origin(annotation) is Annotated:
        inner, *words = get_args(annotation)
        tag = next((word.tag for word in words if isinstance(word, Tag)), None)
        for found, model in _models(inner):
            yield tag or found, model
    else:
        for part in get_args(annotation):
            yield from _models(part)
