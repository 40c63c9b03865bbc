"""How each of many sites stands, in a few numbers: one query a kind of number for all sites."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Connection, and_, case, func, or_, select, true

from badgejobs.core.award import State
from badgejobs.core.source import Track
from badgejobs.store.moment import Moment
from badgejobs.store.profiles import AT_WIX
from badgejobs.store.scans import RESTING
from badgejobs.store.tables import alert, award, drift, quarantine, scan, standing

#: What has been due for so long and is in nobody's hand does not go on by itself.
STUCK_AFTER = timedelta(minutes=10)

#: Up to so many sites are looked for by name.
_FEW = 200

#: By what is told of them: awards on their way, and those that only a person can settle.
_WAITING = (State.PENDING, State.INFLIGHT, State.REVOKING)
_FOR_A_PERSON = (State.NEEDS_ATTENTION, State.BLOCKED, State.PAUSED)
_UNSETTLED = (*_WAITING, *_FOR_A_PERSON, State.UNKNOWN, State.HELD)


@dataclass(slots=True, kw_only=True)
class SiteLine:
    """One site in numbers."""

    site: str
    #: All that had changed by then is recorded, of every source; ``None`` while one is still
    #: read for the first time, or nothing was ever read.
    known_to: datetime | None = None
    #: Sources and duties that are due and in nobody's hand, and those of them that are stuck:
    #: due for ``STUCK_AFTER``, or failed when last tried.
    due: int = 0
    stuck: int = 0
    #: Sources and duties that failed when they were tried last.
    failing: int = 0
    #: Awards to be given or taken, with an unknown answer, held back, and left to a person.
    waiting: int = 0
    unknown: int = 0
    held: int = 0
    needs_attention: int = 0
    #: Pairs of member and badge in which Wix and the ledger differ.
    drift: int = 0
    #: Records that could not be understood.
    quarantine: int = 0
    alerts: int = 0
    suspended: bool = False

    def badness(self) -> tuple[object, ...]:
        """What to sort by, the worst first: what needs a person, what is stuck, what is old."""
        return (
            -self.alerts,
            -self.needs_attention,
            -self.stuck,
            -self.unknown,
            not self.suspended,
            -self.quarantine,
            -self.drift,
            self.known_to is not None,
            self.known_to.timestamp() if self.known_to else 0,
            self.site,
        )


class SqlFleetLines:
    """The numbers of many sites."""

    def __init__(self, connection: Connection, moment: Moment) -> None:
        self._connection, self._moment = connection, moment

    def of(self, sites: Collection[str], *, duties: Collection[str]) -> list[SiteLine]:
        """These sites, the worst first; ``duties`` are no sources.

        Of a page of sites no others are looked at.
        """
        lines = {name: SiteLine(site=name) for name in sites}
        self._scans(lines)
        self._freshness(lines, duties)
        self._awards(lines)
        for name, number in self._counted(drift.c.site, lines):
            if line := lines.get(name):
                line.drift = number
        for name, number in self._counted(
            quarantine.c.site, lines, quarantine.c.dropped_at.is_(None)
        ):
            if line := lines.get(name):
                line.quarantine = number
        for name, number in self._counted(alert.c.site, lines, alert.c.cleared_at.is_(None)):
            if line := lines.get(name):
                line.alerts = number
        for name, _ in self._counted(standing.c.site, lines, standing.c.suspended_at.is_not(None)):
            if line := lines.get(name):
                # nobody is to work for it, so that nothing of it is late
                line.suspended, line.due, line.stuck = True, 0, 0
        return sorted(lines.values(), key=SiteLine.badness)

    def _scans(self, lines: dict[str, SiteLine]) -> None:
        now = self._moment.now
        works = or_(scan.c.last_error.is_(None), scan.c.last_error != RESTING)
        free = or_(scan.c.lease_until.is_(None), scan.c.lease_until <= now)
        is_due = and_(works, scan.c.due_at <= now, free)
        is_late = and_(scan.c.due_at <= now - STUCK_AFTER, free)
        is_stuck = and_(works, or_(is_late, scan.c.failures > 0))
        rows = (
            select(
                scan.c.site,
                func.sum(case((is_due, 1), else_=0)).label("due"),
                func.sum(case((is_stuck, 1), else_=0)).label("stuck"),
                func.sum(case((and_(works, scan.c.failures > 0), 1), else_=0)).label("failing"),
            )
            .where(or_(scan.c.due_at <= now, scan.c.failures > 0), _of(scan.c.site, lines))
            .group_by(scan.c.site)
        )
        for row in self._connection.execute(rows):
            if line := lines.get(row.site):
                line.due, line.stuck = int(row.due), int(row.stuck)
                line.failing = int(row.failing)

    def _freshness(self, lines: dict[str, SiteLine], duties: Collection[str]) -> None:
        ended = scan.c.completed_started_at
        is_whole = and_(scan.c.track == Track.FULL, ended.is_not(None))
        sources = (
            select(
                scan.c.site,
                func.max(ended).label("known_to"),
                func.max(case((is_whole, 1), else_=0)).label("whole"),
            )
            .where(scan.c.track != Track.RECENT, scan.c.source.not_in(sorted(duties)))
            .where(_of(scan.c.site, lines))
            .where(or_(scan.c.last_error.is_(None), scan.c.last_error != RESTING))
            .group_by(scan.c.site, scan.c.source)
            .subquery()
        )
        rows = select(
            sources.c.site,
            func.min(sources.c.known_to).label("known_to"),
            func.min(sources.c.whole).label("whole"),
        ).group_by(sources.c.site)
        for row in self._connection.execute(rows):
            if (line := lines.get(row.site)) and row.whole:
                line.known_to = row.known_to

    def _awards(self, lines: dict[str, SiteLine]) -> None:
        # most awards stand at Wix and are not looked at for this
        rows = (
            select(award.c.site, award.c.state, func.count().label("number"))
            .where(award.c.state.in_(_UNSETTLED), _of(award.c.site, lines))
            .group_by(award.c.site, award.c.state)
        )
        for row in self._connection.execute(rows):
            line = lines.get(row.site)
            if line is None:
                continue
            state = State(row.state)
            if state in _WAITING:
                line.waiting += row.number
            elif state in _FOR_A_PERSON:
                line.needs_attention += row.number
            elif state is State.UNKNOWN:
                line.unknown += row.number
            else:
                line.held += row.number

    def holders(self, sites: Collection[str]) -> dict[str, int]:
        """How many awards of each of these sites stand at Wix, as far as the ledger knows."""
        at_wix = award.c.state.in_(AT_WIX)
        return dict(self._counted(award.c.site, sites, at_wix))

    def _counted(
        self, site: ColumnElement[str], sites: Collection[str], *which: ColumnElement[bool]
    ) -> Iterator[tuple[str, int]]:
        rows = select(site.label("site"), func.count().label("number"))
        rows = rows.where(*which, _of(site, sites))
        for row in self._connection.execute(rows.group_by(site)):
            yield row.site, row.number


def _of(column: ColumnElement[str], sites: Collection[str]) -> ColumnElement[bool]:
    """Whether a row is one of these sites'; all are looked at where those are very many."""
    return column.in_(sorted(sites)) if len(sites) <= _FEW else true()
