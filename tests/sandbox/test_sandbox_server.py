from __future__ import annotations

import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from sandbox_caller import ONE, Caller, Clock

from badgejobs.errors import SettingsError, StateError
from badgejobs.sandbox import server

PROGRAM = f"""
import sys
from pathlib import Path
from badgejobs.sandbox.server import serve
serve(port=0, port_file=Path(sys.argv[1]), sites=[{ONE!r}])
"""


def test_serve_tells_its_port_prints_nothing_and_stops_when_asked(tmp_path: Path) -> None:
    port_file = tmp_path / "port"
    child = subprocess.Popen(
        [sys.executable, "-c", PROGRAM, str(port_file)],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
    try:
        until = time.monotonic() + 30
        while not port_file.exists() and time.monotonic() < until:
            time.sleep(0.02)
        caller = Caller(f"http://127.0.0.1:{port_file.read_text().strip()}", Clock())
        caller.log_in(ONE)
        assert caller.post("/badges/v4/badges/query", {})["badges"] == []
        caller.close()
    finally:
        child.send_signal(signal.SIGTERM)
        printed, _ = child.communicate(timeout=30)
    assert (child.returncode, printed) == (0, b"")


def test_a_port_in_use_is_refused_with_the_cure() -> None:
    with (
        server.listening("127.0.0.1", 0) as taken,
        pytest.raises(StateError, match=r"is in use: stop .* or choose another port"),
    ):
        server.serve(port=taken.getsockname()[1])


@pytest.mark.parametrize("host", ["0.0.0.0", "192.0.2.1", "example.com", "::"])  # noqa: S104 - refused
def test_only_addresses_of_this_machine_are_served(host: str) -> None:
    with pytest.raises(StateError, match="for this machine only"):
        server.serve(host, 0)


def test_sites_that_cannot_be_are_named() -> None:
    with pytest.raises(SettingsError, match=r"sites\[0\]\.appSecret is required"):
        server.serve(
            port=0, sites=[{name: ONE[name] for name in ("siteId", "instanceId", "appId")}]
        )
