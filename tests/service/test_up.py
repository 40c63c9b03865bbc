"""``badgejobs up`` and ``badgejobs doctor`` where what they would start cannot work."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import psutil
import pytest

from badgejobs.cli.up import FLOWER_PORT
from badgejobs.service.addresses import LOOPBACK
from badgejobs.service.single import only_one
from badgejobs.service.supervision import log_file

pytest_plugins = ["service_fixtures"]

RULES = """\
version: 1
badges:
  - {id: first, badge: {title: First}, when: {count: orders, gte: 1}}
"""

#: Nobody answers at its Wix, which is no reason for worker and beat not to run.
TOML = """\
state_dir = "state"
wix_base_url = "http://127.0.0.1:9"
{more}
[sites.shop]
rules = "rules.yaml"
app_id = "aaaaaaaa-0000-4000-8000-000000000001"
instance_id = "aaaaaaaa-0000-4000-8000-000000000002"
app_secret_file = "app.secret"
"""

TOO_LONG = """\
[assign]
request_deadline_seconds = 50
[scan]
slice_seconds = 60
"""


def configured(folder: Path, *, more: str = "") -> Path:
    for name, text in {
        "badgejobs.toml": TOML.format(more=more), "rules.yaml": RULES, "app.secret": "s3cret"
    }.items():  # fmt: skip
        path = folder / name
        path.write_text(text)
        path.chmod(0o600)
    return folder


def ended(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """A command, run to its end in a folder that is configured."""
    inherited = {k: v for k, v in os.environ.items() if not k.startswith("BADGEJOBS_")}
    return subprocess.run(
        [sys.executable, "-m", "badgejobs", *arguments],
        cwd=folder,
        env=inherited,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )


def left_in(folder: Path) -> list[str]:
    """The command lines of living processes that were started in a folder."""
    found = list[str]()
    for process in psutil.process_iter():
        with suppress(psutil.Error):
            if process.cwd() == str(folder) and process.status() != psutil.STATUS_ZOMBIE:
                found.append(" ".join(process.cmdline()))
    return found


def test_up_refuses_settings_under_which_its_worker_would_not_start(tmp_path: Path) -> None:
    up = ended(configured(tmp_path, more=TOO_LONG), "up")
    assert up.returncode == 4
    assert "slice < soft time limit" in up.stderr
    assert not (tmp_path / "state").exists(), "and nothing was started"


def test_doctor_finds_settings_under_which_no_worker_would_start(tmp_path: Path) -> None:
    doctor = ended(configured(tmp_path, more=TOO_LONG), "doctor", "--json")
    (found,) = [one for one in json.loads(doctor.stdout)["checks"] if one["check"] == "jobs"]
    assert not found["ok"]
    assert "slice < soft time limit" in found["finding"]
    assert "scan.slice_seconds" in found["cure"]
    assert doctor.returncode == 4


def test_doctor_has_nothing_against_the_settings_that_we_ship(tmp_path: Path) -> None:
    doctor = ended(configured(tmp_path), "doctor", "--json")
    (found,) = [one for one in json.loads(doctor.stdout)["checks"] if one["check"] == "jobs"]
    assert found["ok"], found


def test_up_refuses_a_port_for_flower_that_another_program_has(tmp_path: Path) -> None:
    with socket.socket() as taken:
        # Where another program of this machine has it, it is in use as well.
        with suppress(OSError):
            taken.bind((LOOPBACK, FLOWER_PORT))
            taken.listen()
        up = ended(configured(tmp_path), "up", "--flower")
    assert up.returncode == 1
    assert f"Flower cannot listen on port {FLOWER_PORT}" in up.stderr
    assert not (tmp_path / "state").exists(), "and nothing was started"


@pytest.mark.slow
def test_up_ends_where_a_program_cannot_run_and_names_it_with_log_and_reason(
    tmp_path: Path,
) -> None:
    state = configured(tmp_path) / "state"
    state.mkdir(mode=0o700)
    with only_one(state / "beat.lock", "badgejobs beat"):
        up = ended(tmp_path, "up")
    assert up.returncode == 1
    last = up.stderr.splitlines()[-1]
    assert last.startswith("badgejobs: beat ended 3 times soon after its start")
    assert str(log_file(state, "beat")) in last
    assert f"badgejobs beat is already running in {state} (process {os.getpid()})" in last
    assert "run `badgejobs up` again" in last
    assert left_in(tmp_path) == []


def test_a_lock_that_cannot_be_taken_is_noticed_at_start_up(tmp_path: Path) -> None:
    """A lock whose failure is taken for success would let two of a kind run."""
    state = configured(tmp_path) / "state"
    (state / "beat.lock").mkdir(mode=0o700, parents=True)
    state.chmod(0o700)

    beat = ended(tmp_path, "beat")

    assert beat.returncode == 1
    assert f"badgejobs: cannot write {state / 'beat.lock'}" in beat.stderr
    assert left_in(tmp_path) == []
