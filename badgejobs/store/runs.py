"""What ran, when, started by whom, and what came of it."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import (
    ColumnElement,
    Connection,
    RowMapping,
    and_,
    delete,
    func,
    insert,
    or_,
    select,
    update,
)

from badgejobs.core.source import Track
from badgejobs.store.moment import Moment
from badgejobs.store.tables import run, scan

#: A run that has not ended by then never will: a slice lasts a minute, and its last step not long.
LOST_AFTER = timedelta(minutes=10)
_ASKED_BY = ", asked by "
#: Who starts what nobody asked for.
SCHEDULE = "worker"


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """One run of one unit of work for one site."""

    id: int
    site: str
    #: Which: ``scan orders``, ``assign`` and so on.
    kind: str
    #: Such as ``worker`` for the schedule, ``cli``, or ``worker, asked by rules change``; who asks
    #: by the console with their name: ``worker, asked by console (Olga)``.
    started_by: str
    started_at: datetime
    #: ``None`` while it runs, and for good where its worker was lost.
    ended_at: datetime | None
    #: What it counted, by name.
    numbers: Mapping[str, int]
    error: str | None
    #: The rules that it decided by; ``None`` where it decided nothing.
    rules_version: str | None
    #: The time of last changes that it read; ``None`` where it did not read by time.
    window_since: datetime | None
    window_until: datetime | None


class SqlRuns:
    """The log of runs."""

    def __init__(self, connection: Connection, moment: Moment) -> None:
        self._connection, self._moment = connection, moment

    def start(
        self, site: str, kind: str, *, started_by: str, of: tuple[str, Track] | None = None
    ) -> int:
        """Note that a run begins; the id to finish it by.

        One that nobody asked for takes the row of an idle one before it, if there is one: else
        the runs that find nothing would be nearly all that is stored. ``of`` names the source or
        duty, and the track, that it works for: whoever asked for that beside the schedule is
        noted too.
        """
        asked_by = None
        if of is not None:
            source, track = of
            asked_by = self._connection.scalar(
                select(scan.c.asked_by).where(
                    scan.c.site == site, scan.c.source == source, scan.c.track == track
                )
            )
        row = {
            "site": site,
            "kind": kind,
            "started_by": _starter(started_by, asked_by),
            "started_at": self._moment.now,
            "numbers": "{}",
        }
        if row["started_by"] == SCHEDULE:
            idle = and_(run.c.site == site, run.c.kind == kind, run.c.idle)
            one = select(func.min(run.c.id)).where(idle).scalar_subquery()
            values = row | {"ended_at": None, "idle": False}
            again = update(run).where(idle, run.c.id == one).values(values).returning(run.c.id)
            taken: int | None = self._connection.execute(again).scalar()
            if taken is not None:
                return taken
        began = insert(run).values(row).returning(run.c.id)
        return int(self._connection.execute(began).scalar_one())

    def finish(
        self,
        run_id: int,
        *,
        numbers: Mapping[str, int],
        error: str | None = None,
        rules_version: str | None = None,
        window: tuple[datetime | None, datetime | None] = (None, None),
        idle: bool = False,
    ) -> None:
        """Note its end, what it counted, the rules it decided by and the time that it read.

        One that is ``idle`` found nothing: its row may be the next one's.
        """
        values = {
            "window_since": window[0],
            "window_until": window[1],
            "rules_version": rules_version,
            "ended_at": self._moment.now,
            "error": error,
            "numbers": json.dumps(dict(numbers), sort_keys=True),
            "idle": run.c.started_by == SCHEDULE if idle else False,
        }
        self._connection.execute(update(run).where(run.c.id == run_id).values(values))

    def discard(self, run_id: int) -> None:
        """Forget a run that found another at work and did nothing."""
        self._connection.execute(delete(run).where(run.c.id == run_id))

    def get(self, run_id: int) -> Run | None:
        """One run; ``None`` where there is none of that id, or it is forgotten."""
        row = self._connection.execute(select(run).where(run.c.id == run_id)).mappings().first()
        return _run(row) if row else None

    def at_work(self, site: str, kind: str) -> int | None:
        """The id of the latest run of this kind that has not ended, unless it must be lost."""
        found: int | None = self._connection.scalar(
            select(func.max(run.c.id)).where(
                run.c.site == site,
                run.c.kind == kind,
                run.c.ended_at.is_(None),
                run.c.started_at >= self._moment.now - LOST_AFTER,
            )
        )
        return found

    def recent(self, site: str | None, limit: int) -> list[Run]:
        """The latest runs of one site, or of all, newest first."""
        rows = select(run).order_by(run.c.started_at.desc(), run.c.id.desc()).limit(limit)
        if site is not None:
            rows = rows.where(run.c.site == site)
        return [_run(row) for row in self._connection.execute(rows).mappings()]

    def find(
        self,
        sites: Collection[str],
        *,
        source: str | None = None,
        kind: str | None = None,
        failed: bool = False,
        within: timedelta | None = None,
        limit: int,
    ) -> list[Run]:
        """The latest runs of these sites, newest first.

        Of one source or duty where named, of one kind with or without its source; only ``failed``
        ones: those that ended with an error, or began ``LOST_AFTER`` ago and never ended; only
        those that began ``within`` so long.
        """
        now = self._moment.now
        rows = (
            select(run)
            .where(run.c.site.in_(sorted(sites)))
            .order_by(run.c.started_at.desc(), run.c.id.desc())
            .limit(limit)
        )
        if source is not None:
            # such as "orders" of "scan orders"; a name holds neither blanks nor wild cards
            rows = rows.where(
                or_(run.c.kind == source, run.c.kind.endswith(f" {source}", autoescape=True))
            )
        if kind is not None:
            rows = rows.where(
                or_(run.c.kind == kind, run.c.kind.startswith(f"{kind} ", autoescape=True))
            )
        if failed:
            rows = rows.where(*failed_at(now))
        if within is not None:
            rows = rows.where(run.c.started_at >= now - within)
        return [_run(row) for row in self._connection.execute(rows).mappings()]

    def prune(self, older_than: timedelta) -> int:
        """Forget runs that began longer ago; how many."""
        before = self._moment.now - older_than
        return self._connection.execute(delete(run).where(run.c.started_at < before)).rowcount


def failed_at(now: datetime) -> tuple[ColumnElement[bool], ...]:
    """The runs that ended with an error, or were lost by then."""
    # the first as it stands at the index of the few that did not go well
    return (
        or_(run.c.error.is_not(None), run.c.ended_at.is_(None)),
        or_(run.c.error.is_not(None), run.c.started_at < now - LOST_AFTER),
    )


def _starter(started_by: str, asked_by: str | None) -> str:
    """Who starts a run, and for whom: whom the bell names asked last, the row may say their name.

    >>> _starter("worker", "rules change"), _starter("worker, asked by cli", "rules change")
    ('worker, asked by rules change', 'worker, asked by cli')
    >>> _starter("worker, asked by console", "console (Olga)")
    'worker, asked by console (Olga)'
    """
    if asked_by in {None, started_by}:
        return started_by
    starter, _, way = started_by.partition(_ASKED_BY)
    if way and not str(asked_by).startswith(f"{way} ("):
        return started_by
    return f"{starter}{_ASKED_BY}{asked_by}"


def _run(row: RowMapping) -> Run:
    told = {name: row[name] for name in Run.__dataclass_fields__}
    return Run(**told | {"numbers": json.loads(row["numbers"])})
