"""Awards in a worker's hand: taken, written under the claim, and freed when the worker is lost."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Select,
    and_,
    bindparam,
    case,
    exists,
    func,
    not_,
    or_,
    select,
    update,
)

from badgejobs.core.award import OPEN, Award, State
from badgejobs.core.guard import RELEASED
from badgejobs.store import capping, ledger, notifications, slots
from badgejobs.store.dialect import chunks
from badgejobs.store.serving import served
from badgejobs.store.tables import award, badge_binding

_UNDER_WAY = (*sorted(OPEN), State.INFLIGHT)

#: States in which a worker has an award in hand.
_IN_HAND = (*_UNDER_WAY, State.ASSIGNED, State.REVOKING)

_WAITS_FOR_A_PERSON = (State.NEEDS_ATTENTION, State.BLOCKED, State.PAUSED)

WORKER_LOST = "worker lost while sending"
WORKER_LOST_TAKING = "worker lost while taking it away"

_ITS_BADGE = and_(badge_binding.c.site == award.c.site, badge_binding.c.badge == award.c.badge)
#: Its badge stands at Wix, as far as is known.
BOUND = and_(_ITS_BADGE, badge_binding.c.gone_at.is_(None))
_BADGE_IS_GONE = exists().where(_ITS_BADGE, badge_binding.c.gone_at.is_not(None))

#: What decide may correct while an award is in hand, so a settling must not undo it.
_DECIDED = frozenset({"earned_at", "crossed_by", "rules_version"})
#: What decide notes of an award that stands, so a settling that leaves it so must not undo it.
_NOTED = ("unmet_since", "unmet_because", "revoke_at")


def columns_of(one: Award) -> dict[str, Any]:
    """The columns that an award is kept in."""
    return {name: getattr(one, name) for name in Award.__dataclass_fields__}


def settle(
    connection: Connection,
    awards: Sequence[Award],
    *,
    claim: str,
    now: datetime,
    was: Sequence[Award] | None = None,
) -> int:
    """Write those awards that are still in this claim's hand; how many were.

    Where it is told how they ``was``, one whose state or attempt is another by now is let be.
    """
    expected = None if was is None else {_key(one): (one.state, one.attempt) for one in was}
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
            and (expected is None or expected.get(_key(before)) == (before.state, before.attempt))
        ]
    write(connection, changes, now=now)
    return len(changes)


def holds(connection: Connection, awards: Sequence[Award], *, claim: str, until: datetime) -> bool:
    """Whether this claim has all of them in hand up to that moment, at this very attempt."""
    rows = connection.execute(
        select(award.c.site, award.c.member_id, award.c.badge, award.c.state, award.c.attempt)
        .where(award.c.site.in_(sorted({one.site for one in awards})))
        .where(award.c.claim == claim, award.c.claimed_until >= until)
    )
    held = {(site, member, badge): (state, attempt) for site, member, badge, state, attempt in rows}
    return all(held.get(_key(one)) == (one.state, one.attempt) for one in awards)


def _key(one: Award) -> tuple[str, str, str]:
    return one.site, one.member_id, one.badge


def recover(
    connection: Connection, *, quiet_period: timedelta, now: datetime, limit: int = 1000
) -> int:
    """Free what the worker that had it in hand will never settle; how many were freed.

    No more than ``limit`` at once, the longest lost first.
    """
    rows = connection.execute(
        select(*ledger.COLUMNS)
        .where(award.c.claimed_until < now)
        # not by the index of states, where all that was ever given stands
        .where(func.lower(award.c.state).in_(_IN_HAND))
        .order_by(award.c.claimed_until)
        .limit(limit)
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
        elif one.state is State.REVOKING:
            # a delete by id can be sent again at once
            let_pass = RELEASED if one.reason.endswith(RELEASED) else ""
            free = replace(free, not_before=now, reason=WORKER_LOST_TAKING + let_pass)
        changes.append((one, free))
    write(connection, changes, now=now)
    return len(changes)


def revive(connection: Connection, site: str, *, now: datetime) -> int:
    """Bring back what waits for a person; how many awards.

    What waits for a badge that is gone does so until that is created anew.
    """
    rows = connection.execute(
        select(*ledger.COLUMNS)
        .where(award.c.site == site, award.c.state.in_(_WAITS_FOR_A_PERSON), ~_BADGE_IS_GONE)
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


def turn_all(
    connection: Connection,
    site: str,
    badge: str,
    change: Callable[[Award], Award],
    *,
    of: Collection[State],
    limit: int,
    now: datetime,
) -> int:
    """Change those of one badge that are in these states and nobody's hand; how many.

    No more than ``limit`` at once, so that the change must lead out of these states.
    """
    rows = connection.execute(
        select(*ledger.COLUMNS)
        .where(award.c.site == site, award.c.badge == badge)
        .where(award.c.state.in_(sorted(of)), ledger.free_at(now))
        .limit(limit)
        .with_for_update()
    )
    changes = [(one, change(one)) for one in map(ledger.from_row, rows)]
    write(connection, changes, now=now)
    return len(changes)


def in_hand(connection: Connection, site: str, badge: str, *, now: datetime) -> bool:
    """Whether a worker has an award of this badge in hand, or its request may be under way."""
    some = (
        select(award.c.member_id)
        .where(award.c.site == site, award.c.badge == badge)
        .where(or_(award.c.state == State.INFLIGHT, ~ledger.free_at(now)))
        .limit(1)
    )
    return connection.execute(some).first() is not None


def due_sites(
    connection: Connection, configured: Collection[str], *, limit: int, now: datetime
) -> list[str]:
    """The served sites with awards that could be claimed now, longest waiting first."""
    waiting = (
        select(award.c.site)
        .join(badge_binding, BOUND)
        .where(served(award.c.site, configured), due(now))
        .group_by(award.c.site)
        .order_by(func.min(func.coalesce(award.c.not_before, award.c.opened_at)), award.c.site)
        .limit(limit)
    )
    return list(connection.scalars(waiting))


def due_anywhere(now: datetime) -> Select[tuple[str]]:
    """The sites with awards that could be claimed now; a site may be named more than once."""
    return select(award.c.site).join(badge_binding, BOUND).where(due(now))


def next_due_at(
    connection: Connection, site: str, *, now: datetime, capped: bool = True
) -> datetime | None:
    """The earliest moment at which there is work for an award of this site.

    What is in hand comes back to nobody before its claim ends. Without ``capped`` those are left
    aside that wait for the cap now.
    """
    due_at = case(
        (award.c.claim.is_(None), func.coalesce(award.c.not_before, award.c.opened_at)),
        else_=award.c.claimed_until,
    )
    work = (
        select(func.min(due_at))
        .join(badge_binding, BOUND)
        .where(award.c.site == site, award.c.state.in_(_UNDER_WAY))
    )
    if not capped:
        work = work.where(not_(capping.waits_at(now)))
    earliest: datetime | None = connection.scalar(work)
    return earliest


def write(connection: Connection, changes: Sequence[tuple[Award, Award]], *, now: datetime) -> None:
    """Write (before, after) of rows that are locked, and the history of those that turned.

    Whose a badge is decides whether a rule may take it, so a new giver is kept there as well.
    """
    if not changes:
        return
    changes = slots.counted(connection, changes)
    names = [name for name in Award.__dataclass_fields__ if name not in {*ledger.KEY, *_DECIDED}]
    to_state = bindparam("to_state", type_=award.c.state.type)
    still_stands = and_(award.c.state == State.ASSIGNED, to_state == State.ASSIGNED)
    now_or_then = case(
        (award.c.state != to_state, bindparam("now", type_=award.c.changed_at.type)),
        else_=award.c.changed_at,
    )
    for site in sorted({one.site for _, one in changes}):
        connection.execute(
            update(award)
            .where(this(site))
            .values(
                {name: bindparam(f"to_{name}") for name in names}
                | {
                    name: case(
                        (still_stands, award.c[name]),
                        else_=bindparam(f"to_{name}", type_=award.c[name].type),
                    )
                    for name in _NOTED
                }
                | {"changed_at": now_or_then}
            ),
            [
                named(one) | {f"to_{name}": getattr(one, name) for name in names} | {"now": now}
                for _, one in changes
                if one.site == site
            ],
        )
    ledger.remember(
        connection,
        [
            ledger.changed(one, was=was.state, at=now)
            for was, one in changes
            if (was.state, was.giver) != (one.state, one.giver)
        ],
    )
    notifications.note(connection, changes, now=now)


def due(now: datetime) -> ColumnElement[bool]:
    """The awards with something to give or to read now, in nobody's hand."""
    return and_(
        award.c.state.in_(sorted(OPEN)),
        or_(award.c.not_before.is_(None), award.c.not_before <= now),
        ledger.free_at(now),
    )


def this(site: str) -> ColumnElement[bool]:
    """The award of one row of parameters, as ``named`` makes them."""
    return and_(
        award.c.site == site,
        award.c.member_id == bindparam("of_member"),
        award.c.badge == bindparam("of_badge"),
    )


def named(one: Award) -> dict[str, Any]:
    """The parameters by which ``this`` finds an award."""
    return {"of_member": one.member_id, "of_badge": one.badge}
