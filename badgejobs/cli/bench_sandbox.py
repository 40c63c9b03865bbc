"""A sandbox in a process of its own, and our client of it, for measurements."""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

from badgejobs.errors import StateError
from badgejobs.sandbox import builtin
from badgejobs.wix.auth import AppCredentials
from badgejobs.wix.client import WixClient

#: A sandbox that has not begun to answer by then will not.
_START_SECONDS = 60.0


@contextmanager
def measured_sandbox(seed: str) -> Iterator[str]:
    """The address of a sandbox that holds this seed, with no limit and no lag."""
    with tempfile.TemporaryDirectory() as folder:
        port_file = Path(folder) / "port"
        line = ["sandbox", "serve", "--port", "0", "--port-file", str(port_file)]
        behaviour = ["--seed", seed, "--rate-limit", "0", "--lag", "0"]
        process = subprocess.Popen(
            [sys.executable, "-m", "badgejobs", *line, *behaviour],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        try:
            ends = time.monotonic() + _START_SECONDS
            while not port_file.exists():
                if process.poll() is not None or time.monotonic() > ends:
                    raise StateError(
                        "the sandbox to measure did not start; try "
                        f"`badgejobs sandbox serve --seed {seed}` to see why"
                    )
                time.sleep(0.05)
            yield f"http://127.0.0.1:{port_file.read_text(encoding='ascii').strip()}"
        finally:
            process.terminate()
            process.wait()


@contextmanager
def measuring_client(url: str) -> Iterator[WixClient]:
    """Our client of the first built-in site, without a pace."""
    credentials = AppCredentials(
        app_id=builtin.APP_ID,
        app_secret=builtin.APP_SECRET,
        instance_id=builtin.instance_id(1),
    )
    with WixClient(
        base_url=url,
        credentials=credentials,
        pace=lambda: None,
        request_deadline=timedelta(seconds=30),
    ) as client:
        yield client
