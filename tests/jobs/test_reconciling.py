from __future__ import annotations

from datetime import timedelta

import pytest
from jobs_stage import NORTH, LiveShops, OpenShop, due, member_id, rows
from sqlalchemy import update

from badgejobs.bootstrap import House
from badgejobs.coordination.local import LocalThrottle
from badgejobs.core.award import Award, State
from badgejobs.core.drift import Caution
from badgejobs.core.lane import Lane
from badgejobs.errors import Paced, Refused
from badgejobs.jobs import duties, ringing, tasks, work
from badgejobs.jobs.reconciling import caution_of, run_reconcile
from badgejobs.jobs.ringing import Bell
from badgejobs.jobs.units import BY_HAND
from badgejobs.sandbox.records.collection import Record
from badgejobs.sandbox.records.kinds import ASSIGNMENTS
from badgejobs.store.tables import award
from badgejobs.wix import wire

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


class Budget(LocalThrottle):
    """Lets so many requests pass, and then none until it is told."""

    def __init__(self, number: int) -> None:
        super().__init__()
        self.left = number

    def take(self, site: str, lane: Lane, *, per_minute: int) -> float:
        if self.left <= 0:
            return 3600.0
        self.left -= 1
        return super().take(site, lane, per_minute=per_minute)


def crowded(house: House, shops: LiveShops, number: int) -> str:
    """A site where so many members hold one badge, by a person as it seems; its name."""
    duties.register(house)
    assert work.run_provision(house, NORTH, by="test").error is None
    with house.store.read() as tx:
        badge, wix_id = min(tx.bindings.of(NORTH).items())
    site, now = shops.site(NORTH), shops.world.clock()
    for one in range(number):
        body = {
            "id": f"dddddddd-0000-4000-8000-{one:012d}",
            "badgeId": wix_id,
            "memberId": member_id(one),
            "createdDate": "2026-01-01T00:00:00.000Z",
        }
        site.assignments.put(Record(body, ASSIGNMENTS), now)
    return badge


def test_a_site_that_needs_more_than_its_pace_allows_is_read_over_several_jobs(
    open_shop: OpenShop, shops: LiveShops
) -> None:
    house = open_shop()
    house.throttle = budget = Budget(100)
    house.patience_seconds = 0.01
    crowded(house, shops, 300)
    before = shops.calls(wire.ASSIGNMENTS_QUERY)

    numbers = []
    for _ in range(3):
        budget.left = 2  # the list of badges, and one page
        done = run_reconcile(house, NORTH, by=BY_HAND)
        numbers.append(done.numbers.get("read"))
        assert done.error is None or isinstance(done.cause, Paced)

    assert numbers == [100, 100, 100]
    assert done.error is None
    assert done.numbers["extra"] == 300
    assert shops.calls(wire.ASSIGNMENTS_QUERY) - before == 3
    with house.store.read() as tx:
        states = tx.awards.states(NORTH)
        assert tx.sightings.begun(NORTH) is None
        (row,) = [one for one in tx.scans.overview(NORTH) if one.source == duties.RECONCILE]
        assert row.due_at is not None
        assert row.due_at - tx.now > timedelta(hours=23)
    assert sum(states.values()) == 300
    assert row.failures == 0


def test_a_job_whose_time_is_up_hands_on_and_the_bell_is_rung_at_once(
    open_shop: OpenShop, shops: LiveShops, monkeypatch: pytest.MonkeyPatch
) -> None:
    house = open_shop()
    crowded(house, shops, 300)
    rung = list[Bell]()

    def send(bells: list[Bell]) -> int:
        rung.extend(bells)
        return len(bells)

    monkeypatch.setattr(tasks, "house", lambda: house)
    monkeypatch.setattr(ringing, "send", send)
    monkeypatch.setattr(House, "slice", timedelta(0))

    told = [tasks.reconcile(site=NORTH) for _ in range(3)]

    assert [one["read"] for one in told] == [100, 100, 100]
    anew = [one for one in rung if one.task == "badgejobs.reconcile"]
    assert [one.arguments for one in anew] == [{"site": NORTH}] * 3, "comparing has its own slice"
    rung.clear()
    assert duties.RECONCILE in {duty for _, duty in due(house)}
    last = tasks.reconcile(site=NORTH)
    assert ("read" in last, last["extra"]) == (False, 300), "zero is left out"
    assert not [one for one in rung if one.task == "badgejobs.reconcile"]
    assert duties.RECONCILE not in {duty for _, duty in due(house)}


def test_who_gives_a_badge_while_it_is_read_lets_it_be_read_again_soon(
    open_shop: OpenShop, shops: LiveShops
) -> None:
    house = open_shop()
    house.throttle = budget = Budget(100)
    house.patience_seconds = 0.01
    crowded(house, shops, 150)
    budget.left = 2
    assert run_reconcile(house, NORTH, by=BY_HAND).numbers == {"read": 100}
    with house.store.begin() as tx:
        soon = tx.now + timedelta(minutes=10)
        tx.sightings.wish(NORTH, soon)
    budget.left = 2
    assert run_reconcile(house, NORTH, by=BY_HAND).numbers["extra"] == 150
    assert rows(house)[NORTH, duties.RECONCILE].due_at == soon


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
    duties.register(house)
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
        (row,) = [one for one in tx.scans.overview(NORTH) if one.source == duties.RECONCILE]
        (alert,) = tx.alerts.open([NORTH])
        assert tx.progress.made_at(NORTH) is None
    assert (row.failures, row.last_error) == (1, done.error)
    assert alert.text == done.error
    accepted = run_reconcile(house, NORTH, by=BY_HAND, accepted=True)
    assert (accepted.error, accepted.numbers["missing"]) == (None, 1)
    # a reading that is at its end is followed by a count of how far the members are
    with house.store.read() as tx:
        assert tx.progress.made_at(NORTH) is not None
