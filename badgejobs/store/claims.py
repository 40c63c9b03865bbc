"""Awards in a worker's hand: taken, written under the claim, and freed when the worker is lost."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

from sqlalchemy import (
    ColumnElement,
    Connection,
    and_,
    bindparam,
    case,
    func,
    or_,
    select,
    update,
)

from badgejobs.core.award import OPEN, Award, State
from badgejobs.core.ledger import Claimed
from badgejobs.store import ledger, slots
from badgejobs.store.dialect import chunks
from badgejobs.store.tables import award, badge_binding

_UNDER_WAY = (*sorted(OPEN), State.INFLIGHT)

_WAITS_FOR_A_PERSON = (State.NEEDS_ATTENTION, State.BLOCKED, State.PAUSED)

WORKER_LOST = "worker lost while sending"

_BOUND = and_(badge_binding.c.site == award.c.site, badge_binding.c.badge == award.c.badge)

#: What decide may correct while an award is in hand, so a settling must not undo it.
_DECIDED = frozenset({"earned_at", "crossed_by", "rules_version", "unmet_since"})


def columns_of(one: Award) -> dict[str, Any]:
    """The columns that an award is kept in."""
    return {name: getattr(one, name) for name in Award.__dataclass_fields__}


def claim(
    connection: Connection, site: str, *, limit: int, holds: timedelta, now: datetime
) -> Claimed | None:
    """Take a batch in hand; rows that another worker is just taking are passed over."""
    rows = connection.execute(
        select(*ledger.COLUMNS, badge_binding.c.wix_badge_id)
        .join(badge_binding, _BOUND)
        .where(award.c.site == site, _due(now))
        .order_by(
            # what a person waits for goes first
            award.c.by_hand.desc(),
            award.c.not_before.nulls_first(),
            award.c.opened_at,
            award.c.member_id,
        )
        .limit(limit)
        .with_for_update(skip_locked=True, of=award)
    ).all()
    if not rows:
        return None
    token, until = uuid4().hex, now + holds
    awards = [replace(ledger.from_row(row), claim=token, claimed_until=until) for row in rows]
    connection.execute(
        update(award)
        .where(_this(site))
        .values(claim=bindparam("token"), claimed_until=bindparam("until")),
        [_named(one) | {"token": token, "until": until} for one in awards],
    )
    return Claimed(
        token=token,
        awards=tuple(awards),
        wix_badge_ids={one.badge: row[-1] for one, row in zip(awards, rows, strict=True)},
    )


def settle(connection: Connection, awards: Sequence[Award], *, claim: str, now: datetime) -> int:
    """Write those awards that are still in this claim's hand; how many were."""
    changes = list[tuple[Award, Award]]()
    for site in sorted({one.site for one in awards}):
        after = {(one.member_id, one.badge): one for one in awards if one.site == site}
        rows = connection.execute(
            select(*ledger.COLUMNS)
            .where(ledger.any_of(site, list(after)), award.c.claim == claim)
            .with_for_update()
        )
        changes += [
            (before, after[before.member_id, before.badge])
            for before in map(ledger.from_row, rows)
            if (before.member_id, before.badge) in after
        ]
    write(connection, changes, now=now)
    return len(changes)


def holds(connection: Connection, awards: Sequence[Award], *, claim: str, until: datetime) -> bool:
    """Whether this claim has all of them in hand up to that moment."""
    held = connection.execute(
        select(award.c.site, award.c.member_id, award.c.badge)
        .where(award.c.site.in_(sorted({one.site for one in awards})))
        .where(award.c.claim == claim, award.c.claimed_until >= until)
    )
    return {(one.site, one.member_id, one.badge) for one in awards} <= {
        (site, member, badge) for site, member, badge in held
    }


def recover(connection: Connection, *, quiet_period: timedelta, now: datetime) -> int:
    """Free what the worker that had it in hand will never settle; how many were freed."""
    rows = connection.execute(
        select(*ledger.COLUMNS)
        .where(award.c.claimed_until < now)
        .where(award.c.state.in_(_UNDER_WAY))
        .with_for_update(skip_locked=True)
    )
    changes = list[tuple[Award, Award]]()
    for one in map(ledger.from_row, rows):
        free = replace(one, claim=None, claimed_until=None)
        if one.state is State.INFLIGHT:
            free = replace(
                free,
                state=State.UNKNOWN,
                not_before=now + quiet_period,
                empty_reads=0,
                reason=WORKER_LOST,
            )
        changes.append((one, free))
    write(connection, changes, now=now)
    return len(changes)


def revive(connection: Connection, site: str, *, now: datetime) -> int:
    """Bring back what waits for a person; how many awards."""
    rows = connection.execute(
        select(*ledger.COLUMNS)
        .where(award.c.site == site, award.c.state.in_(_WAITS_FOR_A_PERSON))
        .with_for_update()
    )
    changes = [(one, one.revived()) for one in map(ledger.from_row, rows)]
    write(connection, changes, now=now)
    return len(changes)


def turn(
    connection: Connection,
    site: str,
    pairs: Collection[tuple[str, str]],
    change: Callable[[Award], Award],
    *,
    of: Collection[State],
    now: datetime,
) -> int:
    """Change those of (member_id, badge) that are in these states and nobody's hand; how many."""
    turned = 0
    for some in chunks(sorted(set(pairs))):
        rows = connection.execute(
            select(*ledger.COLUMNS)
            .where(ledger.any_of(site, some))
            .where(award.c.state.in_(sorted(of)), ledger.free_at(now))
            .with_for_update()
        )
        wanted = set(some)
        changes = [
            (one, change(one))
            for one in map(ledger.from_row, rows)
            if (one.member_id, one.badge) in wanted
        ]
        write(connection, changes, now=now)
        turned += sum(before.state is not after.state for before, after in changes)
    return turned


def due_sites(
    connection: Connection, sites: Collection[str], *, limit: int, now: datetime
) -> list[str]:
    """Those of ``sites`` with awards that could be claimed now, longest waiting first."""
    waiting = (
        select(award.c.site)
        .join(badge_binding, _BOUND)
        .where(award.c.site.in_(sorted(sites)), _due(now))
        .group_by(award.c.site)
        .order_by(func.min(func.coalesce(award.c.not_before, award.c.opened_at)), award.c.site)
        .limit(limit)
    )
    return list(connection.scalars(waiting))


def next_due_at(connection: Connection, site: str) -> datetime | None:
    """The earliest moment at which there is work for an award of this site.

    What is in hand comes back to nobody before its claim ends.
    """
    due_at = case(
        (award.c.claim.is_(None), func.coalesce(award.c.not_before, award.c.opened_at)),
        else_=award.c.claimed_until,
    )
    earliest: datetime | None = connection.scalar(
        select(func.min(due_at))
        .join(badge_binding, _BOUND)
        .where(award.c.site == site, award.c.state.in_(_UNDER_WAY))
    )
    return earliest


def write(connection: Connection, changes: Sequence[tuple[Award, Award]], *, now: datetime) -> None:
    """Write (before, after) of rows that are locked, and the history of those that turned."""
    if not changes:
        return
    changes = slots.counted(connection, changes)
    names = [name for name in Award.__dataclass_fields__ if name not in {*ledger.KEY, *_DECIDED}]
    to_state = bindparam("to_state", type_=award.c.state.type)
    now_or_then = case(
        (award.c.state != to_state, bindparam("now", type_=award.c.changed_at.type)),
        else_=award.c.changed_at,
    )
    for site in sorted({one.site for _, one in changes}):
        connection.execute(
            update(award)
            .where(_this(site))
            .values(
                {name: bindparam(f"to_{name}") for name in names} | {"changed_at": now_or_then}
            ),
            [
                _named(one) | {f"to_{name}": getattr(one, name) for name in names} | {"now": now}
                for _, one in changes
                if one.site == site
            ],
        )
    ledger.remember(
        connection,
        [
            ledger.changed(one, was=was.state, at=now)
            for was, one in changes
            if was.state is not one.state
        ],
    )


def _due(now: datetime) -> ColumnElement[bool]:
    return and_(
        award.c.state.in_(sorted(OPEN)),
        or_(award.c.not_before.is_(None), award.c.not_before <= now),
        ledger.free_at(now),
    )


def _this(site: str) -> ColumnElement[bool]:
    return and_(
        award.c.site == site,
        award.c.member_id == bindparam("of_member"),
        award.c.badge == bindparam("of_badge"),
    )


def _named(one: Award) -> dict[str, Any]:
    return {"of_member": one.member_id, "of_badge": one.badge}
