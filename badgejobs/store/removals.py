"""Awards to be taken away at Wix: which are due, in whose hand, and how many the guard counts."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from uuid import uuid4

from sqlalchemy import (
    ColumnElement,
    Connection,
    Select,
    and_,
    bindparam,
    case,
    func,
    or_,
    select,
    update,
)

from badgejobs.core.award import Award, Giver, State, Unmet
from badgejobs.core.guard import HELD_BACK, HELD_BACK_BY_GUARD, WINDOW, Tally
from badgejobs.core.ledger import Claimed
from badgejobs.store import ledger
from badgejobs.store.acting import RULES
from badgejobs.store.moment import Moment
from badgejobs.store.serving import served
from badgejobs.store.tables import award, award_history, badge_binding

#: A removal that is due within so long is waited for by whoever works a site off.
_SOON = timedelta(minutes=1)

_BOUND = and_(
    badge_binding.c.site == award.c.site,
    badge_binding.c.badge == award.c.badge,
    badge_binding.c.gone_at.is_(None),
)

#: The badges that rules may take away: ours, and nobody's wish.
_OURS = and_(
    award.c.state == State.ASSIGNED,
    award.c.giver == Giver.OURS,
    award.c.by_hand.is_(False),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class ToBeTaken:
    """How many awards of one badge are to go for one reason."""

    badge: str
    #: A value of :class:`Unmet`, or that a person wished it.
    because: str
    number: int
    #: When the first of them is to be taken; ``None`` while something else must come first.
    next_at: datetime | None
    #: What is in the way, if anything was met.
    reason: str


class SqlRemovals:
    """The awards that are to be taken away."""

    def __init__(self, connection: Connection, moment: Moment) -> None:
        self._connection, self._moment = connection, moment

    def claim(self, site: str, *, limit: int, holds: timedelta) -> Claimed | None:
        """Take a batch in hand that is due; rows in another worker's hand are passed over."""
        now = self._moment.now
        rows = self._connection.execute(
            select(*ledger.COLUMNS, badge_binding.c.wix_badge_id)
            .join(badge_binding, _BOUND)
            .where(award.c.site == site, _due(now), ledger.free_at(now))
            .order_by(_due_at(), award.c.member_id, award.c.badge)
            .limit(limit)
            .with_for_update(skip_locked=True, of=award)
        ).all()
        if not rows:
            return None
        token, until = uuid4().hex, now + holds
        awards = [replace(ledger.from_row(row), claim=token, claimed_until=until) for row in rows]
        self._connection.execute(
            update(award)
            .where(award.c.site == site)
            .where(award.c.member_id == bindparam("of_member"))
            .where(award.c.badge == bindparam("of_badge"))
            .values(claim=token, claimed_until=until),
            [{"of_member": one.member_id, "of_badge": one.badge} for one in awards],
        )
        return Claimed(
            token=token,
            awards=tuple(awards),
            wix_badge_ids={one.badge: row[-1] for one, row in zip(awards, rows, strict=True)},
        )

    def in_hand(self, site: str, claim: str) -> list[Award]:
        """What a claim has in hand, as it stands now."""
        rows = self._connection.execute(
            select(*ledger.COLUMNS)
            .where(award.c.site == site, award.c.claim == claim)
            .where(award.c.claimed_until.is_not(None))
            .where(award.c.state.in_([State.ASSIGNED, State.REVOKING]))
            .order_by(_due_at(), award.c.member_id, award.c.badge)
            .with_for_update()
        )
        return list(map(ledger.from_row, rows))

    def tally(self, site: str, *, beside: Collection[Unmet], released: str) -> Tally:
        """What the guard weighs; reasons ``beside``, and what a person ``released``, count not."""
        now = self._moment.now
        due = self._connection.execute(
            select(award.c.badge, func.count().label("number"))
            .where(award.c.site == site, _OURS, award.c.revoke_at <= now + HELD_BACK)
            .where(award.c.unmet_because.not_in(sorted(beside)))
            .group_by(award.c.badge)
            .order_by(award.c.badge)
        ).all()
        under_way = self._connection.scalar(
            select(func.count()).where(
                award.c.site == site,
                award.c.state == State.REVOKING,
                award.c.by_hand.is_(False),
                award.c.unmet_because.not_in(sorted(beside)),
                award.c.reason.not_like(f"%{released}"),
            )
        )
        taken = self._connection.scalar(
            select(func.count()).where(
                award_history.c.site == site,
                award_history.c.to_state == State.REVOKED,
                award_history.c.at > now - WINDOW,
                award_history.c.actor == RULES,
                award_history.c.reason.not_in(sorted(beside)),
                award_history.c.reason.not_like(f"%{released}"),
            )
        )
        standing = self._connection.scalar(
            select(func.count()).select_from(award).where(award.c.site == site, _OURS)
        )
        return Tally(
            due=sum(row.number for row in due),
            gone=(under_way or 0) + (taken or 0),
            standing=standing or 0,
            badges=tuple(row.badge for row in due),
        )

    def hold_back(self, site: str, *, until: datetime, beside: Collection[Unmet]) -> int:
        """Let what is due, but for reasons ``beside``, be due later; how many."""
        return self._connection.execute(
            update(award)
            .where(award.c.site == site, _OURS, award.c.revoke_at <= self._moment.now)
            .where(award.c.unmet_because.not_in(sorted(beside)))
            .values(revoke_at=until, reason=HELD_BACK_BY_GUARD)
        ).rowcount

    def is_held_back(self, site: str) -> bool:
        """Whether anything waits for a person's word to go."""
        waiting = (
            select(award.c.badge)
            .where(award.c.site == site, award.c.revoke_at.is_not(None), _OURS)
            .where(award.c.reason == HELD_BACK_BY_GUARD)
            .limit(1)
        )
        return self._connection.execute(waiting).first() is not None

    def hasten(self, site: str) -> int:
        """Let what the guard holds back be due now; how many."""
        now = self._moment.now
        return self._connection.execute(
            update(award)
            .where(award.c.site == site, _OURS)
            .where(award.c.revoke_at > now, award.c.revoke_at <= now + HELD_BACK)
            .where(award.c.reason == HELD_BACK_BY_GUARD)
            .values(revoke_at=now)
        ).rowcount

    def overview(self, site: str) -> list[ToBeTaken]:
        """What is to go, by badge and reason."""
        because = case((award.c.by_hand.is_(True), BY_HAND), else_=award.c.unmet_because)
        number = func.count()
        rows = self._connection.execute(
            select(
                award.c.badge,
                because.label("because"),
                number.label("number"),
                func.min(_due_at()).label("next_at"),
                award.c.reason,
            )
            .where(award.c.site == site)
            .where(
                or_(
                    and_(_OURS, award.c.unmet_since.is_not(None)),
                    award.c.state == State.REVOKING,
                )
            )
            .group_by(award.c.badge, because, award.c.reason)
            .order_by(award.c.badge, number.desc(), award.c.reason)
        )
        return [ToBeTaken(**row) for row in rows.mappings()]


#: Why an award goes that a person took back.
BY_HAND = "taken back by hand"


def due_sites(
    connection: Connection, configured: Collection[str], *, limit: int, now: datetime
) -> list[str]:
    """The served sites with something that could be taken now, longest waiting first."""
    waiting = (
        select(award.c.site)
        .join(badge_binding, _BOUND)
        .where(served(award.c.site, configured), _due(now), ledger.free_at(now))
        .group_by(award.c.site)
        .order_by(func.min(_due_at()), award.c.site)
        .limit(limit)
    )
    return list(connection.scalars(waiting))


def due_anywhere(now: datetime) -> tuple[Select[tuple[str]], Select[tuple[str]]]:
    """The sites with something that could be taken now; one may be named more than once.

    One query for what is to be begun, one for what is to be tried again: each by its own index.
    """
    sites = select(award.c.site).join(badge_binding, _BOUND).where(ledger.free_at(now))
    to_begin = sites.where(
        award.c.revoke_at <= now,
        # not by the index of states, where all that was ever given stands
        func.lower(award.c.state) == State.ASSIGNED,
        award.c.giver == Giver.OURS,
        award.c.by_hand.is_(False),
    )
    return to_begin, sites.where(award.c.state == State.REVOKING, _due(now))


def next_due_at(connection: Connection, site: str, *, now: datetime) -> datetime | None:
    """The earliest moment soon at which something is to be taken; what grace runs for is not.

    What is in hand comes back to nobody before its claim ends.
    """
    due_at = case((award.c.claim.is_(None), _due_at()), else_=award.c.claimed_until)
    earliest: datetime | None = connection.scalar(
        select(func.min(due_at))
        .join(badge_binding, _BOUND)
        .where(award.c.site == site, _due(now + _SOON))
    )
    return earliest


def _due(now: datetime) -> ColumnElement[bool]:
    again = and_(
        award.c.state == State.REVOKING,
        or_(award.c.not_before.is_(None), award.c.not_before <= now),
    )
    return or_(and_(_OURS, award.c.revoke_at <= now), again)


def _due_at() -> ColumnElement[datetime]:
    return case(
        (award.c.state == State.REVOKING, func.coalesce(award.c.not_before, award.c.changed_at)),
        else_=award.c.revoke_at,
    )
