"""A small history made large, for measurements: each member so many times over."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

from sqlalchemy import (
    ColumnElement,
    Connection,
    Table,
    Text,
    bindparam,
    cast,
    delete,
    insert,
    literal,
    select,
    text,
)

from badgejobs.store.tables import activity, award, award_history, scan, site, wake_up

#: The tables that grow with the members, and which of their columns name one of them or one of
#: their activities; the database itself numbers the rows of the last.
_NAMING = {
    activity: ("activity_id", "member_id"),
    award: ("member_id", "crossed_by"),
    wake_up: ("member_id",),
    award_history: ("member_id",),
}
#: By when a row came to be.
_BORN = {activity: "first_seen_at", award: "opened_at", award_history: "at"}


class SqlCopies:
    """Copies of all that is stored of a site's members, written by the database itself."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def multiply(self, site: str, *, times: int) -> None:
        """Let each member of a site, with all that they did and have, be there so many times.

        A copy has the id of its original with ``~`` and a number behind it; sites are multiplied
        once.
        """
        if self._connection.dialect.name == "postgresql":
            self._connection.execute(text("SET LOCAL statement_timeout = 0"))
        for table in _NAMING:
            self._multiply(table, site, times)
        if self._connection.dialect.name == "postgresql":
            # as the server does by itself a minute later
            for table in _NAMING:
                self._connection.execute(text(f"ANALYZE {table.name}"))

    def forget_since(self, site: str, moment: datetime) -> None:
        """Let all that came to be from a moment on be as if it had never been."""
        for table, born in _BORN.items():
            self._connection.execute(
                delete(table).where(table.c.site == site, table.c[born] >= moment)
            )

    def _multiply(self, table: Table, site: str, times: int) -> None:
        number = select(literal(1).label("number")).where(literal(times) > 1).cte(recursive=True)
        more = select(number.c.number + 1).where(number.c.number < times - 1)
        number = number.union_all(more)
        columns = [one for one in table.c if not one.autoincrement or one.name != "id"]
        behind = literal("~") + cast(number.c.number, Text)

        def of_a_copy(name: str) -> ColumnElement[str]:
            return table.c[name] + behind if name in _NAMING[table] else table.c[name]

        rows = (
            select(*(of_a_copy(one.name).label(one.name) for one in columns))
            .select_from(table.join(number, literal(value=True)))
            .where(table.c.site == site)
        )
        self._connection.execute(insert(table).from_select([one.name for one in columns], rows))

    def spread(self, like: str, names: Sequence[str]) -> None:
        """Sites of the database by these names, each with what is due as at the site ``like``."""
        now = datetime(2026, 1, 1, tzinfo=UTC)
        told = dict.fromkeys(("pack", "overrides", "comment_apps"), "")
        told_at = {"added_at": now, "changed_at": now}
        self._connection.execute(insert(site), [{"name": one} | told | told_at for one in names])
        columns = [column for column in scan.c if column is not scan.c.site]
        rows = select(bindparam("of", type_=Text), *columns).where(scan.c.site == like)
        self._connection.execute(
            insert(scan).from_select(["site", *(column.name for column in columns)], rows),
            [{"of": one} for one in names],
        )
