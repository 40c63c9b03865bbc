"""Where Wix and the ledger differ, as the last complete reading found it."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import datetime

from sqlalchemy import Connection, case, delete, func, select, tuple_

from badgejobs.core.drift import Drift, Kind
from badgejobs.store.dialect import chunks, insert_into
from badgejobs.store.moment import Moment
from badgejobs.store.tables import drift

_NAMES = tuple(Drift.__dataclass_fields__)


class SqlDrifts:
    """The table of drift."""

    def __init__(self, connection: Connection, moment: Moment) -> None:
        self._connection, self._moment = connection, moment

    def found(self, site: str, differences: Iterable[Drift]) -> None:
        """Keep what a reading found; since when a pair differs in this way stays as it was."""
        now = self._moment.now
        by_pair = {(one.member_id, one.badge): one for one in differences}
        for some in chunks(sorted(by_pair)):
            statement = insert_into(self._connection, drift)
            statement = statement.on_conflict_do_update(
                index_elements=("site", "member_id", "badge"),
                set_={
                    name: statement.excluded[name] for name in ("kind", "at_wix", "seen_at", "note")
                }
                | {
                    "first_seen_at": case(
                        (drift.c.kind == statement.excluded.kind, drift.c.first_seen_at),
                        else_=statement.excluded.first_seen_at,
                    )
                },
            )
            rows = [
                {
                    "site": site,
                    "member_id": one.member_id,
                    "badge": one.badge,
                    "kind": one.kind,
                    "at_wix": one.at_wix,
                    "note": one.note,
                    "first_seen_at": now,
                    "seen_at": now,
                }
                for one in (by_pair[pair] for pair in some)
            ]
            self._connection.execute(statement, rows)

    def close(self, site: str, *, before: datetime, but: Collection[str] = ()) -> int:
        """Forget what the reading that began then did not find any more; how many went.

        Of the badges in ``but`` it told nothing that was believed: theirs stay.
        """
        gone = delete(drift).where(drift.c.site == site, drift.c.seen_at < before)
        if but:
            gone = gone.where(drift.c.badge.not_in(sorted(but)))
        return self._connection.execute(gone).rowcount

    def since(self, site: str, kind: Kind, *, before: datetime) -> frozenset[tuple[str, str]]:
        """The (member_id, badge) that a reading found to differ so by that moment, or earlier."""
        rows = self._connection.execute(
            select(drift.c.member_id, drift.c.badge).where(
                drift.c.site == site, drift.c.kind == kind, drift.c.first_seen_at <= before
            )
        )
        return frozenset((row.member_id, row.badge) for row in rows)

    def over(self, site: str, pairs: Collection[tuple[str, str]]) -> None:
        """Forget the differences of these (member_id, badge)."""
        for some in chunks(sorted(set(pairs))):
            self._connection.execute(
                delete(drift)
                .where(drift.c.site == site)
                .where(tuple_(drift.c.member_id, drift.c.badge).in_(some))
            )

    def of(self, site: str, *, limit: int, kind: Kind | None = None) -> list[Drift]:
        """The differences of a site, or those of one kind, by kind, badge and member."""
        asked = (
            select(*(drift.c[name] for name in _NAMES))
            .where(drift.c.site == site)
            .order_by(drift.c.kind, drift.c.badge, drift.c.member_id)
            .limit(limit)
        )
        if kind is not None:
            asked = asked.where(drift.c.kind == kind)
        rows = self._connection.execute(asked)
        return [Drift(**{**row, "kind": Kind(row["kind"])}) for row in rows.mappings()]

    def numbers(self, sites: Collection[str]) -> dict[tuple[str, Kind], int]:
        """How many differences of each kind there are, by (site, kind)."""
        counts = (
            select(drift.c.site, drift.c.kind, func.count())
            .where(drift.c.site.in_(sorted(sites)))
            .group_by(drift.c.site, drift.c.kind)
        )
        return {
            (site, Kind(kind)): number for site, kind, number in self._connection.execute(counts)
        }
