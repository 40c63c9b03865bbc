"""How the tracks of sources stand, to be looked at."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, select

from badgejobs.core.source import Track
from badgejobs.core.watermark import Place
from badgejobs.store.place import read_place
from badgejobs.store.tables import scan


@dataclass(frozen=True, slots=True, kw_only=True)
class ScanOverview:
    """How one track of one source of one site stands."""

    site: str
    source: str
    track: Track
    mode: str
    place: Place
    #: ``None`` while a worker is at it.
    due_at: datetime | None
    #: ``None`` unless a worker has, or had and did not give back, the lease.
    lease_until: datetime | None
    #: When the scan that is open began.
    began_at: datetime | None
    #: When the last complete scan ended.
    completed_at: datetime | None
    #: When that scan began: all that had changed by then is recorded.
    completed_started_at: datetime | None
    #: Tries in a row that failed, up to now.
    failures: int
    last_error: str | None


def overview(connection: Connection, site: str | None) -> list[ScanOverview]:
    """The tracks of the sources of one site, or of all."""
    rows = select(scan).order_by(scan.c.site, scan.c.source, scan.c.track)
    if site is not None:
        rows = rows.where(scan.c.site == site)
    plain = [name for name in ScanOverview.__dataclass_fields__ if name not in {"place", "track"}]
    return [
        ScanOverview(
            place=read_place(row),
            track=Track(row["track"]),
            **{name: row[name] for name in plain},
        )
        for row in connection.execute(rows).mappings()
    ]
