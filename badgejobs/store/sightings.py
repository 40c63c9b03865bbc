"""What a long reading of Wix has seen so far, and its place."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    and_,
    case,
    delete,
    func,
    literal,
    select,
    update,
)

from badgejobs.core.identity import Digest
from badgejobs.core.sighting import Begun
from badgejobs.core.wixfacts import WixAssignment
from badgejobs.errors import LeaseLost
from badgejobs.store.columns import AwareTime
from badgejobs.store.dialect import insert_into
from badgejobs.store.moment import Moment
from badgejobs.store.tables import reading, sighting
from badgejobs.store.tombstones import SqlTombstones

#: Rows that are taken from the database at once.
_AT_ONCE = 5000


class SqlSightings:
    """The reading of each site that was begun, and what it saw."""

    def __init__(self, connection: Connection, moment: Moment, digest: Digest | None) -> None:
        self._connection, self._moment, self._digest = connection, moment, digest

    def begun(self, site: str) -> Begun | None:
        """The reading that was begun and is not forgotten yet."""
        row = self._connection.execute(select(reading).where(reading.c.site == site)).first()
        if row is None:
            return None
        return Begun(
            began=row.began_at,
            badge_ids=tuple(row.badge_ids.split()),
            part=row.part,
            cursor=row.cursor,
            pages=row.pages,
            mark=row.mark,
            refusals=row.refusals,
            done=row.done,
        )

    def begin(
        self, site: str, badge_ids: Collection[str], *, instead_of: Begun | None, refusals: int = 0
    ) -> Begun:
        """Begin a reading of these badges now, and drop what another one saw.

        ``LeaseLost`` where the one that stands is not ``instead_of``.
        """
        begun = Begun(
            began=self._moment.now,
            badge_ids=tuple(sorted(badge_ids)),
            refusals=refusals,
            done=not badge_ids,
        )
        if instead_of is None:
            adding = insert_into(self._connection, reading).on_conflict_do_nothing()
            values = {"site": site, "wished_at": None} | _columns(begun)
            added = adding.values(values).returning(reading.c.site)
            self._require(len(self._connection.execute(added).all()), site)
        else:
            # a wish whose time has come is granted by this reading
            granted = reading.c.wished_at <= literal(self._moment.now, AwareTime)
            wished_at = case((granted, None), else_=reading.c.wished_at)
            self._turn(site, instead_of, begun, wished_at=wished_at)
            self._connection.execute(delete(sighting).where(sighting.c.site == site))
        return begun

    def keep(self, site: str, before: Begun, after: Begun, rows: Sequence[WixAssignment]) -> None:
        """Keep a page that was read at one place, and the place behind it.

        Nothing is kept of members who were erased: see to it that nobody erases meanwhile.
        ``LeaseLost`` where the reading is not there any more: another worker is at it.
        """
        self._turn(site, before, after)
        tombstones = SqlTombstones(self._connection, self._digest)
        erased = tombstones.erased_members(site, {row.member_id for row in rows})
        seen = [
            {
                "site": site,
                "assignment_id": row.id,
                "wix_badge_id": row.badge_id,
                "member_id": row.member_id,
                "created_at": row.created_at,
            }
            for row in rows
            if row.member_id not in erased
        ]
        if seen:
            adding = insert_into(self._connection, sighting).on_conflict_do_nothing()
            self._connection.execute(adding, seen)

    def seen(self, site: str, begun: Begun) -> Iterator[WixAssignment]:
        """All that a reading saw, to be asked in a transaction that sees one moment's state.

        ``LeaseLost`` where another one stands.
        """
        here = select(reading.c.site).where(_is(site, begun))
        self._require(len(self._connection.execute(here).all()), site)
        after, number = "", _AT_ONCE
        while number == _AT_ONCE:
            rows = self._connection.execute(
                select(sighting)
                .where(sighting.c.site == site, sighting.c.assignment_id > after)
                .order_by(sighting.c.assignment_id)
                .limit(_AT_ONCE)
            ).all()
            for row in rows:
                after = row.assignment_id
                yield WixAssignment(
                    id=row.assignment_id,
                    badge_id=row.wix_badge_id,
                    member_id=row.member_id,
                    created_at=row.created_at,
                )
            number = len(rows)

    def forget(self, site: str, begun: Begun) -> datetime | None:
        """Drop a reading and what it saw; when another one was wished for meanwhile.

        A reading that another worker began stays.
        """
        gone = delete(reading).where(_is(site, begun)).returning(reading.c.wished_at)
        row = self._connection.execute(gone).first()
        if row is None:
            return None
        self._connection.execute(delete(sighting).where(sighting.c.site == site))
        wished_at: datetime | None = row.wished_at
        return wished_at

    def wish(self, site: str, at: datetime) -> None:
        """Let another reading follow then, where one is going on that may have seen too little.

        The first of several wishes counts.
        """
        self._connection.execute(
            update(reading)
            .where(reading.c.site == site)
            .values(wished_at=func.coalesce(reading.c.wished_at, literal(at, AwareTime)))
        )

    def _turn(self, site: str, before: Begun, after: Begun, **also: object) -> None:
        turned = update(reading).where(_is(site, before)).values(_columns(after) | also)
        self._require(self._connection.execute(turned).rowcount, site)

    def _require(self, number: int, site: str) -> None:
        if not number:
            raise LeaseLost(f"{site}: another worker reads who has which badge")


def _is(site: str, begun: Begun) -> ColumnElement[bool]:
    """This reading at this very place: a page that two have read is kept once."""
    return and_(
        reading.c.site == site,
        reading.c.began_at == begun.began,
        reading.c.part == begun.part,
        reading.c.pages == begun.pages,
    )


def _columns(begun: Begun) -> dict[str, Any]:
    return {
        "began_at": begun.began,
        "badge_ids": " ".join(begun.badge_ids),
        "part": begun.part,
        "cursor": begun.cursor,
        "pages": begun.pages,
        "mark": begun.mark,
        "refusals": begun.refusals,
        "done": begun.done,
    }
