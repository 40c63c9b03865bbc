"""A send is checked to the very attempt, and what was lost before is remembered."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from databases import Clock
from sqlalchemy import update

from badgejobs.core.award import Award, Giver, State, Timing
from badgejobs.core.ledger import Claimed, Earned
from badgejobs.store import SqlStore
from badgejobs.store.tables import award

TIMING = Timing()
DEADLINE = TIMING.request_deadline


def in_flight(store: SqlStore, clock: Clock, *members: str) -> tuple[Claimed, list[Award]]:
    """Awards of these members, claimed and about to be sent."""
    with store.begin() as tx:
        tx.bindings.bind("s", "regular", "wix-regular")
        earned = [Earned(member_id=m, badge="regular", earned_at=clock.now) for m in members]
        tx.awards.open("s", earned, rules_version="v1")
        claimed = tx.awards.claim("s", limit=100, holds=TIMING.claim)
    assert claimed
    sending = [one.sent(clock.now, TIMING) for one in claimed.awards]
    with store.begin() as tx:
        tx.awards.settle(sending, claim=claimed.token, was=claimed.awards)
    return claimed, sending


def holds(store: SqlStore, awards: list[Award], claim: str) -> bool:
    with store.begin() as tx:
        return tx.awards.holds(awards, claim=claim, at_least=DEADLINE)


@pytest.mark.parametrize("moved", [{"attempt": 2}, {"state": State.UNKNOWN}, {"claim": "other"}])
def test_what_moved_on_is_not_held_though_its_neighbours_are(
    store: SqlStore, clock: Clock, moved: dict[str, object]
) -> None:
    claimed, sending = in_flight(store, clock, "ada", "bob")
    assert holds(store, sending, claimed.token)
    with store.begin() as tx:
        tx._connection.execute(update(award).where(award.c.member_id == "bob").values(moved))

    assert not holds(store, sending, claimed.token)
    assert holds(store, sending[:1], claimed.token)


def test_a_lease_that_is_shorter_than_a_request_does_not_hold(
    store: SqlStore, clock: Clock
) -> None:
    claimed, sending = in_flight(store, clock, "ada")
    clock.advance(seconds=15)
    assert holds(store, sending, claimed.token)
    clock.advance(seconds=1)
    assert not holds(store, sending, claimed.token)


@pytest.mark.parametrize("moved", [{"attempt": 2}, {"state": State.UNKNOWN}])
def test_what_moved_on_is_not_settled_by_the_attempt_before(
    store: SqlStore, clock: Clock, moved: dict[str, object]
) -> None:
    claimed, sending = in_flight(store, clock, "ada", "bob")
    with store.begin() as tx:
        tx._connection.execute(update(award).where(award.c.member_id == "bob").values(moved))
    freed = [one.not_sent(clock.now, wait=1, reason="late") for one in sending]

    with store.begin() as tx:
        assert tx.awards.settle(freed, claim=claimed.token, was=sending) == 1
        stands = tx.awards.of_members("s", ["ada", "bob"])
    assert stands["ada", "regular"].state is State.PENDING
    assert stands["bob", "regular"].claim == claimed.token


def test_only_the_sendings_whose_answers_were_lost_are_told(store: SqlStore, clock: Clock) -> None:
    sent_at = clock.now
    claimed, (first,) = in_flight(store, clock, "ada")
    with store.begin() as tx:
        gone = first.lost(clock.now, TIMING, reason="reset")
        tx.awards.settle([gone], claim=claimed.token)
    for seconds, settle in ((150, "not sent"), (10, "given")):
        clock.advance(seconds=seconds)
        with store.begin() as tx:
            tx._connection.execute(update(award).values(state=State.PENDING, not_before=None))
            again = tx.awards.claim("s", limit=1, holds=TIMING.claim)
            assert again
            sent = again.awards[0].sent(clock.now, TIMING)
            tx.awards.settle([sent], claim=again.token)
            after = (
                sent.not_sent(clock.now, wait=0, reason="429")
                if settle == "not sent"
                else sent.given("w", Giver.OURS)
            )
            tx.awards.settle([after], claim=again.token)

    with store.read() as tx:
        assert tx.awards.lost_sendings("s", {("ada", "regular")}) == {("ada", "regular"): [sent_at]}
        assert tx.awards.lost_sendings("s", {("bob", "regular")}) == {}


def test_a_claim_takes_what_is_to_be_read_beside_a_few_that_are_to_be_sent(
    store: SqlStore, clock: Clock
) -> None:
    claimed, sending = in_flight(store, clock, *(f"u{n}" for n in range(5)))
    with store.begin() as tx:
        gone = [one.lost(clock.now, TIMING, reason="reset") for one in sending]
        tx.awards.settle(gone, claim=claimed.token)
        earned = [Earned(member_id=f"p{n}", badge="regular", earned_at=clock.now) for n in range(9)]
        tx.awards.open("s", earned, rules_version="v1")
    clock.advance(seconds=120)

    with store.begin() as tx:
        batch = tx.awards.claim("s", limit=8, to_send=2, holds=TIMING.claim)

    assert batch
    states = [one.state for one in batch.awards]
    assert (states.count(State.UNKNOWN), states.count(State.PENDING)) == (5, 2)


def test_the_size_of_bulk_calls_is_cut_and_grows_back(store: SqlStore, clock: Clock) -> None:
    del clock
    seen = []
    with store.begin() as tx:
        assert tx.awards.bulk_size("s", usual=100) == 100
        tx.awards.bulk_answered("s", usual=100, cut_to=20)
        for _ in range(4):
            seen.append(tx.awards.bulk_size("s", usual=100))
            tx.awards.bulk_answered("s", usual=100, cut_to=None)
        assert tx.awards.bulk_size("other", usual=100) == 100
        tx.awards.bulk_answered("s", usual=10, cut_to=20)
        assert tx.awards.bulk_size("s", usual=10) == 10, "never more than usual"
    assert seen == [20, 40, 80, 100]


def test_a_waiting_award_is_no_reason_to_stay_awake_for_who_leaves_the_cap_aside(
    store: SqlStore, clock: Clock
) -> None:
    with store.begin() as tx:
        tx.bindings.bind("s", "regular", "wix-regular")
        earned = [Earned(member_id=m, badge="regular", earned_at=clock.now) for m in "abc"]
        tx.awards.open("s", earned, rules_version="v1")
        batch = tx.awards.claim("s", limit=9, holds=TIMING.claim, most_an_hour=1)
        assert batch
        given = [one.given("w", Giver.OURS) for one in batch.awards]
        sent = [replace(one, sent_at=clock.now, attempt=1) for one in given]
        tx.awards.settle(sent, claim=batch.token)

    with store.begin() as tx:
        assert tx.awards.next_due_at("s", capped=False) is None
        assert tx.awards.next_due_at("s") == clock.now + timedelta(hours=1)
        assert tx.awards.due_sites(["s"], 9) == []
