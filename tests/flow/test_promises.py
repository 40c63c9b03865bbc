"""What went wrong in other systems of badges, one promise each."""

from __future__ import annotations

import tracemalloc
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from itertools import pairwise
from threading import Barrier

import pytest
from databases import Clock
from sqlalchemy import update
from stage import ONE_ORDER, TWO_ORDERS, Stage, milestone, rules_of

from badgejobs.core.activity import Mark
from badgejobs.core.award import Giver, State
from badgejobs.core.calendar import Span
from badgejobs.core.milestone import Age, Lifecycle, PlainPolicy, Selection
from badgejobs.flow.decide import MEMBERS_A_BATCH, decide, take_up
from badgejobs.store import SqlStore
from badgejobs.store.place import UNREAD
from badgejobs.store.tables import scan

PAID = (Mark.APPROVED, Mark.PAID)
REFUNDED = (*PAID, Mark.REFUNDED)
TAKES = Lifecycle(stated=True, revokes=True)


def becomes(at: Stage, order: str, *marks: Mark) -> None:
    """An order changes at Wix, and is read."""
    at.wait(seconds=1)
    known = at.orders.records[order]
    at.orders.put(
        replace(known, marks=frozenset(marks), revision=known.revision + 1, updated_at=at.clock())
    )
    at.scan()


def test_losing_one_badge_does_not_take_another(store: SqlStore, clock: Clock) -> None:
    at = Stage(store, clock, ONE_ORDER, replace(TWO_ORDERS, lifecycle=TAKES))
    at.earn("ada", "bob")
    at.assign_all()
    before = at.wix.standing

    becomes(at, "ada-1", *REFUNDED)
    at.assign_all()

    assert at.unmet() == {"two-orders": 1}
    assert at.wix.standing == before
    at.earn("cyd")
    becomes(at, "cyd-1", *REFUNDED)
    assert at.awards("cyd") == {
        ("cyd", "one-order"): State.PENDING,
        ("cyd", "two-orders"): State.WITHDRAWN,
    }


def test_erasing_one_member_touches_no_other(store: SqlStore, clock: Clock) -> None:
    at = Stage(store, clock, ONE_ORDER, TWO_ORDERS)
    at.earn("ada", "bob")
    at.assign_all()
    at.earn("cyd")
    others = ("bob", "cyd")
    before = {one: (at.awards(one), at.history(one), at.facts(one)) for one in others}

    at.erase("ada")
    for order in ("ada-1", "ada-2"):
        del at.orders.records[order]
    at.reconcile()
    at.decide_due()

    assert at.awards("ada") == {}
    assert {one: (at.awards(one), at.history(one), at.facts(one)) for one in others} == before


def test_a_second_back_fill_changes_nothing_also_where_a_rule_asks_for_more_than_one(
    store: SqlStore, clock: Clock
) -> None:
    at = Stage(store, clock, ONE_ORDER, TWO_ORDERS)
    at.earn("ada", "bob")
    at.assign_all()
    at.orders.put(at.order("cyd-1", "cyd"))
    at.scan()
    at.assign_all()
    before = {one: at.history(one) for one in ("ada", "bob", "cyd")}

    with store.begin() as tx:  # the place of the scan is lost, and with it what was complete
        tx._connection.execute(
            update(scan).where(scan.c.source == "orders").values(UNREAD | {"due_at": tx.now})
        )
    told = at.scan()
    at.decide_due()
    at.assign_all()

    assert (told.seen, told.new, told.changed) == (15, 0, 0), "by each of its three tracks"
    assert {one: at.history(one) for one in before} == before
    assert set(at.wix.sent.values()) == {1}


def test_a_badge_given_by_hand_survives_and_one_taken_by_hand_is_not_given_again(
    store: SqlStore, clock: Clock
) -> None:
    at = Stage(store, clock, replace(ONE_ORDER, lifecycle=TAKES))
    at.provision()
    at.wix.give(at.wix_id(), "ada")
    at.wait(hours=1)
    at.orders.put(at.order("o1", "ada"), at.order("o2", "bob"))
    at.scan()
    at.assign_all()
    assert at.award("ada").giver is Giver.PERSON
    at.wix.take(at.wix_id(), "bob")

    becomes(at, "o1", *REFUNDED)
    at.wait(days=1)
    at.reconcile()
    at.decide_due()
    at.assign_all()

    assert at.wix.standing == {("One Order", "ada"): 1}
    assert at.unmet() == {}, "it is not ours to take"


def test_an_event_that_is_told_again_counts_once(store: SqlStore, clock: Clock) -> None:
    at = Stage(store, clock, TWO_ORDERS)
    at.provision()
    one = at.order("o1")
    for _ in range(3):
        at.record(one, one)
        with store.begin() as tx:
            decide(tx, at.site, ["ada"], at.rules)
    at.orders.put(one)
    at.scan()
    at.scan()

    assert at.awards("ada") == {}


def test_an_anniversary_does_not_drift_when_the_job_runs_late(
    store: SqlStore, clock: Clock
) -> None:
    membership = Selection(source="membership", policy=PlainPolicy())
    years = [milestone(f"year-{n}", Age(of=membership, gte=Span(months=12 * n))) for n in (1, 2)]
    at = Stage(store, clock, *years)
    joined = clock()
    at.record(at.joined("ada", joined))
    for late in (3, 11):
        at.decide_due()
        clock.now = clock.now.replace(year=clock.now.year + 1) + timedelta(days=late)
    at.decide_due()

    assert [at.award("ada", f"year-{n}").earned_at for n in (1, 2)] == [
        joined.replace(year=joined.year + 1),
        joined.replace(year=joined.year + 2),
    ]


def test_a_new_badge_sees_the_past_and_is_dated_by_it(store: SqlStore, clock: Clock) -> None:
    at = Stage(store, clock, ONE_ORDER)
    at.earn("ada", "bob")
    at.assign_all()
    paid = clock()
    at.wait(days=90)
    at.rules = rules_of(ONE_ORDER, TWO_ORDERS, version="v2")
    at.provision()

    at.decide_due()

    assert {at.award(one, "two-orders").earned_at for one in ("ada", "bob")} == {paid}
    assert not any(one.notify_backfill for one in at.rules.milestones), "and it is silent"
    assert at.award("ada", "one-order").rules_version == "v1"
    assert at.award("ada", "two-orders").rules_version == "v2"


def test_a_refund_takes_back_once_and_an_order_that_is_no_longer_cancelled_counts_again(
    store: SqlStore, clock: Clock
) -> None:
    at = Stage(store, clock, ONE_ORDER)
    at.orders.put(at.order("o1"))
    at.scan()
    becomes(at, "o1", *REFUNDED)
    becomes(at, "o1", *REFUNDED, Mark.CANCELLED)
    at.scan()
    becomes(at, "o1", *PAID)
    at.scan()

    assert [state for _, state, _ in at.history()] == [
        State.PENDING, State.WITHDRAWN, State.PENDING
    ]  # fmt: skip
    assert at.award().earned_at == at.orders.records["o1"].occurred_at


@pytest.mark.parametrize("ends", [PAID, REFUNDED], ids=["paid", "refunded"])
def test_recalculations_of_one_pair_that_overlap_end_right(
    store: SqlStore, clock: Clock, ends: tuple[Mark, ...]
) -> None:
    at = Stage(store, clock, ONE_ORDER)
    other = REFUNDED if ends == PAID else PAID
    states = [at.order("o1", marks=marks, revision=n) for n, marks in ((1, other), (2, ends))]
    together = Barrier(6)

    def recalculate(number: int) -> None:
        together.wait()
        with store.begin() as tx:
            if number < len(states):
                tx.activities.take_turns(at.site)
                tx.activities.record([states[number]], site=at.site, source="orders", generation=0)
            decide(tx, at.site, ["ada"], at.rules)

    with ThreadPoolExecutor(6) as workers:
        list(workers.map(recalculate, range(6)))

    wanted = State.PENDING if ends == PAID else State.WITHDRAWN
    found = at.awards("ada").get(("ada", "one-order"), State.WITHDRAWN)
    assert found is wanted
    turns = [state for _, state, _ in at.history()]
    assert all(one is not two for one, two in pairwise(turns))


#: What deciding a batch may take, whatever the number of members: under a quarter is taken.
MOST_BYTES = 8 * 1024 * 1024
CROWDS = (2_000, pytest.param(20_000, marks=pytest.mark.slow))


@pytest.mark.parametrize("crowd", CROWDS)
@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_any_number_of_members_is_decided_in_the_memory_of_a_batch(
    store: SqlStore, clock: Clock, crowd: int
) -> None:
    at = Stage(store, clock, ONE_ORDER, TWO_ORDERS)
    with store.begin() as tx:
        for start in range(0, crowd, 2_000):
            tx.activities.record(
                [at.order(f"o{n:05}", f"m{n:05}") for n in range(start, start + 2_000)],
                site=at.site,
                source="orders",
                generation=0,
            )
    tracemalloc.start()
    try:
        before, _ = tracemalloc.get_traced_memory()
        opened, done = 0, False
        while not done:
            one, done = take_up(at.site, at.rules, store, batches=10)
            opened += one.opened
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()

    assert opened == crowd >= 10 * MEMBERS_A_BATCH
    assert peak - before < MOST_BYTES
