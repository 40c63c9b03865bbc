"""Sites that are not simply at work: suspended by a person, or because Wix refuses us."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import ColumnElement, Connection, delete, exists, or_, select, tuple_, update

from badgejobs.store.dialect import chunks, insert_into
from badgejobs.store.fleet_tables import site, standing
from badgejobs.store.moment import Moment

#: Who suspends.
PERSON: Final = "person"
WIX: Final = "wix"
#: A bell for a probe that nobody answered for so long is rung again.
RING_AGAIN_AFTER = timedelta(seconds=60)


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """How a site stands that is not simply at work."""

    site: str
    #: How often in a row Wix refused us, with nothing that worked between.
    refusals: int = 0
    #: Since when nothing of it is done; ``None`` while it is at work.
    suspended_at: datetime | None = None
    #: :data:`PERSON` or :data:`WIX`; empty while it is at work.
    suspended_by: str = ""
    reason: str = ""
    #: When Wix is asked again whether it takes us.
    probe_at: datetime | None = None
    #: How often that was in vain.
    probes: int = 0

    @property
    def is_by_wix(self) -> bool:
        """Whether it comes back by itself once Wix takes us again."""
        return self.suspended_by == WIX


class SqlStandings:
    """The standings of the sites; no row is the usual case."""

    def __init__(self, connection: Connection, moment: Moment) -> None:
        self._connection, self._moment = connection, moment

    def of(self, name: str) -> Standing | None:
        """How a site stands, where it is not simply at work."""
        row = (
            self._connection.execute(select(standing).where(standing.c.site == name))
            .mappings()
            .first()
        )
        return Standing(**row) if row else None

    def suspended(self, sites: Collection[str] | None = None) -> list[Standing]:
        """Those of ``sites``, or of all, that are suspended, by name."""
        wanted = (
            select(standing).where(standing.c.suspended_at.is_not(None)).order_by(standing.c.site)
        )
        if sites is None:
            return [Standing(**row) for row in self._connection.execute(wanted).mappings()]
        return [
            Standing(**row)
            for some in chunks(sorted(sites))
            for row in self._connection.execute(wanted.where(standing.c.site.in_(some))).mappings()
        ]

    def refused(self, name: str) -> int:
        """Wix refused us once more; how often in a row by now."""
        statement = insert_into(self._connection, standing)
        statement = statement.on_conflict_do_update(
            index_elements=("site",), set_={"refusals": standing.c.refusals + 1}
        )
        row = {"site": name, "refusals": 1, "suspended_by": "", "reason": "", "probes": 0}
        self._connection.execute(statement, [row])
        number: int = self._connection.execute(
            select(standing.c.refusals).where(standing.c.site == name)
        ).scalar_one()
        return number

    def worked(self, name: str) -> None:
        """Wix answered as it should: what was refused before is no row any more."""
        self._connection.execute(
            delete(standing).where(standing.c.site == name, standing.c.suspended_at.is_(None))
        )

    def suspend(
        self, name: str, *, by: str, reason: str, probe_in: timedelta | None = None
    ) -> bool:
        """Let nothing of a site be done; whether that is new.

        What a person said, nobody but a person says otherwise.
        """
        now = self._moment.now
        row = {
            "site": name,
            "refusals": 0,
            "suspended_at": now,
            "suspended_by": by,
            "reason": reason,
            "probe_at": now + probe_in if probe_in is not None else None,
            "probes": 0,
        }
        statement = insert_into(self._connection, standing)
        anew: ColumnElement[bool] = standing.c.suspended_at.is_(None)
        if by == PERSON:
            anew = or_(
                anew,
                tuple_(standing.c.suspended_by, standing.c.reason)
                != tuple_(statement.excluded.suspended_by, statement.excluded.reason),
            )
        statement = statement.on_conflict_do_update(
            index_elements=("site",),
            set_={column: statement.excluded[column] for column in row if column != "site"},
            where=anew,
        )
        return (
            self._connection.execute(statement.returning(standing.c.site), [row]).first()
            is not None
        )

    def resume(self, name: str, *, by: str) -> bool:
        """Let a site be worked for again; whether it was not.

        What a person suspended only a person resumes.
        """
        over = delete(standing).where(standing.c.site == name, standing.c.suspended_at.is_not(None))
        if by != PERSON:
            over = over.where(standing.c.suspended_by == by)
        return self._connection.execute(over).rowcount > 0

    def probe_soon(self, name: str) -> bool:
        """Let Wix be asked at once for a site that it refused; whether it is one."""
        return (
            self._connection.execute(
                update(standing)
                .where(standing.c.site == name, standing.c.suspended_by == WIX)
                .values(probe_at=self._moment.now)
            ).rowcount
            > 0
        )

    def due_probes(self, configured: Collection[str], limit: int) -> list[str]:
        """The sites for which Wix is to be asked now; each is named once until it was.

        ``configured`` as for :func:`badgejobs.store.serving.served`.
        """
        now = self._moment.now
        due = (
            select(standing.c.site)
            .where(standing.c.suspended_by == WIX, standing.c.probe_at <= now)
            .where(
                or_(
                    standing.c.site.in_(sorted(configured)),
                    exists().where(site.c.name == standing.c.site),
                )
            )
            .order_by(standing.c.probe_at, standing.c.site)
            .limit(limit)
            .with_for_update(skip_locked=True)
        )
        found = list(self._connection.scalars(due))
        if found:
            self._connection.execute(
                update(standing)
                .where(standing.c.site.in_(found))
                .values(probe_at=now + RING_AGAIN_AFTER)
            )
        return found

    def refused_again(self, name: str, reason: str, *, probe_in: timedelta) -> None:
        """A probe was in vain: the next one follows then."""
        self._connection.execute(
            update(standing)
            .where(standing.c.site == name, standing.c.suspended_by == WIX)
            .values(
                probe_at=self._moment.now + probe_in,
                probes=standing.c.probes + 1,
                reason=reason,
            )
        )

    def postpone_probe(self, name: str, *, probe_in: timedelta) -> None:
        """A probe that told nothing is made again then."""
        self._connection.execute(
            update(standing)
            .where(standing.c.site == name, standing.c.suspended_by == WIX)
            .values(probe_at=self._moment.now + probe_in)
        )

    def forget(self, name: str) -> None:
        """A site is removed."""
        self._connection.execute(delete(standing).where(standing.c.site == name))
