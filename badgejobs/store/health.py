"""What tells whether the work goes on: what is late, who is at work, what nobody settles."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, Select, and_, exists, func, or_, select, tuple_

from badgejobs.core.award import State
from badgejobs.core.lane import Lane, lane_of
from badgejobs.core.source import Track
from badgejobs.store import claims
from badgejobs.store.fleet_tables import standing, tick
from badgejobs.store.moment import Moment
from badgejobs.store.scans import RESTING
from badgejobs.store.serving import served
from badgejobs.store.tables import award, badge_binding, run, scan, site
from badgejobs.store.ticks import ENDED


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
        given some. At 10,000 sites it takes a fraction of a second.
        """
        before = self._moment.now - than
        found = self._late_duties(configured, before)
        since = func.min(func.coalesce(award.c.not_before, award.c.opened_at))
        worked_on = exists().where(
            run.c.site == award.c.site, run.c.kind == "assign", run.c.started_at > before
        )
        waiting = self._counted(
            select(award.c.site, since.label("at"))
            .join(badge_binding, claims.BOUND)
            .where(claims.due(before), award.c.opened_at < before)
            .where(served(award.c.site, configured), ~worked_on)
            .group_by(award.c.site)
        )
        if waiting:
            stands = found.get(Lane.ASSIGN, waiting)
            # not added up: they are about the same sites, as a rule
            found[Lane.ASSIGN] = Late(
                sites=max(waiting.sites, stands.sites), oldest=min(waiting.oldest, stands.oldest)
            )
        return found

    def _late_duties(self, configured: Collection[str], before: datetime) -> dict[Lane, Late]:
        late = and_(
            scan.c.due_at < before,
            or_(scan.c.lease_until.is_(None), scan.c.lease_until <= self._moment.now),
            served(scan.c.site, configured),
        )
        kinds = select(scan.c.source, scan.c.track).where(late).distinct()
        of_lane = dict[Lane, list[tuple[str, str]]]()
        for source, track in self._connection.execute(kinds):
            of_lane.setdefault(lane_of(source, Track(track)), []).append((source, track))
        found = dict[Lane, Late]()
        for lane, pairs in of_lane.items():
            one_of_them = tuple_(scan.c.source, scan.c.track).in_(pairs)
            number, oldest = self._connection.execute(
                select(func.count(scan.c.site.distinct()), func.min(scan.c.due_at))
                .where(late, one_of_them)
            ).one()  # fmt: skip
            found[lane] = Late(sites=number, oldest=oldest)
        return found

    def _counted(self, sites: Select[tuple[str, datetime]]) -> Late | None:
        """How many rows of (site, at) there are, and the oldest."""
        them = sites.subquery()
        number, oldest = self._connection.execute(
            select(func.count(), func.min(them.c.at)).select_from(them)
        ).one()
        return Late(sites=number, oldest=oldest) if number else None

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
        return self._counted(
            select(scan.c.site, func.min(scan.c.completed_started_at).label("at"))
            .where(scan.c.track == Track.LIVE, scan.c.source.in_(sorted(sources)), old)
            .where(or_(scan.c.last_error.is_(None), scan.c.last_error != RESTING))
            .where(served(scan.c.site, configured))
            .group_by(scan.c.site)
        )

    def last_tick(self) -> datetime | None:
        """When a tick was last carried out to its end."""
        at: datetime | None = self._connection.scalar(select(tick.c.at).where(tick.c.kind == ENDED))
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
