"""The schema's version: brought up to date, or checked and its cure named."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import Connection, inspect, text

from badgejobs.errors import StateError

if TYPE_CHECKING:
    from alembic.config import Config

#: The newest revision in ``migrations``; a test holds the two together. Known here, since each
#: process asks for it at its start, and importing alembic to be told takes half a second.
HEAD = "0007"

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
    current = _current(connection)
    if current == HEAD:
        return
    from alembic import command  # noqa: PLC0415 - see HEAD

    config = _config()
    _refuse_newer(current, config)
    config.attributes["connection"] = connection
    command.upgrade(config, "head")


def check(connection: Connection) -> None:
    """Raise ``StateError`` with its cure where the schema is not exactly ours."""
    current = _current(connection)
    if current == HEAD:
        return
    if current is None:
        raise StateError("The database has no badgejobs tables yet: run `badgejobs migrate`")
    _refuse_newer(current, _config())
    raise StateError(
        f"The database is of an older badgejobs (schema {current}):"
        " stop the workers and run `badgejobs migrate`"
    )


def _refuse_newer(current: str | None, config: Config) -> None:
    from alembic.script import ScriptDirectory  # noqa: PLC0415 - see HEAD

    known = {one.revision for one in ScriptDirectory.from_config(config).walk_revisions()}
    if current is not None and current not in known:
        raise StateError(
            f"The database is of a newer badgejobs (schema {current}), to which"
            " `badgejobs migrate` of that version brought it: upgrade badgejobs here too"
        )


def _current(connection: Connection) -> str | None:
    if not inspect(connection).has_table("alembic_version"):
        return None
    version: str | None = connection.scalar(text("SELECT version_num FROM alembic_version"))
    return version


def _config() -> Config:
    from alembic.config import Config  # noqa: PLC0415 - see HEAD

    config = Config()
    folder = str(Path(__file__).parent / "migrations")
    config.set_main_option("script_location", folder.replace("%", "%%"))
    return config
