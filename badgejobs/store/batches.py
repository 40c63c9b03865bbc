"""A batch for a worker's hand: what is due, in turn, and no more new ones than the cap lets."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

from sqlalchemy import ColumnElement, Connection, and_, bindparam, not_, select, update

from badgejobs.core.award import WAITS_FOR_CAP, Award, State
from badgejobs.core.ledger import Claimed
from badgejobs.store import capping, claims, ledger
from badgejobs.store.dialect import take_turns
from badgejobs.store.tables import award, badge_binding

#: Lets up to so many pass the cap that were declared; how many may.
Spend = Callable[[int], int]


def claim(
    connection: Connection,
    site: str,
    *,
    limit: int,
    to_send: int,
    holds: timedelta,
    now: datetime,
    most: int | None,
    spend: Spend,
) -> Claimed | None:
    """Take a batch in hand; rows that another worker is just taking are passed over.

    First what is only to be read, then up to ``to_send`` that are to be sent: of new awards as
    many as the cap lets pass (``most`` an hour), and what it does not is put off.
    """
    if most is not None:
        # two workers must not fill the same room
        take_turns(connection, "cap", site)
    rows = _due_rows(connection, site, now, award.c.state == State.UNKNOWN, limit=limit)
    left = min(limit - len(rows), to_send)
    pending = award.c.state == State.PENDING
    # what a person waits for goes first
    wished = _due_rows(connection, site, now, and_(pending, award.c.by_hand.is_(True)), limit=left)
    rows += wished
    left -= len(wished)
    pending = and_(pending, award.c.by_hand.is_(False))
    passed, too_many = list[_Row](), False
    if most is not None:
        found = _due_rows(
            connection, site, now, capping.NEW, award.c.opened_at, award.c.member_id, limit=left
        )
        room = capping.room(connection, site, most=most, now=now) if found else 0
        declared = spend(len(found) - room)
        passed = [
            (replace(one, declared=index >= room), wix_badge_id)
            for index, (one, wix_badge_id) in enumerate(found[: room + declared])
        ]
        too_many = len(found) > len(passed)
        pending = and_(pending, not_(capping.NEW))
    rows += passed
    rows += _due_rows(connection, site, now, pending, limit=left - len(passed))
    taken = _in_hand(connection, rows, until=now + holds)
    if too_many:
        capping.put_off(connection, site, most=most or 0, now=now)
    return taken


_Row = tuple[Award, str]


def _due_rows(
    connection: Connection,
    site: str,
    now: datetime,
    which: ColumnElement[bool],
    *order: ColumnElement[Any],
    limit: int,
) -> list[_Row]:
    """The first of these that are due, locked, each with its Wix badge id."""
    if limit <= 0:
        return []
    usual = (award.c.not_before.nulls_first(), award.c.opened_at, award.c.member_id)
    rows = connection.execute(
        select(*ledger.COLUMNS, badge_binding.c.wix_badge_id)
        .join(badge_binding, claims.BOUND)
        .where(award.c.site == site, claims.due(now), which)
        .order_by(*(order or usual))
        .limit(limit)
        .with_for_update(skip_locked=True, of=award)
    )
    return [(ledger.from_row(row), row[-1]) for row in rows]


def _in_hand(connection: Connection, rows: Sequence[_Row], *, until: datetime) -> Claimed | None:
    """Put these into the hand of a new claim."""
    if not rows:
        return None
    token = uuid4().hex
    awards = [
        replace(
            one,
            claim=token,
            claimed_until=until,
            reason="" if one.reason == WAITS_FOR_CAP else one.reason,
        )
        for one, _ in rows
    ]
    names = ("claim", "claimed_until", "declared", "reason")
    connection.execute(
        update(award)
        .where(claims.this(awards[0].site))
        .values({name: bindparam(f"to_{name}") for name in names}),
        [
            claims.named(one) | {f"to_{name}": getattr(one, name) for name in names}
            for one in awards
        ],
    )
    return Claimed(
        token=token,
        awards=tuple(awards),
        wix_badge_ids={
            one.badge: wix_badge_id for one, (_, wix_badge_id) in zip(awards, rows, strict=True)
        },
    )
