"""Time alone changes the ledger, with no event: who is due is decided, once, and no sooner."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from databases import Clock
from stage import ONE_ORDER, Stage, comments_at_least, milestone, orders_at_least

from badgejobs.core.activity import Mark
from badgejobs.core.award import State
from badgejobs.core.calendar import Span
from badgejobs.core.ledger import WakeUp
from badgejobs.core.milestone import (
    Age,
    AtLeast,
    Count,
    Lifecycle,
    OrderPolicy,
    PlainPolicy,
    Rolling,
    Selection,
)
from badgejobs.flow.decide import MEMBERS_A_BATCH, Decided, flip
from badgejobs.store import SqlStore

DAY = timedelta(days=1)
ORDERS = Selection(source="orders", policy=OrderPolicy())
MEMBERSHIP = Selection(source="membership", policy=PlainPolicy())

YEAR_HERE = milestone("year-here", Age(of=MEMBERSHIP, gte=Span(months=12)))
ALL_ROUNDER = milestone(
    "all-rounder",
    AtLeast(number=2, parts=(orders_at_least(3), comments_at_least(10), YEAR_HERE.condition)),
)
SETTLED = milestone("settled", Count(of=replace(ORDERS, settle=14 * DAY), gte=1))
BUSY = replace(
    milestone("busy", Count(of=replace(ORDERS, stretch=Rolling(span=Span(exact=30 * DAY))), gte=2)),
    lifecycle=Lifecycle(stated=True, revokes=True),
)


def test_two_parts_of_three_one_by_age_alone_wake_the_member_on_the_day(
    store: SqlStore, clock: Clock
) -> None:
    at = Stage(store, clock, ALL_ROUNDER)
    joined = datetime(2025, 3, 20, 9, tzinfo=UTC)
    at.record(at.joined("ada", joined))
    at.provision()
    at.orders.put(*(at.order(f"o{n}") for n in range(3)))
    at.scan()
    assert at.awards("ada") == {}
    assert at.wake_ups().next_at == datetime(2026, 3, 20, 9, tzinfo=UTC)

    clock.now = datetime(2026, 3, 20, 8, 59, tzinfo=UTC)
    at.decide_due()
    assert at.awards("ada") == {}
    clock.now = datetime(2026, 3, 23, tzinfo=UTC)  # the job runs days late
    at.decide_due()

    assert at.award().state is State.PENDING
    assert at.award().earned_at == datetime(2026, 3, 20, 9, tzinfo=UTC)
    assert at.award().crossed_by == ""
    assert at.wake_ups().due == 0


def test_the_order_that_leaves_the_window_at_three_in_the_morning_is_noticed_with_no_event(
    store: SqlStore, clock: Clock
) -> None:
    at = Stage(store, clock, BUSY)
    leaves = datetime(2026, 3, 2, 3, tzinfo=UTC)
    at.provision()
    at.orders.put(
        at.order("o1", at=leaves - 30 * DAY, updated_at=clock()),
        at.order("o2", at=clock(), updated_at=clock()),
    )
    at.scan()
    at.decide_due()
    at.assign_all()
    assert at.wix.standing == {("Busy", "ada"): 1}

    clock.now = leaves + timedelta(seconds=30)
    at.decide_due()
    assert (at.unmet(), at.wake_ups().waiting) == ({}, 1), "orders are known up to noon only"
    at.scan()
    at.decide_due()

    assert at.unmet() == {"busy": 1}
    assert at.award().state is State.ASSIGNED, "a decision takes nothing itself"
    at.wait(minutes=1)
    at.orders.put(at.order("o3"))
    at.scan()
    assert at.unmet() == {}, "met again"


def test_an_unsent_award_whose_window_closes_is_withdrawn(store: SqlStore, clock: Clock) -> None:
    at = Stage(store, clock, BUSY)
    at.orders.put(at.order("o1", at=clock() - 29 * DAY, updated_at=clock()), at.order("o2"))
    at.scan()
    at.decide_due()
    assert at.award().state is State.PENDING
    at.provision()
    at.wait(days=2)
    at.scan()

    at.decide_due()

    assert at.award().state is State.WITHDRAWN
    assert at.assign() is None


def test_an_order_counts_when_it_is_settled_and_the_award_is_of_that_moment(
    store: SqlStore, clock: Clock
) -> None:
    at = Stage(store, clock, SETTLED)
    at.provision()
    paid = clock()
    at.orders.put(at.order("o1"))
    at.scan()
    clock.now = paid + 14 * DAY - timedelta(seconds=1)
    at.decide_due()
    assert at.awards("ada") == {}

    clock.now = paid + 20 * DAY
    at.decide_due()

    assert (at.award().state, at.award().earned_at) == (State.PENDING, paid + 14 * DAY)


def test_an_award_that_expires_while_no_worker_runs_is_due_to_be_taken_when_one_does(
    store: SqlStore, clock: Clock
) -> None:
    ends = clock() + 10 * DAY
    at = Stage(store, clock, replace(ONE_ORDER, lifecycle=Lifecycle(expires_at=ends)))
    at.earn("ada")
    at.assign_all()
    at.earn("bob")
    assert at.wake_ups().next_at == ends

    clock.now = ends + 30 * DAY
    at.decide_due()

    assert at.unmet() == {"one-order": 1}
    assert at.awards("ada", "bob") == {
        ("ada", "one-order"): State.ASSIGNED,
        ("bob", "one-order"): State.WITHDRAWN,
    }


def test_a_badge_that_stays_for_good_is_never_due_to_be_taken(
    store: SqlStore, clock: Clock
) -> None:
    at = Stage(store, clock, replace(BUSY, lifecycle=Lifecycle()))
    at.provision()
    at.orders.put(at.order("o1"), at.order("o2"))
    at.scan()
    at.decide_due()
    at.assign_all()
    at.wait(days=99)
    refunded = at.orders.records["o1"].marks | {Mark.REFUNDED}
    at.orders.put(replace(at.orders.records["o1"], marks=refunded, updated_at=clock(), revision=2))
    at.scan()

    at.decide_due()

    assert at.wix.standing == {("Busy", "ada"): 1}
    assert at.unmet() == {}


def test_who_stays_due_is_decided_once_a_call_and_not_again_until_the_source_is_known_further(
    store: SqlStore, clock: Clock
) -> None:
    at = Stage(store, clock, BUSY, page_size=100)
    at.provision()
    at.scan()
    at.decide_due()
    members = [f"m{n:03}" for n in range(MEMBERS_A_BATCH + 1)]
    at.wait(hours=1)
    for member in members:
        at.orders.put(at.order(f"{member}-1", member), at.order(f"{member}-2", member))
    at.scan(time_is_up=lambda: True)
    at.wait(minutes=10)

    # the scan is under way, so orders are known up to its beginning only
    first = at.wake_ups()
    assert (first.due, first.waiting > 0) == (0, True)
    assert flip(at.site, at.rules, store, batches=1) == (Decided(), True)
    at.scan()
    assert at.wake_ups().due == len(members)
    done, is_over = flip(at.site, at.rules, store, batches=1)
    assert (done.opened, is_over) == (MEMBERS_A_BATCH, False)
    done, is_over = flip(at.site, at.rules, store, batches=1)
    assert (done.opened, is_over) == (1, True)
    assert at.wake_ups().due == 0


def test_the_wake_ups_of_a_member_are_of_the_last_decision_alone(
    store: SqlStore, clock: Clock
) -> None:
    at = Stage(store, clock, SETTLED, YEAR_HERE)
    at.record(at.joined("ada", clock() - 300 * DAY), at.joined("bob", clock()))
    at.orders.put(at.order("o1"))
    at.scan()
    at.decide_due()
    assert at.wake_ups().later == 2

    at.erase("ada")
    at.reconcile()
    at.decide_due()

    overview = at.wake_ups()
    assert (overview.due, overview.later) == (0, 1)
    assert overview.next_at == datetime(2027, 3, 1, 12, tzinfo=UTC), "bob's"


@pytest.mark.parametrize("known", [{}, {"orders": timedelta(hours=-1)}])
def test_what_waits_for_a_source_is_due_when_that_source_is_known_so_far(
    store: SqlStore, clock: Clock, known: dict[str, timedelta]
) -> None:
    known_to = {source: clock() + by for source, by in known.items()}
    past = clock() - timedelta(minutes=30)
    with store.begin() as tx:
        tx.wake_ups.replace(
            "s",
            ["ada", "bob"],
            [
                WakeUp(member_id="ada", at=past),
                WakeUp(member_id="bob", at=past, waits_for=frozenset({"orders"})),
                WakeUp(member_id="bob", at=clock() + DAY),
            ],
        )
    with store.read() as tx:
        due = tx.wake_ups.due("s", known_to, after="", limit=9)
        assert due == (["ada"] if known else ["ada", "bob"])
        assert tx.wake_ups.due("s", known_to, after="ada", limit=9) == due[1:]
        assert tx.wake_ups.due_sites(["s", "t"], lambda some: dict.fromkeys(some, known_to)) == [
            "s"
        ]
        told = tx.wake_ups.overview("s", known_to)
    assert (told.due, told.waiting, told.later) == (len(due), 2 - len(due), 1)
