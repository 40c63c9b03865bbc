"""How beat ends: between two ticks, wherever the signal finds it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

#: A Celery of its own, whose one tick is interrupted by SIGTERM at the place that is asked for.
BEAT = """
import os, signal, sys, weakref
from celery import Celery
from badgejobs.jobs import beating

schedule, place = sys.argv[1:]
app = Celery("beaten", broker="memory://", set_as_current=True)
app.conf.worker_redirect_stdouts = False
app.conf.beat_max_loop_interval = 0.1
app.conf.beat_schedule = {"tick": {"task": "badgejobs.tick", "schedule": 0.1}}

def ask(*_):
    os.kill(os.getpid(), signal.SIGTERM)

class Thing:
    pass

@app.task(name="badgejobs.tick")
def tick():
    print("began", flush=True)
    if place == "weak reference":
        thing = Thing()
        watched = weakref.ref(thing, ask)
        del thing
    elif place == "tick":
        ask()
    elif place == "twice":
        ask()
        ask()
    elif place == "insisting":
        ask()
        beating._INSISTS_AFTER_SECONDS = 0.0
        ask()
    else:
        signal.setitimer(signal.ITIMER_REAL, 0.05)
    print("ended", flush=True)

signal.signal(signal.SIGALRM, ask)
app.Beat(scheduler_cls="badgejobs.jobs.beating:Ticking", schedule=schedule, quiet=True).run()
"""


@pytest.mark.parametrize(
    ("place", "said"),
    [
        ("weak reference", ["began", "ended"]),
        ("tick", ["began", "ended"]),
        ("between two", ["began", "ended"]),
        ("twice", ["began", "ended"]),
        ("insisting", ["began"]),
    ],
)
def test_beat_ends_after_its_tick_wherever_the_signal_comes(
    place: str, said: list[str], tmp_path: Path
) -> None:
    done = subprocess.run(
        [sys.executable, "-c", BEAT, str(tmp_path / "schedule"), place],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])},
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.split() == said
    assert "Traceback" not in done.stderr
