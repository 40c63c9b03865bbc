"""A Redis-like server of one's own, as an operator runs one: stopped and started at will."""

from __future__ import annotations

import subprocess
import time
from pathlib import Path
from typing import Self

from badgejobs.errors import BrokerUnavailable
from badgejobs.service.addresses import free_port
from badgejobs.service.presence import ping
from badgejobs.service.server import server_program


class OwnRedis:
    """On a TCP port of loopback; what is queued survives a stop."""

    def __init__(self, folder: Path) -> None:
        self._port, self._folder = free_port(), folder
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"redis://127.0.0.1:{self._port}/0"

    def start(self) -> None:
        options = {
            "port": str(self._port),
            "bind": "127.0.0.1",
            "dir": str(self._folder),
            "appendonly": "yes",
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
        self._process.terminate()
        self._process.wait(30)

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()
