"""What commands of a person read and write of the ledger."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, and_, bindparam, exists, func, select, update

from badgejobs.core import identity
from badgejobs.core.award import Award, State
from badgejobs.core.byhand import Bound, Known
from badgejobs.core.identity import Digest
from badgejobs.errors import Later
from badgejobs.store import ledger, slots
from badgejobs.store.dialect import chunks, insert_into
from badgejobs.store.fingerprints import require_same_key
from badgejobs.store.moment import Moment
from badgejobs.store.tables import award, badge_binding, tombstone

Pair = tuple[str, str]

#: A person's wishes that are not brought to Wix yet.
_UNDER_WAY = (State.PENDING, State.INFLIGHT, State.UNKNOWN, State.REVOKING)


class SqlByHand:
    """Awards as a person's command finds and changes them."""

    def __init__(self, connection: Connection, moment: Moment, digest: Digest | None) -> None:
        self._connection, self._moment, self._digest = connection, moment, digest

    def bound(self, site: str) -> dict[str, Bound]:
        """The badges of the rules that are bound to one at Wix."""
        rows = self._connection.execute(
            select(
                badge_binding.c.badge,
                badge_binding.c.wix_badge_id,
                badge_binding.c.opens_pages,
                badge_binding.c.gone_at,
            ).where(badge_binding.c.site == site)
        )
        return {
            row.badge: Bound(
                wix_badge_id=row.wix_badge_id,
                opens_pages=row.opens_pages,
                is_gone=row.gone_at is not None,
            )
            for row in rows
        }

    def known(self, site: str, pairs: Collection[Pair], *, lock: bool = True) -> dict[Pair, Known]:
        """The awards of these (member_id, badge); nobody else changes what is locked."""
        found = dict[Pair, Known]()
        for some in chunks(sorted(set(pairs))):
            query = select(*ledger.COLUMNS, award.c.changed_at).where(ledger.any_of(site, some))
            wanted = set(some)
            for row in self._connection.execute(query.with_for_update() if lock else query):
                one = ledger.from_row(row)
                if (pair := (one.member_id, one.badge)) in wanted:
                    found[pair] = Known(award=one, changed_at=row.changed_at)
        return found

    def write(
        self, changes: Sequence[tuple[Award | None, Award]], notes: Mapping[Pair, str]
    ) -> None:
        """Write (before, after) of rows that are locked or new, each with a line of history.

        What was used up of a badge with a limit stays used, and what was never sent uses none up.
        A note takes the place of the one that is acted under. Raises ``Later`` where somebody
        else has just opened one of the new ones.
        """
        now = self._moment.now
        more, written = Counter[Pair](), list[tuple[Award | None, Award]]()
        for before, after in changes:
            one = replace(after, has_slot=_has_slot(before, after))
            more[one.site, one.badge] += one.has_slot - (before is not None and before.has_slot)
            written.append((before, one))
        slots.add(self._connection, more)
        self._insert([one for before, one in written if before is None], now)
        self._update([one for before, one in written if before is not None], now)
        told = [
            (ledger.changed(one, was=before.state if before else None, at=now), one)
            for before, one in written
        ]
        ledger.remember(
            self._connection,
            [
                replace(change, note=notes.get((one.member_id, one.badge), change.note))
                for change, one in told
            ],
        )

    def under_way(
        self, site: str, pairs: Collection[Pair] | None = None
    ) -> tuple[int, datetime | None]:
        """How many wishes are not brought to Wix yet, and when the first is to be gone on with.

        Of all of a site, or of these (member_id, badge).
        """
        waits = and_(
            award.c.site == site,
            award.c.by_hand.is_(True),
            award.c.state.in_(_UNDER_WAY),
        )
        if pairs is None:
            return self._under_way(waits)
        number, first = 0, None
        for some in chunks(sorted(set(pairs))):
            rows = self._connection.execute(
                select(
                    award.c.member_id,
                    award.c.badge,
                    award.c.not_before,
                    award.c.claimed_until,
                    award.c.opened_at,
                ).where(waits, ledger.any_of(site, some))
            )
            for row in rows:
                if (row.member_id, row.badge) in set(some):
                    number += 1
                    at = row.claimed_until or row.not_before or row.opened_at
                    first = at if first is None else min(first, at)
        return number, first

    def _under_way(self, waits: ColumnElement[bool]) -> tuple[int, datetime | None]:
        due_at = func.coalesce(award.c.claimed_until, award.c.not_before, award.c.opened_at)
        number, first = self._connection.execute(
            select(func.count(), func.min(due_at)).where(waits)
        ).one()
        return number, first

    def erased(self, site: str, members: Collection[str]) -> frozenset[str]:
        """Those of these members of whom nothing is recorded any more, since they were erased."""
        here = select(exists(select(1).where(tombstone.c.site == site)))
        if not members or not self._connection.scalar(here):
            return frozenset()
        digest = require_same_key(self._connection, self._digest)
        digests = {identity.member(one, digest): one for one in members}
        found = set[str]()
        for some in chunks(sorted(digests)):
            rows = self._connection.scalars(
                select(tombstone.c.digest).where(
                    tombstone.c.site == site, tombstone.c.digest.in_(some)
                )
            )
            found |= {digests[one] for one in rows}
        return frozenset(found)

    def _insert(self, new: Sequence[Award], now: datetime) -> None:
        if not new:
            return
        statement = insert_into(self._connection, award).on_conflict_do_nothing()
        written = self._connection.execute(
            statement.returning(award.c.member_id),
            [_columns(one) | {"opened_at": now, "changed_at": now} for one in new],
        ).all()
        if len(written) < len(new):
            raise Later("an award was opened by a worker just now; try again", seconds=1)

    def _update(self, changed: Sequence[Award], now: datetime) -> None:
        if not changed:
            return
        names = [name for name in Award.__dataclass_fields__ if name not in ledger.KEY]
        values: dict[str, Any] = {name: bindparam(f"to_{name}") for name in names}
        self._connection.execute(
            update(award)
            .where(
                award.c.site == bindparam("of_site"),
                award.c.member_id == bindparam("of_member"),
                award.c.badge == bindparam("of_badge"),
            )
            .values(values | {"changed_at": bindparam("now")}),
            [
                {f"to_{name}": getattr(one, name) for name in names}
                | {"of_site": one.site, "of_member": one.member_id, "of_badge": one.badge}
                | {"now": now}
                for one in changed
            ],
        )


def _columns(one: Award) -> dict[str, Any]:
    return {name: getattr(one, name) for name in Award.__dataclass_fields__}


def _has_slot(before: Award | None, after: Award) -> bool:
    """Whether it uses a place up: what did so before does still, unsent and taken it does not."""
    if before is not None and before.has_slot:
        return True
    is_new = before is None or not before.takes_slot
    return after.takes_slot and not (is_new and after.state is State.TAKEN)
