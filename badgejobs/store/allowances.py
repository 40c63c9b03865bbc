"""What was said beforehand of how much there will be."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import Connection, case, select, update

from badgejobs.core.allowance import Kind
from badgejobs.store.dialect import insert_into
from badgejobs.store.moment import Moment
from badgejobs.store.tables import allowance


class SqlAllowances:
    """How much may pass a cap or a guard, by site and kind."""

    def __init__(self, connection: Connection, moment: Moment) -> None:
        self._connection, self._moment = connection, moment

    def declare(
        self, site: str, kind: Kind, number: int, *, holds: timedelta, declared_by: str
    ) -> None:
        """Let so many more pass, of what is left of an earlier word too; for so long."""
        now = self._moment.now
        statement = insert_into(self._connection, allowance)
        left = case((allowance.c.until > now, allowance.c.left), else_=0)
        statement = statement.on_conflict_do_update(
            index_elements=("site", "kind"),
            set_={
                "left": left + statement.excluded.left,
                "until": statement.excluded.until,
                "declared_by": statement.excluded.declared_by,
            },
        )
        row = {
            "site": site,
            "kind": kind,
            "left": number,
            "until": now + holds,
            "declared_by": declared_by,
        }
        self._connection.execute(statement, [row])

    def left(self, site: str, kind: Kind) -> int:
        """How many may pass still."""
        number = self._connection.scalar(
            select(allowance.c.left).where(
                allowance.c.site == site,
                allowance.c.kind == kind,
                allowance.c.until > self._moment.now,
            )
        )
        return max(0, number or 0)

    def give_back(self, site: str, kind: Kind, number: int) -> None:
        """What passed did not happen after all: so many more may, as long as the word holds."""
        if number > 0:
            self._connection.execute(
                update(allowance)
                .where(allowance.c.site == site, allowance.c.kind == kind)
                .where(allowance.c.until > self._moment.now)
                .values(left=allowance.c.left + number)
            )

    def spend(self, site: str, kind: Kind, number: int) -> int:
        """Let up to so many pass now; how many may."""
        if number <= 0:
            return 0
        passing = min(number, self.left(site, kind))
        if passing:
            self._connection.execute(
                update(allowance)
                .where(allowance.c.site == site, allowance.c.kind == kind)
                .values(left=allowance.c.left - passing)
            )
        return passing
