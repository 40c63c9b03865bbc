"""The schema's version: brought up to date, or checked and its cure named.

So that workers of two versions can work side by side while one replaces the other, a database
may be newer than the code, as long as its migrations only added what older code need not know:
each says by ``compatible_since`` the oldest revision whose code works with its schema, and the
newest one's word is written down in the table ``compatible``. Such a migration adds tables,
indexes, and columns that may be empty or have a default of the server's; what is not used any
more is taken away by a later version, whose ``compatible_since`` is then a newer one.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import Connection, inspect, text

from badgejobs.errors import StateError

if TYPE_CHECKING:
    from alembic.config import Config

#: The newest revision in ``migrations``; a test holds the two together. Known here, since each
#: process asks for it at its start, and importing alembic to be told takes half a second.
HEAD = "0009"

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
    if current == HEAD or _is_newer_and_compatible(connection, current):
        return
    from alembic import command  # noqa: PLC0415 - see HEAD
    from alembic.script import ScriptDirectory  # noqa: PLC0415 - see HEAD

    config = _config()
    _refuse_newer(current, config)
    config.attributes["connection"] = connection
    command.upgrade(config, "head")
    newest = ScriptDirectory.from_config(config).get_revision("head")
    connection.execute(text("DELETE FROM compatible WHERE name = 'schema'"))
    connection.execute(
        text("INSERT INTO compatible (name, since) VALUES ('schema', :since)"),
        {"since": newest.module.compatible_since},
    )


def check(connection: Connection) -> None:
    """Raise ``StateError`` with its cure where we cannot work with the schema.

    We can where it is ours, or a newer one that only added to it.
    """
    current = _current(connection)
    if current == HEAD or _is_newer_and_compatible(connection, current):
        return
    if current is None:
        raise StateError("The database has no badgejobs tables yet: run `badgejobs migrate`")
    _refuse_newer(current, _config())
    raise StateError(
        f"The database is of an older badgejobs (schema {current}): run `badgejobs migrate`; "
        f"{_meanwhile(current)}"
    )


def _is_newer_and_compatible(connection: Connection, current: str | None) -> bool:
    if current is None or current <= HEAD or not inspect(connection).has_table("compatible"):
        return False
    since = connection.scalar(text("SELECT since FROM compatible WHERE name = 'schema'"))
    return since is not None and str(since) <= HEAD


def _meanwhile(current: str) -> str:
    """Whether the workers of the older version may go on while it is brought up to date."""
    from alembic.script import ScriptDirectory  # noqa: PLC0415 - see HEAD

    newest = ScriptDirectory.from_config(_config()).get_revision("head")
    since: str = newest.module.compatible_since
    if since <= current:
        return "workers of the older version may go on meanwhile"
    return "stop the workers of the older version before"


def _refuse_newer(current: str | None, config: Config) -> None:
    from alembic.script import ScriptDirectory  # noqa: PLC0415 - see HEAD

    known = {one.revision for one in ScriptDirectory.from_config(config).walk_revisions()}
    if current is not None and current not in known:
        raise StateError(
            f"The database is of a newer badgejobs (schema {current}), to which"
            " `badgejobs migrate` of that version brought it, and this version cannot work with"
            " it: upgrade badgejobs here too"
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
