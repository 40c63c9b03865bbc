"""The played fleet as a command, and what a worker is told to work for."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest


def ran(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "badgejobs", *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)


@pytest.mark.slow
def test_a_play_tells_how_long_sites_wait_and_what_a_tick_costs() -> None:
    done = ran("bench", "dispatch", "--sites", "20", "--minutes", "2", "--json")

    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert (told["sites"], told["load"]) == (20, 0.7)
    assert 0 <= told["delay_p50_in_intervals"] <= told["delay_p95_in_intervals"]
    assert told["delay_p95_in_intervals"] <= told["delay_max_in_intervals"]
    assert told["tick_ms_median"] > 0


def test_the_old_word_for_lanes_is_refused_with_the_new_one() -> None:
    done = ran("worker", "--queues", "celery")

    assert done.returncode != 0
    assert done.stderr.strip() == (
        "badgejobs: --queues is gone: say --lanes with some of assign, scan, walk, tick"
    )
