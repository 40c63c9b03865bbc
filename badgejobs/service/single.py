"""One of a kind at a time: a lock on a file that names who holds it."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from badgejobs.errors import StateError
from badgejobs.service import locks

_MOST_DIGITS = 20


@contextmanager
def only_one(path: Path, what: str) -> Iterator[None]:
    """Hold ``path`` for as long as the block runs; the lock ends with the process at the latest.

    Raises ``StateError`` naming the process that holds it already.
    """
    try:
        held = locks.exclusive(path)
    except OSError as error:
        raise StateError(
            f"cannot write {path} ({error.strerror}); choose another folder with "
            "BADGEJOBS_STATE_DIR"
        ) from None
    if held is None:
        holder = path.read_bytes()[:_MOST_DIGITS].decode("ascii", "replace").strip()
        raise StateError(
            f"{what} is already running in {path.parent} (process {holder or 'unknown'}); stop it "
            "first, or give this one another folder with BADGEJOBS_STATE_DIR"
        )
    with held:
        held.truncate(0)
        held.write(str(os.getpid()).encode())
        held.flush()
        yield
        held.truncate(0)
