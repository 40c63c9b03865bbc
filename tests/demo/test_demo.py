"""The main job by real processes, undisturbed and disturbed, held against independent truth."""

from __future__ import annotations

import re
import signal
import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path
from typing import Any

import psycopg
import pytest
from databases import Postgres
from own_redis import OwnRedis
from running_demo import RunningDemo, until

pytestmark = pytest.mark.slow

#: So soon everything has ended after Ctrl-C; on a machine under load it is waited for longer.
END_SECONDS, PATIENCE_TIMES = 5, 6

#: Awards of the shipped extract, by independent truth.
EXPECTED = {
    "first-purchase": 1168,
    "loyal-customer": 10,
    "big-spender": 195,
    "commentator": 53,
    "community-helper": 24,
}


@pytest.fixture
def state(tmp_path: Path) -> Path:
    folder = tmp_path / "state"
    folder.mkdir(mode=0o700)
    return folder


def assert_agrees(result: dict[str, Any]) -> None:
    assert result["code"] == 0
    assert result["agrees"] is True
    assert {row["badge"]: row["assigned"] for row in result["badges"]} == EXPECTED
    for row in result["badges"]:
        assert (row["missing"], row["extra"], row["duplicate"], row["other_time"]) == (0, 0, 0, 0)


def test_real_history_becomes_exactly_the_badges_of_independent_truth(state: Path) -> None:
    with RunningDemo(state) as demo:
        result = demo.result()
    assert_agrees(result)
    assert result["calls"]["total"] < 200, "one minute of one site's budget"
    with closing(sqlite3.connect(state / "demo" / "badgejobs.db")) as database:
        (declared_by,) = database.execute("SELECT declared_by FROM allowance").fetchone()
        assert declared_by == "demo"
        assert database.execute("SELECT kind FROM alert").fetchall() == [], "no cap was reached"
    assert result["literal_calls"] > 10 * result["calls"]["total"]
    assert demo.living() == []


def test_a_worker_killed_in_the_middle_costs_only_time(state: Path) -> None:
    with RunningDemo(state) as demo:
        demo.await_assigned(100)
        for worker in demo.parts("worker"):
            worker.kill()
        assert_agrees(demo.result())
    assert demo.living() == []


@pytest.mark.at_length
def test_a_broker_that_stands_still_for_ten_seconds_costs_only_time(state: Path) -> None:
    with RunningDemo(state) as demo:
        demo.await_assigned(100)
        broker = demo.broker()
        broker.suspend()
        time.sleep(10)
        broker.resume()
        assert_agrees(demo.result())
    assert demo.living() == []


@pytest.mark.at_length
def test_a_broker_killed_in_the_middle_comes_back_by_itself(state: Path) -> None:
    with RunningDemo(state) as demo:
        demo.await_assigned(100)
        demo.broker().kill()
        assert_agrees(demo.result())
    assert demo.living() == []


def test_servers_of_ones_own_are_used_and_a_broker_gone_for_ten_seconds_costs_only_time(
    state: Path, postgres: Postgres
) -> None:
    with (
        OwnRedis(state.parent) as redis,
        RunningDemo(state, DATABASE_URL=postgres.create(empty=False), REDIS_URL=redis.url) as demo,
    ):
        demo.await_assigned(100)
        redis.stop()
        time.sleep(10)
        redis.start()
        assert_agrees(demo.result())
    assert demo.living() == []
    assert not (state / "demo" / "badgejobs.db").exists(), "the embedded database was not used"
    assert not (state / "demo" / "broker.pid").exists(), "nor the embedded broker"
    assert any(re.search(r"rows of site demo-\w+ stay in", line) for line in demo.lines)


def test_a_database_of_ones_own_is_migrated_by_a_person_only(
    state: Path, postgres: Postgres
) -> None:
    url = postgres.create(empty=True)
    with RunningDemo(state, DATABASE_URL=url) as demo:
        assert demo.process.wait(60) == 1
    assert demo.living() == []
    assert "".join(demo.lines) == (
        "badgejobs: The database has no badgejobs tables yet: run `badgejobs migrate`\n"
    )
    with psycopg.connect(url.replace("+psycopg", "")) as connection:
        tables = connection.execute(
            "SELECT count(*) FROM information_schema.tables WHERE table_schema = 'public'"
        )
        assert tables.fetchone() == (0,)


def test_it_runs_in_a_folder_that_init_has_just_written(state: Path) -> None:
    folder = state.parent / "new"
    subprocess.run(
        [sys.executable, "-m", "badgejobs", "init", "my-shop", "--folder", str(folder)],
        cwd=state,
        capture_output=True,
        check=True,
        timeout=60,
    )
    with RunningDemo(state, folder=folder) as demo:
        demo.await_assigned(1)
    assert demo.process.returncode == 130


@pytest.mark.parametrize("asked_by", [signal.SIGINT, signal.SIGTERM])
def test_ctrl_c_and_an_ask_to_end_end_everything(state: Path, asked_by: signal.Signals) -> None:
    with RunningDemo(state) as demo:
        demo.await_assigned(1)
        demo.process.send_signal(asked_by)
        assert demo.process.wait(END_SECONDS * PATIENCE_TIMES) == 130
    until(lambda: demo.living() == [], patience=END_SECONDS * PATIENCE_TIMES)
    assert not any("Traceback" in line for line in demo.lines)


def test_after_a_kill_the_rest_ends_and_the_next_demo_starts_clean(state: Path) -> None:
    with RunningDemo(state) as demo:
        demo.await_assigned(1)
        demo.process.kill()
        until(lambda: demo.living() == [], patience=10)
    with RunningDemo(state) as second:
        assert_agrees(second.result())


def test_a_second_demo_in_the_same_folder_names_the_first(state: Path) -> None:
    with RunningDemo(state) as first:
        first.await_assigned(1)
        with RunningDemo(state) as second:
            assert second.process.wait(60) == 1
        assert f"process {first.process.pid}" in "".join(second.lines)
        first.process.send_signal(signal.SIGINT)
