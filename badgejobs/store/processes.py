"""Which processes of ours are at work, each as it was last heard of."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, delete, select

from badgejobs.core.lane import Lane
from badgejobs.store.dialect import insert_into
from badgejobs.store.fleet_tables import process
from badgejobs.store.moment import Moment

#: A process says that it lives so often; one that was silent for three times as long is gone.
SEEN_EVERY = timedelta(seconds=10)
GONE_AFTER = 3 * SEEN_EVERY
#: Rows of processes that are gone are kept so long, for those who look for what happened.
KEPT = timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Process:
    """One process; a restart is another one."""

    name: str
    #: ``worker`` or ``beat``.
    kind: str
    lanes: frozenset[Lane]
    #: Jobs at once.
    slots: int
    began_at: datetime
    seen_at: datetime


class SqlProcesses:
    """Processes and when each was last heard of."""

    def __init__(self, connection: Connection, moment: Moment) -> None:
        self._connection, self._moment = connection, moment

    def seen(self, name: str, kind: str, *, lanes: frozenset[Lane], slots: int) -> None:
        """A process says that it lives."""
        now = self._moment.now
        statement = insert_into(self._connection, process).values(
            name=name, kind=kind, lanes=" ".join(sorted(lanes)), slots=slots,
            began_at=now, seen_at=now,
        )  # fmt: skip
        self._connection.execute(
            statement.on_conflict_do_update(index_elements=("name",), set_={"seen_at": now})
        )

    def ended(self, name: str) -> None:
        """A process ends as it should."""
        self._connection.execute(delete(process).where(process.c.name == name))

    def alive(self, *, within: timedelta = GONE_AFTER) -> list[Process]:
        """Those that were heard of so lately, by name."""
        rows = self._connection.execute(
            select(process)
            .where(process.c.seen_at > self._moment.now - within)
            .order_by(process.c.name)
        ).mappings()
        return [
            Process(**{**row, "lanes": frozenset(map(Lane, str(row["lanes"]).split()))})
            for row in rows
        ]

    def prune(self) -> int:
        """Forget those that are long gone; how many."""
        old = delete(process).where(process.c.seen_at < self._moment.now - KEPT)
        return self._connection.execute(old).rowcount
