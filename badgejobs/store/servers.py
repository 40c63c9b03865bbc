"""Databases made on a server and dropped from it, for measurements."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from uuid import uuid4

from sqlalchemy import Engine, text
from sqlalchemy.engine import URL

from badgejobs.errors import SettingsError
from badgejobs.store.engine import engine_for, parse
from badgejobs.store.faults import translated


class Server:
    """A PostgreSQL server whose user may make databases."""

    def __init__(self, engine: Engine, url: URL) -> None:
        self._engine, self._url = engine, url

    def create(self) -> str:
        """The URL of a new, empty database, with its password."""
        name = f"badgejobs_bench_{uuid4().hex[:12]}"
        self._run(f'CREATE DATABASE "{name}" TEMPLATE template0')
        return self._url.set(database=name).render_as_string(hide_password=False)

    def drop(self, url: str) -> None:
        """Drop a database that was made here, whoever is still connected to it."""
        self._run(f'DROP DATABASE "{parse(url).database}" WITH (FORCE)')

    def counts(self, url: str) -> dict[str, int]:
        """What was done in a database since it was made, as the server counts it."""
        query = text(
            "SELECT xact_commit, tup_returned, tup_fetched, tup_inserted, tup_updated, tup_deleted"
            " FROM pg_stat_database WHERE datname = :name"
        )
        with translated(self._url), self._engine.connect() as connection:
            row = connection.execute(query, {"name": parse(url).database}).mappings().one()
        return {name: int(value) for name, value in row.items()}

    def _run(self, statement: str) -> None:
        with translated(self._url), self._engine.connect() as connection:
            connection.execution_options(isolation_level="AUTOCOMMIT").execute(text(statement))


@contextmanager
def server_of(url: str) -> Iterator[Server]:
    """The server behind the URL of one of its databases; ``SettingsError`` where it is none."""
    parsed = parse(url)
    if parsed.get_backend_name() != "postgresql":
        raise SettingsError("databases are made on a PostgreSQL server: name it by postgresql://")
    engine = engine_for(parsed)
    try:
        yield Server(engine, parsed)
    finally:
        engine.dispose()
