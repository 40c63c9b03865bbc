from __future__ import annotations

from datetime import timedelta

import pytest
from jobs_stage import NORTH, LiveShops, OpenShop
from sqlalchemy import update

from badgejobs.coordination.lanes import Lane
from badgejobs.coordination.local import LocalThrottle
from badgejobs.core.award import Award, State
from badgejobs.core.drift import Caution
from badgejobs.errors import Paced, Refused
from badgejobs.jobs import work
from badgejobs.jobs.reconciling import caution_of, run_reconcile
from badgejobs.jobs.units import BY_HAND
from badgejobs.store.tables import award

pytest_plugins = ["jobs_fixtures"]


class Crowded(LocalThrottle):
    """Has no slot for a while, once."""

    def __init__(self, seconds: float) -> None:
        super().__init__()
        self._wait = seconds

    def take(self, site: str, lane: Lane, *, per_minute: int) -> float:
        wait, self._wait = self._wait, 0.0
        return wait or super().take(site, lane, per_minute=per_minute)


def test_a_worker_gives_its_place_up_and_a_command_may_wait_for_its_slot(
    open_shop: OpenShop, shops: LiveShops
) -> None:
    worker, command = open_shop(), open_shop()
    worker.throttle = Crowded(0.2)
    worker.patience_seconds = 0.1
    with pytest.raises(Paced):
        worker.at(NORTH).reading.badges()
    command.throttle = Crowded(0.2)
    command.patience_seconds = 0.3
    assert command.at(NORTH).reading.badges() == []


def test_the_settings_tell_what_is_doubted_and_repaired(open_shop: OpenShop) -> None:
    assert caution_of(open_shop()) == Caution()
    told = {
        "empty_is_doubted_above": 1,
        "guard_percent": 2,
        "guard_least": 3,
        "repair_duplicates": True,
    }
    assert caution_of(open_shop(assign=told)) == Caution(
        empty_above=1, guard_percent=2, guard_least=3, repair_duplicates=True
    )


def test_a_reading_that_is_not_believed_is_a_failure_and_due_again_by_itself(
    open_shop: OpenShop, shops: LiveShops
) -> None:
    house = open_shop(assign={"empty_is_doubted_above": 0})
    work.register(house)
    assert work.run_provision(house, NORTH, by="test").error is None
    with house.store.begin() as tx:
        badge = min(tx.bindings.of(NORTH))
        given = Award(
            site=NORTH,
            member_id="ada",
            badge=badge,
            state=State.ASSIGNED,
            earned_at=tx.now,
            rules_version="v1",
            assignment_id="a1",
        )
        tx.comparing.record([given])
        tx._connection.execute(update(award).values(changed_at=tx.now - timedelta(hours=1)))

    done = run_reconcile(house, NORTH, by="test")

    assert isinstance(done.cause, Refused)
    with house.store.read() as tx:
        (row,) = [one for one in tx.scans.overview(NORTH) if one.source == work.RECONCILE]
        (alert,) = tx.alerts.open([NORTH])
    assert (row.failures, row.last_error) == (1, done.error)
    assert alert.text == done.error
    accepted = run_reconcile(house, NORTH, by=BY_HAND, accepted=True)
    assert (accepted.error, accepted.numbers["missing"]) == (None, 1)
