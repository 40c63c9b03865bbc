"""The whole of it as an operator starts it: each line of the Procfile as a process of its own."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest
from jobs_yard import Yard, eventually

from badgejobs.config import HeartbeatFile
from badgejobs.jobs.queues import LANES
from badgejobs.service.addresses import free_port

pytest_plugins = ["jobs_fixtures"]

PROJECT = Path(__file__).parents[2]


def procfile() -> dict[str, list[str]]:
    """The programs of the Procfile by name."""
    lines = (PROJECT / "Procfile").read_text("utf-8").splitlines()
    pairs = [line.split(":", 1) for line in lines if line.strip()]
    return {name: shlex.split(command) for name, command in pairs}


def test_the_procfile_names_every_program() -> None:
    assert set(procfile()) == {"release", "worker", "walker", "beat", "web", "console", "flower"}


@pytest.mark.parametrize(
    "files",
    [
        "Procfile",
        "docker-compose.yml",
        "badgejobs/deploy/kubernetes/*.yaml",
        "badgejobs/deploy/systemd/*.service",
    ],
)
def test_the_workers_of_each_way_to_deploy_empty_every_queue(files: str) -> None:
    # the nightly reconcile goes through that of ticks
    text = "".join(one.read_text("utf-8") for one in sorted(PROJECT.glob(files)))
    lanes = re.findall(r'worker,? --lanes,? "?([a-z]+(?:,[a-z]+)*)', text)
    assert {lane for told in lanes for lane in told.split(",")} == set(LANES)


@pytest.mark.slow
@pytest.mark.timeout(300)
@pytest.mark.parametrize("program", ["worker", "walker", "beat", "web", "console", "flower"])
def test_each_line_of_the_procfile_starts_and_ends_well(program: str, yard: Yard) -> None:
    port = free_port()
    # the port of the Procfile may be in use on this machine
    more = ["--port", str(port)] if program in {"console", "flower"} else []
    started = yard.start(*procfile()[program], *more)

    if program in {"console", "flower"}:
        started.listens(port)
    elif program == "web":
        started.says("health is told at")
    elif program == "beat":
        started.rings(yard.state)  # it says nothing
    else:
        started.says("ready.")

    kind = {"walker": "worker"}.get(program, program)
    if kind in {"worker", "beat"}:
        eventually(lambda: HeartbeatFile.found(yard.state, kind) or None)
    assert started.stop() == 0, started.said()
    assert HeartbeatFile.found(yard.state, kind) == []
    assert "Traceback" not in started.said()
