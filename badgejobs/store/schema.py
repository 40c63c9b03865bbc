"""The schema's version: brought up to date, or checked and its cure named."""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, text

from badgejobs.errors import StateError

#: Held while migrating, so that two at once take turns; any constant number will do.
_LOCK = 0x6261646765


def migrate(connection: Connection) -> None:
    """Bring the schema to our version within the transaction that is open.

    On SQLite that transaction is IMMEDIATE and so is itself the lock.
    """
    if connection.dialect.name == "postgresql":
        # A long migration is no fault, and neither is waiting for the other one.
        connection.execute(text("SET LOCAL lock_timeout = '10min'"))
        connection.execute(text("SET LOCAL statement_timeout = 0"))
        connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _LOCK})
    config = _config()
    _refuse_newer(_current(connection), config)
    config.attributes["connection"] = connection
    command.upgrade(config, "head")


def check(connection: Connection) -> None:
    """Raise ``StateError`` with its cure where the schema is not exactly ours."""
    config, current = _config(), _current(connection)
    if current is None:
        raise StateError("The database has no badgejobs tables yet: run `badgejobs migrate`")
    _refuse_newer(current, config)
    if current != ScriptDirectory.from_config(config).get_current_head():
        raise StateError(
            f"The database is of an older badgejobs (schema {current}):"
            " stop the workers and run `badgejobs migrate`"
        )


def _refuse_newer(current: str | None, config: Config) -> None:
    known = {one.revision for one in ScriptDirectory.from_config(config).walk_revisions()}
    if current is not None and current not in known:
        raise StateError(
            f"The database is of a newer badgejobs (schema {current}), to which"
            " `badgejobs migrate` of that version brought it: upgrade badgejobs here too"
        )


def _current(connection: Connection) -> str | None:
    return MigrationContext.configure(connection).get_current_revision()


def _config() -> Config:
    config = Config()
    folder = str(Path(__file__).parent / "migrations")
    config.set_main_option("script_location", folder.replace("%", "%%"))
    return config
