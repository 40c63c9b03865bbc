"""After the demo: what it says to do next works as it is printed, and its console opens."""

from __future__ import annotations

import os
import re
import signal
import subprocess
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
        has, lacks, near, plan = (shell(line, tmp_path) for line in copied)
        assert "the badge is on the profile" in has or "met" in has
        assert "not" in lacks
        assert len(near.splitlines()) > 1
        assert "loyal-customer" in plan

        address = re.search(r"console +http://127\.0\.0\.1:(\d+)", said)
        password = re.search(r"password (\S+), or", said)
        assert address
        assert password
        visitor = Visitor(int(address[1]))
        visitor.log_in(password[1])
        [site] = set(re.findall(r"demo-[0-9a-f]{8}", said))
        assert "Loyal Customer" in visitor.page(f"/sites/{site}")
        holder = visitor.link(f"/sites/{site}/members/", on=f"/sites/{site}/badges/loyal-customer")
        assert holder
        assert "Loyal Customer" in visitor.page(holder)
        demo.process.send_signal(signal.SIGINT)
        assert demo.result()["agrees"]
    assert demo.living() == []
