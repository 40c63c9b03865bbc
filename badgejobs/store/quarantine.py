"""Records that could not be understood, each with its reason, until it can be or is gone."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import (
    ColumnElement,
    Connection,
    and_,
    case,
    delete,
    func,
    literal,
    null,
    or_,
    select,
    update,
)

from badgejobs import __version__
from badgejobs.core.activity import Unreadable, is_stand_in, stand_in
from badgejobs.store.columns import AwareTime
from badgejobs.store.dialect import chunks, insert_into
from badgejobs.store.moment import Moment
from badgejobs.store.serving import served
from badgejobs.store.tables import activity, quarantine

#: A record that Wix gave is asked for again so long after.
TRIED_EVERY = timedelta(days=1)

_KEY = ("site", "source", "activity_id")


@dataclass(frozen=True, slots=True, kw_only=True)
class Quarantined:
    """A record that is not understood."""

    site: str
    source: str
    #: What stands for it where it has no id (``core.activity.is_stand_in``).
    activity_id: str
    #: Which field is wrong and how.
    reason: str
    first_seen_at: datetime
    last_seen_at: datetime
    #: How often it was asked for by itself.
    tries: int
    tried_at: datetime | None
    #: The version of badgejobs that saw it last.
    tried_by: str
    #: When it is asked for again; ``None`` for what was dropped, and what has no id to ask for.
    due_at: datetime | None
    #: When Wix first did not give it any more.
    missed_at: datetime | None
    #: When a person said that it is to be left alone.
    dropped_at: datetime | None


class SqlQuarantine:
    """The records that could not be understood."""

    def __init__(self, connection: Connection, moment: Moment) -> None:
        self._connection, self._moment = connection, moment

    def add(self, records: Sequence[Unreadable], *, site: str, generation: int) -> None:
        """Keep what could not be understood, with its reason, until it can be.

        What is known of such a record was seen by this reading all the same: it is not gone. One
        that was dropped comes back only with another reason.
        """
        for source in {one.source for one in records}:
            seen = [one.activity_id for one in records if one.source == source]
            for some in chunks(seen):
                self._connection.execute(
                    update(activity)
                    .where(activity.c.site == site, activity.c.source == source)
                    .where(activity.c.activity_id.in_(some))
                    .values(generation=generation, missed_at=None)
                )
        now = self._moment.now
        rows = dict[tuple[str, str], dict[str, object]]()
        for one in records:
            key = one.activity_id or stand_in(one.reason.encode())
            rows[one.source, key] = {
                "site": site,
                "source": one.source,
                "activity_id": key,
                "reason": one.reason,
                "first_seen_at": now,
                "last_seen_at": now,
                "tries": 0,
                "tried_by": __version__,
                "due_at": None if is_stand_in(key) else now + TRIED_EVERY,
            }
        if not rows:
            return
        statement = insert_into(self._connection, quarantine)
        new = statement.excluded
        is_dropped = and_(quarantine.c.dropped_at.is_not(None), quarantine.c.reason == new.reason)
        statement = statement.on_conflict_do_update(
            index_elements=_KEY,
            set_={
                "reason": new.reason,
                "last_seen_at": new.last_seen_at,
                "tried_by": new.tried_by,
                "missed_at": None,
                "dropped_at": case((is_dropped, quarantine.c.dropped_at), else_=null()),
                "due_at": case((is_dropped, null()), else_=new.due_at),
            },
        )
        self._connection.execute(statement, list(rows.values()))

    def understood(self, site: str, source: str, ids: Collection[str]) -> int:
        """Forget these, which are understood now; how many of them were here."""
        here = 0
        for some in chunks(sorted(ids)):
            gone = delete(quarantine).where(_of(site, source), quarantine.c.activity_id.in_(some))
            here += self._connection.execute(gone).rowcount
        return here

    def due(self, site: str, source: str, *, limit: int) -> list[str]:
        """Some that are to be asked for now, those that wait for longest first."""
        rows = (
            select(quarantine.c.activity_id)
            .where(_of(site, source), quarantine.c.due_at <= self._moment.now)
            .order_by(quarantine.c.due_at, quarantine.c.activity_id)
            .limit(limit)
        )
        return list(self._connection.scalars(rows))

    def due_sources(self, site: str) -> list[str]:
        """The sources with records that are to be asked for now."""
        rows = (
            select(quarantine.c.source)
            .where(quarantine.c.site == site, quarantine.c.due_at <= self._moment.now)
            .distinct()
            .order_by(quarantine.c.source)
        )
        return list(self._connection.scalars(rows))

    def due_sites(self, configured: Collection[str], *, version: str = __version__) -> list[str]:
        """The served sites with records that are to be asked for now.

        What another version of badgejobs could not understand is: this one may.
        """
        now = self._moment.now
        self._connection.execute(
            update(quarantine)
            .where(or_(quarantine.c.tried_by < version, quarantine.c.tried_by > version))
            .where(served(quarantine.c.site, configured), quarantine.c.due_at > now)
            .values(due_at=now)
        )
        rows = (
            select(quarantine.c.site)
            .where(served(quarantine.c.site, configured), quarantine.c.due_at <= now)
            .distinct()
            .order_by(quarantine.c.site)
        )
        return list(self._connection.scalars(rows))

    def ask(self, site: str, records: Collection[tuple[str, str]] | None = None) -> int:
        """Let these (source, id) be asked for now, or all that were not dropped; how many."""
        asked = update(quarantine).values(due_at=self._moment.now)
        if records is None:
            every = asked.where(quarantine.c.site == site, quarantine.c.due_at.is_not(None))
            return self._connection.execute(every).rowcount
        found = 0
        for source, ids in _by_source(records).items():
            for some in chunks([one for one in ids if not is_stand_in(one)]):
                these = asked.where(_of(site, source), quarantine.c.activity_id.in_(some))
                found += self._connection.execute(these).rowcount
        return found

    def tried(
        self,
        site: str,
        source: str,
        ids: Collection[str],
        *,
        missing: Collection[str] = (),
        gap: timedelta = timedelta(0),
        version: str = __version__,
    ) -> int:
        """Note that these were asked for; how many of the ``missing`` among them are gone.

        Gone is what Wix did not give twice, at least ``gap`` apart: it is forgotten.
        """
        now = self._moment.now
        for some in chunks(sorted(ids)):
            self._connection.execute(
                update(quarantine)
                .where(_of(site, source), quarantine.c.activity_id.in_(some))
                .values(
                    tries=quarantine.c.tries + 1,
                    tried_at=now,
                    tried_by=version,
                    due_at=_unless_dropped(now + TRIED_EVERY),
                )
            )
        return self._missed(site, source, missing, gap=gap)

    def rest(self, site: str, source: str, *, version: str = __version__) -> None:
        """Ask for nothing of this source before tomorrow: it cannot be asked for by itself."""
        now = self._moment.now
        self._connection.execute(
            update(quarantine)
            .where(_of(site, source), quarantine.c.due_at <= now)
            .values(due_at=now + TRIED_EVERY, tried_by=version)
        )

    def not_seen(self, site: str, source: str, *, since: datetime, gap: timedelta) -> None:
        """Note what a full reading that began then, and is at its end, did not come across.

        What has no id is forgotten by that: it was mended, or changed and stands here anew. All
        else is asked for, where that can be, and gone when it is missed again.
        """
        unseen = (
            select(quarantine.c.activity_id)
            .where(_of(site, source), quarantine.c.last_seen_at < since)
            .order_by(quarantine.c.activity_id)
        )
        missing = list(self._connection.scalars(unseen))
        self.understood(site, source, [one for one in missing if is_stand_in(one)])
        self._missed(site, source, [one for one in missing if not is_stand_in(one)], gap=gap)

    def drop(self, site: str, records: Collection[tuple[str, str]]) -> int:
        """Leave these (source, id) alone from now on; how many were not yet."""
        dropped = 0
        for source, ids in _by_source(records).items():
            for some in chunks(ids):
                left = (
                    update(quarantine)
                    .where(_of(site, source), quarantine.c.activity_id.in_(some))
                    .where(quarantine.c.dropped_at.is_(None))
                    .values(dropped_at=self._moment.now, due_at=None)
                )
                dropped += self._connection.execute(left).rowcount
        return dropped

    def listed(self, sites: Collection[str], *, dropped: bool = False) -> list[Quarantined]:
        """What is not understood of these sites; with ``dropped`` also what is left alone."""
        rows = select(quarantine).where(quarantine.c.site.in_(sorted(sites))).order_by(*_key())
        if not dropped:
            rows = rows.where(quarantine.c.dropped_at.is_(None))
        return [Quarantined(**row) for row in self._connection.execute(rows).mappings()]

    def numbers(self, sites: Collection[str]) -> dict[tuple[str, str], int]:
        """How many are not understood by (site, source), without those that were dropped."""
        rows = (
            select(quarantine.c.site, quarantine.c.source, func.count())
            .where(quarantine.c.site.in_(sorted(sites)), quarantine.c.dropped_at.is_(None))
            .group_by(quarantine.c.site, quarantine.c.source)
            .order_by(quarantine.c.site, quarantine.c.source)
        )
        return {(site, source): number for site, source, number in self._connection.execute(rows)}

    def _missed(self, site: str, source: str, ids: Collection[str], *, gap: timedelta) -> int:
        now, gone = self._moment.now, 0
        for some in chunks(sorted(ids)):
            these = and_(_of(site, source), quarantine.c.activity_id.in_(some))
            again = delete(quarantine).where(these, quarantine.c.missed_at <= now - gap)
            gone += self._connection.execute(again).rowcount
            self._connection.execute(
                update(quarantine)
                .where(these)
                .values(
                    missed_at=func.coalesce(quarantine.c.missed_at, literal(now, AwareTime)),
                    due_at=_unless_dropped(now + gap),
                )
            )
        return gone


def _of(site: str, source: str) -> ColumnElement[bool]:
    return and_(quarantine.c.site == site, quarantine.c.source == source)


def _unless_dropped(moment: datetime) -> ColumnElement[object]:
    """When it is due again; what was never to be asked for, or was dropped, is not."""
    is_asked_for = and_(quarantine.c.dropped_at.is_(None), quarantine.c.due_at.is_not(None))
    return case((is_asked_for, literal(moment, AwareTime)), else_=null())


def _key() -> list[ColumnElement[str]]:
    return [quarantine.c[name] for name in _KEY]


def _by_source(records: Collection[tuple[str, str]]) -> dict[str, list[str]]:
    found = dict[str, list[str]]()
    for source, activity_id in sorted(records):
        found.setdefault(source, []).append(activity_id)
    return found
