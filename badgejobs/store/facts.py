"""An activity as a row, and two states of one activity made into one."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime
from functools import lru_cache
from types import MappingProxyType
from typing import Any

from sqlalchemy import Row

from badgejobs.core.activity import Activity, Mark, keeping_categories
from badgejobs.store.tables import activity

#: The columns of an activity, in the order in which ``from_row`` reads them.
COLUMNS = (
    activity.c.activity_id,
    activity.c.member_id,
    activity.c.occurred_at,
    activity.c.updated_at,
    activity.c.revision,
    activity.c.part,
    activity.c.marks,
    activity.c.amounts,
    activity.c.currency,
    activity.c.source,
    activity.c.generation,
)

GONE = frozenset({Mark.GONE})


def from_row(site: str, row: Row[*tuple[Any, ...]]) -> Activity:
    """The activity of a row of ``COLUMNS``."""
    key, member, occurred, updated, revision, part, marks, amounts, currency, source, _ = row
    return Activity(
        site=site,
        source=source,
        activity_id=key,
        member_id=member,
        occurred_at=occurred,
        updated_at=updated,
        revision=revision,
        part=part,
        marks=marks_of(marks),
        amounts=_amounts_of(amounts),
        currency=currency,
    )


def to_row(one: Activity, *, generation: int, now: datetime) -> dict[str, object]:
    """The row of an activity; ``first_seen_at`` counts only where it is new."""
    return {
        "site": one.site,
        "source": one.source,
        "activity_id": one.activity_id,
        "member_id": one.member_id,
        "occurred_at": one.occurred_at,
        "updated_at": one.updated_at,
        "revision": one.revision,
        "part": one.part,
        "marks": text_of_marks(one.marks),
        "amounts": json.dumps(dict(one.amounts), sort_keys=True, separators=(",", ":")),
        "currency": one.currency,
        "generation": generation,
        "first_seen_at": now,
    }


def text_of_marks(marks: Iterable[Mark]) -> str:
    """Marks as stored: sorted, joined by spaces."""
    return " ".join(sorted(marks))


@lru_cache(maxsize=1024)
def marks_of(text: str) -> frozenset[Mark]:
    """Marks as stored, read back."""
    return frozenset(map(Mark, text.split()))


@lru_cache(maxsize=4096)
def _amounts_of(text: str) -> Mapping[str, int]:
    return MappingProxyType(json.loads(text))


def merged(stored: Activity, seen: Activity) -> Activity:
    """What is known after a state was seen, whichever of the two Wix wrote first.

    The newer state stands, and of two equally new the one that was seen. A member once known
    is kept where the newer state names none, and so are the categories that its products were
    first known to be in. What was held to be gone and is seen again is what was seen.
    """
    if Mark.GONE in stored.marks or _age(seen) >= _age(stored):
        seen = keeping_categories(seen, stored)
        return seen if seen.member_id else replace(seen, member_id=stored.member_id)
    return stored if stored.member_id else replace(stored, member_id=seen.member_id)


def _age(one: Activity) -> tuple[int, datetime]:
    return one.revision, one.updated_at
