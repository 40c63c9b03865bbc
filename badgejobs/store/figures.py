"""Numbers about all sites together, to be watched: nothing of any member, by index where it can."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, and_, func, or_, select

from badgejobs.core.award import Giver, State
from badgejobs.core.source import Track
from badgejobs.core.totals import AWARD_LAG, DELIVERY, Key, observed
from badgejobs.store.moment import Moment
from badgejobs.store.scans import RESTING
from badgejobs.store.serving import served
from badgejobs.store.tables import alert, award, award_history, drift, quarantine, scan


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadUpTo:
    """Up to when everything of one source of one site is recorded."""

    site: str
    source: str
    at: datetime


class SqlFigures:
    """Aggregates for whoever watches; each is one statement."""

    def __init__(self, connection: Connection, moment: Moment) -> None:
        self._connection, self._moment = connection, moment

    def read_up_to(
        self, configured: Collection[str], *, sources: Collection[str]
    ) -> list[ReadUpTo]:
        """How far live scans have come, of all that ever ended and are still wanted."""
        rows = self._connection.execute(
            select(scan.c.site, scan.c.source, scan.c.completed_started_at)
            .where(scan.c.track == Track.LIVE, scan.c.source.in_(sorted(sources)))
            .where(scan.c.completed_started_at.is_not(None))
            .where(or_(scan.c.last_error.is_(None), scan.c.last_error != RESTING))
            .where(served(scan.c.site, configured))
        )
        return [ReadUpTo(site=site, source=source, at=at) for site, source, at in rows]

    def awards(self) -> dict[State, int]:
        """How many awards stand in each state."""
        found = select(award.c.state, func.count()).group_by(award.c.state)
        return {State(state): number for state, number in self._connection.execute(found)}

    def oldest_unknown(self) -> datetime | None:
        """When that request was sent whose answer is missing for the longest time."""
        oldest = select(func.min(award.c.sent_at)).where(award.c.state == State.UNKNOWN)
        found: datetime | None = self._connection.scalar(oldest)
        return found

    def drifts(self) -> dict[str, int]:
        """How many differences there are of each kind."""
        found = select(drift.c.kind, func.count()).group_by(drift.c.kind)
        return dict(self._connection.execute(found).all())

    def quarantined(self) -> dict[str, int]:
        """How many records could not be understood, by source; not those that were dropped."""
        found = (
            select(quarantine.c.source, func.count())
            .where(quarantine.c.dropped_at.is_(None))
            .group_by(quarantine.c.source)
        )
        return dict(self._connection.execute(found).all())

    def alerts(self) -> dict[str, int]:
        """How many alerts are open, by kind."""
        found = (
            select(alert.c.kind, func.count())
            .where(alert.c.cleared_at.is_(None))
            .group_by(alert.c.kind)
        )
        return dict(self._connection.execute(found).all())

    def lags(self, site: str, run: int, *, since: datetime) -> dict[Key, int]:
        """How long the badges that a run gave had been earned, and known to be.

        Not those that were found in the past, which are old by nature, nor a person's.
        """
        given = self._connection.execute(
            select(award_history.c.at, award.c.earned_at, award.c.opened_at)
            .join(
                award,
                and_(
                    award.c.site == award_history.c.site,
                    award.c.member_id == award_history.c.member_id,
                    award.c.badge == award_history.c.badge,
                    award.c.period == award_history.c.period,
                ),
            )
            .where(
                award_history.c.site == site,
                award_history.c.to_state == State.ASSIGNED,
                award_history.c.at >= since,
                award_history.c.run == run,
                award.c.giver == Giver.OURS,
                award.c.silent.is_(False),
            )
        )
        counts = dict[Key, int]()
        for at, earned_at, opened_at in given:
            for spread, since_then in ((AWARD_LAG, earned_at), (DELIVERY, opened_at)):
                for key, number in observed(spread, (at - since_then).total_seconds()).items():
                    counts[key] = counts.get(key, 0) + number
        return counts
