"""A small process that keeps the embedded broker's server alive while it is in use, no longer.

Run as ``python -m badgejobs.service.keeper STATE_FOLDER``; returns when a keeper is at work.
It imports little, for it runs as long as the broker does.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO

import psutil

from badgejobs.service import locks
from badgejobs.service.brokerfiles import BrokerFiles, broker_files, server_process

#: How often the keeper looks for users ...
POLL_SECONDS = 0.25
#: ... and how many looks in a row must find none: one user may follow right upon another.
QUIET_POLLS = 2

#: A server that is in use and has been gone for so many looks is started again.
DEAD_POLLS = 4
_REVIVE_SECONDS = 30.0

#: How long the server may write its last lines before it is asked less kindly.
_STOP_SECONDS = 5.0


def keep(files: BrokerFiles) -> None:
    """Wait until nobody uses the broker, then end it.

    The lock on the users stays ours until the server is gone: who comes meanwhile waits, and
    then starts anew. Our own lock goes first, so that whoever holds a right to the broker and
    finds a keeper's lock held knows that this keeper is not about to leave.
    """
    mine = locks.exclusive(files.keeper, patience_seconds=1.0)
    if mine is None:
        return  # there is a keeper
    if os.fork():
        os._exit(0)  # who waits for us now knows that the lock is held
    os.chdir("/")
    mine.truncate(0)
    mine.write(f"{os.getpid()}\n".encode())
    mine.flush()
    server: psutil.Process | None = None
    users: BinaryIO | None = None
    quiet = dead = 0
    while True:
        server = server_process(files) or server
        try:
            users = locks.exclusive(files.users)
        except FileNotFoundError:  # the state folder was removed, and with it the way to us
            break
        quiet = 0 if users is None else quiet + 1
        if quiet >= QUIET_POLLS:
            break
        if users:
            users.close()
        away = not users and not any(map(locks.is_held, (files.server, files.start)))
        dead = dead + 1 if away else 0
        if dead >= DEAD_POLLS:
            revive(files)
            dead = 0
        time.sleep(POLL_SECONDS)
    end(files, server)
    mine.close()
    if users:
        users.close()


def revive(files: BrokerFiles) -> None:
    """Start a server that was killed under its users; its append-only file has the queues.

    By a process of its own, which imports what this one must not.
    """
    with suppress(subprocess.TimeoutExpired):
        subprocess.run(
            [sys.executable, "-m", "badgejobs.service.broker", str(files.folder)],
            stdin=subprocess.DEVNULL,
            check=False,
            timeout=_REVIVE_SECONDS,
        )


def end(files: BrokerFiles, known: psutil.Process | None = None) -> None:
    """End the server with its append-only file whole; one that does not listen is killed.

    SIGTERM does what the command SHUTDOWN does: the file is flushed and synced. ``known`` is
    the server as it was last seen, for a folder that is no longer there to ask.
    """

    def gone() -> bool:
        return not locks.is_held(files.server)

    # one that was started a moment ago may not have written its pid yet
    locks.until(lambda: gone() or server_process(files) is not None, seconds=_STOP_SECONDS)
    server = server_process(files) or known
    if server is None:
        return
    for ask in (server.terminate, server.kill):
        with suppress(psutil.NoSuchProcess):
            ask()
        if locks.until(gone, seconds=_STOP_SECONDS):
            return


if __name__ == "__main__":
    keep(broker_files(Path(sys.argv[1])))
