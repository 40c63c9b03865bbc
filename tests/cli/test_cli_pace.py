"""Commands and workers at once: the sandbox counts the requests of all of them."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

import pytest
from command_desk import Desk, LiveWix
from structlog.testing import capture_logs

from badgejobs.bootstrap import House
from badgejobs.cli.opening import opened
from badgejobs.config import load_settings
from badgejobs.core.lane import Lane
from badgejobs.service.broker import ensure_broker

pytest_plugins = ["cli_fixtures"]

PER_MINUTE = 10


def counted(wix: LiveWix) -> list[float]:
    """When requests came that the sandbox's own limit counted."""
    entries = list(wix.world.journal.entries)
    return [datetime.fromisoformat(one.time).timestamp() for one in entries if one.counted_by]


def busiest(wix: LiveWix) -> int:
    """The most of them within a minute."""
    stamps = counted(wix)
    return max(sum(0 <= late - early < 60 for late in stamps) for early in stamps)


@contextmanager
def working(desk: Desk) -> Iterator[None]:
    """A worker, on the embedded broker."""
    environment = {k: v for k, v in os.environ.items() if not k.startswith("BADGEJOBS_")}
    worker = subprocess.Popen(
        [sys.executable, "-m", "badgejobs", "worker"],
        cwd=desk.folder,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        yield
    finally:
        worker.terminate()
        worker.wait(timeout=60)


@pytest.fixture
def slow_desk(desk: Desk) -> Desk:
    """A desk whose site has a small pace."""
    text = (desk.folder / "badgejobs.toml").read_text()
    desk.write("badgejobs.toml", f"requests_per_minute = {PER_MINUTE}\n{text}")
    return desk


@pytest.mark.slow
def test_a_worker_and_a_command_together_keep_to_the_pace_of_one(
    slow_desk: Desk, live_wix: LiveWix
) -> None:
    live_wix.buys(1, 100 * 2 * PER_MINUTE)  # so many pages that each could use up a minute
    with ensure_broker(slow_desk.folder / "state"):
        assert slow_desk.run("scan", "shop", "orders").code == 0
        with working(slow_desk):
            ends = time.monotonic() + 60
            while len(counted(live_wix)) < PER_MINUTE // 2:
                assert time.monotonic() < ends, "the worker did not begin"
                time.sleep(0.05)
            synced = slow_desk.run("sync", "shop", "--max-seconds", "5")
    assert synced.code == 3, synced.err
    assert PER_MINUTE // 2 < busiest(live_wix) <= PER_MINUTE


@pytest.fixture
def here(desk: Desk, home: Path, monkeypatch: pytest.MonkeyPatch) -> Desk:
    """A desk in whose folder this process stands."""
    del home  # the settings of this machine are out of sight
    monkeypatch.chdir(desk.folder)
    return desk


def full(house: House) -> int:
    """How many slots there are at this moment."""
    count = 0
    while house.throttle.take("shop", Lane.ASSIGN, per_minute=180) == 0.0:
        count += 1
    return count


def test_commands_have_one_pace_where_a_broker_runs(here: Desk) -> None:
    del here
    settings = load_settings()
    with ensure_broker(settings.state_dir), opened(settings) as one, opened(settings) as other:
        assert (full(one), full(other)) == (180, 0)


def test_a_command_alone_has_all_of_the_pace(here: Desk) -> None:
    with opened(load_settings()) as house:
        assert full(house) == 180
    assert not (here.folder / "state" / "broker").exists(), "and no broker is started for it"


def test_a_command_whose_redis_is_away_begins_with_the_headroom(
    here: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    del here
    monkeypatch.setenv("BADGEJOBS_REDIS_URL", "redis://:hunter2@127.0.0.1:9/0")
    with capture_logs() as logged, opened(load_settings()) as house:
        assert full(house) == 20
    assert "the pace of workers cannot be shared" in str(logged)
    assert "hunter2" not in str(logged)
