"""Checks of single values in a request; each names the field that breaks a rule."""

from __future__ import annotations

import math
import re
from collections.abc import Collection
from typing import Any

from badgejobs.sandbox import refusals

_GUID = re.compile(r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")


def guid(value: object, field: str) -> str:
    """The value, if it is text in the form 8-4-4-4-12."""
    if not isinstance(value, str) or not _GUID.fullmatch(value):
        raise refusals.invalid(field, "is not a valid GUID", "FORMAT")
    return value


def text(value: object, field: str, *, least: int = 1, most: int | None = None) -> str:
    """The value, if it is text of ``least`` to ``most`` Unicode characters."""
    if not isinstance(value, str):
        raise refusals.invalid(field, "must be a text")
    if len(value) < least:
        raise refusals.invalid(field, f"has size {len(value)}, expected {least} or more")
    if most is not None and len(value) > most:
        description = f"has size {len(value)}, expected {most} or less"
        raise refusals.invalid(field, description, "MAX_LENGTH")
    return value


def mapping(value: object, field: str) -> dict[str, Any]:
    """The value, if it is a JSON object."""
    if not isinstance(value, dict):
        raise refusals.invalid(field, "Expected an object")
    return value


def items(value: object, field: str, *, least: int = 0, most: int | None = None) -> list[Any]:
    """The value, if it is a list of ``least`` to ``most`` entries."""
    if not isinstance(value, list):
        raise refusals.invalid(field, "Expected a list")
    if len(value) < least or (most is not None and len(value) > most):
        bounds = f"{least} or more" if most is None else f"{least} to {most}"
        raise refusals.invalid(field, f"has {len(value)} entries, expected {bounds}", "MAX")
    return value


def truth(value: object, field: str) -> bool:
    """The value, if it is true or false."""
    if not isinstance(value, bool):
        raise refusals.invalid(field, "must be true or false")
    return value


def integer(value: object, field: str, *, least: int, most: int | None = None) -> int:
    """The value, if it is a whole number from ``least`` to ``most``, both included."""
    if isinstance(value, bool) or not isinstance(value, int):
        raise refusals.invalid(field, "must be a whole number")
    if value < least or (most is not None and value > most):
        bounds = f"{least} or more" if most is None else f"from {least} to {most}"
        raise refusals.invalid(field, f"is {value}, expected {bounds}", "OUT_OF_RANGE")
    return value


def number(value: object, field: str, *, above_zero: bool = False) -> float:
    """The value, if it is a finite number that is not negative (and not 0 if so asked)."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise refusals.invalid(field, "must be a number")
    try:
        found = float(value)
    except OverflowError:
        found = math.inf
    if not math.isfinite(found) or found < 0 or (above_zero and found == 0):
        bound = "above 0" if above_zero else "0 or more"
        raise refusals.invalid(field, f"is out of range, expected {bound}", "OUT_OF_RANGE")
    return found


def only_fields(
    value: object, field: str, *, required: Collection[str] = (), optional: Collection[str] = ()
) -> dict[str, Any]:
    """The value, if it is an object with all ``required`` fields and none that is unknown."""
    found = mapping(value, field or "body")
    prefix = f"{field}." if field else ""
    for name in found:
        if name not in required and name not in optional:
            raise refusals.invalid(f"{prefix}{name}", "is not a field known here")
    for name in required:
        if name not in found:
            raise refusals.invalid(f"{prefix}{name}", "is required")
    return found


def nests_deeper(value: object, most: int) -> bool:
    """Whether lists and objects stand in one another deeper than ``most`` levels.

    >>> nests_deeper({"a": [1]}, 2), nests_deeper({"a": [[1]]}, 2)
    (False, True)
    """
    level = [value] if isinstance(value, dict | list) else []
    depth = 0
    while level and depth < most:
        level = [
            inner
            for outer in level
            for inner in (outer.values() if isinstance(outer, dict) else outer)
            if isinstance(inner, dict | list)
        ]
        depth += 1
    return bool(level)
