"""What complete readings of window sources found, by month, against what was known before."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, Connection, case, delete, func, insert, select

from badgejobs.core.activity import Mark
from badgejobs.core.ledger import AuditSummary
from badgejobs.store.moment import Moment
from badgejobs.store.tables import activity, audit


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditedMonth:
    """One month of the last complete audit; its numbers are activities."""

    site: str
    source: str
    #: Such as ``2026-03``, in UTC.
    month: str
    #: Known before the audit.
    ours: int
    #: Found at Wix.
    at_wix: int
    #: Found at Wix, and not known before.
    missed: int
    audited_at: datetime


class SqlAudits:
    """The last audit of each source."""

    def __init__(self, connection: Connection, moment: Moment) -> None:
        self._connection, self._moment = connection, moment

    def note(
        self,
        site: str,
        source: str,
        *,
        generation: int,
        known_before: datetime,
        changed_before: datetime,
    ) -> AuditSummary:
        """Hold what was known before against what this reading saw, by month.

        ``known_before`` is by our clock. What changed at Wix later than ``changed_before`` is
        the live scan's affair, and counted on neither side.
        """
        month = self._month()
        before = activity.c.first_seen_at < known_before
        seen = activity.c.generation >= generation
        rows = self._connection.execute(
            select(
                month.label("month"),
                func.sum(case((before, 1), else_=0)).label("ours"),
                func.sum(case((seen, 1), else_=0)).label("at_wix"),
                func.sum(case((seen & ~before, 1), else_=0)).label("missed"),
            )
            .where(activity.c.site == site, activity.c.source == source)
            .where(activity.c.updated_at < changed_before)
            .where(~(activity.c.marks.contains(Mark.GONE) & ~seen))
            .group_by(month)
            .order_by(month)
        ).all()
        self._connection.execute(
            delete(audit).where(audit.c.site == site, audit.c.source == source)
        )
        if rows:
            self._connection.execute(
                insert(audit),
                [
                    dict(row._mapping) | {  # noqa: SLF001 - SQLAlchemy's public name
                        "site": site, "source": source, "audited_at": self._moment.now,
                    }
                    for row in rows
                ],
            )  # fmt: skip
        return AuditSummary(
            months=sum(1 for row in rows if row.ours != row.at_wix),
            missed=sum(row.missed for row in rows),
        )

    def last(self, site: str, source: str | None = None) -> list[AuditedMonth]:
        """The months of the last audit, the oldest first."""
        rows = select(audit).where(audit.c.site == site).order_by(audit.c.source, audit.c.month)
        if source is not None:
            rows = rows.where(audit.c.source == source)
        return [AuditedMonth(**row) for row in self._connection.execute(rows).mappings()]

    def _month(self) -> ColumnElement[str]:
        """The month of an activity, in UTC."""
        if self._connection.dialect.name == "postgresql":
            return func.to_char(func.timezone("UTC", activity.c.occurred_at), "YYYY-MM")
        return func.strftime("%Y-%m", activity.c.occurred_at)
