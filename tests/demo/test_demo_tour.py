"""After the demo: what it says to do next works as it is printed, and its console opens."""

from __future__ import annotations

import os
import re
import signal
import subprocess
from contextlib import closing
from pathlib import Path

import pytest
from running_demo import RunningDemo, until

from badgejobs.cli.consolebench.visiting import Visitor

pytestmark = [pytest.mark.slow, pytest.mark.timeout(400)]


def shell(line: str, folder: Path) -> str:
    """What a line prints in a new shell, whose environment points elsewhere."""
    done = subprocess.run(
        ["/bin/sh", "-c", line],
        cwd=folder,
        env=os.environ | {"COLUMNS": "120"},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_every_line_that_the_demo_prints_to_copy_works_and_its_console_opens(
    tmp_path: Path,
) -> None:
    state = tmp_path / "state"
    state.mkdir(mode=0o700)
    with RunningDemo(state, "--keep", "--seconds", "5") as demo:
        until(lambda: any("Ctrl-C ends it all" in line for line in demo.lines))
        said = "".join(demo.lines)
        copied = re.findall(r"^(?!#)(.* --config .*)$", said, re.MULTILINE)
        has, lacks, near, plan, diff = (shell(line, tmp_path) for line in copied)
        assert "stands at Wix" in has
        assert "missing: 1 more" in lacks
        assert near.split()[1:] == ["9", "10", "1", "more"]
        assert near.split()[0] in copied[1]
        assert "\naward\t" in plan, "two more would have it"
        assert "loyal-customer" in diff

        address = re.search(r"console +http://127\.0\.0\.1:(\d+)", said)
        password = re.search(r"password (\S+)$", said, re.MULTILINE)
        assert address
        assert password
        [site] = set(re.findall(r"demo-[0-9a-f]{8}", said))
        with closing(Visitor(int(address[1]))) as visitor:
            visitor.log_in(password[1])
            assert "Loyal Customer" in visitor.page(f"/sites/{site}")
            badge = f"/sites/{site}/badges/loyal-customer"
            holder = visitor.link(f"/sites/{site}/members/", on=badge)
            assert holder
            assert "Loyal Customer" in visitor.page(holder)
        demo.process.send_signal(signal.SIGINT)
        assert demo.result()["agrees"]
    assert demo.living() == []
