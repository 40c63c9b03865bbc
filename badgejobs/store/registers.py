"""Which sources are read, on which tracks, and with what beside the plain facts."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Connection, and_, case, literal, select, update

from badgejobs.core.source import Track
from badgejobs.store.columns import AwareTime
from badgejobs.store.dialect import insert_into
from badgejobs.store.place import UNREAD
from badgejobs.store.tables import scan

#: A re-scan of the last days waits so long after the first reading: all of it is fresh.
FIRST_RECENT_AFTER = timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """One source of one site, and how it can be read."""

    site: str
    source: str
    mode: str

    @property
    def rows(self) -> ColumnElement[bool]:
        """The rows of its tracks."""
        return and_(scan.c.site == self.site, scan.c.source == self.source)


def register(
    connection: Connection,
    of: Source,
    *,
    now: datetime,
    tracks: Sequence[Track],
    wants: Collection[str] | None,
) -> None:
    """Make sure that a row exists for each track of this source; due at once when it is new.

    ``wants`` names what it reads now beside the plain facts (``core.milestone.Wants``);
    ``None`` leaves open what was said before. A source that changed its mode, or that begins
    to read more than it read until now, is read again from its beginning: who is at it loses
    the lease.
    """
    if _stands(connection, of, tracks, wants):
        return
    text = _text_of(wants or ())
    later = {Track.RECENT: now + FIRST_RECENT_AFTER}
    rows = [_new(of, track, due_at=later.get(track, now), wants=text) for track in tracks]
    statement = insert_into(connection, scan)
    statement = statement.on_conflict_do_update(
        index_elements=("site", "source", "track"),
        set_=_unread(now) | {"mode": statement.excluded.mode},
        where=scan.c.mode != statement.excluded.mode,
    )
    connection.execute(statement, rows)
    if wants is not None:
        _want(connection, of, frozenset(wants), now=now)


def begin(
    connection: Connection, sites: Collection[str], duties: Collection[str], *, now: datetime
) -> None:
    """Make the duties of many new sites known at once, due now; one that is known stays."""
    rows = [
        _new(Source(site=site, source=duty, mode="window"), Track.LIVE, due_at=now)
        for site in sites
        for duty in duties
    ]
    if rows:
        connection.execute(insert_into(connection, scan).on_conflict_do_nothing(), rows)


def _new(of: Source, track: Track, *, due_at: datetime, wants: str = "") -> dict[str, Any]:
    return UNREAD | {
        "site": of.site,
        "source": of.source,
        "track": track,
        "mode": of.mode,
        "epoch": 0,
        "due_at": due_at,
        "generation": 0,
        "failures": 0,
        "wants": wants,
    }


def _stands(
    connection: Connection, of: Source, tracks: Sequence[Track], wants: Collection[str] | None
) -> bool:
    """Whether there is nothing to register; asked without a lock, as it is most of the time."""
    rows = connection.execute(select(scan.c.track, scan.c.mode, scan.c.wants).where(of.rows)).all()
    wanted = None if wants is None else _text_of(wants)
    return {row.track for row in rows} >= set(tracks) and all(
        row.mode == of.mode and wanted in {None, row.wants} for row in rows
    )


def _want(connection: Connection, of: Source, wants: frozenset[str], *, now: datetime) -> None:
    rows = connection.execute(select(scan.c.wants).where(of.rows).with_for_update()).all()
    known = [frozenset(row.wants.split()) for row in rows]
    if all(one == wants for one in known):
        return
    again = {} if all(wants <= one for one in known) else _unread(now)
    # What is no longer read is missing from now on: the history has it only in part.
    connection.execute(update(scan).where(of.rows).values(again | {"wants": _text_of(wants)}))


def _unread(now: datetime) -> dict[str, Any]:
    """The columns of a source that is to be read again from its beginning, at once."""
    fenced = {"epoch": scan.c.epoch + 1, "lease_until": None, "rung_at": None}
    later = literal(now + FIRST_RECENT_AFTER, AwareTime)
    due_at = case((scan.c.track == Track.RECENT, later), else_=literal(now, AwareTime))
    return UNREAD | fenced | {"due_at": due_at}


def _text_of(wants: Collection[str]) -> str:
    return " ".join(sorted(wants))
