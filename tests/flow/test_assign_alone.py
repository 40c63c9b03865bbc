"""What goes alone goes a few at a time: a lost worker costs no attempt that nobody made."""

from __future__ import annotations

import pytest
from databases import Clock
from stage import ONE_ORDER, Stage
from wix_double import Fault, WorkerKilled, lost

from badgejobs.core.award import State
from badgejobs.store import SqlStore

MEMBERS = [f"member-{number}" for number in range(8)]


def test_a_worker_lost_between_two_single_creates_costs_the_others_no_attempt(
    store: SqlStore, clock: Clock
) -> None:
    stage = Stage(store, clock, ONE_ORDER)
    stage.earn(*MEMBERS)
    for _ in range(2):
        stage.wix.script("create_many", Fault(error=lost()))
        stage.assign()
        for _ in range(2):  # two readings find nothing
            stage.wait(seconds=150)
            stage.assign()
    assert {stage.award(one).attempt for one in MEMBERS} == {2}

    stage.wix.script("create", None, WorkerKilled())
    with pytest.raises(WorkerKilled):
        stage.assign_all()

    attempts = [stage.award(one).attempt for one in MEMBERS]
    assert sum(attempt == 3 for attempt in attempts) <= 3
    stage.wait(seconds=60)
    stage.recover()
    for _ in range(4):
        stage.assign_all()
        stage.wait(seconds=150)
    states = [stage.award(one).state for one in MEMBERS]
    assert states.count(State.NEEDS_ATTENTION) <= 2  # those behind the first of the lost batch
    assert states.count(State.ASSIGNED) >= len(MEMBERS) - 2
    assert set(stage.wix.standing.values()) == {1}
