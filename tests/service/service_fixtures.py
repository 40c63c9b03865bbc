"""Real processes, and the promise that none of them is left behind."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from processes import Spawn

from badgejobs.service import locks
from badgejobs.service.brokerfiles import broker_files, server_process


@pytest.fixture
def spawn() -> Iterator[Spawn]:
    """Run Python code as a process that talks by lines; killed at the end, if it still runs."""
    started: list[subprocess.Popen[str]] = []

    def run(code: str, *arguments: object) -> subprocess.Popen[str]:
        process = subprocess.Popen(
            [sys.executable, "-c", code, *map(str, arguments)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        started.append(process)
        return process

    yield run
    for process in started:
        process.kill()
        process.communicate()


@pytest.fixture
def state(tmp_path: Path) -> Iterator[Path]:
    """A state folder; at the end of the test no broker process may be left in it."""
    folder = tmp_path / "state"
    yield folder
    if folder.exists():
        files = broker_files(folder)
        ended = locks.until(
            lambda: not locks.is_held(files.server) and not locks.is_held(files.keeper),
            seconds=10,
        )
        if not ended and (server := server_process(files)):
            server.kill()
        assert ended
