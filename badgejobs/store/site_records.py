"""All that is recorded of one site, of whatever kind: looked at as a whole, or deleted."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import Connection, Table, delete, func, select

from badgejobs.core.source import Track
from badgejobs.store import registers
from badgejobs.store.fleet_tables import pack_canary, standing
from badgejobs.store.metadata import METADATA
from badgejobs.store.moment import Moment
from badgejobs.store.tables import scan

#: What is said of a site and no record of what happened there.
_SAID = (standing, pack_canary)


class SqlSiteRecords:
    """What is recorded under the names of sites."""

    def __init__(self, connection: Connection, moment: Moment) -> None:
        self._connection, self._moment = connection, moment

    def last_read(self, besides: Collection[str]) -> dict[str, datetime]:
        """When a source of each site was last read to the end; ``besides`` are no sources."""
        rows = self._connection.execute(
            select(scan.c.site, func.max(scan.c.completed_at).label("at"))
            .where(scan.c.track == Track.LIVE, scan.c.source.not_in(sorted(besides)))
            .where(scan.c.completed_at.is_not(None))
            .group_by(scan.c.site)
        )
        return {row.site: row.at for row in rows}

    def begin(self, sites: Collection[str], duties: Collection[str]) -> None:
        """Make the duties of many new sites known, due now."""
        registers.begin(self._connection, sites, duties, now=self._moment.now)

    def leased(self, site: str) -> int:
        """How much of a site is being worked at just now; nothing more of it until we end."""
        held = select(scan.c.lease_until).where(scan.c.site == site).with_for_update()
        now = self._moment.now
        return sum(until is not None and until > now for until in self._connection.scalars(held))

    def count(self, site: str) -> dict[str, int]:
        """How many rows of each table there are of a site."""
        return {
            table.name: self._connection.scalar(
                select(func.count()).select_from(table).where(table.c.site == site)
            )
            or 0
            for table in _tables()
        }

    def erase(self, site: str) -> None:
        """Delete every row of a site, for good."""
        if self._connection.dialect.name == "sqlite":
            # what is deleted is overwritten, so that the file holds it no longer
            self._connection.exec_driver_sql("PRAGMA secure_delete = ON")
        for table in (*_tables(), *_SAID):
            self._connection.execute(delete(table).where(table.c.site == site))


def _tables() -> list[Table]:
    """Every table whose rows are of one site each."""
    return [
        table
        for table in reversed(METADATA.sorted_tables)
        if "site" in table.c and table not in _SAID
    ]
