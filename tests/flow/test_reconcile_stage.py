"""What a person does at Wix counts, and no single reading leads to anything."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest
from databases import Clock
from refunds import refund, restore
from stage import ONE_ORDER, TIMING, TWO_ORDERS, Stage, rules_of
from wix_double import Fault, WorkerKilled, lost

from badgejobs.core import alert
from badgejobs.core.award import Award, Giver, State, Unmet
from badgejobs.core.drift import Caution, Drift, Kind
from badgejobs.core.milestone import Lifecycle
from badgejobs.errors import (
    Ambiguous,
    BadgeJobsError,
    PermissionMissing,
    RateLimited,
    Refused,
)
from badgejobs.flow.override import Cleared, clear_override, clear_overrides_of
from badgejobs.store import SqlStore, acting

QUIET = TIMING.quiet_period
SHY = Caution(empty_above=2, guard_least=2)


def given(store: SqlStore, clock: Clock, *members: str) -> Stage:
    """A stage on which these members hold the badge by us, for long enough."""
    at = Stage(store, clock)
    at.earn(*members)
    at.assign_all()
    at.wait(minutes=5)
    return at


def drifts(at: Stage) -> dict[str, Kind]:
    with at.store.read() as tx:
        return {one.member_id: one.kind for one in tx.drifts.of(at.site, limit=1000)}


def alerts(at: Stage) -> list[str]:
    with at.store.read() as tx:
        found = tx.alerts.open([at.site])
    return [one.text for one in found if one.kind is alert.Kind.DRIFT]


def everything(at: Stage) -> list[object]:
    """All that a reading could write."""
    with at.store.read() as tx:
        awards = tx.awards.of_members(at.site, ["ada", "bob", "cyd", "dan", "eve"])
        return [
            awards,
            [tx.awards.history(at.site, one) for one in ("ada", "bob", "cyd", "dan", "eve")],
            tx.drifts.of(at.site, limit=1000),
            tx.alerts.open([at.site]),
            tx.bindings.applied(at.site),
        ]


def turned(at: Stage, member: str, change: Callable[[Award], Award]) -> None:
    """An award as another stage leaves it."""
    with at.store.begin() as tx:
        kept = tx.comparing.of(at.site, [(member, "one-order")], lock=True)
        one = kept[member, "one-order"].award
        tx.comparing.write([(one, change(one))])


def work_on(at: Stage) -> None:
    """All that could give a badge again: scans, rules, decisions, retries, provisioning."""
    at.orders.put(at.order("more", "ada"), at.order("again", "bob"))
    at.scan()
    at.rules = rules_of(*at.rules.milestones, version=f"{at.rules.version}+")
    at.provision()
    at.decide_due()
    with at.store.begin() as tx:
        tx.awards.revive(at.site)
    at.recover()
    at.assign_all()


# ---------------------------------------------------------------- taken by a person


def test_what_the_owner_took_is_taken_after_two_readings_and_never_given_again(
    store: SqlStore, clock: Clock
) -> None:
    at = given(store, clock, "ada", "bob")
    at.wix.take(at.wix_id(), "ada")

    assert at.reconcile().missing == 1
    assert at.award("ada").state is State.ASSIGNED
    assert drifts(at) == {"ada": Kind.MISSING}
    at.wait(hours=24)
    told = at.reconcile()

    assert (told.agreed, told.missing, told.taken) == (1, 0, 1)
    assert at.award("ada").state is State.TAKEN
    assert at.award("ada").missed_at is None
    assert drifts(at) == {"ada": Kind.TAKEN}
    with at.store.read() as tx:
        last = tx.awards.history(at.site, "ada")[-1]
    assert (last.to_state, last.actor) == (State.TAKEN, "a person at Wix")
    for _ in range(3):
        work_on(at)
        at.wait(hours=24)
        assert at.reconcile().taken == 0
    assert at.wix.standing == {("One Order", "bob"): 1}
    assert drifts(at) == {"ada": Kind.TAKEN}, "it stands in the list for as long as it holds"


def test_two_readings_within_the_quiet_period_are_one(store: SqlStore, clock: Clock) -> None:
    at = given(store, clock, "ada")
    at.wix.take(at.wix_id(), "ada")
    at.reconcile()
    at.clock.advance(seconds=QUIET.total_seconds() - 1)
    assert at.reconcile().missing == 1
    assert at.award().state is State.ASSIGNED
    at.wait(seconds=1)
    assert at.reconcile().taken == 1


def test_what_was_given_a_moment_ago_is_not_even_missed(store: SqlStore, clock: Clock) -> None:
    at = Stage(store, clock)
    at.wix.lag = timedelta(seconds=100)
    at.earn("ada")
    at.wait(seconds=101)
    at.assign_all()
    for _ in range(3):
        assert at.reconcile().left == 1
        assert at.award().missed_at is None
        at.wait(seconds=39)
    at.wait(seconds=60)
    assert at.reconcile().agreed == 1


def test_an_index_that_is_behind_once_leads_to_nothing(store: SqlStore, clock: Clock) -> None:
    at = given(store, clock, "ada", "bob")
    rows = at.wix._rows[:]
    for _ in range(5):
        at.wix._rows = [one for one in rows if one.assignment.member_id != "ada"]
        assert at.reconcile().missing == 1
        at.wait(hours=1)
        at.wix._rows = rows[:]
        assert at.reconcile().returned == 1
        assert at.award("ada").missed_at is None
        assert drifts(at) == {}
        at.wait(hours=1)
    assert at.awards("ada", "bob") == {(one, "one-order"): State.ASSIGNED for one in ("ada", "bob")}


def test_a_member_who_is_gone_is_blocked_and_not_taken_for_taken(
    store: SqlStore, clock: Clock
) -> None:
    at = given(store, clock, "ada", "bob")
    at.wix.delete_member("ada")
    at.reconcile()
    at.wait(hours=1)
    told = at.reconcile()
    assert (told.member_gone, told.taken) == (1, 0)
    assert at.award("ada").state is State.BLOCKED
    assert at.award("ada").reason == "the member is gone at Wix"
    assert drifts(at) == {}


def test_without_the_scope_to_read_members_a_person_took_it(store: SqlStore, clock: Clock) -> None:
    at = given(store, clock, "ada", "bob")
    at.wix.take(at.wix_id(), "ada")
    at.reconcile()
    at.wait(hours=1)
    at.wix.script("members", PermissionMissing("no scope"))
    assert at.reconcile().taken == 1
    assert "we may not read members" in at.award("ada").reason


def test_members_who_cannot_be_looked_up_now_wait_for_the_next_reading(
    store: SqlStore, clock: Clock
) -> None:
    at = given(store, clock, "ada", "bob")
    at.wix.take(at.wix_id(), "ada")
    at.reconcile()
    at.wait(hours=1)
    at.wix.script("members", lost())
    told = at.reconcile()
    assert isinstance(told.error, Ambiguous)
    assert (told.missing, told.taken) == (1, 0)
    assert drifts(at) == {"ada": Kind.MISSING}
    assert at.reconcile().taken == 1


def test_a_badge_deleted_at_wix_takes_nothing_and_waits_for_a_person(
    store: SqlStore, clock: Clock
) -> None:
    at = given(store, clock, "ada", "bob", "cyd")
    at.wix.drop_badge(at.wix_id())
    told = at.reconcile(caution=SHY)
    assert (told.badge_gone, told.missing, told.taken) == (3, 0, 0)
    assert {*at.awards("ada", "bob", "cyd").values()} == {State.PAUSED}


def test_a_badge_deleted_while_wix_is_read_is_seen_to_be_gone(
    store: SqlStore, clock: Clock
) -> None:
    at = given(store, clock, "ada", "bob", "cyd")
    badge = at.wix_id()
    at.wix.meanwhile("assignments", lambda: at.wix.drop_badge(badge))
    told = at.reconcile(caution=SHY)
    assert told.error is None
    assert {*at.awards("ada", "bob", "cyd").values()} == {State.PAUSED}


def test_a_list_of_badges_that_is_behind_deletes_none(store: SqlStore, clock: Clock) -> None:
    at = given(store, clock, "ada")
    badge, _ = at.wix._badges[at.wix_id()]
    at.wix._badges[badge.id] = badge, clock() + timedelta(days=1)
    assert at.reconcile().agreed == 1


# ---------------------------------------------------------------- given by a person


def test_the_owner_gives_first_and_the_rule_finds_it_held(store: SqlStore, clock: Clock) -> None:
    at = Stage(store, clock)
    at.provision()
    at.wix.give(at.wix_id(), "ada")
    at.wait(minutes=5)
    at.decide_due()
    assert at.reconcile().extra == 1
    award = at.award()
    assert (award.state, award.giver, award.rules_version) == (
        State.ASSIGNED,
        Giver.PERSON,
        "v1",
    )
    assert drifts(at) == {"ada": Kind.EXTRA}
    at.orders.put(at.order("o1"))
    at.scan()
    at.decide_due()
    at.assign_all()
    assert at.award().giver is Giver.PERSON
    assert not at.wix.sent
    at.orders.put(at.order("o1", marks=(), revision=2))
    at.scan()
    at.decide_due()
    assert at.award().revoke_at is None
    at.wait(hours=24)
    assert at.reconcile().agreed == 1
    assert drifts(at) == {"ada": Kind.EXTRA}


@pytest.mark.parametrize("state", [State.PENDING, State.HELD, State.WITHDRAWN, State.BLOCKED])
def test_what_waits_here_and_stands_there_was_given_by_a_person(
    store: SqlStore, clock: Clock, state: State
) -> None:
    at = Stage(store, clock)
    at.earn("ada")
    turned(at, "ada", lambda one: one._free(state, reason=""))
    at.wix.give(at.wix_id(), "ada")
    at.wait(seconds=1)
    assert at.reconcile().extra == 1
    assert (at.award().state, at.award().giver) == (State.ASSIGNED, Giver.PERSON)
    assert at.assign() is None


def test_what_needs_attention_is_ours_where_an_attempt_explains_it(
    store: SqlStore, clock: Clock
) -> None:
    at = Stage(store, clock)
    at.earn("ada")
    at.wix.script("create", Fault(error=lost(), applied=True))
    at.assign_all()
    turned(at, "ada", lambda one: one._free(State.NEEDS_ATTENTION, reason=""))
    at.wait(seconds=1)
    told = at.reconcile()
    assert (told.found, told.extra) == (1, 0)
    assert at.award().giver is Giver.OURS
    assert drifts(at) == {}


@pytest.mark.parametrize("state", [State.INFLIGHT, State.UNKNOWN, State.REVOKING])
def test_what_is_under_way_is_left_to_its_own_stage(
    store: SqlStore, clock: Clock, state: State
) -> None:
    at = given(store, clock, "ada")
    turned(at, "ada", lambda one: one._free(state, reason=""))
    at.wait(hours=1)
    before = at.award()
    assert at.reconcile().left == 1
    at.wix.take(at.wix_id(), "ada")
    at.reconcile()
    assert at.award() == before


def test_what_a_worker_has_in_hand_is_left(store: SqlStore, clock: Clock) -> None:
    at = Stage(store, clock)
    at.earn("ada")
    at.wix.give(at.wix_id(), "ada")
    at.wait(minutes=5)
    with store.begin() as tx:
        assert tx.awards.claim(at.site, limit=10, holds=timedelta(minutes=10))
    assert at.reconcile().left == 1
    assert at.award().state is State.PENDING


def test_an_award_that_is_given_while_wix_is_read_is_left(store: SqlStore, clock: Clock) -> None:
    at = Stage(store, clock)
    at.earn("ada")
    at.wait(minutes=5)

    def give() -> None:
        at.wait(seconds=1)
        at.assign_all()

    at.wix.meanwhile("assignments", give)
    told = at.reconcile()
    assert (told.extra, told.missing) == (0, 0)
    assert (at.award().giver, at.award().missed_at) == (Giver.OURS, None)


def test_one_who_was_erased_is_not_recorded_again(store: SqlStore, clock: Clock) -> None:
    at = given(store, clock, "ada", "bob")
    at.erase("ada")
    told = at.reconcile()
    assert (told.extra, told.agreed) == (0, 1)
    assert at.awards("ada") == {}
    assert drifts(at) == {}


def test_a_wish_of_a_person_that_stands_already_is_no_drift(store: SqlStore, clock: Clock) -> None:
    at = Stage(store, clock)
    at.earn("ada")
    turned(at, "ada", _wished)
    at.wix.give(at.wix_id(), "ada")
    at.wait(seconds=1)
    told = at.reconcile()
    assert (told.extra, told.found) == (0, 1)
    assert (at.award().state, at.award().by_hand) == (State.ASSIGNED, True)
    assert at.reconcile().agreed == 1
    assert drifts(at) == {}


def _wished(award: Award) -> Award:
    return replace(award, by_hand=True)


# ---------------------------------------------------------------- gone, and there


def test_what_was_taken_and_never_went_stands_as_it_was(store: SqlStore, clock: Clock) -> None:
    at = given(store, clock, "ada")
    before = at.award()
    turned(at, "ada", lambda one: one.taken(reason="a person took it at Wix"))
    assert at.reconcile().left == 1, "an index may show it for a while"
    at.wait(minutes=5)
    assert at.reconcile().returned == 1
    after = at.award()
    assert (after.state, after.giver, after.assignment_id) == (
        State.ASSIGNED,
        Giver.OURS,
        before.assignment_id,
    )


def test_what_we_took_and_still_stands_is_taken_once_more(store: SqlStore, clock: Clock) -> None:
    at = given(store, clock, "ada")
    turned(at, "ada", lambda one: one._gone(State.REVOKED, reason=Unmet.EXPIRED))
    went = at.clock()
    assert at.reconcile().left == 1
    at.wait(minutes=5)
    assert at.reconcile().lingering == 1
    award = at.award()
    assert (award.state, award.not_before, award.by_hand) == (State.REVOKING, clock(), False)
    assert (award.unmet_since, award.unmet_because) == (went, Unmet.EXPIRED)
    assert award.removal_sent_at == went
    assert drifts(at) == {"ada": Kind.LINGERING}


def test_a_delete_that_took_nothing_is_repeated_until_it_has(store: SqlStore, clock: Clock) -> None:
    at = Stage(store, clock, replace(TWO_ORDERS, lifecycle=Lifecycle(stated=True, revokes=True)))
    at.earn("ada", "bob")
    at.assign_all()
    at.wait(minutes=5)
    rows = at.wix._rows[:]
    refund(at, "ada-1")
    at.revoke_all()
    assert at.award("ada").state is State.REVOKED
    at.wix._rows = rows
    at.wait(minutes=5)

    assert at.reconcile().lingering == 1
    at.revoke_all()

    assert at.award("ada").state is State.REVOKED
    assert at.wix.standing == {("Two Orders", "bob"): 1}
    at.wait(minutes=5)
    assert at.reconcile().numbers == {**dict.fromkeys(at.reconcile().numbers, 0), "agreed": 1}


def test_what_went_and_is_earned_anew_is_not_taken_for_a_persons_by_a_late_index(
    store: SqlStore, clock: Clock
) -> None:
    at = Stage(store, clock, replace(TWO_ORDERS, lifecycle=Lifecycle(stated=True, revokes=True)))
    at.earn("ada")
    at.assign_all()
    at.wait(minutes=5)
    rows = at.wix._rows[:]
    refund(at, "ada-1")
    at.revoke_all()
    restore(at, "ada-1")
    at.wait(seconds=10)
    at.wix._rows, gone = rows, at.wix._rows
    assert at.reconcile().left == 1
    at.wix._rows = gone
    at.wait(minutes=2)
    at.assign_all()
    assert (at.award().state, at.award().giver) == (State.ASSIGNED, Giver.OURS)


def test_what_a_command_took_and_still_stands_is_taken_once_more_by_hand(
    store: SqlStore, clock: Clock
) -> None:
    at = given(store, clock, "ada")
    with acting(actor="olga"):
        turned(at, "ada", lambda one: _wished(one._free(State.REVOKING, reason="")))
    turned(at, "ada", lambda one: one.removed())
    assert at.award().state is State.TAKEN
    at.wait(minutes=5)
    assert at.reconcile().lingering == 1
    assert (at.award().state, at.award().by_hand) == (State.REVOKING, True)


@pytest.mark.parametrize("state", [State.REVOKED, State.TAKEN])
def test_what_was_given_anew_by_the_owner_is_a_persons(
    store: SqlStore, clock: Clock, state: State
) -> None:
    at = given(store, clock, "ada")
    old = at.award().assignment_id
    turned(at, "ada", lambda one: one._gone(state, reason=""))
    at.wix.take(at.wix_id(), "ada")
    at.wait(minutes=5)
    new = at.wix.give(at.wix_id(), "ada")
    assert at.reconcile().extra == 1
    award = at.award()
    assert (award.state, award.giver) == (State.ASSIGNED, Giver.PERSON)
    assert award.assignment_id == new.id != old


def test_ours_taken_and_given_anew_is_a_persons_after_two_readings(
    store: SqlStore, clock: Clock
) -> None:
    at = given(store, clock, "ada")
    at.wix.take(at.wix_id(), "ada")
    new = at.wix.give(at.wix_id(), "ada")
    assert at.reconcile().missing == 1
    assert at.award().giver is Giver.OURS
    at.wait(hours=1)
    assert at.reconcile().extra == 1
    assert (at.award().giver, at.award().assignment_id) == (Giver.PERSON, new.id)


@pytest.mark.parametrize("sent", [0, 6])
def test_an_id_that_was_not_told_is_filled_in_by_reading_and_the_badge_stays_a_persons(
    store: SqlStore, clock: Clock, sent: float
) -> None:
    at = given(store, clock, "ada")
    known = at.award()
    assert known.sent_at
    sent_at = known.sent_at + timedelta(seconds=sent)
    turned(
        at,
        "ada",
        lambda one: replace(one, assignment_id=None, giver=Giver.PERSON, sent_at=sent_at),
    )
    assert at.reconcile().agreed == 1
    assert (at.award().assignment_id, at.award().giver) == (known.assignment_id, Giver.PERSON)


def test_what_a_person_gave_right_before_our_create_stays_theirs(
    store: SqlStore, clock: Clock
) -> None:
    at = Stage(store, clock)
    at.earn("ada")
    at.wix.lag = timedelta(seconds=60)
    at.wix.meanwhile("before create", lambda: at.wix.give(at.wix_id(), "ada"))
    at.assign_all()
    assert (at.award().assignment_id, at.award().giver) == (None, Giver.PERSON)
    at.wait(minutes=5)
    at.reconcile()
    assert at.award().assignment_id
    assert at.award().giver is Giver.PERSON


# ---------------------------------------------------------------- more than once


def twice(store: SqlStore, clock: Clock) -> Stage:
    """Two rows of one pair, both by attempts of ours."""
    at = Stage(store, clock)
    at.wix.second_create = "row"
    at.wix.lag = timedelta(minutes=3)
    at.provision()
    at.wait(minutes=4)
    at.earn("ada")
    at.wix.script("create", Fault(error=lost(), applied=True))
    for _ in range(5):
        at.assign_all()
        at.wait(seconds=40)
    at.wait(minutes=10)
    assert set(at.wix.standing.values()) == {2}
    assert (at.award().attempt, at.award().giver) == (2, Giver.OURS)
    return at


def test_two_of_ours_are_told_and_left_unless_a_setting_says_so(
    store: SqlStore, clock: Clock
) -> None:
    at = twice(store, clock)
    for _ in range(3):
        told = at.reconcile()
        assert (told.duplicate, told.repaired, told.agreed) == (1, 0, 1)
        at.wait(hours=1)
    assert drifts(at) == {"ada": Kind.DUPLICATE}
    assert set(at.wix.standing.values()) == {2}
    assert "more than once" in alerts(at)[0]


def test_two_of_ours_are_repaired_by_setting_and_the_oldest_stays(
    store: SqlStore, clock: Clock
) -> None:
    at = twice(store, clock)
    oldest = min(at.wix._rows, key=lambda row: row.visible_at).assignment
    repairing = Caution(repair_duplicates=True)
    assert at.reconcile(caution=repairing).repaired == 0, "one reading repairs nothing"
    at.wait(hours=1)
    assert at.reconcile(caution=repairing, dry_run=True).repaired == 1
    assert set(at.wix.standing.values()) == {2}
    assert at.reconcile(caution=repairing).repaired == 1
    assert set(at.wix.standing.values()) == {1}
    assert at.award().assignment_id == oldest.id == at.wix._rows[0].assignment.id
    at.wait(hours=1)
    assert at.reconcile(caution=repairing).agreed == 1
    assert drifts(at) == {}
    assert alerts(at) == []


def test_a_repair_whose_answer_is_lost_is_repeated_by_id(store: SqlStore, clock: Clock) -> None:
    at = twice(store, clock)
    repairing = Caution(repair_duplicates=True)
    at.reconcile(caution=repairing)
    at.wait(hours=1)
    at.wix.script("delete_many", lost())
    assert isinstance(at.reconcile(caution=repairing).error, Ambiguous)
    assert at.reconcile(caution=repairing).repaired == 1
    assert set(at.wix.standing.values()) == {1}


def test_an_award_that_moves_before_the_repair_is_sent_keeps_it_from_being_sent(
    store: SqlStore, clock: Clock
) -> None:
    at = twice(store, clock)
    repairing = Caution(repair_duplicates=True)
    at.reconcile(caution=repairing)
    at.wait(hours=1)

    def revoke() -> None:
        turned(at, "ada", lambda one: one._free(State.REVOKING, reason=""))

    at.wix.meanwhile("before delete", revoke)
    assert at.reconcile(caution=repairing).repaired == 0
    assert not at.wix.named("delete_many")


def test_a_surplus_is_not_taken_where_the_one_that_stays_went_since_it_was_read(
    store: SqlStore, clock: Clock
) -> None:
    at = twice(store, clock)
    at.wix.page_size = 1
    repairing = Caution(repair_duplicates=True)
    assert at.reconcile(caution=repairing).duplicate == 1
    at.wait(hours=1)
    assert at.reconcile(caution=repairing, pages=1).more
    assert at.reconcile(caution=repairing, pages=1).more
    at.wix._rows.remove(min(at.wix._rows, key=lambda row: row.visible_at))
    done = at.reconcile(caution=repairing)
    assert (done.duplicate, done.repaired) == (1, 0)
    assert set(at.wix.standing.values()) == {1}


def test_a_second_one_by_a_person_is_never_repaired(store: SqlStore, clock: Clock) -> None:
    at = given(store, clock, "ada")
    at.wix.give(at.wix_id(), "ada")
    at.wix.give(at.wix_id(), "eve")
    at.wix.give(at.wix_id(), "eve")
    for _ in range(3):
        told = at.reconcile(caution=Caution(repair_duplicates=True))
        assert (told.duplicate, told.repaired) == (2, 0)
        at.wait(hours=1)
    assert drifts(at) == {"ada": Kind.DUPLICATE, "eve": Kind.DUPLICATE}
    assert not at.wix.named("delete_many")


# ---------------------------------------------------------------- what is not believed


@pytest.mark.parametrize(
    "error", [lost(), RateLimited("slowly", seconds=7), PermissionMissing("no scope")]
)
@pytest.mark.parametrize("call", ["assignments", "badges"])
def test_nothing_is_concluded_from_a_reading_that_is_not_complete(
    store: SqlStore, clock: Clock, call: str, error: BadgeJobsError
) -> None:
    at = given(store, clock, "ada", "bob")
    at.wix.take(at.wix_id(), "ada")
    at.reconcile()
    before = everything(at)
    at.wait(hours=1)
    at.wix.script(call, error)
    with pytest.raises(type(error)):
        at.reconcile()
    assert everything(at)[:4] == before[:4]
    assert at.reconcile().taken == 1


def test_a_site_on_which_nothing_stands_any_more_is_not_believed(
    store: SqlStore, clock: Clock
) -> None:
    at = given(store, clock, "ada", "bob", "cyd")
    rows, at.wix._rows = at.wix._rows, []
    for _ in range(3):
        told = at.reconcile(caution=SHY)
        assert isinstance(told.error, Refused)
        assert (told.missing, told.taken) == (0, 0)
        assert drifts(at) == {}
        assert at.award("ada").missed_at is None
        at.wait(hours=24)
    assert "3 stood" in alerts(at)[0]
    assert "--yes-they-were-taken" in alerts(at)[0]
    at.wix._rows = rows
    assert at.reconcile(caution=SHY).agreed == 3
    assert alerts(at) == []


def test_an_empty_site_is_believed_where_a_person_says_so_twice(
    store: SqlStore, clock: Clock
) -> None:
    at = given(store, clock, "ada", "bob", "cyd")
    for one in ("ada", "bob", "cyd"):
        at.wix.take(at.wix_id(), one)
    assert at.reconcile(caution=SHY, accepted=True).missing == 3
    at.wait(hours=1)
    assert at.reconcile(caution=SHY).error
    assert at.reconcile(caution=SHY, accepted=True).taken == 3
    at.wait(hours=1)
    assert at.reconcile(caution=SHY).error is None
    assert alerts(at) == []


def test_a_few_that_are_all_gone_are_believed(store: SqlStore, clock: Clock) -> None:
    at = given(store, clock, "ada", "bob")
    for one in ("ada", "bob"):
        at.wix.take(at.wix_id(), one)
    assert at.reconcile(caution=SHY).missing == 2
    at.wait(hours=1)
    assert at.reconcile(caution=SHY).taken == 2


def test_a_badge_without_anybody_is_doubted_and_the_others_are_compared(
    store: SqlStore, clock: Clock
) -> None:
    at = Stage(store, clock, ONE_ORDER, TWO_ORDERS)
    at.earn("ada", "bob", "cyd")
    at.assign_all()
    at.wait(minutes=5)
    for one in ("ada", "bob", "cyd"):
        at.wix.take(at.wix_id("one-order"), one)
    at.wix.take(at.wix_id("two-orders"), "ada")
    told = at.reconcile(caution=SHY)
    assert isinstance(told.error, Refused)
    assert set(told.by_badge) == {"two-orders"}
    assert (told.agreed, told.missing) == (2, 1)
    assert at.award("ada", "one-order").missed_at is None
    assert at.award("ada", "two-orders").missed_at is not None
    assert ["one-order" in text for text in alerts(at)] == [True]


def test_too_many_at_once_wait_for_a_person_and_the_rest_goes_on(
    store: SqlStore, clock: Clock
) -> None:
    many = ("ada", "bob", "cyd", "dan")
    at = given(store, clock, *many)
    for one in many[:3]:
        at.wix.take(at.wix_id(), one)
    at.reconcile(caution=SHY)
    at.wait(hours=1)
    at.wix.give(at.wix_id(), "eve")
    for _ in range(2):
        told = at.reconcile(caution=SHY)
        assert isinstance(told.error, Refused)
        assert (told.missing, told.taken) == (3, 0)
        at.wait(hours=1)
    assert at.award("eve").giver is Giver.PERSON
    assert "3 of 4" in alerts(at)[0] or "3 of 5" in alerts(at)[0]
    assert drifts(at) == dict.fromkeys(many[:3], Kind.MISSING) | {"eve": Kind.EXTRA}
    told = at.reconcile(caution=SHY, accepted=True)
    assert (told.taken, told.error) == (3, None)
    assert alerts(at) == []


def test_a_site_that_seems_to_have_no_members_is_not_believed(
    store: SqlStore, clock: Clock
) -> None:
    many = ("ada", "bob", "cyd", "dan")
    at = given(store, clock, *many)
    for one in many[:3]:
        at.wix.take(at.wix_id(), one)
        at.wix.members_gone.add(one)
    at.reconcile()
    at.wait(hours=1)
    told = at.reconcile(caution=Caution(empty_above=2))
    assert (told.missing, told.member_gone) == (3, 0)
    assert at.reconcile(caution=Caution(empty_above=3)).member_gone == 3


# ---------------------------------------------------------------- crashes, and trying


def test_a_worker_that_dies_between_two_parts_leaves_no_harm(
    store: SqlStore, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("badgejobs.flow.comparing.CHUNK", 1)
    at = given(store, clock, "ada", "bob", "cyd")
    at.wix.take(at.wix_id(), "ada")
    at.wix.take(at.wix_id(), "bob")
    at.reconcile()
    at.wait(hours=1)

    def die() -> None:
        raise WorkerKilled

    at.wix.meanwhile("members", die)
    with pytest.raises(WorkerKilled):
        at.reconcile()
    assert at.award("ada").state is State.ASSIGNED
    told = at.reconcile()
    assert (told.agreed, told.taken) == (1, 2)
    assert at.wix.standing == {("One Order", "cyd"): 1}


def test_trying_shows_what_would_be_done_and_writes_nothing(store: SqlStore, clock: Clock) -> None:
    at = given(store, clock, "ada", "bob", "cyd")
    at.wix.take(at.wix_id(), "ada")
    at.wix.give(at.wix_id(), "eve")
    at.wix.give(at.wix_id(), "bob")
    before = everything(at)
    told = at.reconcile(dry_run=True)
    assert (told.agreed, told.missing, told.extra, told.duplicate) == (2, 1, 1, 1)
    assert everything(at) == before
    assert told.numbers == at.reconcile().numbers
    at.wait(hours=1)
    before = everything(at)
    tried = at.reconcile(dry_run=True)
    assert tried.taken == 1
    assert everything(at) == before
    assert tried.numbers == at.reconcile().numbers


def test_trying_on_a_badge_that_is_gone_writes_nothing(store: SqlStore, clock: Clock) -> None:
    at = given(store, clock, "ada")
    at.wix.drop_badge(at.wix_id())
    before = everything(at)
    at.reconcile(dry_run=True)
    assert everything(at) == before


# ---------------------------------------------------------------- overrides


def taken(store: SqlStore, clock: Clock, *members: str) -> Stage:
    at = given(store, clock, "ada", "bob", *members)
    for one in ("ada", *members):
        at.wix.take(at.wix_id(), one)
    at.reconcile()
    at.wait(hours=1)
    at.reconcile()
    return at


def test_an_override_that_is_cleared_gives_the_badge_again(store: SqlStore, clock: Clock) -> None:
    at = taken(store, clock)
    with acting(actor="olga", note="by mistake"):
        done = clear_override(at.site, [("ada", "one-order")], at.rules, store)
    assert done == Cleared(cleared=1, opened=1)
    assert drifts(at) == {}
    at.assign_all()
    assert at.wix.standing == {("One Order", "ada"): 1, ("One Order", "bob"): 1}
    assert at.award("ada").giver is Giver.OURS
    with store.read() as tx:
        said = [(one.actor, one.note) for one in tx.awards.history(at.site, "ada")]
    assert ("olga", "by mistake") in said


def test_an_override_of_what_is_not_earned_waits_until_it_is(store: SqlStore, clock: Clock) -> None:
    at = taken(store, clock)
    for order in ("ada-1", "ada-2"):
        at.orders.put(at.order(order, marks=(), revision=2))
    at.wait(hours=1)
    at.scan()
    done = clear_override(at.site, [("ada", "one-order")], at.rules, store)
    assert (done.cleared, done.opened, done.unearned) == (1, 0, 1)
    at.orders.put(at.order("ada-3"))
    at.wait(hours=1)
    at.scan()
    at.assign_all()
    assert at.award("ada").state is State.ASSIGNED


def test_all_overrides_of_a_badge_are_cleared_at_once(
    store: SqlStore, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("badgejobs.flow.override.CHUNK", 1)
    at = taken(store, clock, "cyd", "dan")
    assert clear_overrides_of(at.site, "one-order", at.rules, store).opened == 3
    assert clear_overrides_of(at.site, "one-order", at.rules, store) == Cleared()
    assert clear_override(at.site, [("bob", "one-order"), ("zoe", "one-order")], at.rules, store) \
        == Cleared()  # fmt: skip
    assert at.award("bob").state is State.ASSIGNED


def test_a_difference_is_known_since_it_was_found_so(store: SqlStore, clock: Clock) -> None:
    at = given(store, clock, "ada", "bob")
    at.wix.take(at.wix_id(), "ada")
    first = clock()
    at.reconcile()
    at.wait(seconds=60)
    at.reconcile()

    def known() -> Drift:
        with store.read() as tx:
            (one,) = tx.drifts.of(at.site, limit=10)
        return one

    assert (known().first_seen_at, known().seen_at) == (first, clock())
    at.wait(hours=1)
    at.reconcile()
    assert (known().kind, known().first_seen_at) == (Kind.TAKEN, clock())
