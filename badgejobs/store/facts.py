"""An activity as a row, and two states of one activity made into one."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from functools import lru_cache
from types import MappingProxyType
from typing import Any

from sqlalchemy import Row

from badgejobs.core.activity import Activity, Link, Mark, keeping_categories
from badgejobs.store.items import items_of, text_of_items
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
    activity.c.base_currency,
    activity.c.rate,
    activity.c.paid_at,
    activity.c.channel,
    activity.c["items"],
    activity.c.linked_by,
    activity.c.post,
    activity.c.parent,
    activity.c.own,
    activity.c.length,
    activity.c.source,
    activity.c.generation,
)

GONE = frozenset({Mark.GONE})


def from_row(site: str, row: Row[*tuple[Any, ...]]) -> Activity:
    """The activity of a row of ``COLUMNS``."""
    (
        key, member, occurred, updated, revision, part, marks, amounts, currency,
        base_currency, rate, paid_at, channel, items, linked_by, post, parent, own, length,
        source, _,
    ) = row  # fmt: skip
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
        base_currency=base_currency,
        rate=None if rate is None else Decimal(rate),
        paid_at=paid_at,
        channel=channel,
        items=items_of(items),
        linked_by=None if linked_by is None else Link(linked_by),
        post=post,
        parent=parent,
        own=own,
        length=length,
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
        "base_currency": one.base_currency,
        "rate": None if one.rate is None else str(one.rate),
        "paid_at": one.paid_at,
        "channel": one.channel,
        "items": text_of_items(one.items),
        "linked_by": one.linked_by,
        "post": one.post,
        "parent": one.parent,
        "own": one.own,
        "length": one.length,
        "generation": generation,
        "first_seen_at": now,
        "missed_at": None,
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

    The newer state stands, and of two equally new the one that was seen; what was held to be
    gone and is seen again is what was seen. What Wix tells only of some states is kept from the
    others: the member, where the newer names none; the categories that its products were first
    known to be in; what a deleted comment was about and how long it was; and that a comment
    stood on the member's own content, since who wrote its parent is forgotten with the parent.
    Whose a guest's order was found to be is no state of Wix's: it stays while Wix names nobody.
    """
    plain = replace(stored, member_id=None, linked_by=None) if stored.linked_by else stored
    if is_news(seen, stored):
        after = _with_what_was_told(keeping_categories(seen, plain), plain)
    else:
        after = _with_what_was_told(plain, seen)
    if stored.linked_by and after.member_id is None:
        return replace(after, member_id=stored.member_id, linked_by=stored.linked_by)
    return after


def is_news(seen: Activity, stored: Activity) -> bool:
    """Whether a state is not older than the one that is known, or what is known is gone."""
    return Mark.GONE in stored.marks or _age(seen) >= _age(stored)


def _with_what_was_told(stands: Activity, other: Activity) -> Activity:
    kept: dict[str, Any] = {}
    if stands.member_id is None and other.member_id is not None:
        kept["member_id"] = other.member_id
    if other.own and not stands.own:
        kept["own"] = True
    if Mark.DELETED in stands.marks:
        told = ("post", "parent", "length")
        kept |= {name: getattr(other, name) for name in told if not getattr(stands, name)}
    return replace(stands, **kept) if kept else stands


def _age(one: Activity) -> tuple[int, datetime]:
    return one.revision, one.updated_at
