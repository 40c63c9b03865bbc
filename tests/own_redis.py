"""A Redis-like server of one's own, as an operator runs one: stopped and started at will."""

from __future__ import annotations

import signal
import subprocess
import time
from pathlib import Path
from typing import Self

from redis import Redis

from badgejobs.errors import BrokerUnavailable
from badgejobs.service.addresses import free_port
from badgejobs.service.presence import ping
from badgejobs.service.server import server_program


class OwnRedis:
    """On a TCP port of loopback; what is queued survives a stop, unless it ``forgets``."""

    def __init__(self, folder: Path, *, forgets: bool = False) -> None:
        self._port, self._folder, self._forgets = free_port(), folder, forgets
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"redis://127.0.0.1:{self._port}/0"

    def start(self) -> None:
        options = {
            "port": str(self._port),
            "bind": "127.0.0.1",
            "dir": str(self._folder),
            "appendonly": "no" if self._forgets else "yes",
            "save": "",
        }
        self._process = subprocess.Popen(
            [
                server_program(),
                *(w for name, value in options.items() for w in (f"--{name}", value)),
            ],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
        )
        for _ in range(100):
            try:
                ping(self.url)
            except BrokerUnavailable:
                time.sleep(0.1)
            else:
                return
        raise AssertionError("the server does not answer")

    def stop(self) -> None:
        assert self._process
        self.thaw()
        self._process.terminate()
        self._process.wait(30)

    def kill(self) -> None:
        """End it as a crash does."""
        assert self._process
        self._process.kill()
        self._process.wait(30)

    def freeze(self) -> None:
        """Let it answer nothing, with every connection left open, until ``thaw``."""
        assert self._process
        self._process.send_signal(signal.SIGSTOP)

    def thaw(self) -> None:
        """Let it go on."""
        assert self._process
        self._process.send_signal(signal.SIGCONT)

    def forget(self) -> None:
        """Lose everything, as a FLUSHALL by mistake does."""
        with Redis.from_url(self.url) as redis:
            redis.flushall()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()
