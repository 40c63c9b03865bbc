"""What becomes of a job whose worker dies, stops or loses patience, by a real prefork worker."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from jobs_yard import Started, eventually
from redis import Redis

from badgejobs.service.broker import EmbeddedBroker

pytest_plugins = ["jobs_fixtures"]

pytestmark = pytest.mark.slow

Worker = Callable[[str], Started]


@pytest.fixture
def told(tmp_path: Path) -> Path:
    return tmp_path / "told"


@pytest.fixture
def worker(valkey: EmbeddedBroker, told: Path) -> Iterator[Worker]:
    """Starts a worker that sends itself one job."""
    with ExitStack() as undo:

        def start(job: str) -> Started:
            log = undo.enter_context(told.with_name("worker.log").open("w+b"))
            process = subprocess.Popen(
                [sys.executable, "-m", "celery", "-A", "jobs_that_end_badly", "worker",
                 "--pool=prefork", "--concurrency=1", "--without-gossip", "--without-mingle"],
                cwd=Path(__file__).parent,
                # as `badgejobs worker --pool prefork` has it
                env=os.environ | {"REMAP_SIGTERM": "SIGQUIT", "BROKER": valkey.celery_url,
                                  "JOB": job, "TOLD": str(told)},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )  # fmt: skip
            undo.callback(process.wait)
            undo.callback(process.kill)
            return Started(process, Path(log.name))

        yield start


def words(told: Path, *, until: str) -> list[str]:
    """What was told, once this word is among it."""

    def found() -> list[str] | None:
        lines = told.read_text().split() if told.exists() else []
        return lines if until in lines else None

    return eventually(found)


def drained(redis: Redis) -> None:
    """Wait until no job stands in the queue or in the hands of a worker."""
    eventually(lambda: None if redis.llen("celery") or redis.hlen("unacked") else True)


def test_a_job_that_kills_its_worker_runs_four_times_and_never_again(
    worker: Worker, told: Path, redis: Redis
) -> None:
    worker("dies")
    words(told, until="last")
    drained(redis)
    assert told.read_text().split() == [*["runs"] * 4, "failed", "last"]


def test_a_job_that_overran_its_time_is_not_handed_out_again(
    worker: Worker, told: Path, redis: Redis
) -> None:
    worker("overruns")
    assert words(told, until="last")[:2] == ["runs", "failed"]
    drained(redis)
    assert told.read_text().split().count("runs") == 1


def test_a_worker_that_is_told_to_stop_lets_its_job_go_on_for_a_while(
    worker: Worker, told: Path
) -> None:
    started = worker("goes on")
    words(told, until="runs")
    started.process.terminate()
    started.says("Initiating Soft Shutdown")
    told.with_suffix(".end").touch()
    assert words(told, until="ends") == ["runs", "ends"]
