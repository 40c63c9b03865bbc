"""How SQLite goes about a query, as it says itself."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import event

from badgejobs.store import SqlTransaction


@contextmanager
def plans_of(tx: SqlTransaction) -> Iterator[list[str]]:
    """The steps of all queries of a transaction from here on, such as ``SEARCH award USING``."""
    connection, plans = tx._connection, list[str]()

    def explain(conn: Any, _cursor: Any, sql: str, values: Any, *_: Any) -> None:
        cursor = conn.connection.cursor()
        cursor.execute(f"EXPLAIN QUERY PLAN {sql}", values)
        plans.extend(str(row[3]) for row in cursor.fetchall())

    event.listen(connection, "before_cursor_execute", explain)
    try:
        yield plans
    finally:
        event.remove(connection, "before_cursor_execute", explain)
