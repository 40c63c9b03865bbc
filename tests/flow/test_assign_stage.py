from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from typing import Literal

import pytest
from sqlalchemy import update
from stage import ONE_ORDER, TIMING, TWO_ORDERS, Clock, Stage, rules_of
from wix_double import Fault, WorkerKilled, lost

from badgejobs.core.award import Giver, State
from badgejobs.core.ledger import Earned
from badgejobs.core.wixfacts import Created, Fence
from badgejobs.errors import (
    Ambiguous,
    BadgeJobsError,
    Fenced,
    NotSent,
    PermissionMissing,
    RateLimited,
    TokenRefused,
)
from badgejobs.store import SqlStore
from badgejobs.store.tables import award

MEMBERS = ("ada", "bob", "cyd")


def test_earned_badges_reach_wix_once_with_one_query_and_one_create(
    store: SqlStore, clock: Clock
) -> None:
    at = Stage(store, clock)
    at.earn(*MEMBERS)

    assert at.assign_all() == {"claimed": 3, "created": 3}

    assert at.wix.standing == {("One Order", member): 1 for member in MEMBERS}
    assert len(at.wix.named("assignments")) == 1
    assert [len(call.pairs) for call in at.wix.named("create_many")] == [3]
    assert at.award("bob").giver is Giver.OURS
    assert at.award("bob").assignment_id


@pytest.mark.parametrize("members", [("ada",), MEMBERS])
def test_an_answer_lost_after_the_write_leads_to_exactly_one_assignment(
    store: SqlStore, clock: Clock, members: tuple[str, ...]
) -> None:
    at = Stage(store, clock)
    at.earn(*members)
    for name in ("create", "create_many"):
        at.wix.script(name, Fault(error=lost(), applied=True))

    assert at.assign_all() == {"claimed": len(members), "unknown": len(members)}
    at.wait(seconds=119)
    assert at.assign() is None, "nobody asks in the quiet period"
    at.wait(seconds=1)

    assert at.assign_all()["created"] == len(members)
    assert at.wix.standing == {("One Order", member): 1 for member in members}
    assert set(at.wix.sent.values()) == {1}
    assert {at.award(member).giver for member in members} == {Giver.OURS}


@pytest.mark.parametrize("members", [("ada",), MEMBERS])
def test_an_answer_lost_before_the_write_is_sent_again_after_two_empty_reads(
    store: SqlStore, clock: Clock, members: tuple[str, ...]
) -> None:
    at = Stage(store, clock)
    at.earn(*members)
    at.wix.script("create" if len(members) == 1 else "create_many", lost())
    at.assign_all()
    sent_at = clock()

    at.wait(seconds=120)
    assert at.assign_all()["unknown"] == len(members)
    at.wait(seconds=29)
    assert at.assign() is None
    at.wait(seconds=1)
    at.assign_all()

    assert at.wix.standing == {("One Order", member): 1 for member in members}
    assert set(at.wix.sent.values()) == {2}
    assert at.wix.named("create", "create_many")[-1].at - sent_at == timedelta(seconds=150)


def test_a_request_applied_long_after_its_time_out_is_not_sent_twice(
    store: SqlStore, clock: Clock
) -> None:
    at = Stage(store, clock)
    at.earn("ada")
    at.wix.lag = timedelta(seconds=20)
    late = TIMING.request_deadline + TIMING.late_apply
    at.wix.script("create", Fault(error=lost(), late=late))

    at.assign_all()
    at.wait(seconds=120)
    at.assign_all()

    assert at.wix.standing == {("One Order", "ada"): 1}
    assert at.wix.sent == {(at.wix_id(), "ada"): 1}
    assert at.award().giver is Giver.OURS


@pytest.mark.parametrize("applied", [True, False])
@pytest.mark.parametrize("members", [("ada",), MEMBERS])
def test_a_worker_that_dies_between_sending_and_the_answer_leaves_one_assignment(
    store: SqlStore, clock: Clock, members: tuple[str, ...], applied: bool
) -> None:
    at = Stage(store, clock)
    at.earn(*members)
    call = "create" if len(members) == 1 else "create_many"
    at.wix.script(call, Fault(error=WorkerKilled(), applied=applied))

    with pytest.raises(WorkerKilled):
        at.assign()
    assert at.award().state is State.INFLIGHT
    assert at.recover() == 0, "its claim still holds"
    at.wait(seconds=46)
    assert at.recover() == len(members)
    assert at.award().state is State.UNKNOWN
    assert at.assign() is None
    for _ in range(2):
        at.wait(seconds=120)
        at.assign_all()

    assert at.wix.standing == {("One Order", member): 1 for member in members}
    assert set(at.wix.sent.values()) == {1 if applied else 2}


def test_a_worker_that_dies_before_it_sends_costs_only_its_claim(
    store: SqlStore, clock: Clock
) -> None:
    at = Stage(store, clock)
    at.earn("ada")
    at.wix.script("assignments", Fault(error=WorkerKilled()))

    with pytest.raises(WorkerKilled):
        at.assign()
    assert at.assign() is None
    at.wait(seconds=46)
    at.recover()

    assert at.assign_all() == {"claimed": 1, "created": 1}
    assert at.award().attempt == 1


def test_a_429_in_the_middle_costs_only_the_wait(store: SqlStore, clock: Clock) -> None:
    at = Stage(store, clock)
    at.earn(*MEMBERS)
    at.wix.script("create_many", RateLimited("slower", seconds=7))

    first = at.assign()
    assert first
    assert isinstance(first.error, RateLimited)
    assert (first.claimed, first.unknown) == (3, 0)
    assert at.award().attempt == 0
    at.wait(seconds=6)
    assert at.assign() is None
    at.wait(seconds=1)

    assert at.assign_all() == {"claimed": 3, "created": 3}


def test_a_429_on_the_query_gives_the_awards_back_untouched(store: SqlStore, clock: Clock) -> None:
    at = Stage(store, clock)
    at.earn(*MEMBERS)
    at.wix.script("assignments", RateLimited("slower", seconds=7))

    first = at.assign()
    assert first
    assert isinstance(first.error, RateLimited)
    assert at.awards(*MEMBERS) == {(member, "one-order"): State.PENDING for member in MEMBERS}
    assert at.wix.sent == {}
    at.wait(seconds=7)

    assert at.assign_all() == {"claimed": 3, "created": 3}


def test_a_lost_read_leaves_an_unknown_award_unknown(store: SqlStore, clock: Clock) -> None:
    at = Stage(store, clock)
    at.earn("ada")
    at.wix.script("create", lost())
    at.assign_all()
    at.wait(seconds=120)
    at.wix.script("assignments", lost())

    at.assign()

    assert (at.award().state, at.award().empty_reads) == (State.UNKNOWN, 0)
    assert at.award().claim is None


@pytest.mark.parametrize(
    "error", [NotSent("no route"), TokenRefused("401"), PermissionMissing("403"), Fenced("late")]
)
def test_what_surely_was_not_applied_waits_as_pending_and_counts_no_attempt(
    store: SqlStore, clock: Clock, error: BadgeJobsError
) -> None:
    at = Stage(store, clock)
    at.earn(*MEMBERS)
    at.wix.script("create_many", error)

    one = at.assign()

    assert one
    assert one.error is error
    award = at.award()
    assert (award.state, award.attempt, award.sent_at) == (State.PENDING, 0, None)
    assert award.not_before
    assert award.not_before > clock()


@pytest.mark.parametrize("habit", ["refuse", "return", "row"])
@pytest.mark.parametrize("lag", [0, 25])
def test_whatever_a_second_create_does_at_wix_it_is_never_called(
    store: SqlStore, clock: Clock, habit: Literal["refuse", "return", "row"], lag: int
) -> None:
    at = Stage(store, clock)
    at.wix.second_create = habit
    at.earn(*MEMBERS)
    at.wix.lag = timedelta(seconds=lag)
    at.wix.script("create_many", Fault(error=lost(), applied=True))

    for _ in range(8):
        at.assign_all()
        at.scan()
        at.recover()
        at.wait(seconds=60)

    assert set(at.wix.sent.values()) == {1}
    assert at.wix.standing == {("One Order", member): 1 for member in MEMBERS}


def test_the_third_lost_answer_ends_the_sending(store: SqlStore, clock: Clock) -> None:
    at = Stage(store, clock)
    at.earn("ada")
    at.wix.script("create", *[lost() for _ in range(9)])

    for _ in range(40):
        at.assign_all()
        at.wait(seconds=60)

    assert at.award().state is State.NEEDS_ATTENTION
    assert len(at.wix.named("create")) == 3


def test_a_bulk_item_without_a_word_is_unknown_and_the_others_stand(
    store: SqlStore, clock: Clock
) -> None:
    """Items that Wix counts as undetailed failures are settled by reading."""
    at = Stage(store, clock)
    at.earn(*MEMBERS)
    create = at.wix.create_assignments

    def undetailed(pairs: Sequence[tuple[str, str]], *, fence: Fence) -> list[Created]:
        made = create(pairs, fence=fence)
        return [made[0], Created(error=Ambiguous("not told")), made[2]]

    at.wix.create_assignments = undetailed  # type: ignore[method-assign]

    at.assign()
    states = at.awards(*MEMBERS)
    assert Counter(states.values()) == {State.ASSIGNED: 2, State.UNKNOWN: 1}
    at.wait(seconds=120)
    at.assign_all()

    assert set(at.awards(*MEMBERS).values()) == {State.ASSIGNED}
    assert at.wix.standing == {("One Order", member): 1 for member in MEMBERS}


def test_a_worker_that_stalls_before_the_write_sends_nothing(store: SqlStore, clock: Clock) -> None:
    at = Stage(store, clock)
    at.earn(*MEMBERS)
    at.wix.meanwhile("before create", lambda: at.wait(seconds=16))

    one = at.assign()

    assert one
    assert isinstance(one.error, Fenced)
    assert at.wix.sent == {}
    assert at.award().attempt == 0


def test_a_worker_that_stalls_while_another_takes_over_sends_nothing(
    store: SqlStore, clock: Clock
) -> None:
    at = Stage(store, clock)
    at.earn(*MEMBERS)

    def stall() -> None:
        at.wait(seconds=60)
        at.recover()
        at.assign_all()

    at.wix.meanwhile("assignments", stall)

    at.assign()

    assert set(at.wix.sent.values()) == {1}
    assert set(at.awards(*MEMBERS).values()) == {State.ASSIGNED}


def test_a_worker_that_stalls_after_sending_does_not_write_over_what_was_found(
    store: SqlStore, clock: Clock
) -> None:
    at = Stage(store, clock)
    at.earn("ada")

    def stall() -> None:
        at.wait(seconds=60)
        at.recover()

    at.wix.meanwhile("create", stall)
    at.assign()
    assert at.award().state is State.UNKNOWN, "its claim is gone, and its answer comes too late"
    at.wait(seconds=120)
    at.assign_all()

    assert at.award().state is State.ASSIGNED
    assert at.wix.sent == {(at.wix_id(), "ada"): 1}


@pytest.mark.parametrize("members", [("ada",), MEMBERS])
def test_what_another_hand_moved_on_is_not_sent_though_the_claim_has_the_same_name(
    store: SqlStore, clock: Clock, members: tuple[str, ...]
) -> None:
    at = Stage(store, clock)
    at.earn(*members)

    def move_on() -> None:
        with store.begin() as tx:
            tx._connection.execute(
                update(award).where(award.c.member_id == "ada").values(attempt=award.c.attempt + 1)
            )

    at.wix.meanwhile("before create", move_on)
    one = at.assign()

    assert one
    assert isinstance(one.error, Fenced)
    assert at.wix.sent == {}
    moved = at.award("ada")
    assert (moved.state, moved.attempt) == (State.INFLIGHT, 2), "it is the other hand's to settle"
    assert set(at.awards(*members[1:]).values()) <= {State.PENDING}
    at.wait(seconds=46)
    at.recover()
    for _ in range(3):
        at.wait(seconds=120)
        at.assign_all()
    assert at.wix.standing == {("One Order", member): 1 for member in members}


@pytest.mark.parametrize("stands", [True, False])
def test_who_reaches_a_higher_tier_is_decided_in_the_same_transaction(
    store: SqlStore, clock: Clock, stands: bool
) -> None:
    """The lower tier can go as soon as the higher stands, whoever put it there."""
    higher = replace(TWO_ORDERS, ladder="orders")
    lower = replace(ONE_ORDER, ladder="orders", above=(higher,))
    at = Stage(store, clock, lower, higher)
    at.provision()
    at.orders.put(at.order("o1"))
    at.scan()
    at.assign_all()
    at.record(at.order("o2"))
    earned = Earned(member_id="ada", badge=higher.badge, earned_at=clock())
    with store.begin() as tx:
        tx.awards.open(at.site, [earned], rules_version=at.rules.version)
    if stands:
        at.wix.give(at.wix_id(higher.badge), "ada")
    assert at.award(badge=lower.badge).unmet_since is None

    at.assign()

    assert at.award(badge=higher.badge).state is State.ASSIGNED
    assert at.award(badge=lower.badge).state is State.ASSIGNED
    assert at.award(badge=lower.badge).unmet_since == clock()


def test_two_assigners_at_once_create_each_pair_exactly_once(store: SqlStore, clock: Clock) -> None:
    members = [f"m{n:02}" for n in range(40)]
    at = Stage(store, clock, ONE_ORDER, TWO_ORDERS, page_size=100, batch=7)
    at.wix.second_create = "row"
    at.earn(*members)

    with ThreadPoolExecutor(4) as workers:
        done = [workers.submit(at.assign_all) for _ in range(4)]
        totals = sum((one.result() for one in done), Counter[str]())

    assert totals == {"claimed": 80, "created": 80}
    assert len(at.wix.standing) == 80
    assert set(at.wix.standing.values()) == {1}
    assert set(at.wix.sent.values()) == {1}


def test_awards_of_a_badge_that_is_not_bound_wait(store: SqlStore, clock: Clock) -> None:
    at = Stage(store, clock)
    at.orders.put(at.order("o1"))
    at.scan()

    assert at.assign() is None
    at.provision()
    assert at.assign_all() == {"claimed": 1, "created": 1}


def test_awards_of_a_badge_that_left_the_rules_are_withdrawn_and_not_sent(
    store: SqlStore, clock: Clock
) -> None:
    at = Stage(store, clock, ONE_ORDER, TWO_ORDERS)
    at.earn("ada")
    at.rules = rules_of(ONE_ORDER, version="v2")
    assert at.assign_all() == {"claimed": 2, "created": 1, "withdrawn": 1}
    assert at.wix.standing == {("One Order", "ada"): 1}


def test_a_second_badge_of_one_member_is_not_taken_for_the_first(
    store: SqlStore, clock: Clock
) -> None:
    """The query asks for more pairs than are wanted; only the wanted ones are read from it."""
    at = Stage(store, clock, ONE_ORDER, TWO_ORDERS)
    at.provision()
    at.orders.put(at.order("a1"), at.order("b1", "bob"), at.order("b2", "bob"))
    at.scan()
    at.wix.give(at.wix_id("two-orders"), "ada")

    at.assign_all()

    assert at.wix.standing == {
        ("Two Orders", "ada"): 1,
        ("One Order", "ada"): 1,
        ("One Order", "bob"): 1,
        ("Two Orders", "bob"): 1,
    }
    assert (at.wix_id("two-orders"), "ada") not in at.wix.sent


def test_where_a_pair_stands_twice_the_oldest_tells_who_gave_it(
    store: SqlStore, clock: Clock
) -> None:
    at = Stage(store, clock)
    at.earn("ada")
    at.wix.second_create = "row"
    first = at.wix.give(at.wix_id(), "ada")
    at.wait(seconds=1)
    at.wix.give(at.wix_id(), "ada")

    at.assign_all()

    assert at.award().assignment_id == first.id
