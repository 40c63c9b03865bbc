"""The cap: how many new awards a site is given in an hour, beyond those that were declared.

A mistyped threshold so floods nobody: what does not fit waits in the database for its hour.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Connection, and_, bindparam, func, or_, select, update

from badgejobs.core.award import WAITS_FOR_CAP, State
from badgejobs.store import ledger
from badgejobs.store.tables import award, badge_binding

_HOUR = timedelta(hours=1)
#: What waits looks for room no more often, so that many that wait are not written every second.
_LEAST_WAIT = timedelta(seconds=60)

_NOT_DECLARED = and_(award.c.declared.is_(False), award.c.by_hand.is_(False))

#: The awards that the cap is about: never sent, wished for by nobody, and declared by nobody.
NEW = and_(award.c.state == State.PENDING, award.c.attempt == 0, _NOT_DECLARED)

#: Awards put off in one transaction, so that it is a short one.
_AT_ONCE = 2000

_WAITS = and_(award.c.state == State.PENDING, award.c.reason == WAITS_FOR_CAP)


def waits_at(now: datetime) -> ColumnElement[bool]:
    """The awards that wait for the cap at this moment."""
    return and_(_WAITS, award.c.not_before > now)


def room(connection: Connection, site: str, *, most: int, now: datetime) -> int:
    """How many more may be sent now; those that a worker has in hand are as good as sent."""
    sent, in_hand = _counted(connection, site, now)
    return max(0, most - sent - in_hand)


def put_off(connection: Connection, site: str, *, most: int, now: datetime) -> None:
    """Let new awards that are due and in nobody's hand wait until there is room again.

    The longest waiting come due first, an hour's worth in each hour, so that a flood is not
    written anew whenever there is room for a few. No more than ``_AT_ONCE`` are put off in one
    transaction; the next claim comes to the others.
    """
    bound = select(badge_binding.c.badge).where(badge_binding.c.site == site)
    due = or_(award.c.not_before.is_(None), award.c.not_before <= now)
    waiting = connection.execute(
        select(award.c.member_id, award.c.badge)
        .where(award.c.site == site, NEW, due, ledger.free_at(now), award.c.badge.in_(bound))
        .order_by(award.c.opened_at, award.c.member_id, award.c.badge)
        .limit(_AT_ONCE)
        # whoever has one of them locked is changing it: it comes by again
        .with_for_update(skip_locked=True)
    ).all()
    if not waiting:
        return
    first = _room_at(connection, site, most=most, now=now)
    connection.execute(
        update(award)
        .where(award.c.site == site)
        .where(award.c.member_id == bindparam("of_member"))
        .where(award.c.badge == bindparam("of_badge"))
        .values(not_before=bindparam("until"), reason=WAITS_FOR_CAP),
        [
            {"of_member": member, "of_badge": badge, "until": first + index // most * _HOUR}
            for index, (member, badge) in enumerate(waiting)
        ],
    )


def waiting(connection: Connection, site: str) -> tuple[int, datetime | None]:
    """How many awards wait for the cap, and when the first of them may go by itself."""
    number, first = connection.execute(
        select(func.count(), func.min(award.c.not_before)).where(award.c.site == site, _WAITS)
    ).one()
    return number, first


def hasten(connection: Connection, site: str, *, number: int | None, now: datetime) -> int:
    """Make so many of those that wait due now, or all, the longest waiting first; how many."""
    # Not as one statement: PostgreSQL may run a part of it with a limit more than once.
    chosen = connection.execute(
        select(award.c.member_id, award.c.badge)
        .where(award.c.site == site, _WAITS)
        .order_by(award.c.opened_at, award.c.member_id, award.c.badge)
        .limit(number)
        .with_for_update()
    ).all()
    if chosen:
        connection.execute(
            update(award)
            .where(award.c.site == site)
            .where(award.c.member_id == bindparam("of_member"))
            .where(award.c.badge == bindparam("of_badge"))
            .values(not_before=now),
            [{"of_member": member, "of_badge": badge} for member, badge in chosen],
        )
    return len(chosen)


def _sent(site: str, now: datetime) -> ColumnElement[bool]:
    return and_(award.c.site == site, award.c.sent_at > now - _HOUR, _NOT_DECLARED)


def _counted(connection: Connection, site: str, now: datetime) -> tuple[int, int]:
    """How many were sent within the hour, and how many are in a worker's hand to be."""
    sent = select(func.count()).where(_sent(site, now)).scalar_subquery()
    in_hand = (
        select(func.count())
        .where(
            award.c.site == site,
            NEW,
            award.c.claimed_until >= now,
            or_(award.c.sent_at.is_(None), award.c.sent_at <= now - _HOUR),
        )
        .scalar_subquery()
    )
    # as one statement: between two, an award could go from hand to sent and be in neither
    row = connection.execute(select(sent, in_hand)).one()
    return row[0], row[1]


def _room_at(connection: Connection, site: str, *, most: int, now: datetime) -> datetime:
    """When enough of those that fill the hour are an hour old; what is in hand goes out now."""
    sent, in_hand = _counted(connection, site, now)
    oldest = connection.scalar(
        select(award.c.sent_at)
        .where(_sent(site, now))
        .order_by(award.c.sent_at)
        .offset(max(0, sent + in_hand - most))
        .limit(1)
    )
    return max(now + _LEAST_WAIT, (oldest or now) + _HOUR)
