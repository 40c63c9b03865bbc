"""A sandbox as a user starts it."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from command_desk import member_id, orders_of

from badgejobs.sandbox.remote import RemoteSandbox

#: One member with two paid orders, another with one.
HISTORY: dict[str, list[dict[str, Any]]] = {
    "members": [{"id": member_id(one), "status": "APPROVED"} for one in (1, 2)],
    "orders": [*orders_of(1, 2), *orders_of(2, 1)],
}


@contextmanager
def serving(folder: Path, *options: str) -> Iterator[str]:
    """``badgejobs sandbox serve`` on a free port; what it says goes to ``serve.err``."""
    port_file = folder / "port"
    line = ["sandbox", "serve", "--port", "0", "--port-file", str(port_file), *options]
    with _process([sys.executable, "-m", "badgejobs", *line], folder, port_file.exists):
        yield f"http://127.0.0.1:{port_file.read_text().strip()}"


@contextmanager
def answering(line: Sequence[str], port: str, *, folder: Path) -> Iterator[None]:
    """A command that serves a sandbox on a port, once it answers."""
    with _process(line, folder, RemoteSandbox(f"http://127.0.0.1:{port}").is_up):
        yield


@contextmanager
def _process(line: Sequence[str], folder: Path, ready: Callable[[], bool]) -> Iterator[None]:
    with (folder / "serve.err").open("w") as told:
        process = subprocess.Popen(line, stdout=told, stderr=told, cwd=folder)
        try:
            ends = time.monotonic() + 60
            while not ready():
                assert process.poll() is None, (folder / "serve.err").read_text()
                assert time.monotonic() < ends, "the sandbox did not start"
                time.sleep(0.05)
            yield
        finally:
            process.terminate()
            process.wait(timeout=30)
    assert process.returncode == 0
