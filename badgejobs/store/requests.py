"""Wishes that one member be looked at now; a task carries the id, never the member."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, delete, or_, select, text, update

from badgejobs.store.dialect import chunks, insert_into
from badgejobs.store.moment import Moment
from badgejobs.store.serving import served
from badgejobs.store.tables import member_request


@dataclass(frozen=True, slots=True, kw_only=True)
class MemberRequest:
    """A wish that one member be looked at, and what came of it."""

    id: int
    site: str
    member_id: str
    requested_at: datetime
    #: ``None`` while it is open.
    done_at: datetime | None
    outcome: str | None
    #: When a bell was last rung for it.
    rung_at: datetime | None = None


class SqlRequests:
    """Requests about one member each."""

    def __init__(self, connection: Connection, moment: Moment) -> None:
        self._connection, self._moment = connection, moment

    def add(self, site: str, member_id: str) -> int:
        """The id of the member's open request, which is a new one unless one was open."""
        statement = insert_into(self._connection, member_request).values(
            site=site, member_id=member_id, requested_at=self._moment.now
        )
        statement = statement.on_conflict_do_update(
            index_elements=("site", "member_id"),
            index_where=text("done_at IS NULL"),
            # An update that changes nothing, so that the standing row is returned.
            set_={"site": statement.excluded.site},
        )
        return int(self._connection.execute(statement.returning(member_request.c.id)).scalar_one())

    def get(self, request_id: int) -> MemberRequest | None:
        """One request, or ``None`` where there is none of that id."""
        row = (
            self._connection.execute(
                select(member_request).where(member_request.c.id == request_id)
            )
            .mappings()
            .first()
        )
        return MemberRequest(**row) if row else None

    def done(self, request_id: int, outcome: str) -> None:
        """Close a request; one that is closed keeps its first outcome."""
        self._connection.execute(
            update(member_request)
            .where(member_request.c.id == request_id, member_request.c.done_at.is_(None))
            .values(done_at=self._moment.now, outcome=outcome)
        )

    def open_ids(self, configured: Collection[str], limit: int) -> list[int]:
        """Open requests for members of the sites that are served, oldest first."""
        ids = (
            select(member_request.c.id)
            .where(member_request.c.done_at.is_(None), served(member_request.c.site, configured))
            .order_by(member_request.c.id)
            .limit(limit)
        )
        return list(self._connection.scalars(ids))

    def ring(
        self,
        configured: Collection[str],
        *,
        beside: Collection[str],
        limit: int,
        again_after: timedelta,
    ) -> list[int]:
        """Open requests to ring for now, oldest first; each is noted as rung.

        Those of sites ``beside`` wait. One is named again only after ``again_after``.
        """
        now = self._moment.now
        ids = list(
            self._connection.scalars(
                select(member_request.c.id)
                .where(member_request.c.done_at.is_(None))
                .where(served(member_request.c.site, configured))
                .where(member_request.c.site.not_in(sorted(beside)))
                .where(
                    or_(
                        member_request.c.rung_at.is_(None),
                        member_request.c.rung_at <= now - again_after,
                    )
                )
                .order_by(member_request.c.id)
                .limit(limit)
                .with_for_update(skip_locked=True)
            )
        )
        for some in chunks(ids):
            self._connection.execute(
                update(member_request).where(member_request.c.id.in_(some)).values(rung_at=now)
            )
        return ids

    def prune(self, older_than: timedelta) -> int:
        """Forget requests that were closed longer ago; how many."""
        before = self._moment.now - older_than
        old = delete(member_request).where(member_request.c.done_at < before)
        return self._connection.execute(old).rowcount
