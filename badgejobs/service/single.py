"""One of a kind at a time: a lock on a file that names who holds it."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import portalocker

from badgejobs.errors import StateError


@contextmanager
def only_one(path: Path, what: str) -> Iterator[None]:
    """Hold ``path`` for as long as the block runs; the lock ends with the process at the latest.

    Raises ``StateError`` naming the process that holds it already.
    """
    try:
        file = path.open("a+", encoding="utf-8")
    except OSError as error:
        raise StateError(
            f"cannot write {path}: {error.strerror}; choose another folder with BADGEJOBS_STATE_DIR"
        ) from None
    with file:
        try:
            portalocker.lock(file, portalocker.LOCK_EX | portalocker.LOCK_NB)
        except portalocker.LockException:
            file.seek(0)
            holder = file.read(20).strip() or "unknown"
            raise StateError(
                f"{what} is already running in {path.parent} (process {holder}); stop it first, "
                "or give this one another folder with BADGEJOBS_STATE_DIR"
            ) from None
        file.truncate(0)
        file.write(str(os.getpid()))
        file.flush()
        yield
        file.truncate(0)
