"""What an operator looks at: lists page by page, and numbers that indexes give at once.

Each page begins after the last row of the one before, so that none is missed or told twice while
rows are added, and its price is that of its own rows.
"""

from __future__ import annotations

import json
from datetime import datetime

from sqlalchemy import Connection, or_, select

from badgejobs.core.overview import (
    BadgeLine,
    Day,
    DriftLine,
    Funnel,
    Happening,
    QuarantineLine,
    RunLine,
    Step,
)
from badgejobs.store.award_days import award_days
from badgejobs.store.badge_lines import badge_lines
from badgejobs.store.happenings import happenings
from badgejobs.store.moment import Moment
from badgejobs.store.progress import SqlProgress
from badgejobs.store.runs import LOST_AFTER, failed_at
from badgejobs.store.tables import drift, quarantine, run


class SqlViews:
    """The pages of one site, or of all."""

    def __init__(self, connection: Connection, moment: Moment) -> None:
        self._connection, self._moment = connection, moment

    def badges(self, site: str) -> list[BadgeLine]:
        """The badges of a site, in the order in which they are shown at Wix, then by name."""
        return badge_lines(self._connection, site)

    def days(self, site: str, *, badge: str | None, last: int) -> list[Day]:
        """The ``last`` days up to today, each also where nothing happened, oldest first."""
        return award_days(self._connection, site, badge=badge, last=last, now=self._moment.now)

    def happenings(self, site: str, *, badge: str | None, limit: int) -> list[Happening]:
        """The latest changes of awards of a site, or of one badge, newest first."""
        return happenings(self._connection, site, badge=badge, limit=limit)

    def funnel(self, site: str) -> Funnel:
        """How far all members were when they were looked at last."""
        memo = SqlProgress(self._connection, self._moment)
        steps = [
            Step(badge=badge, step=step, members=number)
            for badge, numbers in memo.of(site).items()
            for step, number in numbers.items()
        ]
        return Funnel(made_at=memo.made_at(site), steps=tuple(steps))

    def runs(
        self,
        site: str | None,
        *,
        after: tuple[datetime, int] | None,
        limit: int,
        failed: bool,
    ) -> list[RunLine]:
        """The next runs of one site, or of all, newest first.

        Only ``failed`` ones: those that ended with an error, or were lost.
        """
        lost_before = self._moment.now - LOST_AFTER
        rows = select(run).order_by(run.c.started_at.desc(), run.c.id.desc()).limit(limit)
        if site is not None:
            rows = rows.where(run.c.site == site)
        if failed:
            rows = rows.where(*failed_at(self._moment.now))
        if after is not None:
            at, number = after
            rows = rows.where(run.c.started_at <= at, or_(run.c.started_at < at, run.c.id < number))
        return [
            RunLine(
                id=row.id,
                site=row.site,
                kind=row.kind,
                started_by=row.started_by,
                started_at=row.started_at,
                ended_at=row.ended_at,
                numbers=json.loads(row.numbers),
                error=row.error,
                lost=row.ended_at is None and row.started_at < lost_before,
            )
            for row in self._connection.execute(rows)
        ]

    def drift(self, site: str, *, after: tuple[str, str] | None, limit: int) -> list[DriftLine]:
        """The next differences of a site, by member and badge."""
        rows = (
            select(drift)
            .where(drift.c.site == site)
            .order_by(drift.c.member_id, drift.c.badge)
            .limit(limit)
        )
        if after is not None:
            member, badge = after
            rows = rows.where(
                drift.c.member_id >= member,
                or_(drift.c.member_id > member, drift.c.badge > badge),
            )
        return [
            DriftLine(
                member=row.member_id,
                badge=row.badge,
                kind=row.kind,
                at_wix=row.at_wix,
                note=row.note,
                first_seen_at=row.first_seen_at,
                seen_at=row.seen_at,
            )
            for row in self._connection.execute(rows)
        ]

    def quarantine(
        self, site: str, *, after: tuple[str, str] | None, limit: int
    ) -> list[QuarantineLine]:
        """The next records of a site that are not understood, without those that were dropped."""
        rows = (
            select(quarantine)
            .where(quarantine.c.site == site, quarantine.c.dropped_at.is_(None))
            .order_by(quarantine.c.source, quarantine.c.activity_id)
            .limit(limit)
        )
        if after is not None:
            source, one = after
            rows = rows.where(
                quarantine.c.source >= source,
                or_(quarantine.c.source > source, quarantine.c.activity_id > one),
            )
        return [
            QuarantineLine(
                site=row.site,
                source=row.source,
                id=row.activity_id,
                reason=row.reason,
                first_seen_at=row.first_seen_at,
                last_seen_at=row.last_seen_at,
                tries=row.tries,
                due_at=row.due_at,
            )
            for row in self._connection.execute(rows)
        ]
