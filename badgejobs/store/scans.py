"""The places of scans, under leases, and when each track of a source is due."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta

from sqlalchemy import (
    ColumnElement,
    Connection,
    and_,
    case,
    func,
    literal,
    or_,
    select,
    update,
)

from badgejobs.core.ledger import Lease
from badgejobs.core.milestone import Wants
from badgejobs.core.source import Track
from badgejobs.core.watermark import Place
from badgejobs.errors import BadgeJobsError, Later, LeaseLost, LeaseTaken, Resting, StateError
from badgejobs.store import registers
from badgejobs.store.columns import AwareTime
from badgejobs.store.dialect import chunks
from badgejobs.store.moment import Moment
from badgejobs.store.overviews import ScanOverview, overview
from badgejobs.store.place import columns_of, read_place
from badgejobs.store.tables import scan

#: Why a source is not read, in place of an error.
RESTING = "no rule reads it"


class SqlScans:
    """The places of scans, under leases."""

    def __init__(self, connection: Connection, moment: Moment) -> None:
        self._connection, self._moment = connection, moment

    def known(self, sites: Collection[str]) -> set[tuple[str, str, str, Track]]:
        """The (site, source, mode, track) that have a row."""
        rows = select(scan.c.site, scan.c.source, scan.c.mode, scan.c.track).where(
            scan.c.site.in_(sorted(sites))
        )
        return {
            (row.site, row.source, row.mode, Track(row.track))
            for row in self._connection.execute(rows)
        }

    def register(
        self,
        site: str,
        source: str,
        mode: str,
        *,
        tracks: Sequence[Track] = (Track.LIVE,),
        wants: Collection[str] | None = None,
    ) -> None:
        """Make sure that a row exists for each track of this source: ``store.registers``."""
        registers.register(
            self._connection,
            registers.Source(site=site, source=source, mode=mode),
            now=self._moment.now,
            tracks=tracks,
            wants=wants,
        )

    def complete(self, site: str, wants: Wants) -> frozenset[str]:
        """The sources whose history is read to its end, with all that these wants ask of them."""
        rows = self._connection.execute(
            select(scan.c.source, scan.c.wants).where(
                scan.c.site == site,
                scan.c.track == Track.FULL,
                scan.c.completed_started_at.is_not(None),
            )
        )
        return frozenset(
            row.source for row in rows if wants.of(row.source) <= frozenset(row.wants.split())
        )

    def known_to(self, site: str) -> dict[str, datetime]:
        """The moment by source up to which all that had changed is recorded.

        A source whose history has not been read to its end yet is absent.
        """
        return self.known_to_of([site])[site]

    def known_to_of(self, sites: Collection[str]) -> dict[str, dict[str, datetime]]:
        """``known_to`` of many sites, by site."""
        known: dict[str, dict[str, datetime]] = {site: {} for site in sites}
        for some in chunks(sorted(sites)):
            rows = self._connection.execute(
                select(scan.c.site, scan.c.source, scan.c.track, scan.c.completed_started_at).where(
                    scan.c.site.in_(some),
                    scan.c.track != Track.RECENT,
                    scan.c.completed_started_at.is_not(None),
                )
            ).all()
            whole = {(row.site, row.source) for row in rows if row.track == Track.FULL}
            for row in rows:
                if (row.site, row.source) in whole:
                    at, of = row.completed_started_at, known[row.site]
                    of[row.source] = max(at, of.get(row.source, at))
        return known

    def newest_generation(self, site: str, source: str) -> int:
        """The highest number that a reading of this source has had; the next one's is higher.

        To be asked where the site's turn is held, so that no two readings draw the same.
        """
        drawn = select(func.max(scan.c.generation)).where(_of(site, source))
        return self._connection.scalar(drawn) or 0

    def begin_live(self, site: str, source: str, *, at: datetime) -> None:
        """Let the live track of a window source begin at a time of Wix's, if it has not yet."""
        self._connection.execute(
            update(scan)
            .where(_of(site, source, Track.LIVE), scan.c.mode == "window")
            .where(scan.c.reached.is_(None), scan.c.scanning.is_(False))
            .values(reached=at, due_at=self._moment.now, rung_at=None)
        )

    def walked_from(self, site: str, source: str) -> datetime | None:
        """When the last complete full reading began."""
        return self._connection.scalar(
            select(scan.c.completed_started_at).where(_of(site, source, Track.FULL))
        )

    def bring_forward(self, site: str, source: str, track: Track, *, to: datetime) -> None:
        """Let a track be due then, where it would only be later; one at work follows itself.

        What rests after a failure keeps its rest.
        """
        at = literal(to, AwareTime)
        self._connection.execute(
            update(scan)
            .where(_of(site, source, track), scan.c.failures == 0)
            .where(or_(scan.c.due_at > to, scan.c.due_at.is_(None), scan.c.scanning))
            .values(
                due_at=case((scan.c.due_at < at, scan.c.due_at), else_=at),
                rung_at=None,
                wished_at=case((scan.c.scanning, at), else_=scan.c.wished_at),
            )
        )

    def live_reached(self, site: str, source: str) -> datetime | None:
        """How far the live track of a window source has come."""
        return self._connection.scalar(select(scan.c.reached).where(_of(site, source, Track.LIVE)))

    def lease(
        self,
        site: str,
        source: str,
        track: Track = Track.LIVE,
        *,
        holds: timedelta,
        if_rested: bool = False,
        if_due: bool = False,
    ) -> Lease:
        """Take the lease of a scan, or raise ``LeaseTaken``.

        ``if_rested`` asks more: after a failure, that its wait is over too; and ``if_due`` that
        it is due at all, so that a bell too many reads nothing.
        """
        here = _of(site, source, track)
        row = (
            self._connection.execute(select(scan).where(here).with_for_update()).mappings().first()
        )
        if row is None:
            raise StateError(f"{site} has no source {source}")
        now = self._moment.now
        if row["lease_until"] and row["lease_until"] > now:
            seconds = (row["lease_until"] - now).total_seconds()
            raise LeaseTaken(f"{site}/{source} is being scanned", seconds=seconds)
        waits = row["due_at"] and row["due_at"] > now
        if waits and (if_due or (if_rested and row["failures"])):
            seconds = (row["due_at"] - now).total_seconds()
            why = "rests after a failure" if row["failures"] else "is not due"
            raise Resting(f"{site}/{source} {why}", seconds=seconds)
        place = read_place(row)
        taken = {
            "epoch": row["epoch"] + 1,
            "lease_until": now + holds,
            # the bell was answered: should this worker be lost, the next is rung at once
            "rung_at": None,
            "due_at": None,
            # a long reading is theirs who asked for it, to its end
            "asked_by": row["asked_by"] if track is Track.FULL else None,
            # the slices of one scan keep the moment at which it began
            "began_at": row["began_at"] if place.scanning and row["began_at"] else now,
        }
        self._connection.execute(update(scan).where(here).values(taken))
        return Lease(
            site=site,
            source=source,
            track=track,
            epoch=taken["epoch"],
            place=place,
            failures=row["failures"],
            asked_by=row["asked_by"],
            is_complete=row["completed_at"] is not None,
        )

    def keep(self, lease: Lease, place: Place, *, holds: timedelta) -> None:
        """Save a place and renew the lease; ``LeaseLost`` where a later epoch has begun."""
        self._fenced(lease, columns_of(place) | {"lease_until": self._moment.now + holds})

    def release(
        self, lease: Lease, *, due_in: timedelta | None, completed: bool, error: str | None = None
    ) -> None:
        """Give the lease back after work well done and say when the source is due again.

        Without ``due_in`` that was said before, and stays. ``error`` is what stood in the way of a
        part of it, and no reason to wait longer.

        A wish for an earlier scan that came meanwhile (``make_due``) is kept. ``LeaseLost``
        where a later epoch has begun.
        """
        values = self._given_back(due_in) | {"failures": 0, "last_error": error}
        if completed:
            values |= {
                "completed_at": self._moment.now,
                "completed_started_at": scan.c.began_at,
                "began_at": None,
                "asked_by": case((scan.c.due_at.is_(None), None), else_=scan.c.asked_by),
            }
        self._fenced(lease, values)

    def finish(self, lease: Lease, *, due_in: timedelta) -> None:
        """A full reading is at its end; to be said in the transaction of its last page.

        It is due again then, or when that was wished for while it was going on. The lease is
        still to be given back. ``LeaseLost`` where a later epoch has begun.
        """
        due_at = literal(self._moment.now + due_in, AwareTime)
        self._fenced(
            lease,
            {
                "completed_at": self._moment.now,
                "completed_started_at": scan.c.began_at,
                "began_at": None,
                "due_at": case((scan.c.wished_at < due_at, scan.c.wished_at), else_=due_at),
                "wished_at": None,
                "asked_by": case((scan.c.wished_at.is_(None), None), else_=scan.c.asked_by),
            },
        )

    def make_resting_due(self, site: str, source: str, *, asked_by: str) -> int:
        """Let a source that no rule read until now be read at once; how many tracks rested."""
        resting = (
            update(scan)
            .where(_of(site, source), scan.c.last_error == RESTING)
            .values(due_at=self._moment.now, rung_at=None, last_error=None, asked_by=asked_by)
        )
        return self._connection.execute(resting).rowcount

    def postpone(self, lease: Lease, *, due_in: timedelta, error: BadgeJobsError) -> None:
        """Give the lease back after an error; a mere wait (``Later``) is no failure.

        ``LeaseLost`` where a later epoch has begun.
        """
        values = self._given_back(due_in) | {"last_error": str(error)}
        if not isinstance(error, Later):
            values |= {"failures": scan.c.failures + 1}
        self._fenced(lease, values)

    def _given_back(self, due_in: timedelta | None) -> dict[str, object]:
        if due_in is None:
            return {"lease_until": None, "rung_at": None}
        due_at = literal(self._moment.now + due_in, AwareTime)
        return {
            "due_at": case((scan.c.due_at < due_at, scan.c.due_at), else_=due_at),
            "lease_until": None,
            "rung_at": None,
        }

    def make_due(
        self,
        site: str | Collection[str],
        source: str | None = None,
        track: Track = Track.LIVE,
        *,
        if_waiting: bool = False,
        unless_failing: bool = False,
        asked_by: str | None = None,
    ) -> int:
        """Ask for a scan now, of one source or of all, at one site or several; how many were asked.

        Where a scan is at work already, another follows it; ``if_waiting`` leaves that alone,
        and what is due already. ``unless_failing`` leaves alone what failed the last time.
        """
        there = scan.c.site == site if isinstance(site, str) else scan.c.site.in_(sorted(site))
        asked = (
            update(scan)
            .where(there, scan.c.track == track)
            .values(
                due_at=self._moment.now,
                rung_at=None,
                asked_by=asked_by,
                wished_at=case(
                    (
                        and_(scan.c.scanning, scan.c.track != Track.LIVE),
                        literal(self._moment.now, AwareTime),
                    ),
                    else_=scan.c.wished_at,
                ),
            )
        )
        if source is not None:
            asked = asked.where(scan.c.source == source)
        if if_waiting:
            asked = asked.where(scan.c.due_at > self._moment.now)
        if unless_failing:
            asked = asked.where(scan.c.failures == 0)
        return self._connection.execute(asked).rowcount

    def make_failed_due(self, site: str, *, asked_by: str | None = None) -> int:
        """Let all of a site that rests after a failure be tried again now; how many."""
        resting = (
            update(scan)
            .where(scan.c.site == site, scan.c.failures > 0, scan.c.due_at > self._moment.now)
            .values(due_at=self._moment.now, rung_at=None, asked_by=asked_by)
        )
        return self._connection.execute(resting).rowcount

    def is_due(self, site: str, source: str, track: Track) -> bool:
        """Whether a track is to be read now, and nobody is at it; not where it has no row."""
        now = self._moment.now
        due = (
            select(func.count())
            .select_from(scan)
            .where(_of(site, source, track))
            .where(or_(scan.c.due_at <= now, scan.c.due_at.is_(None)))
            .where(or_(scan.c.lease_until.is_(None), scan.c.lease_until <= now))
        )
        return bool(self._connection.scalar(due))

    def is_open(self, site: str, source: str) -> bool:
        """Whether a full reading of a source was begun and is not at its end."""
        scanning = select(scan.c.scanning).where(_of(site, source, Track.FULL))
        return bool(self._connection.scalar(scanning))

    def is_complete(self, site: str, source: str) -> bool:
        """Whether the history of a source was read to its end."""
        return self.walked_from(site, source) is not None

    def overview(self, site: str | None = None) -> list[ScanOverview]:
        """How the tracks of the sources of one site, or of all, stand."""
        return overview(self._connection, site)

    def _fenced(self, lease: Lease, values: dict[str, object]) -> None:
        written = self._connection.execute(
            update(scan)
            .where(_of(lease.site, lease.source, lease.track))
            .where(scan.c.epoch == lease.epoch)
            .values(values)
        )
        if not written.rowcount:
            raise LeaseLost(f"{lease.site}/{lease.source}: a later scan has begun")


def _of(site: str, source: str, track: Track | None = None) -> ColumnElement[bool]:
    """The rows of a source, or the one of its track."""
    here = and_(scan.c.site == site, scan.c.source == source)
    return here if track is None else and_(here, scan.c.track == track)
