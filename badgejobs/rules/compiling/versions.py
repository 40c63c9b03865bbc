"""The version of rules: a hash of what they mean, not of how they are written."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from dataclasses import fields, is_dataclass
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from badgejobs.core.milestone import Has, Lifecycle, Milestone


def version(milestones: Iterable[Milestone]) -> str:
    """A hash of all that changes an answer or a look, and of nothing else.

    It is taken of the compiled milestones, where defaults, spellings, dates, the site's zone and
    its currency are settled. What is left to settle is the order of the badges.
    """
    plain = sorted((_plain(one) for one in milestones), key=lambda one: str(one["badge"]))
    canonical = json.dumps(plain, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(canonical.encode()).hexdigest()[:16]


def _plain(value: Any) -> Any:
    match value:
        case Milestone():
            # the badges that it leans on stand in the file themselves
            return _fields(value) | {"above": [tier.badge for tier in value.above]}
        case Has(milestone=other):
            return ["Has", other.badge]
        case Lifecycle():
            return {name: one for name, one in _fields(value).items() if name != "stated"}
        case frozenset() | tuple():
            listed = [_plain(one) for one in value]
            return sorted(listed) if isinstance(value, frozenset) else listed
        case None | bool() | int():
            return value
        case _ if is_dataclass(value):
            return [type(value).__name__, _fields(value)]
        case _:
            return str(_text(value))


def _text(value: object) -> object:
    """What tells single values apart; anything else has no place in a milestone."""
    match value:
        case datetime():
            return value.isoformat()
        case ZoneInfo():
            return value.key
        case _:
            assert isinstance(value, str | timedelta), f"{type(value)} has no plain form"
            return value


def _fields(value: Any) -> dict[str, Any]:
    return {field.name: _plain(getattr(value, field.name)) for field in fields(value)}
