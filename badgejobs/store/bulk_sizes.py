"""How many awards one bulk create of a site may hold: fewer for a while after a lost answer."""

from __future__ import annotations

from sqlalchemy import Connection, delete, select

from badgejobs.store.dialect import insert_into
from badgejobs.store.tables import bulk_size


def size(connection: Connection, site: str, *, usual: int) -> int:
    """How many the next one may hold."""
    kept = connection.scalar(select(bulk_size.c.size).where(bulk_size.c.site == site))
    return usual if kept is None else max(1, min(kept, usual))


def cut(connection: Connection, site: str, *, to: int, usual: int) -> None:
    """An answer was lost, and with it what became of each item: the next call holds fewer."""
    _keep(connection, site, min(to, usual))


def grow(connection: Connection, site: str, *, usual: int) -> None:
    """A clear answer came: the next call may hold twice as many, up to the usual number."""
    now = size(connection, site, usual=usual)
    if now * 2 < usual:
        _keep(connection, site, now * 2)
    else:
        connection.execute(delete(bulk_size).where(bulk_size.c.site == site))


def _keep(connection: Connection, site: str, number: int) -> None:
    statement = insert_into(connection, bulk_size)
    statement = statement.on_conflict_do_update(
        index_elements=("site",), set_={"size": statement.excluded.size}
    )
    connection.execute(statement, [{"site": site, "size": number}])
