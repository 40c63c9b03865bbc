from __future__ import annotations

from datetime import timedelta

import pytest
from stage import TWO_ORDERS, Clock, Stage
from wix_double import Fault, lost

from badgejobs.core.activity import Mark
from badgejobs.core.award import Giver, State
from badgejobs.errors import (
    AlreadyExists,
    Ambiguous,
    BadgeJobsError,
    NotFound,
    RateLimited,
    Refused,
)
from badgejobs.store import SqlStore

MEMBERS = ("ada", "bob", "cyd")


def test_a_member_unknown_to_wix_blocks_that_award_only(store: SqlStore, clock: Clock) -> None:
    at = Stage(store, clock)
    at.earn(*MEMBERS)
    at.wix.members_gone.add("bob")

    assert at.assign_all() == {"claimed": 3, "created": 2, "refused": 1}

    assert at.award("bob").state is State.BLOCKED
    assert "bob" not in at.award("bob").reason
    at.wait(days=1)
    assert at.assign() is None, "it is not tried again"


def test_one_bad_item_that_spoils_the_bulk_blocks_that_award_only(
    store: SqlStore, clock: Clock
) -> None:
    at = Stage(store, clock)
    at.earn(*MEMBERS)
    at.wix.script("create_many", Refused("an item is invalid"))
    at.wix.script("create", None, Refused("this member cannot have badges"))

    assert at.assign_all() == {"claimed": 3, "created": 2, "refused": 1}

    states = at.awards(*MEMBERS)
    assert states["bob", "one-order"] is State.BLOCKED
    assert at.wix.standing == {("One Order", "ada"): 1, ("One Order", "cyd"): 1}


def test_one_by_one_a_429_stops_the_rest_and_nothing_is_lost_or_doubled(
    store: SqlStore, clock: Clock
) -> None:
    at = Stage(store, clock)
    at.earn(*MEMBERS)
    at.wix.script("create_many", Refused("an item is invalid"))
    at.wix.script("create", None, RateLimited("slower", seconds=7))

    first = at.assign()
    assert first
    assert isinstance(first.error, RateLimited)
    assert first.created == 1
    assert len(at.wix.named("create")) == 2, "the third is not even tried"
    at.wait(seconds=60)
    at.assign_all()

    assert at.wix.standing == {("One Order", member): 1 for member in MEMBERS}


def test_one_by_one_a_lost_answer_leaves_only_its_own_award_unknown(
    store: SqlStore, clock: Clock
) -> None:
    at = Stage(store, clock)
    at.earn(*MEMBERS)
    at.wix.script("create_many", Refused("an item is invalid"))
    at.wix.script("create", None, Fault(error=lost(), applied=True))

    at.assign()

    states = at.awards(*MEMBERS)
    assert states["ada", "one-order"] is State.ASSIGNED
    assert states["bob", "one-order"] is State.UNKNOWN
    assert states["cyd", "one-order"] is State.PENDING
    for _ in range(3):
        at.wait(seconds=120)
        at.assign_all()
    assert at.wix.standing == {("One Order", member): 1 for member in MEMBERS}


@pytest.mark.parametrize("members", [("ada",), MEMBERS])
def test_a_badge_gone_from_wix_pauses_its_awards(
    store: SqlStore, clock: Clock, members: tuple[str, ...]
) -> None:
    at = Stage(store, clock)
    at.earn(*members)
    at.wix.drop_badge(at.wix_id())

    assert at.assign_all() == {"claimed": len(members), "refused": len(members)}

    assert set(at.awards(*members).values()) == {State.PAUSED}


def test_a_badge_is_never_made_again_by_itself(store: SqlStore, clock: Clock) -> None:
    at = Stage(store, clock)
    at.earn("ada")
    at.wix.drop_badge(at.wix_id())
    at.assign_all()

    at.provision()
    at.assign_all()

    assert at.wix.titles == []


def test_a_409_is_a_success_and_a_persons(store: SqlStore, clock: Clock) -> None:
    at = Stage(store, clock)
    at.earn("ada")
    at.wix.lag = timedelta(seconds=5)
    at.wix.give(at.wix_id(), "ada")

    assert at.assign_all() == {"claimed": 1, "found": 1}

    assert (at.award().state, at.award().giver) == (State.ASSIGNED, Giver.PERSON)
    assert at.wix.standing == {("One Order", "ada"): 1}


def test_a_create_answered_with_a_persons_badge_is_recorded_as_a_persons(
    store: SqlStore, clock: Clock
) -> None:
    at = Stage(store, clock)
    at.earn("ada")
    at.wix.second_create = "return"
    at.wix.lag = timedelta(minutes=5)
    at.wix.give(at.wix_id(), "ada")
    at.wait(minutes=1)

    at.assign_all()

    assert (at.award().state, at.award().giver) == (State.ASSIGNED, Giver.PERSON)


def test_a_badge_that_a_person_gave_first_is_theirs_and_not_created(
    store: SqlStore, clock: Clock
) -> None:
    at = Stage(store, clock)
    at.earn("ada", "bob")
    given = at.wix.give(at.wix_id(), "ada")

    assert at.assign_all() == {"claimed": 2, "found": 1, "created": 1}

    assert (at.award("ada").giver, at.award("ada").assignment_id) == (Giver.PERSON, given.id)
    assert at.wix.sent == {(at.wix_id(), "bob"): 1}


def test_a_refund_before_the_assignment_withdraws_it_and_nothing_is_sent(
    store: SqlStore, clock: Clock
) -> None:
    at = Stage(store, clock, TWO_ORDERS)
    at.earn("ada")
    at.wait(minutes=1)
    at.orders.put(at.order("ada-2", revision=2, marks=[Mark.PAID, Mark.REFUNDED]))

    assert at.scan().withdrawn == 1

    assert at.award().state is State.WITHDRAWN
    assert at.assign() is None
    assert at.wix.sent == {}


def test_a_refund_that_nobody_decided_yet_is_seen_right_before_sending(
    store: SqlStore, clock: Clock
) -> None:
    at = Stage(store, clock, TWO_ORDERS)
    at.earn("ada")
    refunded = at.order("ada-2", revision=2, marks=[Mark.PAID, Mark.REFUNDED])
    with store.begin() as tx:
        tx.activities.record([refunded], site=at.site, source="orders", generation=0)

    assert at.assign_all() == {"claimed": 1, "withdrawn": 1}
    assert at.wix.sent == {}


def test_what_was_withdrawn_and_is_earned_again_opens_again(store: SqlStore, clock: Clock) -> None:
    at = Stage(store, clock, TWO_ORDERS)
    at.earn("ada")
    at.wait(minutes=1)
    at.orders.put(at.order("ada-2", revision=2, marks=[Mark.PAID, Mark.REFUNDED]))
    at.scan()
    at.wait(minutes=1)
    at.orders.put(at.order("ada-3"))

    assert at.scan().opened == 1
    assert at.assign_all() == {"claimed": 1, "created": 1}

    assert at.award().earned_at == clock()
    with store.begin() as tx:
        changes = [one.to_state for one in tx.awards.history(at.site, "ada")]
    assert changes == [
        State.PENDING,
        State.WITHDRAWN,
        State.PENDING,
        State.INFLIGHT,
        State.ASSIGNED,
    ]


def test_a_refund_while_the_answer_is_lost_is_settled_by_reading_and_not_sent_again(
    store: SqlStore, clock: Clock
) -> None:
    at = Stage(store, clock, TWO_ORDERS)
    at.earn("ada")
    at.wix.script("create", lost())
    at.assign_all()
    at.wait(minutes=1)
    at.orders.put(at.order("ada-2", revision=2, marks=[Mark.PAID, Mark.REFUNDED]))
    at.scan()
    assert at.award().state is State.UNKNOWN
    for _ in range(4):
        at.wait(seconds=120)
        at.assign_all()

    assert at.award().state is State.WITHDRAWN
    assert len(at.wix.named("create")) == 1


def test_a_lookup_that_fails_after_a_404_decides_nothing(store: SqlStore, clock: Clock) -> None:
    at = Stage(store, clock)
    at.earn("ada")
    at.wix.script("create", NotFound("badge or member"))
    at.wix.script("get_badge", Ambiguous("no answer"))

    at.assign_all()

    assert at.award().state is State.PENDING
    at.wait(seconds=10)
    at.assign_all()
    assert at.wix.standing == {("One Order", "ada"): 1}


@pytest.mark.parametrize("word", [AlreadyExists("409"), NotFound("404")])
def test_a_word_about_one_thing_in_answer_to_a_bulk_proves_nothing_of_its_items(
    store: SqlStore, clock: Clock, word: BadgeJobsError
) -> None:
    at = Stage(store, clock)
    at.earn(*MEMBERS)
    at.wix.script("create_many", word)

    at.assign_all()

    assert at.wix.named("create") == [], "some may have been given before that word"
    for _ in range(2):
        at.wait(seconds=120)
        at.assign_all()
    assert at.wix.standing == {("One Order", member): 1 for member in MEMBERS}


def test_what_was_lost_together_is_sent_again_alone(store: SqlStore, clock: Clock) -> None:
    """One member over whom Wix stumbles takes no other along for ever."""
    at = Stage(store, clock)
    at.earn(*MEMBERS)
    at.wix.script("create_many", lost())

    at.assign_all()
    for _ in range(2):
        at.wait(seconds=120)
        at.assign_all()

    assert at.wix.standing == {("One Order", member): 1 for member in MEMBERS}
    assert len(at.wix.named("create_many")) == 1
    assert len(at.wix.named("create")) == len(MEMBERS)


def test_what_needs_attention_can_be_tried_again_by_hand(store: SqlStore, clock: Clock) -> None:
    at = Stage(store, clock)
    at.earn("ada")
    at.wix.script("create", lost(), lost(), lost())
    for _ in range(9):
        at.assign_all()
        at.wait(seconds=120)
    assert at.award().state is State.NEEDS_ATTENTION

    with store.begin() as tx:
        assert tx.awards.revive(at.site) == 1
    for _ in range(2):
        at.assign_all()
        at.wait(seconds=120)

    assert at.wix.standing == {("One Order", "ada"): 1}
