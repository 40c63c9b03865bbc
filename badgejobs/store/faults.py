"""What a failure of the database means, in one sentence fit for the user's eyes."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy.engine import URL
from sqlalchemy.exc import DBAPIError, ProgrammingError
from sqlalchemy.exc import TimeoutError as NoConnection

from badgejobs.errors import BadgeJobsError, DatabaseUnavailable, StateError

_MIGRATE = "run `badgejobs migrate`"

#: The low byte of an SQLite error code names its kind.
_KIND = 0xFF

#: PostgreSQL's ``undefined_table`` and ``undefined_column``.
_NO_SUCH_NAME = frozenset({"42P01", "42703"})


def shown(url: URL) -> str:
    """Which database a URL names, without user, password or options."""
    if url.get_backend_name() == "sqlite":
        return f"The database {url.database or 'in memory'}"
    return f"The database {url.database or 'postgres'} on {url.host or 'this host'}"


@contextmanager
def translated(url: URL) -> Iterator[None]:
    """Errors of the database become ours; a bug in a statement stays what it is."""
    try:
        yield
    except NoConnection as error:
        raise DatabaseUnavailable(f"{shown(url)} has no free connection for us") from error
    except DBAPIError as error:
        meaning = _meaning(url, error)
        if meaning is None:
            raise
        raise meaning from error


def _meaning(url: URL, error: DBAPIError) -> BadgeJobsError | None:
    if isinstance(error.orig, sqlite3.Error):
        return _of_sqlite(shown(url), error.orig)
    state = getattr(error.orig, "sqlstate", None) or ""
    if isinstance(error, ProgrammingError):
        return _schema_missing(url) if state in _NO_SUCH_NAME else None
    return _of_postgres(url, error, state)


def _of_sqlite(which: str, error: sqlite3.Error) -> BadgeJobsError | None:
    match getattr(error, "sqlite_errorcode", 0) & _KIND:
        case sqlite3.SQLITE_FULL:
            return StateError(f"{which} cannot grow: the disk is full")
        case sqlite3.SQLITE_READONLY:
            return StateError(f"{which} is read-only: make the file and its folder writable")
        case sqlite3.SQLITE_CANTOPEN | sqlite3.SQLITE_PERM:
            return StateError(f"{which} cannot be opened: see that its folder can be written to")
        case sqlite3.SQLITE_NOTADB | sqlite3.SQLITE_CORRUPT:
            return StateError(f"{which} is damaged or no SQLite database: restore it")
        case sqlite3.SQLITE_BUSY | sqlite3.SQLITE_LOCKED:
            return DatabaseUnavailable(f"{which} was in another writer's hand for too long")
        case sqlite3.SQLITE_IOERR:
            return DatabaseUnavailable(f"{which} cannot be read or written: {error}")
        case sqlite3.SQLITE_ERROR if str(error).startswith("no such "):
            return StateError(f"{which} lacks a table: {_MIGRATE}")
    return None


def _of_postgres(url: URL, error: DBAPIError, state: str) -> BadgeJobsError | None:
    name = type(error).__name__
    if name not in {"OperationalError", "InterfaceError", "InternalError"}:
        return None
    match state:
        case "53100":
            problem = "cannot grow: the disk is full"
        case "25006":
            problem = "is read-only"
        case "57014" | "55P03":
            problem = "took too long to answer"
        case _:
            problem = f"cannot be reached ({_first_line(url, error)}); start it or correct its URL"
    return DatabaseUnavailable(f"{shown(url)} {problem}")


def _first_line(url: URL, error: DBAPIError) -> str:
    lines = str(error.orig).strip().splitlines()
    text = lines[0] if lines else type(error.orig).__name__
    if not url.password:
        return text
    password = str(url.password)
    # A short password is part of many words; only where it stands as one is it masked.
    return re.sub(rf"(?<!\w){re.escape(password)}(?!\w)", "***", text)


def _schema_missing(url: URL) -> StateError:
    return StateError(f"{shown(url)} lacks a table or column: {_MIGRATE}")
