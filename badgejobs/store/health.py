"""What tells whether the work goes on: what is late, who is at work, what nobody settles."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, and_, exists, func, or_, select

from badgejobs.core.award import State
from badgejobs.core.lane import Lane, lane_of
from badgejobs.core.source import Track
from badgejobs.store import claims
from badgejobs.store.fleet_tables import standing, tick
from badgejobs.store.moment import Moment
from badgejobs.store.scans import RESTING
from badgejobs.store.serving import served
from badgejobs.store.tables import award, badge_binding, run, scan, site


@dataclass(frozen=True, slots=True, kw_only=True)
class Late:
    """Work that should have been begun."""

    sites: int
    oldest: datetime


class SqlHealth:
    """Aggregates over all sites that are served, by indexes where there is one."""

    def __init__(self, connection: Connection, moment: Moment) -> None:
        self._connection, self._moment = connection, moment

    def sites(self, configured: Collection[str]) -> int:
        """How many sites are served: the configured and the added ones, less the suspended."""
        suspended = select(standing.c.site).where(standing.c.suspended_at.is_not(None))
        added = set(self._connection.scalars(select(site.c.name)))
        return len((added | set(configured)) - set(self._connection.scalars(suspended)))

    def suspended(self) -> int:
        """How many sites are suspended."""
        number = select(func.count()).where(standing.c.suspended_at.is_not(None))
        return self._connection.scalar(number.select_from(standing)) or 0

    def late(self, configured: Collection[str], *, than: timedelta) -> dict[Lane, Late]:
        """What has been due for longer and is in nobody's hand, by lane.

        Awards that wait their turn behind others of their site are not late while their site is
        given some.
        """
        found = dict[Lane, Late]()
        now, before = self._moment.now, self._moment.now - than
        rows = self._connection.execute(
            select(scan.c.site, scan.c.source, scan.c.track, scan.c.due_at)
            .where(scan.c.due_at < before, served(scan.c.site, configured))
            .where(or_(scan.c.lease_until.is_(None), scan.c.lease_until <= now))
        )
        of_lane = dict[Lane, dict[str, datetime]]()
        for row in rows:
            sites = of_lane.setdefault(lane_of(row.source, Track(row.track)), {})
            sites[row.site] = min(row.due_at, sites.get(row.site, row.due_at))
        since = func.min(func.coalesce(award.c.not_before, award.c.opened_at))
        worked_on = exists().where(
            run.c.site == award.c.site, run.c.kind == "assign", run.c.started_at > before
        )
        waiting = self._connection.execute(
            select(award.c.site, since.label("since"))
            .join(badge_binding, claims.BOUND)
            .where(claims.due(before), award.c.opened_at < before)
            .where(served(award.c.site, configured), ~worked_on)
            .group_by(award.c.site)
        )
        for name, at in waiting:
            sites = of_lane.setdefault(Lane.ASSIGN, {})
            sites[name] = min(at, sites.get(name, at))
        for lane, sites in of_lane.items():
            found[lane] = Late(sites=len(sites), oldest=min(sites.values()))
        return found

    def unread(
        self,
        configured: Collection[str],
        *,
        than: Mapping[str, timedelta],
        sources: Collection[str],
    ) -> Late | None:
        """The sites of which a live scan last ended longer ago than its mode may take.

        One that never ended is not meant, nor what no rule reads any more.
        """
        old = or_(
            *(
                and_(scan.c.mode == mode, scan.c.completed_started_at < self._moment.now - age)
                for mode, age in sorted(than.items())
            )
        )
        sites = (
            select(scan.c.site, func.min(scan.c.completed_started_at).label("at"))
            .where(scan.c.track == Track.LIVE, scan.c.source.in_(sorted(sources)), old)
            .where(or_(scan.c.last_error.is_(None), scan.c.last_error != RESTING))
            .where(served(scan.c.site, configured))
            .group_by(scan.c.site)
            .subquery()
        )
        number, oldest = self._connection.execute(
            select(func.count(), func.min(sites.c.at)).select_from(sites)
        ).one()
        return Late(sites=number, oldest=oldest) if number else None

    def last_tick(self) -> datetime | None:
        """When a tick was begun last."""
        at: datetime | None = self._connection.scalar(select(func.max(tick.c.at)))
        return at

    def unknown(self, configured: Collection[str], *, than: timedelta) -> int:
        """Awards whose answer was lost, and that nobody has settled for so long."""
        return self._awards(State.UNKNOWN, configured, sent_before=self._moment.now - than)

    def need_attention(self, configured: Collection[str]) -> int:
        """Awards that only a person can settle."""
        return self._awards(State.NEEDS_ATTENTION, configured)

    def _awards(
        self, state: State, configured: Collection[str], *, sent_before: datetime | None = None
    ) -> int:
        number = select(func.count()).select_from(award)
        number = number.where(award.c.state == state, served(award.c.site, configured))
        if sent_before is not None:
            number = number.where(award.c.sent_at < sent_before)
        return self._connection.scalar(number) or 0
