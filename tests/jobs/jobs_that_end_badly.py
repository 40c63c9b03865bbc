"""Jobs that end badly, for a real worker with our settings: ``celery -A jobs_that_end_badly``.

Environment: ``BROKER`` is its address, ``JOB`` the job that it sends itself, ``TOLD`` the file
where what happens is written, a word a line.
"""

from __future__ import annotations

import os
import signal
import time
from contextlib import suppress
from pathlib import Path

from celery.exceptions import SoftTimeLimitExceeded
from celery.signals import task_failure, worker_ready

from badgejobs.jobs.app import app
from badgejobs.jobs.tasks import Bell

TOLD = Path(os.environ["TOLD"])

app.conf.update(broker_url=os.environ["BROKER"], result_backend=os.environ["BROKER"])


def tell(word: str) -> None:
    with TOLD.open("a") as opened:
        opened.write(f"{word}\n")


# Without a delay, for the sake of whoever waits.
@app.task(name="dies", base=Bell, default_retry_delay=0)
def dies() -> None:
    tell("runs")
    os.kill(os.getpid(), signal.SIGKILL)


@app.task(name="overruns", base=Bell, soft_time_limit=1, time_limit=2)
def overruns() -> None:
    """Whatever the soft limit says."""
    tell("runs")
    while True:
        with suppress(SoftTimeLimitExceeded):
            time.sleep(600)


@app.task(name="goes on", base=Bell)
def goes_on() -> None:
    """Until the file is there that says so."""
    tell("runs")
    while not TOLD.with_suffix(".end").exists():
        time.sleep(0.05)
    tell("ends")


@app.task(name="last", base=Bell)
def last() -> None:
    tell("last")


@worker_ready.connect
def _send(**_: object) -> None:
    app.send_task(os.environ["JOB"])


@task_failure.connect
def _then_the_last(**_: object) -> None:
    """So that whoever waits sees the worker go on."""
    tell("failed")
    app.send_task("last")
