from __future__ import annotations

import os
import signal
import sys
from pathlib import Path

import pytest
from processes import eventually

from badgejobs.errors import StateError
from badgejobs.service.supervision import Program, ProgramStatus, running
from badgejobs.service.watch import (
    GOOD_RUN_SECONDS,
    MOST_SHORT_RUNS,
    MOST_SHORT_RUNS_LATER,
    Watch,
)

#: Longer than three tries of a program that ends at once, on a busy machine.
PATIENCE = 60


class Life:
    """One program under a supervisord of paper: its runs, and a watch that looks each second."""

    def __init__(self, folder: Path) -> None:
        self.told = list[str]()
        self._watch = Watch(folder, tell=self.told.append, again="`badgejobs up`")
        self._now, self._ended = 1000, 0

    def runs(self, seconds: int, *, then: str = "BACKOFF") -> None:
        """It runs so long, and is then seen in this state."""
        began = self._now
        for _ in range(seconds):
            self._see("RUNNING" if self._now - began > 5 else "STARTING", pid=7, began=began)
            self._now += 1
        self._ended = self._now
        self._see(then, pid=None, began=began)
        self._now += 1

    def _see(self, state: str, *, pid: int | None, began: int) -> None:
        one = ProgramStatus(
            name="beat", state=state, pid=pid, began=began, ended=self._ended, now=self._now
        )
        self._watch.judge([one])


def test_a_program_that_never_starts_is_given_up_at_its_third_try(tmp_path: Path) -> None:
    life = Life(tmp_path)
    for _ in range(MOST_SHORT_RUNS - 1):
        life.runs(2)
    with pytest.raises(StateError, match="beat ended 3 times soon after its start"):
        life.runs(2)


def test_a_slow_machine_does_not_make_a_failing_start_a_good_one(tmp_path: Path) -> None:
    life = Life(tmp_path)
    for _ in range(MOST_SHORT_RUNS - 1):
        life.runs(GOOD_RUN_SECONDS - 10, then="EXITED")  # and was RUNNING for a while
    with pytest.raises(StateError, match="beat"):
        life.runs(GOOD_RUN_SECONDS - 10, then="EXITED")


def test_one_that_is_killed_now_and_then_is_no_reason_to_end(tmp_path: Path) -> None:
    life = Life(tmp_path)
    life.runs(1)
    for _ in range(3 * MOST_SHORT_RUNS_LATER):
        life.runs(GOOD_RUN_SECONDS + 1, then="EXITED")
    assert life.told == ["running: beat"]


def test_what_worked_before_gets_more_tries_and_its_trouble_is_told_once(tmp_path: Path) -> None:
    life = Life(tmp_path)
    life.runs(GOOD_RUN_SECONDS + 1, then="EXITED")
    for _ in range(MOST_SHORT_RUNS_LATER - 1):
        life.runs(2)
    (_, trouble) = life.told
    assert "beat ended 3 times" in trouble
    assert "tried again" in trouble
    with pytest.raises(StateError, match=f"beat ended {MOST_SHORT_RUNS_LATER} times"):
        life.runs(2)


def test_what_the_supervisor_gave_up_ends_it_at_once(tmp_path: Path) -> None:
    with pytest.raises(StateError, match="beat"):
        Life(tmp_path).runs(GOOD_RUN_SECONDS + 1, then="FATAL")


def test_a_program_that_ends_by_itself_is_named_with_its_log_and_what_it_said(
    tmp_path: Path,
) -> None:
    well = Program(name="well", argv=["sleep", "600"], stop_seconds=3)
    ill = Program(
        name="ill",
        argv=[sys.executable, "-c", "exit('line one\\nthe port is taken')"],
        stop_seconds=3,
    )
    told = list[str]()
    watch = Watch(tmp_path, tell=told.append, again="`badgejobs up`")

    def look() -> bool:
        watch.look()
        return False

    with (
        pytest.raises(StateError) as refused,
        running([well, ill], folder=tmp_path, stop_seconds=3),
    ):
        eventually(look, seconds=PATIENCE)
    log = tmp_path / "log" / "ill.log"
    assert str(refused.value) == (
        f"ill ended 3 times soon after its start; its log {log} ends in: the port is taken; "
        "correct what it names and run `badgejobs up` again"
    )
    assert told == []


def test_a_program_that_was_killed_once_comes_back_and_nothing_is_said(tmp_path: Path) -> None:
    script, told = tmp_path / "stay.py", list[str]()
    pids = tmp_path / "pids"
    script.write_text(
        f"import os, time\nopen({str(pids)!r}, 'a').write(f'{{os.getpid()}}\\n')\ntime.sleep(600)\n"
    )
    watch = Watch(tmp_path / "state", tell=told.append, again="it")
    program = Program(name="stay", argv=[sys.executable, str(script)], stop_seconds=3)

    def has_run(times: int) -> bool:
        watch.look()
        return pids.exists() and pids.read_text().count("\n") == times

    with running([program], folder=tmp_path / "state", stop_seconds=3):
        eventually(lambda: has_run(1), seconds=PATIENCE)
        os.kill(int(pids.read_text()), signal.SIGKILL)
        eventually(lambda: has_run(2), seconds=PATIENCE)
        watch.look()
    assert told == []
