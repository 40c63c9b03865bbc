"""The places of scans, under leases, and when each source is due."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, and_, case, func, literal, or_, select, tuple_, update

from badgejobs.core.ledger import Lease
from badgejobs.core.milestone import Wants
from badgejobs.core.watermark import Place
from badgejobs.errors import BadgeJobsError, Later, LeaseLost, LeaseTaken, StateError
from badgejobs.store.columns import AwareTime
from badgejobs.store.dialect import insert_into
from badgejobs.store.moment import Moment
from badgejobs.store.place import UNREAD, columns_of, read_place
from badgejobs.store.tables import scan

#: A bell that nobody answered for so long is rung again.
RING_AGAIN_AFTER = timedelta(seconds=60)


@dataclass(frozen=True, slots=True, kw_only=True)
class ScanOverview:
    """How one source of one site stands."""

    site: str
    source: str
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


class SqlScans:
    """The places of scans, under leases."""

    def __init__(self, connection: Connection, moment: Moment) -> None:
        self._connection, self._moment = connection, moment

    def known(self, sites: Collection[str]) -> set[tuple[str, str, str]]:
        """The (site, source, mode) that have a row."""
        rows = select(scan.c.site, scan.c.source, scan.c.mode).where(scan.c.site.in_(sorted(sites)))
        return {(row.site, row.source, row.mode) for row in self._connection.execute(rows)}

    def register(
        self, site: str, source: str, mode: str, *, wants: Collection[str] | None = None
    ) -> None:
        """Make sure that a row exists for this source; due at once when it is new.

        ``wants`` names what it reads now beside the plain facts (``core.milestone.Wants``);
        ``None`` leaves open what was said before. A source that changed its mode, or that begins
        to read more than it read until now, is read again from its beginning: who is at it loses
        the lease.
        """
        row = UNREAD | {
            "site": site,
            "source": source,
            "mode": mode,
            "epoch": 0,
            "due_at": self._moment.now,
            "generation": 0,
            "failures": 0,
            "wants": _text_of(wants or ()),
        }
        statement = insert_into(self._connection, scan)
        statement = statement.on_conflict_do_update(
            index_elements=("site", "source"),
            set_=self._unread() | {"mode": statement.excluded.mode},
            where=scan.c.mode != statement.excluded.mode,
        )
        self._connection.execute(statement, [row])
        if wants is not None:
            self._want(site, source, frozenset(wants))

    def _want(self, site: str, source: str, wants: frozenset[str]) -> None:
        here = and_(scan.c.site == site, scan.c.source == source)
        row = self._connection.execute(select(scan.c.wants).where(here).with_for_update()).one()
        known = frozenset(row.wants.split())
        if wants == known:
            return
        again = {} if wants < known else self._unread()
        # What is no longer read is missing from now on: the history has it only in part.
        self._connection.execute(
            update(scan).where(here).values(again | {"wants": _text_of(wants)})
        )

    def _unread(self) -> dict[str, Any]:
        """The columns of a source that is to be read again from its beginning, at once."""
        fenced = {"epoch": scan.c.epoch + 1, "lease_until": None, "rung_at": None}
        return UNREAD | fenced | {"due_at": self._moment.now}

    def complete(self, site: str, wants: Wants) -> frozenset[str]:
        """The sources whose history is read to its end, with all that these wants ask of them."""
        rows = self._connection.execute(
            select(scan.c.source, scan.c.wants).where(
                scan.c.site == site, scan.c.completed_started_at.is_not(None)
            )
        )
        return frozenset(
            row.source for row in rows if wants.of(row.source) <= frozenset(row.wants.split())
        )

    def known_to(self, site: str) -> dict[str, datetime]:
        """The moment by source up to which all that had changed is recorded.

        A source that has not been read to its end yet is absent.
        """
        rows = self._connection.execute(
            select(scan.c.source, scan.c.completed_started_at).where(
                scan.c.site == site, scan.c.completed_started_at.is_not(None)
            )
        )
        return {row.source: row.completed_started_at for row in rows}

    def lease(self, site: str, source: str, *, holds: timedelta, if_rested: bool = False) -> Lease:
        """Take the lease of a scan, or raise ``LeaseTaken``.

        ``if_rested`` asks more: after a failure, that its wait is over too.
        """
        here = and_(scan.c.site == site, scan.c.source == source)
        row = (
            self._connection.execute(select(scan).where(here).with_for_update()).mappings().first()
        )
        if row is None:
            raise StateError(f"{site} has no source {source}")
        now = self._moment.now
        if row["lease_until"] and row["lease_until"] > now:
            seconds = (row["lease_until"] - now).total_seconds()
            raise LeaseTaken(f"{site}/{source} is being scanned", seconds=seconds)
        if if_rested and row["failures"] and row["due_at"] and row["due_at"] > now:
            seconds = (row["due_at"] - now).total_seconds()
            raise LeaseTaken(f"{site}/{source} rests after a failure", seconds=seconds)
        place = read_place(row)
        taken = {
            "epoch": row["epoch"] + 1,
            "lease_until": now + holds,
            "due_at": None,
            # the slices of one scan keep the moment at which it began
            "began_at": row["began_at"] if place.scanning and row["began_at"] else now,
        }
        self._connection.execute(update(scan).where(here).values(taken))
        return Lease(
            site=site,
            source=source,
            epoch=taken["epoch"],
            place=place,
            failures=row["failures"],
        )

    def keep(self, lease: Lease, place: Place, *, holds: timedelta) -> None:
        """Save a place and renew the lease; ``LeaseLost`` where a later epoch has begun."""
        self._fenced(lease, columns_of(place) | {"lease_until": self._moment.now + holds})

    def release(self, lease: Lease, *, due_in: timedelta, completed: bool) -> None:
        """Give the lease back after work well done and say when the source is due again.

        A wish for an earlier scan that came meanwhile (``make_due``) is kept. ``LeaseLost``
        where a later epoch has begun.
        """
        values = self._given_back(due_in) | {"failures": 0, "last_error": None}
        if completed:
            values |= {
                "completed_at": self._moment.now,
                "completed_started_at": scan.c.began_at,
                "began_at": None,
            }
        self._fenced(lease, values)

    def postpone(self, lease: Lease, *, due_in: timedelta, error: BadgeJobsError) -> None:
        """Give the lease back after an error; a mere wait (``Later``) is no failure.

        ``LeaseLost`` where a later epoch has begun.
        """
        values = self._given_back(due_in) | {"last_error": str(error)}
        if not isinstance(error, Later):
            values |= {"failures": scan.c.failures + 1}
        self._fenced(lease, values)

    def _given_back(self, due_in: timedelta) -> dict[str, object]:
        due_at = literal(self._moment.now + due_in, AwareTime)
        return {
            "due_at": case((scan.c.due_at < due_at, scan.c.due_at), else_=due_at),
            "lease_until": None,
            "rung_at": None,
        }

    def due(
        self,
        sites: Collection[str],
        limit: int,
        *,
        ring_again_after: timedelta = RING_AGAIN_AFTER,
    ) -> list[tuple[str, str]]:
        """The (site, source) pairs of ``sites`` to ring for now; each is noted as rung.

        Longest due first. Sites that are not named may be another configuration's.

        A pair is named once, and again only after ``ring_again_after`` without a lease.
        """
        now = self._moment.now
        waiting = (
            select(scan.c.site, scan.c.source)
            .where(scan.c.site.in_(sorted(sites)))
            .where(or_(scan.c.due_at <= now, scan.c.due_at.is_(None)))
            .where(or_(scan.c.lease_until.is_(None), scan.c.lease_until <= now))
            .where(or_(scan.c.rung_at.is_(None), scan.c.rung_at <= now - ring_again_after))
            .order_by(func.coalesce(scan.c.due_at, scan.c.lease_until), scan.c.site, scan.c.source)
            .limit(limit)
            .with_for_update(skip_locked=True)
        )
        pairs = [(site, source) for site, source in self._connection.execute(waiting)]
        if pairs:
            self._connection.execute(
                update(scan)
                .where(tuple_(scan.c.site, scan.c.source).in_(pairs))
                .values(rung_at=now)
            )
        return pairs

    def make_due(
        self,
        site: str,
        source: str | None = None,
        *,
        if_waiting: bool = False,
        unless_failing: bool = False,
    ) -> int:
        """Ask for a scan now, of one source or of all; how many sources were asked for.

        Where a scan is at work already, another follows it; ``if_waiting`` leaves that alone,
        and what is due already. ``unless_failing`` leaves alone what failed the last time.
        """
        asked = (
            update(scan).where(scan.c.site == site).values(due_at=self._moment.now, rung_at=None)
        )
        if source is not None:
            asked = asked.where(scan.c.source == source)
        if if_waiting:
            asked = asked.where(scan.c.due_at > self._moment.now)
        if unless_failing:
            asked = asked.where(scan.c.failures == 0)
        return self._connection.execute(asked).rowcount

    def overview(self, site: str | None = None) -> list[ScanOverview]:
        """How the sources of one site, or of all, stand."""
        rows = select(scan).order_by(scan.c.site, scan.c.source)
        if site is not None:
            rows = rows.where(scan.c.site == site)
        plain = [name for name in ScanOverview.__dataclass_fields__ if name != "place"]
        return [
            ScanOverview(place=read_place(row), **{name: row[name] for name in plain})
            for row in self._connection.execute(rows).mappings()
        ]

    def _fenced(self, lease: Lease, values: dict[str, object]) -> None:
        written = self._connection.execute(
            update(scan)
            .where(scan.c.site == lease.site, scan.c.source == lease.source)
            .where(scan.c.epoch == lease.epoch)
            .values(values)
        )
        if not written.rowcount:
            raise LeaseLost(f"{lease.site}/{lease.source}: a later scan has begun")


def _text_of(wants: Collection[str]) -> str:
    return " ".join(sorted(wants))
