"""The places of badges with a limit: who has one for good, and who comes next."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace

from sqlalchemy import ColumnElement, Connection, and_, func, or_, select

from badgejobs.core.award import UNSENT, Award, State
from badgejobs.store import ledger
from badgejobs.store.dialect import bytewise, insert_into
from badgejobs.store.tables import award, slot


def counted(
    connection: Connection, changes: Sequence[tuple[Award, Award]]
) -> list[tuple[Award, Award]]:
    """The same changes, with who has a slot after them; what is used of each badge is counted.

    The number is kept beside the awards, so that it stands when a member's rows are erased. A
    slot that an award had in an earlier life is its own still, and is not counted twice.
    """
    told, more = list[tuple[Award, Award]](), Counter[tuple[str, str]]()
    for before, after in changes:
        if after.takes_slot:
            has_slot = True
        elif before.takes_slot:
            has_slot = False  # it surely never reached Wix
        else:
            has_slot = before.has_slot
        more[after.site, after.badge] += has_slot - before.has_slot
        told.append((before, replace(after, has_slot=has_slot)))
    add(connection, more)
    return told


def add(connection: Connection, more: Mapping[tuple[str, str], int]) -> None:
    """Count so many more places of each (site, badge) as used."""
    rows = [
        {"site": site, "badge": badge, "used": number}
        for (site, badge), number in sorted(more.items())
        if number
    ]
    if rows:
        statement = insert_into(connection, slot)
        statement = statement.on_conflict_do_update(
            index_elements=("site", "badge"),
            set_={"used": slot.c.used + statement.excluded.used},
        )
        connection.execute(statement, rows)


def used(connection: Connection, site: str, badge: str) -> int:
    """How many members the badge was ever sent to."""
    number = select(slot.c.used).where(slot.c.site == site, slot.c.badge == badge)
    return connection.scalar(number) or 0


def next_in_line(connection: Connection, site: str, badge: str, *, first: int) -> list[Award]:
    """The unsent awards for which there is a place, in the order in which the line was crossed.

    Of two that crossed it in one second the smaller activity id is first, then the smaller
    member id, on every database alike.
    """
    rows = connection.execute(
        select(*ledger.COLUMNS)
        .where(_waits(site, badge))
        .order_by(
            award.c.earned_at,
            bytewise(connection, award.c.crossed_by),
            bytewise(connection, award.c.member_id),
        )
        .limit(max(0, first - used(connection, site, badge)))
    )
    return list(map(ledger.from_row, rows))


def with_state(
    connection: Connection, site: str, badge: str, state: State, *, has_slot: bool
) -> frozenset[str]:
    """The members whose award of this badge is in a state, with or without a slot.

    What a person gives by command does not stand in line.
    """
    members = (
        select(award.c.member_id)
        .where(award.c.site == site, award.c.badge == badge, award.c.state == state)
        .where(award.c.has_slot.is_(has_slot), award.c.by_hand.is_(False))
    )
    return frozenset(connection.scalars(members))


def number_in_line(connection: Connection, site: str, badge: str) -> int:
    """How many unsent awards wait for a place, whether there is one for them or not."""
    return connection.scalar(select(func.count()).where(_waits(site, badge))) or 0


def before(connection: Connection, one: Award) -> int:
    """How many awards that wait for a place crossed the line before this one."""
    crossed_by = bytewise(connection, award.c.crossed_by)
    member_id = bytewise(connection, award.c.member_id)
    earlier = or_(
        award.c.earned_at < one.earned_at,
        and_(award.c.earned_at == one.earned_at, crossed_by < one.crossed_by),
        and_(
            award.c.earned_at == one.earned_at,
            crossed_by == one.crossed_by,
            member_id < one.member_id,
        ),
    )
    number = select(func.count()).where(_waits(one.site, one.badge), earlier)
    return connection.scalar(number) or 0


def _waits(site: str, badge: str) -> ColumnElement[bool]:
    return and_(
        award.c.site == site,
        award.c.badge == badge,
        award.c.state.in_(sorted(UNSENT)),
        award.c.has_slot.is_(False),
        award.c.by_hand.is_(False),
    )
