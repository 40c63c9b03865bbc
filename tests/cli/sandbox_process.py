"""A sandbox as a user starts it."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from command_desk import member_id, orders_of

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
    with (folder / "serve.err").open("w") as told:
        process = subprocess.Popen(
            [sys.executable, "-m", "badgejobs", *line], stdout=told, stderr=told
        )
        try:
            ends = time.monotonic() + 60
            while not port_file.exists():
                assert process.poll() is None, (folder / "serve.err").read_text()
                assert time.monotonic() < ends, "the sandbox did not start"
                time.sleep(0.05)
            yield f"http://127.0.0.1:{port_file.read_text().strip()}"
        finally:
            process.terminate()
            process.wait(timeout=30)
    assert process.returncode == 0
