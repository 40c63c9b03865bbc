"""Where Wix and the ledger differ, as the last complete reading found it."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from sqlalchemy import Connection, delete, func, select

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
        """Keep what a reading found; since when a difference is known stays as it was."""
        now = self._moment.now
        by_pair = {(one.member_id, one.badge): one for one in differences}
        for some in chunks(sorted(by_pair)):
            statement = insert_into(self._connection, drift)
            statement = statement.on_conflict_do_update(
                index_elements=("site", "member_id", "badge"),
                set_={
                    name: statement.excluded[name] for name in ("kind", "at_wix", "seen_at", "note")
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

    def close(self, site: str) -> int:
        """Forget what this reading did not find any more; how many differences went.

        To be called in the transaction of its last ``found``, or later in the same reading
        with nothing found since.
        """
        gone = delete(drift).where(drift.c.site == site, drift.c.seen_at < self._moment.now)
        return self._connection.execute(gone).rowcount

    def of(self, site: str, *, limit: int) -> list[Drift]:
        """The differences of a site, by kind, badge and member."""
        rows = self._connection.execute(
            select(*(drift.c[name] for name in _NAMES))
            .where(drift.c.site == site)
            .order_by(drift.c.kind, drift.c.badge, drift.c.member_id)
            .limit(limit)
        )
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
