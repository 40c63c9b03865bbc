"""A configured folder, programs started in it as an operator does, and Flower's API."""

from __future__ import annotations

import base64
import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from contextlib import ExitStack, nullcontext
from pathlib import Path
from typing import Any, TypeVar

from jobs_stage import FIRST_AND_THIRD, SECRET, SHOPS, installation
from left_alone import left_alone
from redis import Redis

from badgejobs.core.lane import Lane
from badgejobs.service.presence import standing_broker

PATIENCE_SECONDS = 40.0
AUTHORIZED = "watcher:flower-password-0123456789"

TOML = """\
wix_base_url = "{url}"
tick_seconds = 1

[scan]
orders_every_seconds = 3600
"""
SITE = """
[sites.{name}]
rules = "{name}.yaml"
app_id = "{app}"
instance_id = "{instance}"
app_secret_file = "app.secret"
"""


T = TypeVar("T")


def eventually(find: Callable[[], T | None], *, patience: float = PATIENCE_SECONDS) -> T:
    """What is found in the end, asked for again and again."""
    deadline = time.monotonic() + patience
    while (found := find()) is None:
        assert time.monotonic() < deadline, "it did not come true in time"
        time.sleep(0.1)
    return found


class Yard:
    """A configured folder, and the processes that were started in it."""

    def __init__(
        self, folder: Path, url: str, undo: ExitStack, environment: dict[str, str] | None = None
    ) -> None:
        self.folder, self._undo = folder, undo
        self._environment = environment or {}
        self.state = folder / "state"
        self._write("app.secret", SECRET)
        toml = TOML.format(url=url)
        for shop in SHOPS:
            own = installation(shop)
            toml += SITE.format(name=shop, app=own.app_id, instance=own.instance_id)
            self._write(f"{shop}.yaml", FIRST_AND_THIRD)
        self.config = self._write("badgejobs.toml", toml)

    def _write(self, name: str, text: str) -> Path:
        file = self.folder / name
        file.write_text(text, encoding="utf-8")
        file.chmod(0o600)
        return left_alone(file)

    def start(self, *command: str) -> Started:
        """Start a program of the virtual environment; killed at the end if it still runs."""
        inherited = {k: v for k, v in os.environ.items() if not k.startswith("BADGEJOBS_")}
        log = self._undo.enter_context((self.folder / f"{command[1]}.log").open("w+b"))
        process = subprocess.Popen(
            [str(Path(sys.executable).with_name(command[0])), *command[1:]],
            cwd=self.folder,
            env=inherited
            | {
                "BADGEJOBS_CONFIG": str(self.config),
                "BADGEJOBS_STATE_DIR": str(self.state),
                "FLOWER_BASIC_AUTH": AUTHORIZED,
                "PYTHONFAULTHANDLER": "1",
            }
            | self._environment,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
        )
        started = Started(process, Path(log.name))
        self._undo.callback(started.kill)
        return started

    def command(self, *arguments: str) -> None:
        """Run a command of ours to its end."""
        started = self.start("badgejobs", *arguments)
        assert started.process.wait(PATIENCE_SECONDS) == 0, started.said()


class Started:
    """A process and what it says."""

    def __init__(self, process: subprocess.Popen[bytes], log: Path) -> None:
        self.process, self._log = process, log

    def said(self) -> str:
        return self._log.read_text("utf-8", errors="replace")

    def says(self, words: str) -> None:
        """Wait until it says so."""
        eventually(lambda: (words in self.said() or self.process.poll() is not None) or None)
        assert words in self.said(), self.said()

    def rings(self, state: Path) -> None:
        """Wait until it put a bell into the queue of the broker of a state folder."""

        def rung() -> bool | None:
            assert self.process.poll() is None, self.said()
            with standing_broker(state) or nullcontext() as broker:
                if broker is None:
                    return None
                with Redis.from_url(broker.redis_url) as redis:
                    return any(redis.llen(f"badgejobs:{lane}") for lane in Lane) or None

        eventually(rung)

    def listens(self, port: int) -> None:
        """Wait until it takes connections."""

        def connects() -> bool | None:
            assert self.process.poll() is None, self.said()
            with socket.socket() as client:
                return True if client.connect_ex(("127.0.0.1", port)) == 0 else None

        eventually(connects)

    def stop(self) -> int:
        """Ask it to end, and wait for that; its exit code."""
        self.process.send_signal(signal.SIGTERM)
        try:
            return self.process.wait(PATIENCE_SECONDS)
        except subprocess.TimeoutExpired:
            # Say where it hangs: PYTHONFAULTHANDLER writes the threads' places.
            self.process.send_signal(signal.SIGABRT)
            self.process.wait(PATIENCE_SECONDS)
            raise AssertionError(f"it did not end:\n{self.said()}") from None

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()


class FlowerApi:
    """Flower's API, as somebody who has the password sees it."""

    def __init__(self, port: int, *, prefix: str = "", origin: str | None = None) -> None:
        self.port = port
        self._url = f"http://127.0.0.1:{port}{prefix}"
        self._headers = {} if origin is None else {"Origin": origin}
        self._opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))

    def ask(self, path: str, body: dict[str, Any] | None = None) -> Any:
        """What the API answers, as JSON."""
        return json.loads(self.page(path, body))

    def page(
        self, path: str, body: dict[str, Any] | None = None, *, authorized: str | None = AUTHORIZED
    ) -> str:
        """What it answers, as text; ``HTTPError`` where it refuses."""
        told = base64.b64encode((authorized or "").encode()).decode()
        request = urllib.request.Request(  # noqa: S310 - an address of this machine
            self._url + path,
            data=None if body is None else json.dumps(body).encode(),
            headers=self._headers | ({"Authorization": f"Basic {told}"} if authorized else {}),
        )
        with self._opener.open(request, timeout=10) as answer:
            return str(answer.read().decode())

    def status(
        self, path: str, body: dict[str, Any] | None = None, *, authorized: str | None = AUTHORIZED
    ) -> int:
        """With which number it answers."""
        try:
            self.page(path, body, authorized=authorized)
        except urllib.error.HTTPError as refused:
            return refused.code
        return 200

    def trigger(self, task: str, **arguments: Any) -> dict[str, Any]:
        """Send a task, wait until it has ended, and return its result."""
        sent = self.ask(f"/api/task/async-apply/badgejobs.{task}", {"kwargs": arguments})

        def ended() -> dict[str, Any] | None:
            told = self.ask(f"/api/task/result/{sent['task-id']}")
            return dict(told) if told["state"] not in {"PENDING", "STARTED"} else None

        told = eventually(ended)
        assert told["state"] == "SUCCESS", told
        return dict(told["result"])
