"""What the database fixtures are made of."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import uuid4

import psycopg
from sqlalchemy import make_url

from badgejobs.store import open_store


def migrate(url: str) -> None:
    """Make our tables."""
    store = open_store(url)
    store.migrate()
    store.dispose()


class Clock:
    """A clock that stands until it is moved."""

    def __init__(self) -> None:
        self.now = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now

    def advance(self, **by: float) -> datetime:
        """Move on by ``timedelta(**by)``."""
        self.now += timedelta(**by)
        return self.now


class Postgres:
    """A server: databases are made in it, from a template that has our tables, and dropped."""

    def __init__(self, url: str) -> None:
        self._url = make_url(url).set(drivername="postgresql")
        self._admin = psycopg.connect(
            self._url.render_as_string(hide_password=False), autocommit=True
        )
        self._prefix = f"badgejobs_test_{uuid4().hex[:8]}"
        self._template: str | None = None

    def create(self, *, empty: bool) -> str:
        """The URL of a new database, empty or with our tables."""
        if not empty and self._template is None:
            self._template = self._new("template0")
            migrate(self._url_of(self._template))
        return self._url_of(
            self._new("template0" if empty or not self._template else self._template)
        )

    def drop(self, url: str) -> None:
        """Drop a database, whoever is still connected."""
        self._admin.execute(f'DROP DATABASE "{make_url(url).database}" WITH (FORCE)')

    def close(self) -> None:
        """Leave nothing behind."""
        if self._template:
            self.drop(self._url_of(self._template))
        self._admin.close()

    def relax(self) -> None:
        """No test pulls the plug of the machine, so need not wait for its disk."""
        self._admin.execute("ALTER SYSTEM SET fsync = off")
        self._admin.execute("SELECT pg_reload_conf()")

    def _new(self, template: str) -> str:
        name = f"{self._prefix}_{uuid4().hex[:8]}"
        self._admin.execute(f'CREATE DATABASE "{name}" TEMPLATE "{template}"')
        return name

    def _url_of(self, database: str) -> str:
        return self._url.set(database=database).render_as_string(hide_password=False)
