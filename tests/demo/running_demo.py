"""A demo as a person runs it: one command, watched from outside, disturbed from outside."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Self

import psutil

#: Nothing here waits for ever; a machine under load is slow, not wrong.
PATIENCE = 240.0


class RunningDemo:
    """``badgejobs demo --json`` in a state folder of its own."""

    def __init__(
        self, state: Path, *arguments: str, folder: Path | None = None, **own: str
    ) -> None:
        """``own`` are settings of the environment, without their prefix.

        ``folder`` is where it is run; by default where there is no configuration.
        """
        self.state = state
        settings = {f"BADGEJOBS_{name}": value for name, value in own.items()}
        environment = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith(("BADGEJOBS_", "XDG_"))
        }
        self.process = subprocess.Popen(
            [sys.executable, "-m", "badgejobs", "demo", "--json", *arguments],
            cwd=folder or state,
            env=environment | settings | {"BADGEJOBS_STATE_DIR": str(state)},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        self.lines = list[str]()
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)
            self.process.wait(PATIENCE)
        self._reader.join(PATIENCE)
        for pipe in (self.process.stdout, self.process.stderr):
            assert pipe
            pipe.close()

    def _read(self) -> None:
        assert self.process.stderr
        for line in self.process.stderr:
            self.lines.append(line)

    def await_assigned(self, least: int) -> None:
        """Wait until so many awards are assigned: the demo is in the middle of its work."""

        def reached() -> bool:
            assert self.process.poll() is None, "".join(self.lines)
            found = [re.search(r"assigned (\d+)", line) for line in self.lines]
            return any(one and int(one[1]) >= least for one in found)

        until(reached)

    def parts(self, word: str) -> list[psutil.Process]:
        """The living processes of this demo whose command has this word."""
        return [
            process
            for process in psutil.process_iter(["cmdline", "status"])
            if process.info["status"] != psutil.STATUS_ZOMBIE
            and word in (process.info["cmdline"] or [])
            and self._is_ours(process)
        ]

    def living(self) -> list[str]:
        """Every living process that has to do with this demo's folder."""
        return [
            " ".join(process.info["cmdline"] or [])
            for process in psutil.process_iter(["cmdline", "status"])
            if process.info["status"] != psutil.STATUS_ZOMBIE and self._is_ours(process)
        ]

    def broker(self) -> psutil.Process:
        """The server of the embedded broker."""
        return psutil.Process(int((self.state / "demo" / "broker.pid").read_text()))

    def result(self) -> dict[str, Any]:
        """What it said at its end; with its exit code as ``code``."""
        assert self.process.stdout
        out = self.process.stdout.read()
        code = self.process.wait(PATIENCE)
        assert out, "".join(self.lines)
        return dict(json.loads(out)) | {"code": code}

    def _is_ours(self, process: psutil.Process) -> bool:
        try:
            return str(self.state) in " ".join(process.cmdline()) or process.environ().get(
                "BADGEJOBS_CONFIG", process.environ().get("BADGEJOBS_STATE_DIR", "")
            ).startswith(str(self.state))
        except (psutil.NoSuchProcess, psutil.AccessDenied):
            return False


def until(condition: Callable[[], bool], patience: float = PATIENCE) -> None:
    """Wait for a condition, looking often; an error when it does not come."""
    ends = time.monotonic() + patience
    while not condition():
        assert time.monotonic() < ends, "it did not come to that"
        time.sleep(0.1)
