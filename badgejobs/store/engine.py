"""One engine for a database URL, with the settings that keep our promises on each database."""

from __future__ import annotations

from importlib.util import find_spec
from sqlite3 import Connection as SqliteConnection
from typing import Any

from sqlalchemy import Connection, Engine, NullPool, StaticPool, create_engine, event, make_url
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

#: The same for what must not wait: a heartbeat, or a question about health.
_BRIEF_S = 2
_BRIEF_SESSION = f"SET statement_timeout = '{_BRIEF_S}s'; SET lock_timeout = '{_BRIEF_S}s'"

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


def engine_for(url: URL, *, brief: bool = False) -> Engine:
    """An engine; nothing is connected yet. Errors of its use never show statement values.

    A ``brief`` one gives up within seconds and keeps no connection beyond a transaction.
    """
    if url.get_backend_name() == "sqlite":
        return _sqlite(url, brief=brief)
    return _postgres(url, brief=brief)


def _sqlite(url: URL, *, brief: bool) -> Engine:
    file = database_file(url)
    options: dict[str, Any] = {"connect_args": {"timeout": _BRIEF_S if brief else BUSY_TIMEOUT_S}}
    if file is None:
        # A database in memory lives in one connection.
        options |= {"poolclass": StaticPool}
        options["connect_args"]["check_same_thread"] = False
    else:
        refuse_network_folder(file)
        options |= {"poolclass": NullPool} if brief else {"max_overflow": 25}
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


def _postgres(url: URL, *, brief: bool) -> Engine:
    seconds = _BRIEF_S if brief else _CONNECT_TIMEOUT_S
    timeout = {} if "connect_timeout" in url.query else {"connect_timeout": seconds}
    pool: dict[str, Any] = {"pool_pre_ping": True, "max_overflow": 25}
    engine = create_engine(
        url,
        hide_parameters=True,
        connect_args=timeout,
        **({"poolclass": NullPool} if brief else pool),
    )

    @event.listens_for(engine, "connect")
    def _settle(connection: Any, _: object) -> None:
        with connection.cursor() as cursor:
            cursor.execute(_SESSION)
            if brief:
                cursor.execute(_BRIEF_SESSION)
        connection.commit()

    return engine


def reading(engine: Engine) -> Engine:
    """The same engine for transactions that read one moment's state and write nothing."""
    if engine.dialect.name == "sqlite":
        return engine.execution_options(**{READS: True})
    return engine.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
