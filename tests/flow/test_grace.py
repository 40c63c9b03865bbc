"""How long a badge stays whose condition ceased: grace, checks, terms, and what hides them."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from databases import Clock
from refunds import buys, refund, restore
from stage import TWO_ORDERS, Stage, milestone

from badgejobs.core.activity import Mark
from badgejobs.core.award import State, Unmet
from badgejobs.core.calendar import Calendar, Period, Span
from badgejobs.core.milestone import (
    Age,
    AllOf,
    Count,
    Lifecycle,
    Milestone,
    Renew,
    Rolling,
    Selection,
)
from badgejobs.core.policy import OrderPolicy, PlainPolicy
from badgejobs.core.source import Track
from badgejobs.store import SqlStore

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)

DAY = timedelta(days=1)
WEEK = Span(exact=7 * DAY)
YEAR = Span(months=12)


def lasting(lifecycle: Lifecycle, one: Milestone = TWO_ORDERS) -> Milestone:
    return replace(one, lifecycle=replace(lifecycle, stated=True))


GRACE = lasting(Lifecycle(revokes=True, grace=WEEK))
ACTIVE = lasting(
    Lifecycle(revokes=True, grace=WEEK),
    milestone(
        "active",
        Count(
            of=Selection(
                source="orders",
                policy=OrderPolicy(),
                stretch=Rolling(span=Span(exact=30 * DAY)),
            ),
            gte=1,
        ),
    ),
)


def given(at: Stage, *members: str) -> Stage:
    at.earn(*members)
    at.decide_due()
    at.assign_all()
    assert len(at.wix.standing) == len(members)
    return at


def works(at: Stage) -> None:
    """Everybody works once."""
    at.scan()
    at.decide_due()
    at.assign_all()
    at.revoke_all()


def test_a_refund_takes_the_badge_when_grace_since_it_was_known_is_over(
    store: SqlStore, clock: Clock
) -> None:
    at = given(Stage(store, clock, GRACE), "ada")
    at.wait(days=100)
    refund(at, "ada-1")
    known_at = clock()

    award = at.award()
    assert (award.unmet_since, award.unmet_because) == (known_at, Unmet.CONDITION)
    assert award.revoke_at == known_at + 7 * DAY
    assert at.wake_ups().next_at == known_at + 7 * DAY
    clock.now = known_at + 7 * DAY - timedelta(seconds=1)
    works(at)
    assert at.wix.standing == {("Two Orders", "ada"): 1}
    at.wait(seconds=1)
    works(at)
    assert at.wix.standing == {}
    assert at.award().state is State.REVOKED


def test_a_second_notice_does_not_begin_grace_anew(store: SqlStore, clock: Clock) -> None:
    at = given(Stage(store, clock, GRACE), "ada")
    refund(at, "ada-1")
    known_at = clock()
    at.wait(days=6)

    refund(at, "ada-2")

    assert at.award().unmet_since == known_at
    assert at.award().revoke_at == known_at + 7 * DAY


def test_a_badge_met_again_during_grace_stays_and_its_next_grace_is_whole(
    store: SqlStore, clock: Clock
) -> None:
    at = given(Stage(store, clock, GRACE), "ada")
    refund(at, "ada-1")
    at.wait(days=6)
    restore(at, "ada-1")
    assert (at.unmet(), at.award().revoke_at) == ({}, None)

    at.wait(days=6)
    refund(at, "ada-1")

    assert at.award().revoke_at == clock() + 7 * DAY
    works(at)
    assert at.wix.standing == {("Two Orders", "ada"): 1}


def test_an_order_that_comes_while_grace_runs_out_with_workers_down_saves_the_badge(
    store: SqlStore, clock: Clock
) -> None:
    at = given(Stage(store, clock, GRACE), "ada")
    refund(at, "ada-1")
    at.wait(days=30)
    at.orders.put(at.order("late", at=clock() - 25 * DAY, updated_at=clock()))

    works(at)

    assert at.wix.standing == {("Two Orders", "ada"): 1}
    assert at.wix.named("delete_many") == []


def test_what_leaves_a_window_by_time_alone_goes_a_grace_later(
    store: SqlStore, clock: Clock
) -> None:
    at = Stage(store, clock, ACTIVE)
    at.provision()
    bought_at = clock()
    buys(at, "ada", 1)
    works(at)
    assert at.wix.standing == {("Active", "ada"): 1}

    clock.now = bought_at + 30 * DAY + timedelta(hours=1)
    works(at)
    assert at.award().unmet_because == Unmet.CONDITION
    assert at.wix.standing == {("Active", "ada"): 1}

    clock.now += 7 * DAY
    works(at)
    assert at.wix.standing == {}


def test_met_again_and_lost_again_while_nobody_looked_begins_grace_with_the_last_loss(
    store: SqlStore, clock: Clock
) -> None:
    at = Stage(store, clock, ACTIVE)
    at.provision()
    bought_at = clock()
    buys(at, "ada", 1)
    works(at)
    clock.now = bought_at + 31 * DAY
    works(at)
    assert at.award().unmet_since == clock()

    clock.now = bought_at + 90 * DAY
    at.orders.put(at.order("late", at=clock() - 34 * DAY, updated_at=clock()))
    works(at)

    assert at.wix.standing == {("Active", "ada"): 1}
    assert at.award().revoke_at == clock() - 4 * DAY + 7 * DAY


def test_a_check_at_the_beginning_of_a_month_takes_at_its_midnight_of_the_site(
    store: SqlStore, clock: Clock
) -> None:
    checked = lasting(Lifecycle(revokes=True, checked=Period.MONTH))
    at = given(Stage(store, clock, replace(checked, calendar=Calendar())), "ada")
    assert clock() == datetime(2026, 3, 1, 12, tzinfo=UTC)
    refund(at, "ada-1")

    assert at.award().revoke_at == datetime(2026, 4, 1, tzinfo=UTC)
    works(at)
    assert at.wix.standing == {("Two Orders", "ada"): 1}
    clock.now = datetime(2026, 4, 1, 0, 0, 1, tzinfo=UTC)
    works(at)
    assert at.wix.standing == {}


def test_a_badge_that_ends_for_all_at_one_moment_is_taken_though_workers_were_down_then(
    store: SqlStore, clock: Clock
) -> None:
    ends = clock() + 10 * DAY
    at = given(Stage(store, clock, lasting(Lifecycle(expires_at=ends))), "ada", "bob")
    clock.now = ends - timedelta(seconds=1)
    works(at)
    assert len(at.wix.standing) == 2

    clock.now = ends + 40 * DAY
    works(at)

    assert at.wix.standing == {}
    assert at.history("bob")[-1] == ("two-orders", State.REVOKED, Unmet.EXPIRED)
    buys(at, "ada", 3, first=7)
    at.wait(minutes=5)
    works(at)
    assert at.wix.standing == {}, "and it is not given again"


def test_a_term_is_renewed_when_the_condition_comes_to_be_met_again(
    store: SqlStore, clock: Clock
) -> None:
    renewed = replace(
        ACTIVE, lifecycle=Lifecycle(stated=True, expires_after=WEEK, renew=Renew.AGAIN)
    )
    at = Stage(store, clock, renewed)
    at.provision()
    buys(at, "ada", 1)
    works(at)
    assert at.wix.standing == {("Active", "ada"): 1}
    at.wait(days=8)
    works(at)
    assert at.wix.standing == {}

    at.wait(days=40)
    buys(at, "ada", 1, first=2)
    works(at)

    assert at.wix.standing == {("Active", "ada"): 1}
    assert (at.award().period, at.award().silent) == (2, True)


def test_a_term_that_is_renewed_while_the_condition_is_met_ends_so_long_after_it_ceased(
    store: SqlStore, clock: Clock
) -> None:
    renewed = replace(
        ACTIVE, lifecycle=Lifecycle(stated=True, expires_after=WEEK, renew=Renew.WHILE_MET)
    )
    at = Stage(store, clock, renewed)
    at.provision()
    bought_at = clock()
    buys(at, "ada", 1)
    works(at)
    clock.now = bought_at + 36 * DAY
    works(at)
    assert at.wix.standing == {("Active", "ada"): 1}

    clock.now = bought_at + 38 * DAY
    works(at)

    assert at.wix.standing == {}


@pytest.mark.parametrize(("renew", "day"), [(Renew.NEVER, 0), (Renew.WHILE_MET, 3)])
def test_a_term_ends_too_when_the_facts_no_longer_tell_of_the_badge(
    store: SqlStore, clock: Clock, renew: Renew, day: int
) -> None:
    lifecycle = Lifecycle(expires_after=WEEK, renew=renew)
    at = Stage(store, clock, lasting(lifecycle))
    earned_at = clock()
    given(at, "ada")
    at.wait(days=3)
    refund(at, "ada-1")
    works(at)
    assert at.wix.standing == {("Two Orders", "ada"): 1}, "nothing is taken but by its term"

    clock.now = earned_at + (7 + day) * DAY - timedelta(minutes=1)
    works(at)
    assert at.wix.standing == {("Two Orders", "ada"): 1}
    at.wait(minutes=2)
    works(at)
    assert at.wix.standing == {}


def test_nothing_is_taken_from_a_member_who_is_blocked_until_they_are_not(
    store: SqlStore, clock: Clock
) -> None:
    joined = Age(of=Selection(source="membership", policy=PlainPolicy()), gte=Span(exact=DAY))
    both = replace(GRACE, condition=AllOf(parts=(GRACE.condition, joined)))
    at = Stage(store, clock, lasting(Lifecycle(revokes=True), both))
    with store.begin() as tx:
        tx.scans.register(at.site, "membership", "walk", tracks=[Track.FULL])
        tx._connection.exec_driver_sql(
            "UPDATE scan SET completed_started_at = '2026-03-01 12:00:00', wants = ''"
        )
    there = at.joined("ada", clock() - 2 * DAY)
    at.record(there)
    given(at, "ada")
    blocked = there.marks | {Mark.BLOCKED}
    at.record(replace(there, marks=blocked, updated_at=clock(), revision=1))
    refund(at, "ada-1")
    works(at)

    assert at.wix.standing == {("Two Orders", "ada"): 1}
    assert at.award().revoke_at is None

    at.record(replace(there, updated_at=clock(), revision=2))
    with store.begin() as tx:
        tx.bindings.decide_anew(at.site)
    works(at)
    assert at.wix.standing == {}
