"""What the rules take is taken once, only where it is ours, and whatever goes wrong meanwhile."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta

import pytest
from databases import Clock
from refunds import buys, refund, restore
from stage import FREE, ONE_ORDER, TWO_ORDERS, Stage
from wix_double import Fault, WorkerKilled, lost

from badgejobs.core.award import TAKEN_BY_HAND, Giver, State, Unmet
from badgejobs.core.milestone import Lifecycle
from badgejobs.core.wixfacts import Fence, Removed
from badgejobs.errors import Ambiguous, BadgeJobsError, NotSent, PermissionMissing, RateLimited
from badgejobs.errors import Refused as RefusedByWix
from badgejobs.store import SqlStore

TAKES = Lifecycle(stated=True, revokes=True)
FLEETING = replace(ONE_ORDER, lifecycle=TAKES)
FLEETING_TWO = replace(TWO_ORDERS, lifecycle=TAKES)


def given(store: SqlStore, clock: Clock, *members: str) -> Stage:
    """A stage on which each of these members was given a badge for two orders that may go."""
    at = Stage(store, clock, FLEETING_TWO)
    at.earn(*members)
    at.assign_all()
    assert at.wix.standing == {("Two Orders", member): 1 for member in members}
    return at


def test_a_refund_takes_the_badge_back_once_with_one_call(store: SqlStore, clock: Clock) -> None:
    at = given(store, clock, "ada", "bob", "cyd")

    refund(at, "ada-1", "bob-1")
    assert at.revoke_all() == {"claimed": 2, "revoked": 2}

    assert at.wix.standing == {("Two Orders", "cyd"): 1}
    assert [len(call.pairs) for call in at.wix.named("delete_many")] == [2]
    assert at.history("ada")[-2:] == [
        ("two-orders", State.REVOKING, Unmet.CONDITION),
        ("two-orders", State.REVOKED, Unmet.CONDITION),
    ]
    taken = at.award("ada")
    assert (taken.unmet_since, taken.unmet_because, taken.revoke_at) == (None, "", None)
    at.decide_due()
    assert at.revoke() is None
    assert at.assign() is None


def test_an_order_that_counts_again_gives_the_badge_anew_silently_in_its_next_period(
    store: SqlStore, clock: Clock
) -> None:
    at = given(store, clock, "ada")
    refund(at, "ada-1")
    at.revoke_all()

    restore(at, "ada-1")
    assert at.assign() is None, "a query may still show what was taken"
    at.wait(minutes=2)
    at.assign_all()

    assert at.wix.standing == {("Two Orders", "ada"): 1}
    award = at.award()
    assert (award.state, award.giver, award.period) == (State.ASSIGNED, Giver.OURS, 2)
    assert award.silent
    refund(at, "ada-2")
    at.revoke_all()
    assert at.wix.standing == {}


def test_an_order_restored_before_anything_was_taken_leaves_the_badge(
    store: SqlStore, clock: Clock
) -> None:
    at = given(store, clock, "ada")
    refund(at, "ada-1")
    restore(at, "ada-1")

    assert at.revoke() is None

    assert at.unmet() == {}
    assert at.wix.named("delete_many") == []


def test_two_recalculations_of_one_pair_take_it_once(store: SqlStore, clock: Clock) -> None:
    at = given(store, clock, "ada")
    refund(at, "ada-1")
    for _ in range(3):
        with store.begin() as tx:
            tx.bindings.decide_anew(at.site)
        at.decide_due()

    at.revoke_all()

    assert [one[1] for one in at.history()].count(State.REVOKED) == 1
    assert len(at.wix.named("delete_many")) == 1


def test_losing_one_badge_leaves_the_others(store: SqlStore, clock: Clock) -> None:
    at = Stage(store, clock, FLEETING, FLEETING_TWO)
    at.earn("ada")
    at.assign_all()

    refund(at, "ada-1")
    at.revoke_all()

    assert at.wix.standing == {("One Order", "ada"): 1}


def test_a_badge_without_a_word_on_taking_is_never_taken(store: SqlStore, clock: Clock) -> None:
    at = Stage(store, clock, TWO_ORDERS)
    at.earn("ada")
    at.assign_all()
    refund(at, "ada-1", "ada-2")

    assert at.revoke() is None
    assert at.wix.standing == {("Two Orders", "ada"): 1}


def test_what_a_person_gave_is_never_taken(store: SqlStore, clock: Clock) -> None:
    at = Stage(store, clock, FLEETING_TWO)
    at.provision()
    at.wix.give(at.wix_id(), "ada")
    at.wait(minutes=10)
    at.earn("ada")
    at.assign_all()
    assert at.award().giver is Giver.PERSON

    refund(at, "ada-1", "ada-2")

    assert at.revoke() is None
    assert at.wix.standing == {("Two Orders", "ada"): 1}


def test_a_badge_that_a_person_took_before_counts_as_taken_and_is_not_given_again(
    store: SqlStore, clock: Clock
) -> None:
    at = given(store, clock, "ada")
    refund(at, "ada-1")
    at.wix.take(at.wix_id(), "ada")

    assert at.revoke_all() == {"claimed": 1, "taken": 1}

    restore(at, "ada-1")
    at.wait(hours=1)
    assert at.assign() is None
    assert at.award().state is State.TAKEN


@pytest.mark.parametrize("applied", [True, False])
def test_a_lost_answer_is_asked_for_again_and_the_badge_is_gone_by_the_rules(
    store: SqlStore, clock: Clock, applied: bool
) -> None:
    at = given(store, clock, "ada", "bob")
    refund(at, "ada-1", "bob-1")
    at.wix.script("delete_many", Fault(error=lost(), applied=applied))

    assert at.revoke_all() == {"claimed": 2, "again": 2}
    assert at.award().state is State.REVOKING
    at.wait(seconds=10)
    assert at.revoke_all() == {"claimed": 2, "revoked": 2}

    assert at.wix.standing == {}
    assert at.award().state is State.REVOKED


@pytest.mark.parametrize("applied", [True, False])
def test_a_worker_that_dies_between_delete_and_settle_leaves_the_badge_taken_once(
    store: SqlStore, clock: Clock, applied: bool
) -> None:
    at = given(store, clock, "ada")
    refund(at, "ada-1")
    at.wix.script("delete_many", Fault(error=WorkerKilled(), applied=applied))

    with pytest.raises(WorkerKilled):
        at.revoke()
    assert at.award().state is State.REVOKING
    assert at.revoke() is None, "its claim still holds"
    at.wait(seconds=46)
    assert at.recover() == 1

    assert at.revoke_all() == {"claimed": 1, "revoked": 1}
    assert at.wix.standing == {}


def test_a_worker_that_dies_while_it_has_it_in_hand_costs_only_its_claim(
    store: SqlStore, clock: Clock
) -> None:
    at = given(store, clock, "ada")
    refund(at, "ada-1")
    with store.begin() as tx:
        assert tx.removals.claim(at.site, limit=9, holds=timedelta(seconds=45))
    assert at.revoke() is None
    at.wait(seconds=46)
    at.recover()

    assert at.revoke_all() == {"claimed": 1, "revoked": 1}


def test_a_badge_met_again_while_its_delete_was_lost_is_given_anew(
    store: SqlStore, clock: Clock
) -> None:
    at = given(store, clock, "ada")
    refund(at, "ada-1")
    at.wix.script("delete_many", Fault(error=lost(), applied=True))
    at.revoke_all()
    restore(at, "ada-1")
    at.wait(seconds=10)
    at.revoke_all()
    at.wait(minutes=2)

    at.assign_all()

    assert at.wix.standing == {("Two Orders", "ada"): 1}
    assert at.award().giver is Giver.OURS


def test_a_badge_met_again_while_its_delete_was_on_its_way_is_given_anew(
    store: SqlStore, clock: Clock
) -> None:
    at = given(store, clock, "ada")
    refund(at, "ada-1")
    at.wix.meanwhile("delete_many", lambda: restore(at, "ada-1"))

    at.revoke_all()
    assert at.award().state is State.PENDING
    at.wait(minutes=2)
    at.assign_all()

    assert at.wix.standing == {("Two Orders", "ada"): 1}


@pytest.mark.parametrize("error", [NotSent("no route"), RateLimited("slower", seconds=7)])
def test_a_delete_that_was_surely_not_sent_leaves_the_badge_standing_and_is_sent_again(
    store: SqlStore, clock: Clock, error: BadgeJobsError
) -> None:
    at = given(store, clock, "ada")
    refund(at, "ada-1")
    at.wix.script("delete_many", error)

    one = at.revoke()

    assert one is not None
    assert one.error is error
    assert at.award().state is State.ASSIGNED
    again_at = at.award().revoke_at
    assert again_at
    clock.now = again_at - timedelta(seconds=1)
    assert at.revoke() is None
    at.wait(seconds=1)
    assert at.revoke_all() == {"claimed": 1, "revoked": 1}


def test_a_delete_that_wix_does_not_permit_is_tried_again_in_an_hour(
    store: SqlStore, clock: Clock
) -> None:
    at = given(store, clock, "ada")
    refund(at, "ada-1")
    at.wix.script("delete_many", PermissionMissing("no scope"))

    one = at.revoke()

    assert one is not None
    assert isinstance(one.error, PermissionMissing)
    at.wait(minutes=59)
    assert at.revoke() is None
    at.wait(minutes=1)
    assert at.revoke_all() == {"claimed": 1, "revoked": 1}


def test_an_item_that_wix_refuses_takes_no_other_with_it(store: SqlStore, clock: Clock) -> None:
    at = given(store, clock, "ada", "bob", "cyd")
    refund(at, "ada-1", "bob-1", "cyd-1")
    at.wix.script("delete_many", RefusedByWix("400"), None, RefusedByWix("400"))

    assert at.revoke_all() == {"claimed": 3, "revoked": 2, "again": 1}
    assert len(at.wix.standing) == 1


def test_an_answer_that_is_silent_about_one_item_leaves_that_one_open(
    store: SqlStore, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    at = given(store, clock, "ada", "bob")
    refund(at, "ada-1", "bob-1")
    real = at.wix.delete_assignments

    def silent_about_the_last(ids: list[str], *, fence: Fence) -> list[Removed]:
        return [*real(ids, fence=fence)[:-1], Removed(error=Ambiguous("not told"))]

    with monkeypatch.context() as patched:
        patched.setattr(at.wix, "delete_assignments", silent_about_the_last)
        assert at.revoke_all() == {"claimed": 2, "revoked": 1, "again": 1}
    at.wait(seconds=10)
    assert at.revoke_all() == {"claimed": 1, "revoked": 1}


def test_what_outlives_its_claim_right_before_the_delete_is_not_sent(
    store: SqlStore, clock: Clock
) -> None:
    at = given(store, clock, "ada")
    refund(at, "ada-1")
    at.wix.meanwhile("before delete", lambda: at.wait(seconds=20))

    at.revoke()

    assert at.wix.named("delete_many") == []
    assert at.wix.standing == {("Two Orders", "ada"): 1}
    at.wait(seconds=60)
    at.recover()
    assert at.revoke_all()["revoked"] == 1


def test_two_who_take_at_once_delete_each_badge_once(store: SqlStore, clock: Clock) -> None:
    members = [f"m{n}" for n in range(12)]
    at = given(store, clock, *members)
    refund(at, *(f"{member}-1" for member in members))
    at.batch = 2
    with ThreadPoolExecutor(2) as pool:
        list(pool.map(lambda _: at.revoke_all(FREE), range(2)))

    assert at.wix.standing == {}
    sent = [pair for call in at.wix.named("delete_many") for pair in call.pairs]
    assert len(sent) == len(set(sent)) == len(members)


def forget_the_id(at: Stage) -> None:
    with at.store.begin() as tx:
        tx._connection.exec_driver_sql("UPDATE award SET assignment_id = NULL")


def test_of_a_pair_whose_id_is_not_known_only_what_was_born_of_our_request_is_taken(
    store: SqlStore, clock: Clock
) -> None:
    at = given(store, clock, "ada", "bob")
    forget_the_id(at)
    at.wait(hours=1)
    at.wix.take(at.wix_id(), "bob")
    at.wix.give(at.wix_id(), "bob")
    refund(at, "ada-1", "bob-1")

    assert at.revoke_all() == {"claimed": 2, "revoked": 1, "kept": 1}

    assert at.wix.standing == {("Two Orders", "bob"): 1}
    assert at.award("bob").giver is Giver.PERSON
    assert at.unmet() == {}


def test_a_pair_whose_id_is_not_known_and_that_nobody_sees_is_left_alone(
    store: SqlStore, clock: Clock
) -> None:
    at = given(store, clock, "ada")
    forget_the_id(at)
    at.wix.take(at.wix_id(), "ada")
    refund(at, "ada-1")

    assert at.revoke_all() == {"claimed": 1, "kept": 1}
    assert at.award().state is State.ASSIGNED
    assert at.revoke() is None, "for an hour"


def test_a_question_that_fails_leaves_everything_as_it_was(store: SqlStore, clock: Clock) -> None:
    at = given(store, clock, "ada")
    forget_the_id(at)
    refund(at, "ada-1")
    at.wix.script("assignments", NotSent("no route"))

    assert at.revoke_all() == {"claimed": 1, "again": 1}
    at.wait(seconds=10)
    assert at.revoke_all() == {"claimed": 1, "revoked": 1}


@pytest.mark.parametrize("with_id", [True, False])
def test_a_persons_wish_takes_all_of_a_pair_whatever_the_facts_and_the_guard_say(
    store: SqlStore, clock: Clock, with_id: bool
) -> None:
    at = given(store, clock, "ada")
    at.wix.second_create = "row"
    at.wix.give(at.wix_id(), "ada")
    if not with_id:
        forget_the_id(at)
    with store.begin() as tx:
        claimed = tx.awards.of_members(at.site, ["ada"])["ada", "two-orders"]
        tx._connection.exec_driver_sql("UPDATE award SET by_hand = true")
        tx._connection.exec_driver_sql("UPDATE award SET state = 'revoking', reason = 'asked for'")
    assert claimed.state is State.ASSIGNED

    assert at.revoke_all() == {"claimed": 1, "taken": 1}

    assert at.wix.standing == {}
    at.decide_due()
    assert at.award().state is State.TAKEN, "and it is not given again"
    assert at.history()[-1][2] == TAKEN_BY_HAND


def test_nothing_is_taken_while_the_history_is_not_read_to_its_end(
    store: SqlStore, clock: Clock
) -> None:
    at = given(store, clock, "ada")
    refund(at, "ada-1")
    with store.begin() as tx:
        tx._connection.exec_driver_sql("UPDATE scan SET completed_started_at = NULL")

    assert at.revoke_all() == {"claimed": 1, "kept": 1}
    assert at.award().reason == "history incomplete"
    at.wait(minutes=9)
    assert at.revoke() is None
    at.scan()
    at.wait(minutes=1)
    with store.begin() as tx:
        tx._connection.exec_driver_sql(
            "UPDATE scan SET completed_started_at = '2026-03-01 12:00:00'"
        )

    assert at.revoke_all() == {"claimed": 1, "revoked": 1}


def test_a_rule_that_is_gone_takes_nothing_even_what_was_due(store: SqlStore, clock: Clock) -> None:
    at = given(store, clock, "ada")
    refund(at, "ada-1")
    assert at.unmet() == {"two-orders": 1}
    at.rules = replace(at.rules, milestones=(ONE_ORDER,), version="v2")

    at.revoke_all()

    assert at.unmet() == {}
    assert ("Two Orders", "ada") in at.wix.standing


def test_what_is_due_is_told_to_whoever_rings_the_bells(store: SqlStore, clock: Clock) -> None:
    at = given(store, clock, "ada")
    with store.read() as tx:
        assert tx.awards.due_sites([at.site], 9) == []
        assert tx.awards.next_due_at(at.site) is None
    refund(at, "ada-1")
    with store.read() as tx:
        assert tx.awards.due_sites([at.site], 9) == [at.site]
        assert tx.awards.next_due_at(at.site) == clock()
        (one,) = tx.removals.overview(at.site)
    assert (one.badge, one.because, one.number, one.next_at) == (
        "two-orders", Unmet.CONDITION, 1, clock()
    )  # fmt: skip


def test_a_member_with_orders_that_are_somebody_elses_now_loses_the_badge(
    store: SqlStore, clock: Clock
) -> None:
    at = given(store, clock, "ada")
    buys(at, "bob", 1, first=9)
    at.wait(seconds=1)
    for order in ("ada-1", "ada-2"):
        known = at.orders.records[order]
        at.orders.put(replace(known, member_id="bob", revision=9, updated_at=clock()))
    at.scan()

    at.revoke_all()
    at.assign_all()

    assert at.wix.standing == {("Two Orders", "bob"): 1}
