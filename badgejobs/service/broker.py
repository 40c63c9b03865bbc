"""The embedded broker: a private Valkey server that lives as long as somebody uses it.

Three locks in the state folder tell all there is to know, and the kernel gives each back
however its holder ends: users share ``broker.users``, the server process itself holds
``broker.server``, the keeper holds ``broker.keeper``. The keeper (see
:mod:`badgejobs.service.keeper`) ends the server when the first is free.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, Self
from urllib.parse import quote

from badgejobs.errors import StateError
from badgejobs.service import locks, server
from badgejobs.service.brokerfiles import BrokerFiles, broker_files, server_process
from badgejobs.service.folders import private_file

#: Longer than a keeper needs to end a server, and than another process needs to start one.
_LOCK_SECONDS = 20.0
_KEEPER_SECONDS = 10.0


@dataclass(frozen=True, slots=True)
class EmbeddedBroker:
    """A running broker and our right to it, which :meth:`close` or the process's end gives up.

    Forked children inherit the right; a child that is started anew asks for its own.
    """

    files: BrokerFiles
    _right: BinaryIO

    @property
    def redis_url(self) -> str:
        """The address as redis-py writes it."""
        return f"unix://{quote(str(self.files.socket))}"

    @property
    def celery_url(self) -> str:
        """The address as Celery and Flower write it, for broker and result backend."""
        return f"redis+socket://{quote(str(self.files.socket))}?virtual_host=0"

    @property
    def log(self) -> Path:
        """The server's log file."""
        return self.files.log

    def close(self) -> None:
        """Use the broker no longer; within about a second the last one's server ends."""
        self._right.close()

    def wait_until_stopped(self, timeout: float) -> bool:
        """After :meth:`close`: whether server and keeper ended within ``timeout`` seconds."""
        return locks.until(
            lambda: not any(map(locks.is_held, (self.files.server, self.files.keeper))),
            seconds=timeout,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


def ensure_broker(
    state_dir: Path, *, program: Callable[[], Path] = server.server_program
) -> EmbeddedBroker:
    """The broker of this state folder: the one that runs, or a new one with the old queues.

    Any number of processes may ask at once. ``program`` says which server to run.

    Raises:
        StateError: the folder cannot be used, no server program is there, or it does not
            answer within 10 s. The text says what to do.
    """
    files = broker_files(state_dir)
    folder = files.folder
    try:
        with ExitStack() as undo:
            starting = locks.exclusive(files.start, patience_seconds=_LOCK_SECONDS)
            if starting is None:
                raise StateError(f"another process has been starting the broker of {folder} for "
                                 f"{_LOCK_SECONDS:g} s; look for it and end it")  # fmt: skip
            undo.enter_context(starting)
            right = locks.shared(files.users, patience_seconds=_LOCK_SECONDS)
            if right is None:
                raise StateError(f"the broker of {folder} is being stopped and does not end; "
                                 f"see {files.log}")  # fmt: skip
            with ExitStack() as give_back:
                give_back.enter_context(right)
                _ensure_keeper(files)
                _ensure_server(files, program)
                give_back.pop_all()
            return EmbeddedBroker(files, right)
    except OSError as error:
        raise StateError(f"cannot use the state folder {folder}: {error}") from error


def _ensure_keeper(files: BrokerFiles) -> None:
    """Before the server, so that none ever runs unattended; we use it, so a keeper stays."""
    if locks.is_held(files.keeper):
        return
    try:
        with private_file(files.log) as log:
            subprocess.run(
                [sys.executable, "-m", "badgejobs.service.keeper", str(files.folder)],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                check=True,
                timeout=_KEEPER_SECONDS,
                start_new_session=True,
            )
    except (subprocess.SubprocessError, OSError) as error:
        raise StateError(
            f"the keeper of the broker does not start ({error}):\n{server.tail(files)}"
        ) from error


def _ensure_server(files: BrokerFiles, program: Callable[[], Path]) -> None:
    # A server that lives and does not answer (it loads, or hangs, or is about to die) is waited
    # for and never doubled: two on one append-only file would destroy it.
    if locks.is_held(files.server) and _settled(files):
        return
    server.start(files, program())
    if not _settled(files):
        raise StateError(
            f"the broker of {files.folder} ended at its start. Its log says:\n{server.tail(files)}"
        )


def _settled(files: BrokerFiles) -> bool:
    """Whether the living server has come to answer; no when it has ended instead."""
    if not locks.until(
        lambda: server.answers(files) or not locks.is_held(files.server),
        seconds=server.START_SECONDS,
    ):
        process = server_process(files)
        raise StateError(
            f"the broker of {files.folder} (pid {process.pid if process else 'unknown'}) does not "
            f"answer; end it and try again. Its log says:\n{server.tail(files)}"
        )
    return locks.is_held(files.server)


if __name__ == "__main__":
    # The keeper's way to start a server that was killed under its users.
    ensure_broker(Path(sys.argv[1])).close()
