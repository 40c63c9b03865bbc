"""Awards that are opened: new ones, and those that the facts may open anew."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import Connection, or_, select

from badgejobs.core.award import REMOVAL_SHOWS, REOPENED, Award, State
from badgejobs.core.ledger import Earned
from badgejobs.store import claims, ledger
from badgejobs.store.dialect import insert_into
from badgejobs.store.tables import award


class _Stood(NamedTuple):
    """How an award stood before it is opened."""

    state: State
    period: int
    #: The assignment that was taken away, and when, as far as one was.
    assignment_id: str | None
    removal_sent_at: datetime | None


def opened(
    connection: Connection,
    site: str,
    earned: Sequence[Earned],
    *,
    rules_version: str,
    silent: bool,
    declared: bool,
    now: datetime,
) -> int:
    """Open those that have no award, or one from which the facts may open a new one."""
    stood = _stood(connection, site, earned)
    rows = list[Award]()
    for one in earned:
        before = stood.get((one.member_id, one.badge))
        if before and before.state not in REOPENED:
            continue
        period = 1 if before is None else before.period
        if before and before.state is State.REVOKED:
            period += 1
        removed_at = before.removal_sent_at if before else None
        # a query would show what was taken away, as if a person had given it
        shows_until = removed_at + REMOVAL_SHOWS if removed_at else now
        rows.append(
            Award(
                site=site,
                member_id=one.member_id,
                badge=one.badge,
                state=State.HELD if one.hold else State.PENDING,
                earned_at=one.earned_at,
                rules_version=rules_version,
                crossed_by=one.crossed_by,
                not_before=shows_until if shows_until > now else None,
                reason=one.hold,
                # what stood at Wix once before is no news
                silent=silent or period > 1 or bool(before and before.assignment_id),
                period=period,
                assignment_id=before.assignment_id if before else None,
                removal_sent_at=removed_at,
                declared=declared,
            )
        )
    if not rows:
        return 0
    statement = insert_into(connection, award)
    upsert = statement.on_conflict_do_update(
        index_elements=ledger.KEY,
        set_={
            column.name: statement.excluded[column.name]
            for column in award.c
            # a place that was used up once stays its member's own
            if column.name not in {*ledger.KEY, "has_slot"}
        },
        where=or_(*(award.c.state == one for one in sorted(REOPENED))),
    ).returning(award.c.member_id, award.c.badge)
    written = {
        (member, badge)
        for member, badge in connection.execute(
            upsert,
            [claims.columns_of(one) | {"opened_at": now, "changed_at": now} for one in rows],
        )
    }
    changes = [
        ledger.changed(one, was=before.state if before else None, at=now)
        for one in rows
        if (one.member_id, one.badge) in written
        for before in [stood.get((one.member_id, one.badge))]
    ]
    ledger.remember(connection, changes)
    return len(changes)


def _stood(
    connection: Connection, site: str, earned: Sequence[Earned]
) -> Mapping[tuple[str, str], _Stood]:
    pairs = [(one.member_id, one.badge) for one in earned]
    rows = connection.execute(
        select(
            award.c.member_id,
            award.c.badge,
            award.c.state,
            award.c.period,
            award.c.assignment_id,
            award.c.removal_sent_at,
        )
        .where(ledger.any_of(site, pairs))
        .with_for_update()
    )
    return {
        (row.member_id, row.badge): _Stood(
            State(row.state), row.period, row.assignment_id, row.removal_sent_at
        )
        for row in rows
    }
