"""The ledger as it is held against Wix: read in parts, and written under its locks."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, Select, bindparam, select, tuple_, update

from badgejobs.core.award import Award, State
from badgejobs.core.comparison import Kept
from badgejobs.core.identity import Digest
from badgejobs.store import claims, ledger, slots
from badgejobs.store.acting import PERSON_AT_WIX, RULES
from badgejobs.store.dialect import chunks, insert_into
from badgejobs.store.moment import Moment
from badgejobs.store.tables import award, award_history, badge_binding
from badgejobs.store.tombstones import SqlTombstones

Pair = tuple[str, str]

#: What decide says of an award: written here too, since the row is locked when it is read.
_MARKS = ("unmet_since", "unmet_because", "revoke_at")


class SqlComparing:
    """The awards of managed badges, for reconcile."""

    def __init__(self, connection: Connection, moment: Moment, digest: Digest | None) -> None:
        self._connection, self._moment, self._digest = connection, moment, digest

    def managed(self, site: str) -> dict[str, str]:
        """Badge to Wix badge id, of those that are bound and not known to be gone at Wix."""
        rows = self._connection.execute(
            select(badge_binding.c.badge, badge_binding.c.wix_badge_id)
            .where(badge_binding.c.site == site, badge_binding.c.gone_at.is_(None))
            .order_by(badge_binding.c.badge)
        )
        return {row.badge: row.wix_badge_id for row in rows}

    def known(
        self,
        site: str,
        badges: Collection[str],
        states: Collection[State],
        *,
        after: Pair,
        limit: int,
    ) -> list[Kept]:
        """Awards in these states in the order of (member_id, badge), beginning behind ``after``."""
        rows = self._connection.execute(
            _kept()
            .where(award.c.site == site, award.c.badge.in_(sorted(badges)))
            .where(award.c.state.in_(sorted(states)))
            .where(tuple_(award.c.member_id, award.c.badge) > after)
            .order_by(award.c.member_id, award.c.badge)
            .limit(limit)
        )
        return [_from_row(row) for row in rows]

    def of(self, site: str, pairs: Collection[Pair], *, lock: bool) -> dict[Pair, Kept]:
        """The awards of these (member_id, badge), with what their history says of them.

        With ``lock`` nobody else changes them before this transaction ends, and those that
        somebody else is just changing are left out.
        """
        found = dict[Pair, Kept]()
        for some in chunks(sorted(set(pairs))):
            asked = _kept().where(ledger.any_of(site, some))
            rows = self._connection.execute(
                asked.with_for_update(skip_locked=True) if lock else asked
            )
            wanted = set(some)
            here = [one for one in map(_from_row, rows) if _pair(one.award) in wanted]
            found |= self._with_history(site, here)
        return found

    def write(self, changes: Sequence[tuple[Award, Award]]) -> None:
        """Write (before, after) of awards that were read with ``lock`` in this transaction."""
        claims.write(self._connection, changes, now=self._moment.now)
        marked = [
            one
            for before, one in changes
            if any(getattr(before, name) != getattr(one, name) for name in _MARKS)
        ]
        if marked:
            self._connection.execute(
                update(award)
                .where(award.c.site == bindparam("of_site"))
                .where(award.c.member_id == bindparam("of_member"))
                .where(award.c.badge == bindparam("of_badge"))
                .values({name: bindparam(f"to_{name}") for name in _MARKS}),
                [
                    {"of_site": one.site, "of_member": one.member_id, "of_badge": one.badge}
                    | {f"to_{name}": getattr(one, name) for name in _MARKS}
                    for one in marked
                ],
            )

    def record(self, awards: Sequence[Award]) -> int:
        """Add awards that the ledger does not have; how many it did not have."""
        if not awards:
            return 0
        now = self._moment.now
        adding = insert_into(self._connection, award).on_conflict_do_nothing()
        added = {
            (site, member, badge)
            for site, member, badge in self._connection.execute(
                adding.returning(award.c.site, award.c.member_id, award.c.badge),
                [
                    claims.columns_of(one) | {"has_slot": True, "opened_at": now, "changed_at": now}
                    for one in awards
                ],
            )
        }
        new = [one for one in awards if (one.site, one.member_id, one.badge) in added]
        # what stands uses up a place of a badge with a limit, whoever gave it
        slots.counted(
            self._connection,
            [(replace(one, state=State.HELD, has_slot=False), one) for one in new],
        )
        ledger.remember(self._connection, [ledger.changed(one, was=None, at=now) for one in new])
        return len(new)

    def erased(self, site: str, members: Collection[str]) -> frozenset[str]:
        """Those of these members who were erased: nothing of theirs is recorded again."""
        tombstones = SqlTombstones(self._connection, self._digest)
        return tombstones.erased_members(site, members)

    def taken(self, site: str, badge: str, *, limit: int) -> list[Pair]:
        """Some (member_id, badge) that a person took, in key order."""
        rows = self._connection.execute(
            select(award.c.member_id, award.c.badge)
            .where(award.c.site == site, award.c.badge == badge, award.c.state == State.TAKEN)
            .order_by(award.c.member_id)
            .limit(limit)
        )
        return [(row.member_id, row.badge) for row in rows]

    def clear_overrides(self, site: str, pairs: Collection[Pair]) -> int:
        """Let what a person took be given by the rules again; how many of these it was."""
        return claims.turn(
            self._connection,
            site,
            pairs,
            Award.override_cleared,
            of={State.TAKEN},
            now=self._moment.now,
        )

    def _with_history(self, site: str, kept: Iterable[Kept]) -> dict[Pair, Kept]:
        by_pair = {_pair(one.award): one for one in kept}
        asked = [
            pair
            for pair, one in by_pair.items()
            if one.award.state is State.TAKEN or one.award.attempt > 1
        ]
        first, commanded = dict[Pair, datetime](), dict[Pair, bool]()
        if asked:
            lines = self._connection.execute(
                select(
                    award_history.c.member_id,
                    award_history.c.badge,
                    award_history.c.at,
                    award_history.c.from_state,
                    award_history.c.to_state,
                    award_history.c.actor,
                    award_history.c.period,
                )
                .where(award_history.c.site == site)
                .where(award_history.c.member_id.in_(sorted({member for member, _ in asked})))
                .order_by(award_history.c.id)
            )
            for line in lines:
                pair = (line.member_id, line.badge)
                if pair not in by_pair:
                    continue
                if line.to_state == State.REVOKING and line.from_state != State.REVOKING:
                    commanded[pair] = line.actor not in {RULES, PERSON_AT_WIX}
                elif line.to_state == State.TAKEN:
                    commanded[pair] = commanded.get(pair, False) and (
                        line.from_state == State.REVOKING
                    )
                elif line.to_state == State.INFLIGHT and line.period == by_pair[pair].award.period:
                    first.setdefault(pair, line.at)
        return {
            pair: replace(
                one,
                first_sent_at=first.get(pair, one.award.sent_at),
                taken_by_command=one.award.state is State.TAKEN and commanded.get(pair, False),
            )
            for pair, one in by_pair.items()
        }


def _kept() -> Select[Any]:
    return select(*ledger.COLUMNS, award.c.changed_at)


def _from_row(row: Row[Any]) -> Kept:
    return Kept(award=ledger.from_row(row), changed_at=row[-1])


def _pair(one: Award) -> Pair:
    return one.member_id, one.badge
