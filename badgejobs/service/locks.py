"""Locks on files: held by a process and its forked children, given back by the kernel.

``flock`` of the standard library and not portalocker, which does the same: importing that
takes 0.8 s and 48 MB (it imports the Redis client), and the keeper of the broker, which
stands on these locks, is a process that should not be noticed.
"""

from __future__ import annotations

import fcntl
import time
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO

from badgejobs.service.folders import private_file

_POLL_SECONDS = 0.02


def exclusive(file: Path, *, patience_seconds: float = 0.0) -> BinaryIO | None:
    """The open file whose lock nobody shares, or None when others held it all the time.

    Closing the file gives the lock back. Raises OSError where the file cannot be opened.
    """
    return _locked(file, fcntl.LOCK_EX, patience_seconds)


def shared(file: Path, *, patience_seconds: float = 0.0) -> BinaryIO | None:
    """The open file whose lock may be shared, or None when one held it alone all the time."""
    return _locked(file, fcntl.LOCK_SH, patience_seconds)


def is_held(file: Path) -> bool:
    """Whether any process holds this lock alone; a file that does not exist nobody holds.

    Those who ask share the lock for a moment, so they do not take each other for a holder.
    Who takes such a lock alone must have a little patience.
    """
    if not file.exists():
        return False
    mine = shared(file)
    if mine is None:
        return True
    mine.close()
    return False


def until(condition: Callable[[], bool], *, seconds: float) -> bool:
    """Wait for a condition, looking often; whether it came true in time."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() >= deadline:
            return False
        time.sleep(_POLL_SECONDS)
    return True


def _locked(file: Path, kind: int, patience_seconds: float) -> BinaryIO | None:
    opened = private_file(file)

    def taken() -> bool:
        try:
            fcntl.flock(opened, kind | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True

    try:
        got = until(taken, seconds=patience_seconds)
    except OSError:
        opened.close()
        raise
    if got:
        return opened
    opened.close()
    return None
