"""The files of the embedded broker, and the server process that stands behind them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import psutil

from badgejobs.service.folders import private_folder, socket_path

#: What the server's program may be called, for those who look before they kill.
SERVER_NAMES = ("valkey-server", "redis-server")


@dataclass(frozen=True, slots=True)
class BrokerFiles:
    """Where the parts of one embedded broker lie; ``folder`` is private and has no links."""

    folder: Path
    socket: Path

    @property
    def start(self) -> Path:
        """Lock: one process at a time looks for the server and starts it."""
        return self.folder / "broker.start"

    @property
    def users(self) -> Path:
        """Lock, shared by all who use the broker."""
        return self.folder / "broker.users"

    @property
    def keeper(self) -> Path:
        """Lock of the process that ends the server when nobody uses it; its pid is inside."""
        return self.folder / "broker.keeper"

    @property
    def server(self) -> Path:
        """Lock that the server process inherits: held means that it lives, answering or not."""
        return self.folder / "broker.server"

    @property
    def pid(self) -> Path:
        """The server's own pid file."""
        return self.folder / "broker.pid"

    @property
    def log(self) -> Path:
        """The server's log."""
        return self.folder / "broker.log"

    @property
    def data(self) -> Path:
        """The folder of the append-only file: all that waits in queues."""
        return self.folder / "broker.data"


def broker_files(state_dir: Path) -> BrokerFiles:
    """The files of the broker of a state folder, which is made private.

    Raises:
        StateError: the folder cannot be used.
    """
    folder = private_folder(state_dir)
    return BrokerFiles(folder=folder, socket=socket_path(folder, "broker.sock"))


def server_process(files: BrokerFiles) -> psutil.Process | None:
    """The living server of these files, or None.

    A pid alone proves nothing, since pids come again. The server is the process with the
    recorded pid, with a server's name, that has our lock file open; from then on psutil
    compares the creation time before it signals.
    """
    try:
        process = psutil.Process(int(files.pid.read_text()))
        if not process.name().startswith(SERVER_NAMES):
            return None
        opened = {Path(one.path) for one in process.open_files()}
    except (OSError, ValueError, psutil.Error):
        return None
    return process if files.server in opened else None
