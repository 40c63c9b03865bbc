"""The file of an SQLite database: where it may lie, how it is made, how it enters WAL mode."""

from __future__ import annotations

import os
import sqlite3
from pathlib import Path

import psutil
from sqlalchemy.engine import URL

from badgejobs.errors import StateError

#: How long a writer waits for the one before it.
BUSY_TIMEOUT_S = 30

#: Writers that race into WAL mode take turns; more tries than writers can ever be there.
_TRIES = 50

#: File systems whose locks and shared memory SQLite's WAL mode cannot trust.
_NETWORK = frozenset(
    {"afs", "ceph", "cifs", "fuse.glusterfs", "fuse.sshfs", "lustre", "ncpfs", "nfs", "nfs4"}
    | {"smb2", "smb3", "smbfs"}
)


def database_file(url: URL) -> Path | None:
    """The file behind an SQLite URL, or ``None`` for a database in memory."""
    name = url.database or ":memory:"
    if name == ":memory:" or url.query.get("mode") == "memory":
        return None
    return Path(name.removeprefix("file:") if "uri" in url.query else name).absolute()


def refuse_network_folder(file: Path) -> None:
    """Raise ``StateError`` where the file would lie on a network file system."""
    folder = file.parent.resolve()
    mounts = {Path(part.mountpoint): part.fstype for part in psutil.disk_partitions(all=True)}
    kind = next((mounts[one] for one in (folder, *folder.parents) if one in mounts), "")
    if kind.lower() in _NETWORK:
        raise StateError(
            f"{folder} lies on a network file system ({kind}), on which SQLite can lose data:"
            " use a local folder, or PostgreSQL by BADGEJOBS_DATABASE_URL"
        )


def prepare(file: Path) -> None:
    """Make an empty file for its owner's eyes only, unless there is one already."""
    try:
        os.close(os.open(file, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
    except FileExistsError:
        return
    except FileNotFoundError:
        raise StateError(
            f"The folder {file.parent} for the database does not exist: make it, or correct "
            "BADGEJOBS_DATABASE_URL"
        ) from None
    except OSError as error:
        raise StateError(f"The database {file} cannot be created: {error.strerror}") from error


def enter_wal(connection: sqlite3.Connection) -> None:
    """Let readers and the writer not wait for each other; the mode stays with the file."""
    for tries_left in reversed(range(_TRIES)):
        try:
            connection.execute("PRAGMA journal_mode = WAL")
        except sqlite3.OperationalError as error:
            # The switch does not wait for its turn as a transaction does, so wait by one.
            if error.sqlite_errorcode != sqlite3.SQLITE_BUSY or not tries_left:
                raise
            connection.execute("BEGIN IMMEDIATE")
            connection.execute("ROLLBACK")
        else:
            return
