"""Erasing a member: every row of theirs, and a digest in its place."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import asdict, dataclass

from sqlalchemy import ColumnElement, Connection, Table, and_, delete, func, select

from badgejobs.core import identity as identities
from badgejobs.core.activity import Activity
from badgejobs.core.identity import Digest, Identity
from badgejobs.store import facts
from badgejobs.store.dialect import chunks
from badgejobs.store.fingerprints import require_same_key
from badgejobs.store.identities import MEMBERS, SqlIdentities
from badgejobs.store.moment import Moment
from badgejobs.store.resources import SqlResources
from badgejobs.store.tables import (
    activity,
    award,
    award_history,
    drift,
    identity,
    link,
    member_request,
    notification,
    quarantine,
    sighting,
    wake_up,
)
from badgejobs.store.tombstones import SqlTombstones

#: The tables whose rows name a member, by what their rows are called.
_OF_MEMBER: tuple[tuple[str, Table], ...] = (
    ("awards", award),
    ("history", award_history),
    ("wake_ups", wake_up),
    ("drift", drift),
    ("sightings", sighting),
    ("requests", member_request),
    ("notifications", notification),
)
#: The tables whose rows name an activity, likewise.
_OF_ACTIVITY: tuple[tuple[str, Table], ...] = (
    ("identities", identity),
    ("links", link),
    ("quarantined", quarantine),
)
#: Columns that are ours alone: keyed digests, and tokens of workers.
_OF_NO_USE = frozenset({"site", "digest", "claim", "claimed_until"})


@dataclass(frozen=True, slots=True)
class _Theirs:
    """What there is of a member."""

    site: str
    member_id: str
    activities: list[Activity]
    known_by: set[Identity]

    def rows(self) -> Iterator[tuple[str, Table, ColumnElement[bool]]]:
        """Every row beside the activities: what it is called, its table, and which ones."""
        for name, table in _OF_MEMBER:
            yield name, table, and_(table.c.site == self.site, table.c.member_id == self.member_id)
        of_links = and_(link.c.site == self.site, link.c.member_id == self.member_id)
        for name, table in _OF_ACTIVITY:
            for source, keys in self.keys().items():
                for some in chunks(sorted(keys)):
                    here = and_(
                        table.c.site == self.site,
                        table.c.source == source,
                        table.c.activity_id.in_(some),
                    )
                    # a link of theirs may be to an activity that is not theirs any more
                    yield name, table, and_(here, ~of_links) if table is link else here
        yield "links", link, of_links

    def keys(self) -> dict[str, set[str]]:
        """The ids of the activities by source; the member is one, whether it was read or not."""
        found = defaultdict[str, set[str]](set)
        found[MEMBERS].add(self.member_id)
        for one in self.activities:
            found[one.source].add(one.activity_id)
        return found


class SqlErasing:
    """What is known of one member, counted or erased."""

    def __init__(self, connection: Connection, moment: Moment, digest: Digest | None) -> None:
        self._connection, self._moment, self._digest = connection, moment, digest

    def count(self, site: str, member_id: str) -> dict[str, int]:
        """How many rows of each kind would go."""
        theirs = self._theirs(site, member_id)
        totals = _nothing(len(theirs.activities))
        for name, table, here in theirs.rows():
            number = select(func.count()).select_from(table).where(here)
            totals[name] += self._connection.scalar(number) or 0
        return totals

    def erase(self, site: str, member_id: str) -> dict[str, int]:
        """Delete every row of a member, and see to it that nothing of them comes back.

        How many places of badges with a limit are used stays as it is. Returns how many rows of
        each kind went.
        """
        digest = require_same_key(self._connection, self._digest)
        if self._connection.dialect.name == "sqlite":
            # what is deleted is overwritten, so that the file holds it no longer
            self._connection.exec_driver_sql("PRAGMA secure_delete = ON")
        theirs = self._theirs(site, member_id)
        totals = _nothing(len(theirs.activities))
        for name, table, here in theirs.rows():
            totals[name] += self._connection.execute(delete(table).where(here)).rowcount
        for source, keys in theirs.keys().items():
            for some in chunks(sorted(keys)):
                self._connection.execute(
                    delete(activity).where(
                        activity.c.site == site,
                        activity.c.source == source,
                        activity.c.activity_id.in_(some),
                    )
                )
            gone = [one for one in theirs.activities if one.source == source]
            SqlResources(self._connection, self._moment).moved(site, source, before=gone, after=())
        digests = {text for _, text in theirs.known_by} | {identities.member(member_id, digest)}
        SqlTombstones(self._connection, self._digest).put(site, digests, self._moment)
        return totals

    @staticmethod
    def kinds() -> list[str]:
        """What the rows of a member are called."""
        return list(_nothing(0))

    def told(self, site: str, member_id: str) -> Iterator[tuple[str, dict[str, object]]]:
        """Every row of a member for themselves to see: what kind it is, and what stands in it.

        The same rows that would be erased, less digests and tokens, which say nothing to anybody.
        """
        theirs = self._theirs(site, member_id)
        for one in theirs.activities:
            yield "activities", _plain(one)
        for name, table, here in theirs.rows():
            shown = [column for column in table.c if column.name not in _OF_NO_USE]
            for row in self._connection.execute(select(*shown).where(here)).mappings():
                yield name, dict(row)

    def _theirs(self, site: str, member_id: str) -> _Theirs:
        """All of a member; what they did as a guest too, unless it is found to be another's."""
        known = SqlIdentities(self._connection)
        known_by = known.of_members(site, [member_id])
        whose: list[ColumnElement[bool]] = [activity.c.member_id == member_id]
        rows = list(
            self._connection.execute(select(*facts.COLUMNS).where(activity.c.site == site, *whose))
        )
        as_guest = defaultdict[str, list[str]](list)
        for source, key in sorted(known.guests_with(site, known_by)):
            as_guest[source].append(key)
        for source, keys in as_guest.items():
            for some in chunks(keys):
                rows += self._connection.execute(
                    select(*facts.COLUMNS).where(
                        activity.c.site == site,
                        activity.c.source == source,
                        activity.c.activity_id.in_(some),
                        activity.c.member_id.is_(None),
                    )
                )
        activities = [facts.from_row(site, row) for row in rows]
        return _Theirs(site, member_id, activities, known_by)


def _plain(one: Activity) -> dict[str, object]:
    """An activity in plain values."""
    told = {name: getattr(one, name) for name in Activity.__dataclass_fields__}
    del told["site"], told["identities"]
    items = [
        {name: sorted(value) if isinstance(value, frozenset) else value
         for name, value in asdict(item).items()}
        for item in one.items
    ]  # fmt: skip
    return told | {"marks": sorted(one.marks), "amounts": dict(one.amounts), "items": items}


def _nothing(activities: int) -> dict[str, int]:
    names = [name for name, _ in (*_OF_MEMBER, *_OF_ACTIVITY)]
    return {"activities": activities} | dict.fromkeys(names, 0)
