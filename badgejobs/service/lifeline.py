"""A process that ends when the one that started it all has ended, even by SIGKILL."""

from __future__ import annotations

import os
import signal
import threading
import time

import psutil
import structlog

from badgejobs.errors import StateError

log = structlog.get_logger(__name__)

_POLL_SECONDS = 1.0
#: How long a process may finish what it has in hand after its owner is gone.
_GRACE_POLLS = 5
#: The clock may have been set a little between two readings of one creation time.
_TOLERANCE_SECONDS = 2.0


def owner_of_this_process() -> str:
    """This process as an owner, ``PID:CREATE_TIME``, to be handed to its children."""
    process = psutil.Process()
    return f"{process.pid}:{process.create_time():.3f}"


def watch_owner(owner: str, *, also: int | None = None) -> None:
    """End this process when its owner has ended: by SIGTERM, and after 5 s at once.

    ``also`` is the pid of our parent, a supervisor that would start us again: it gets a
    SIGTERM too. Looks each second, from a daemon thread; forked children do not look.

    Raises:
        StateError: ``owner`` is not of the form ``PID:CREATE_TIME``.
    """
    pid, _, created = owner.partition(":")
    try:
        watched = _found(int(pid), float(created))
    except ValueError:
        raise StateError(f"an owner is written PID:CREATE_TIME, not {owner!r}") from None
    threading.Thread(target=_watch, args=(watched, also), name="lifeline", daemon=True).start()


def _found(pid: int, created: float) -> psutil.Process | None:
    try:
        process = psutil.Process(pid)
        same = abs(process.create_time() - created) <= _TOLERANCE_SECONDS
    except psutil.NoSuchProcess:
        return None
    return process if same else None


def _watch(owner: psutil.Process | None, supervisor: int | None) -> None:
    while owner and _lives(owner):
        time.sleep(_POLL_SECONDS)
    log.warning("the owner of this process is gone, ending")
    if supervisor is not None and os.getppid() == supervisor:
        os.kill(supervisor, signal.SIGTERM)
    os.kill(os.getpid(), signal.SIGTERM)
    for _ in range(_GRACE_POLLS):
        time.sleep(_POLL_SECONDS)
    os._exit(os.EX_SOFTWARE)


def _lives(process: psutil.Process) -> bool:
    """Whether it runs; one that ended and was not yet waited for does not."""
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False
