"""The few places where SQLite and PostgreSQL need another word for the same thing."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import TypeVar

from sqlalchemy import ColumnElement, Connection, Table, collate, func, select, text
from sqlalchemy.dialects import postgresql, sqlite

Item = TypeVar("Item")

#: Names in one ``IN`` list: far below what either database takes, and enough for a page.
_CHUNK = 500

Insert = postgresql.Insert | sqlite.Insert


def insert_into(connection: Connection, table: Table) -> Insert:
    """An insert that knows ``on_conflict_do_update``.

    Run it with a list of rows as the second argument of ``execute``: ``values(list)`` compiles
    its text anew for every row.
    """
    if connection.dialect.name == "postgresql":
        return postgresql.insert(table)
    return sqlite.insert(table)


def take_turns(connection: Connection, *names: str) -> None:
    """Wait until no other transaction is at what these names stand for, and hold it.

    Rows that do not exist yet cannot be locked. On SQLite a transaction for writing is alone.
    """
    if connection.dialect.name == "postgresql":
        key = func.hashtextextended("\x1f".join(names), 0)
        connection.execute(select(func.pg_advisory_xact_lock(key)))


def bytewise(connection: Connection, text: ColumnElement[str]) -> ColumnElement[str]:
    """A text to be ordered by its bytes, whatever language the database was made for."""
    return collate(text, "C") if connection.dialect.name == "postgresql" else text


def a_day_after(connection: Connection, moment: ColumnElement[datetime]) -> ColumnElement[datetime]:
    """The moment 24 hours later; without fractions of a second on SQLite, whose texts tell them."""
    if connection.dialect.name == "postgresql":
        # and no day: where the session's clocks are put back, that is longer
        return moment + text("interval '24 hours'")
    return func.datetime(moment, "+1 day")


def chunks(items: Sequence[Item]) -> Iterator[Sequence[Item]]:
    """Parts that are short enough for an ``IN`` list."""
    for start in range(0, len(items), _CHUNK):
        yield items[start : start + _CHUNK]
