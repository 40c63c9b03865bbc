"""How much the rules may take by themselves, and what a person is asked."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from databases import Clock
from refunds import refund, restore
from stage import ONE_ORDER, TWO_ORDERS, Stage
from wix_double import Fault, lost

from badgejobs.core import alert, allowance
from badgejobs.core.guard import Guard
from badgejobs.core.milestone import Lifecycle
from badgejobs.errors import BadgeJobsError, NotSent
from badgejobs.store import SqlStore

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)

GUARD = Guard(percent=5, least=10)
TAKES = Lifecycle(stated=True, revokes=True)


def given(store: SqlStore, clock: Clock, number: int, *, lifecycle: Lifecycle = TAKES) -> Stage:
    """So many members who hold a badge that may go."""
    at = Stage(store, clock, replace(TWO_ORDERS, lifecycle=lifecycle), page_size=500)
    at.earn(*(f"m{n}" for n in range(number)))
    at.assign_all()
    assert len(at.wix.standing) == number
    return at


def refunds(at: Stage, number: int, *, first: int = 0) -> None:
    refund(at, *(f"m{n}-1" for n in range(first, first + number)))


def alerts(at: Stage) -> list[alert.Alert]:
    with at.store.read() as tx:
        return tx.alerts.open([at.site])


def releases(at: Stage, number: int) -> None:
    with at.store.begin() as tx:
        tx.allowances.declare(
            at.site,
            allowance.Kind.REVOCATIONS,
            number,
            holds=timedelta(days=1),
            declared_by="owner",
        )
        tx.removals.hasten(at.site)


def test_ten_of_a_hundred_go_and_eleven_do_not_go_at_all(store: SqlStore, clock: Clock) -> None:
    at = given(store, clock, 100)
    refunds(at, 11)

    assert at.revoke_all(GUARD) == {"claimed": 11, "held_back": 11}

    assert len(at.wix.standing) == 100
    assert at.wix.named("delete_many") == []
    (told,) = alerts(at)
    assert told.kind is alert.Kind.REVOCATIONS
    for words in (
        "take away 11 badges (two-orders)",
        "11 of 100 within a day (11.0 %)",
        f"badgejobs release {at.site} --revocations 11 --yes-this-removes-access",
    ):
        assert words in told.text

    restore(at, "m0-1")
    at.wait(hours=1)
    assert at.revoke_all(GUARD) == {"claimed": 10, "revoked": 10}
    assert alerts(at) == [], "nothing is held back any more"


def test_eleven_go_where_they_are_a_small_share(store: SqlStore, clock: Clock) -> None:
    at = given(store, clock, 220)
    refunds(at, 11)

    assert at.revoke_all(GUARD)["revoked"] == 11


def test_what_went_within_a_day_is_counted_with_what_is_due(store: SqlStore, clock: Clock) -> None:
    at = given(store, clock, 100)
    refunds(at, 6)
    assert at.revoke_all(GUARD)["revoked"] == 6
    at.wait(hours=20)
    refunds(at, 5, first=50)
    assert at.revoke_all(GUARD) == {"claimed": 5, "held_back": 5}

    at.wait(hours=4)
    at.scan()

    assert at.revoke_all(GUARD) == {"claimed": 5, "revoked": 5}
    assert alerts(at) == []


def test_small_batches_and_new_decisions_do_not_slip_through(store: SqlStore, clock: Clock) -> None:
    at = given(store, clock, 100)
    at.batch = 3
    refunds(at, 11)
    assert at.revoke_all(GUARD)["held_back"] == 3, "the others are put off with them"
    at.wait(minutes=10)
    with store.begin() as tx:
        tx.bindings.decide_anew(at.site)
    at.decide_due()
    assert at.revoke(GUARD) is None, "a decision does not undo what was put off"
    refunds(at, 1, first=70)

    assert at.revoke_all(GUARD) == {"claimed": 1, "held_back": 1}
    assert "take away 12 badges" in alerts(at)[0].text


def test_a_word_beforehand_lets_so_many_pass_and_they_weigh_no_more(
    store: SqlStore, clock: Clock
) -> None:
    at = given(store, clock, 100)
    at.batch = 7
    refunds(at, 20)
    assert at.revoke_all(GUARD)["held_back"] == 7
    releases(at, 20)

    assert at.revoke_all(GUARD) == {"claimed": 20, "revoked": 20}

    assert len(at.wix.standing) == 80
    assert alerts(at) == []
    refunds(at, 4, first=50)
    assert at.revoke_all(GUARD)["revoked"] == 4, "a common day follows"


def test_a_word_for_fewer_lets_no_more_pass(store: SqlStore, clock: Clock) -> None:
    at = given(store, clock, 100)
    refunds(at, 20)
    at.revoke_all(GUARD)
    releases(at, 4)

    assert at.revoke_all(GUARD) == {"claimed": 20, "revoked": 4, "held_back": 16}
    assert len(at.wix.standing) == 96


@pytest.mark.parametrize(("in_force_for", "go"), [(timedelta(hours=2), 0), (timedelta(days=2), 30)])
def test_an_expiry_is_counted_only_under_rules_that_are_new(
    store: SqlStore, clock: Clock, in_force_for: timedelta, go: int
) -> None:
    ends = clock() + in_force_for
    at = given(store, clock, 30, lifecycle=Lifecycle(expires_at=ends))
    at.decide_due()
    clock.now = ends + timedelta(seconds=1)
    at.scan()
    at.decide_due()

    assert at.revoke_all(GUARD)["revoked"] == go
    assert bool(alerts(at)) is (go == 0)


def test_a_lower_tier_that_makes_room_for_the_higher_is_not_counted(
    store: SqlStore, clock: Clock
) -> None:
    high = replace(TWO_ORDERS, ladder="orders")
    low = replace(ONE_ORDER, ladder="orders", above=(high,))
    at = Stage(store, clock, high, low, page_size=500)
    at.provision()
    members = [f"m{n}" for n in range(30)]
    at.orders.put(*(at.order(f"{one}-1", one) for one in members))
    at.scan()
    at.decide_due()
    at.assign_all()
    assert len(at.wix.standing) == 30
    at.wait(seconds=1)
    at.orders.put(*(at.order(f"{one}-2", one) for one in members))
    at.scan()
    at.decide_due()
    at.assign_all()
    with store.begin() as tx:
        tx.bindings.decide_anew(at.site)
    at.decide_due()

    assert at.revoke_all(GUARD)["revoked"] == 30

    assert at.wix.standing == {("Two Orders", one): 1 for one in members}
    assert alerts(at) == []


@pytest.mark.parametrize("fault", [NotSent("no connection"), Fault(error=lost(), applied=True)])
def test_what_a_person_let_go_goes_though_the_first_delete_failed(
    store: SqlStore, clock: Clock, fault: BadgeJobsError | Fault
) -> None:
    at = given(store, clock, 100)
    refunds(at, 20)
    at.revoke_all(GUARD)
    releases(at, 20)
    at.wix.script("delete_many", fault)
    at.revoke(GUARD)
    at.wait(minutes=1)
    at.revoke_all(GUARD)
    assert len(at.wix.standing) == 80

    refunds(at, 1, first=20)
    assert at.revoke_all(GUARD)["revoked"] == 1, "what was let go counts for nothing still"


def test_a_word_that_was_spent_on_what_went_is_spent(store: SqlStore, clock: Clock) -> None:
    at = given(store, clock, 100)
    refunds(at, 20)
    at.revoke_all(GUARD)
    releases(at, 20)
    at.wix.script("delete_many", NotSent("no connection"))
    at.revoke(GUARD)
    at.wait(minutes=1)
    at.revoke_all(GUARD)
    with store.read() as tx:
        assert tx.allowances.left(at.site, allowance.Kind.REVOCATIONS) == 0


def test_an_expiry_that_the_rules_say_once_more_after_a_pause_is_counted(
    store: SqlStore, clock: Clock
) -> None:
    for version in ("v1", "v2", "v1"):
        with store.begin() as tx:
            tx.versions.note("shop", version, "text")
        clock.advance(days=30)
    with store.read() as tx:
        assert tx.versions.since("shop", "v1") == clock.now - timedelta(days=30)
        assert tx.versions.text("shop", "v1") == "text"
