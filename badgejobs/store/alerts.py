"""What a person must know: raised once, told once, and over when its cause is."""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import Connection, RowMapping, func, select, update

from badgejobs.core.alert import Alert, Kind
from badgejobs.store.dialect import insert_into
from badgejobs.store.moment import Moment
from badgejobs.store.tables import alert

_NAMES = tuple(Alert.__dataclass_fields__)


class SqlAlerts:
    """The alerts of the sites."""

    def __init__(self, connection: Connection, moment: Moment) -> None:
        self._connection, self._moment = connection, moment

    def raised(self, site: str, kind: Kind, text: str, *, subject: str = "") -> bool:
        """See to it that an alert is open, with this text; whether it was not before."""
        row = {
            "site": site,
            "kind": kind,
            "subject": subject,
            "text": text,
            "raised_at": self._moment.now,
            "cleared_at": None,
            "told": False,
        }
        statement = insert_into(self._connection, alert)
        anew = statement.on_conflict_do_update(
            index_elements=("site", "kind", "subject"),
            set_={
                name: statement.excluded[name]
                for name in ("text", "raised_at", "cleared_at", "told")
            },
            where=alert.c.cleared_at.is_not(None),
        ).returning(alert.c.site)
        if self._connection.execute(anew, [row]).first():
            return True
        self._connection.execute(
            update(alert)
            .where(alert.c.site == site, alert.c.kind == kind, alert.c.subject == subject)
            .where(alert.c.text != text)
            .values(text=text)
        )
        return False

    def clear(self, site: str, kind: Kind, *, subject: str | None = None) -> int:
        """The cause is over, of one subject or of all; how many were open."""
        over = (
            update(alert)
            .where(alert.c.site == site, alert.c.kind == kind, alert.c.cleared_at.is_(None))
            .values(cleared_at=self._moment.now)
        )
        if subject is not None:
            over = over.where(alert.c.subject == subject)
        return self._connection.execute(over).rowcount

    def clear_all(self, site: str) -> None:
        """A site is served no longer: nobody is asked for."""
        over = update(alert).where(alert.c.site == site, alert.c.cleared_at.is_(None))
        self._connection.execute(over.values(cleared_at=self._moment.now))

    def numbers(self) -> dict[str, int]:
        """How many are open, of each site that has any."""
        counted = (
            select(alert.c.site, func.count().label("number"))
            .where(alert.c.cleared_at.is_(None))
            .group_by(alert.c.site)
        )
        return {row.site: row.number for row in self._connection.execute(counted)}

    def open(
        self, sites: Collection[str] | None = None, *, limit: int | None = None
    ) -> list[Alert]:
        """Those that are open, of these sites or of all, oldest first."""
        rows = (
            select(*(alert.c[name] for name in _NAMES))
            .where(alert.c.cleared_at.is_(None))
            .order_by(alert.c.raised_at, alert.c.site, alert.c.kind, alert.c.subject)
        )
        if limit is not None:
            rows = rows.limit(limit)
        if sites is not None:
            rows = rows.where(alert.c.site.in_(sorted(sites)))
        return [_alert(row) for row in self._connection.execute(rows).mappings()]

    def take_untold(self, site: str) -> list[Alert]:
        """Those that nobody was told of since they were raised; they count as told from now on."""
        rows = self._connection.execute(
            update(alert)
            .where(alert.c.site == site, alert.c.cleared_at.is_(None))
            .where(alert.c.told.is_(False))
            .values(told=True)
            .returning(*(alert.c[name] for name in _NAMES))
        )
        found = [_alert(row) for row in rows.mappings()]
        return sorted(found, key=lambda one: (one.kind, one.subject))


def _alert(row: RowMapping) -> Alert:
    return Alert(**{**row, "kind": Kind(row["kind"])})
