"""Duties that other rows of the record make due: awards, wake-ups, what is undecided.

Each is one statement over all sites that touches as many rows as are due, so that a tick costs
the same however many sites there are. Whether a site is served is asked where bells are rung.
"""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import ColumnElement, Connection, and_, or_, select, update

from badgejobs.core.source import Track
from badgejobs.store import claims, removals
from badgejobs.store.dialect import chunks
from badgejobs.store.moment import Moment
from badgejobs.store.scans import SqlScans
from badgejobs.store.serving import served
from badgejobs.store.tables import rules_applied, scan
from badgejobs.store.wake_ups import SqlWakeUps


class SqlWaking:
    """Lets duties be due at once where the record has something for them to do.

    What is at work is left alone, and so is what rests after a failure.
    """

    def __init__(self, connection: Connection, moment: Moment) -> None:
        self._connection, self._moment = connection, moment

    def for_awards(self, duty: str) -> int:
        """Sites with awards to be given or taken; how many were not due before."""
        now = self._moment.now
        sites = (claims.due_anywhere(now), *removals.due_anywhere(now))
        return sum(self._wake(duty, scan.c.site.in_(some)) for some in sites)

    def for_members(self, duty: str, *, beside: Collection[str] = ()) -> int:
        """Sites with members to be decided, but for those ``beside``; how many were not due.

        A version of the rules that provisioning has not taken up is its affair.
        """
        undecided = select(rules_applied.c.site).where(
            rules_applied.c.decided_to.is_not(None),
            rules_applied.c.version.is_not(None),
            rules_applied.c.version == rules_applied.c.tried,
        )
        others = scan.c.site.not_in(sorted(beside))
        woken = self._wake(duty, and_(scan.c.site.in_(undecided), others))
        known_to = SqlScans(self._connection, self._moment).known_to_of
        due = SqlWakeUps(self._connection, self._moment).due_sites(None, known_to)
        return woken + self.at(duty, set(due) - set(beside))

    def at(self, duty: str, sites: Collection[str]) -> int:
        """These sites; how many were not due before."""
        return sum(self._wake(duty, scan.c.site.in_(some)) for some in chunks(sorted(sites)))

    def everywhere(self, duty: str, configured: Collection[str]) -> int:
        """Ask for a duty at every site that is served; how many."""
        return self._connection.execute(
            update(scan)
            .where(scan.c.source == duty, scan.c.track == Track.LIVE)
            .where(served(scan.c.site, configured))
            .values(due_at=self._moment.now, rung_at=None, asked_by=None)
        ).rowcount

    def without(self, duty: str, sites: Collection[str]) -> list[str]:
        """Those of ``sites`` that have no row for a duty."""
        found = set(sites)
        for some in chunks(sorted(sites)):
            has = select(scan.c.site).where(scan.c.site.in_(some), scan.c.source == duty)
            found -= set(self._connection.scalars(has))
        return sorted(found)

    def _wake(self, duty: str, sites: ColumnElement[bool]) -> int:
        return self._connection.execute(
            update(scan)
            .where(sites, self._sleeps(duty))
            .values(due_at=self._moment.now, rung_at=None)
        ).rowcount

    def _sleeps(self, duty: str) -> ColumnElement[bool]:
        now = self._moment.now
        return and_(
            scan.c.source == duty,
            scan.c.track == Track.LIVE,
            scan.c.failures == 0,
            scan.c.due_at > now,
            or_(scan.c.lease_until.is_(None), scan.c.lease_until <= now),
        )
