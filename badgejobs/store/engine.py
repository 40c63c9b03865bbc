"""One engine for a database URL, with the settings that keep our promises on each database."""

from __future__ import annotations

from importlib.util import find_spec
from sqlite3 import Connection as SqliteConnection
from typing import Any

from sqlalchemy import Connection, Engine, StaticPool, create_engine, event, make_url
from sqlalchemy.engine import URL
from sqlalchemy.exc import ArgumentError

from badgejobs.errors import SettingsError
from badgejobs.store.sqlite_file import (
    BUSY_TIMEOUT_S,
    database_file,
    enter_wal,
    prepare,
    refuse_network_folder,
)

#: Execution option of transactions that only read.
READS = "badgejobs_reads"

#: PostgreSQL gives up a connection attempt after so many seconds.
_CONNECT_TIMEOUT_S = 5

#: A statement or a lock that takes longer, or a worker that hangs inside a transaction, is
#: ended by the server; a commit that was acknowledged outlives a crash of the server.
_SESSION = (
    "SET statement_timeout = '30s'; SET idle_in_transaction_session_timeout = '15s';"
    " SET lock_timeout = '5s'; SET synchronous_commit = on; SET timezone = 'UTC'"
)


def parse(url: str) -> URL:
    """A database URL as users write it; ``SettingsError`` tells what is wrong, never its text."""
    try:
        parsed = make_url(url)
    except (ArgumentError, ValueError):
        raise SettingsError(
            "BADGEJOBS_DATABASE_URL is not a URL; write sqlite:////absolute/path.db"
            " or postgresql://user@host/database"
        ) from None
    match parsed.drivername:
        case "sqlite" | "sqlite+pysqlite":
            return parsed.set(drivername="sqlite")
        case "postgres" | "postgresql" | "postgresql+psycopg":
            if find_spec("psycopg") is None:
                raise SettingsError(
                    "BADGEJOBS_DATABASE_URL names PostgreSQL, and its driver is not installed:"
                    ' pip install "badgejobs[postgres]"'
                )
            return parsed.set(drivername="postgresql+psycopg")
        case other:
            raise SettingsError(
                f"BADGEJOBS_DATABASE_URL begins with {other}://;"
                " badgejobs knows sqlite:// and postgresql://"
            )


def engine_for(url: URL) -> Engine:
    """An engine; nothing is connected yet. Errors of its use never show statement values."""
    if url.get_backend_name() == "sqlite":
        return _sqlite(url)
    return _postgres(url)


def _sqlite(url: URL) -> Engine:
    file = database_file(url)
    options: dict[str, Any] = {"connect_args": {"timeout": BUSY_TIMEOUT_S}}
    if file is None:
        # A database in memory lives in one connection.
        options |= {"poolclass": StaticPool}
        options["connect_args"]["check_same_thread"] = False
    else:
        refuse_network_folder(file)
        options |= {"max_overflow": 25}
    engine = create_engine(url, hide_parameters=True, **options)

    @event.listens_for(engine, "do_connect")
    def _before(*_: object) -> None:
        if file is not None:
            prepare(file)

    @event.listens_for(engine, "connect")
    def _settle(connection: SqliteConnection, _: object) -> None:
        # The driver would begin a transaction at the first write only, which loses updates.
        connection.isolation_level = None
        enter_wal(connection)
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute("PRAGMA foreign_keys = ON")

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        reads = bool(connection.get_execution_options().get(READS))
        connection.exec_driver_sql(f"PRAGMA query_only = {'ON' if reads else 'OFF'}")
        connection.exec_driver_sql("BEGIN" if reads else "BEGIN IMMEDIATE")

    return engine


def _postgres(url: URL) -> Engine:
    timeout = {} if "connect_timeout" in url.query else {"connect_timeout": _CONNECT_TIMEOUT_S}
    engine = create_engine(
        url, hide_parameters=True, pool_pre_ping=True, max_overflow=25, connect_args=timeout
    )

    @event.listens_for(engine, "connect")
    def _settle(connection: Any, _: object) -> None:
        with connection.cursor() as cursor:
            cursor.execute(_SESSION)
        connection.commit()

    return engine


def reading(engine: Engine) -> Engine:
    """The same engine for transactions that read one moment's state and write nothing."""
    if engine.dialect.name == "sqlite":
        return engine.execution_options(**{READS: True})
    return engine.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
