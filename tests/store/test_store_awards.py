"""The ledger: one hand at a time, and every change remembered."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta

import pytest
from databases import Clock

from badgejobs.core.award import Award, Giver, State, Timing, Unmet
from badgejobs.core.ledger import Claimed, Earned, Lapse
from badgejobs.store import SqlStore

TIMING = Timing()
QUIET = TIMING.quiet_period


def open_awards(store: SqlStore, clock: Clock, *members: str, bound: bool = True) -> int:
    with store.begin() as tx:
        if bound:
            tx.bindings.bind("s", "regular", "wix-regular")
        earned = [Earned(member_id=m, badge="regular", earned_at=clock.now) for m in members]
        return tx.awards.open("s", earned, rules_version="v1")


def claim(store: SqlStore, limit: int = 100) -> Claimed | None:
    with store.begin() as tx:
        return tx.awards.claim("s", limit=limit, holds=TIMING.claim)


def claimed(store: SqlStore, limit: int = 100) -> Claimed:
    batch = claim(store, limit)
    assert batch is not None
    return batch


def settle(store: SqlStore, token: str, *awards: Award) -> int:
    with store.begin() as tx:
        return tx.awards.settle(awards, claim=token)


def stands(store: SqlStore, member: str = "ada") -> Award:
    with store.read() as tx:
        return tx.awards.of_members("s", [member])[member, "regular"]


def turns(store: SqlStore, member: str = "ada") -> list[tuple[State | None, State, str]]:
    with store.read() as tx:
        return [
            (one.from_state, one.to_state, one.reason) for one in tx.awards.history("s", member)
        ]


def test_an_award_is_opened_once_however_often_it_is_earned(store: SqlStore, clock: Clock) -> None:
    assert open_awards(store, clock, "ada", "bob", "ada") == 2
    assert open_awards(store, clock, "ada", "cy") == 1
    assert stands(store) == Award(
        site="s",
        member_id="ada",
        badge="regular",
        state=State.PENDING,
        earned_at=clock.now,
        rules_version="v1",
    )
    assert turns(store) == [(None, State.PENDING, "")]
    with store.read() as tx:
        assert tx.awards.states("s") == {("regular", State.PENDING): 3}


def test_a_claim_is_what_was_taken_and_nobody_else_takes_it(store: SqlStore, clock: Clock) -> None:
    open_awards(store, clock, "ada", "bob", "cy")
    first = claimed(store, limit=2)
    assert [one.member_id for one in first.awards] == ["ada", "bob"]
    assert first.wix_badge_ids == {"regular": "wix-regular"}
    assert first.awards[0].claimed_until == clock.now + TIMING.claim
    assert first.awards[0] == stands(store)
    assert [one.member_id for one in claimed(store).awards] == ["cy"]
    assert claim(store) is None


def test_four_claimers_at_once_share_the_awards_without_a_double(
    store: SqlStore, clock: Clock
) -> None:
    open_awards(store, clock, *(f"m{n:03}" for n in range(200)))

    def work(_: int) -> list[str]:
        mine = []
        while batch := claim(store, limit=7):
            mine += [one.member_id for one in batch.awards]
            settle(store, batch.token, *(one.given("w", Giver.OURS) for one in batch.awards))
        return mine

    with ThreadPoolExecutor(4) as pool:
        members = [member for part in pool.map(work, range(4)) for member in part]
    with store.read() as tx:
        assert tx.awards.states("s") == {("regular", State.ASSIGNED): 200}
    assert len(members) == len(set(members)) == 200


def test_an_award_whose_badge_is_not_bound_waits(store: SqlStore, clock: Clock) -> None:
    open_awards(store, clock, "ada", bound=False)
    with store.begin() as tx:
        assert tx.awards.due_sites(["s"], 9) == []
        assert tx.awards.next_due_at("s") is None
    assert claim(store) is None
    open_awards(store, clock)
    with store.begin() as tx:
        assert tx.awards.due_sites(["s"], 9) == ["s"]
        assert tx.awards.next_due_at("s") == clock.now
    assert claim(store) is not None


def test_a_sent_award_keeps_its_claim_and_a_given_one_gives_it_back(
    store: SqlStore, clock: Clock
) -> None:
    open_awards(store, clock, "ada")
    batch = claimed(store)
    clock.advance(seconds=10)
    sent = batch.awards[0].sent(clock.now, TIMING)
    assert settle(store, batch.token, sent) == 1
    assert stands(store) == replace(sent, has_slot=True)
    given = sent.given("assignment", Giver.OURS)
    assert settle(store, batch.token, given) == 1
    assert stands(store) == replace(given, has_slot=True)
    assert settle(store, batch.token, given) == 0
    assert turns(store) == [
        (None, State.PENDING, ""),
        (State.PENDING, State.INFLIGHT, ""),
        (State.INFLIGHT, State.ASSIGNED, ""),
    ]


def test_a_worker_that_lost_its_claim_settles_nothing(store: SqlStore, clock: Clock) -> None:
    open_awards(store, clock, "ada")
    stale = claimed(store)
    clock.advance(seconds=46)
    fresh = claimed(store)
    assert settle(store, stale.token, stale.awards[0].sent(clock.now, TIMING)) == 0
    assert stands(store) == fresh.awards[0]


def test_a_settling_does_not_undo_what_decide_corrected_meanwhile(
    store: SqlStore, clock: Clock
) -> None:
    open_awards(store, clock, "ada")
    batch = claimed(store)
    earlier = clock.now - timedelta(days=3)
    with store.begin() as tx:
        found = [Earned(member_id="ada", badge="regular", earned_at=earlier)]
        tx.awards.correct("s", found)
    settle(store, batch.token, batch.awards[0].given("w", Giver.OURS))
    assert stands(store).earned_at == earlier
    assert len(turns(store)) == 2


def test_holds_says_whether_all_are_in_hand_for_long_enough(store: SqlStore, clock: Clock) -> None:
    open_awards(store, clock, "ada", "bob")
    batch = claimed(store)

    def holds(seconds: int, token: str = batch.token) -> bool:
        with store.read() as tx:
            return tx.awards.holds(batch.awards, claim=token, at_least=timedelta(seconds=seconds))

    assert holds(45)
    assert not holds(46)
    assert not holds(1, token="another")
    settle(store, batch.token, batch.awards[0].released(clock.now, wait=0))
    assert not holds(1)


def test_a_worker_lost_while_sending_leaves_an_unknown_and_else_a_free_award(
    store: SqlStore, clock: Clock
) -> None:
    open_awards(store, clock, "ada", "bob")
    batch = claimed(store)
    ada, bob = batch.awards
    settle(store, batch.token, ada.sent(clock.now, TIMING))

    def recover() -> int:
        with store.begin() as tx:
            return tx.awards.recover(quiet_period=QUIET)

    clock.advance(seconds=45)
    assert recover() == 0
    clock.advance(seconds=1)
    assert recover() == 2
    assert recover() == 0
    unknown = stands(store)
    assert unknown.state is State.UNKNOWN
    assert unknown.not_before == clock.now + QUIET
    assert (unknown.claim, unknown.attempt) == (None, 1)
    assert turns(store)[-1] == (State.INFLIGHT, State.UNKNOWN, "worker lost while sending")
    assert stands(store, "bob") == replace(bob, claim=None, claimed_until=None)
    assert len(turns(store, "bob")) == 1

    assert [one.member_id for one in claimed(store).awards] == ["bob"]
    clock.advance(seconds=120)
    assert "ada" in {one.member_id for one in claimed(store).awards}


def test_the_next_moment_of_work_is_told(store: SqlStore, clock: Clock) -> None:
    open_awards(store, clock, "ada")

    def next_due_in() -> timedelta | None:
        with store.read() as tx:
            at = tx.awards.next_due_at("s")
        return at - clock.now if at else None

    batch = claimed(store)
    assert next_due_in() == TIMING.claim
    settle(store, batch.token, batch.awards[0].not_sent(clock.now, wait=7, reason="paced"))
    assert next_due_in() == timedelta(seconds=7)
    assert claim(store) is None
    clock.advance(seconds=7)
    batch = claimed(store)
    settle(store, batch.token, batch.awards[0].given("w", Giver.OURS))
    assert next_due_in() is None


def test_only_what_is_pending_and_in_nobodys_hand_is_withdrawn(
    store: SqlStore, clock: Clock
) -> None:
    open_awards(store, clock, "ada", "bob", "cy")
    batch = claimed(store, limit=1)

    def withdraw(*members: str) -> int:
        with store.begin() as tx:
            return tx.awards.withdraw("s", [(m, "regular") for m in members], reason="unmet")

    assert withdraw("ada", "bob", "nobody") == 1
    assert stands(store, "bob").state is State.WITHDRAWN
    assert turns(store, "bob")[-1] == (State.PENDING, State.WITHDRAWN, "unmet")
    settle(store, batch.token, batch.awards[0].given("w", Giver.PERSON))
    assert withdraw("ada", "bob") == 0


def test_a_withdrawn_award_that_is_earned_again_begins_anew(store: SqlStore, clock: Clock) -> None:
    open_awards(store, clock, "ada")
    batch = claimed(store)
    late = replace(batch.awards[0].not_sent(clock.now, wait=900, reason="paced"), attempt=2)
    settle(store, batch.token, late)
    with store.begin() as tx:
        assert tx.awards.withdraw("s", [("ada", "regular")], reason="unmet") == 1
    clock.advance(days=1)
    assert open_awards(store, clock, "ada") == 1
    again = stands(store)
    assert (again.state, again.attempt, again.not_before) == (State.PENDING, 0, None)
    assert again.earned_at == clock.now
    assert turns(store)[-1] == (State.WITHDRAWN, State.PENDING, "")


def test_a_rollback_leaves_neither_award_nor_history(store: SqlStore, clock: Clock) -> None:
    def fall() -> None:
        with store.begin() as tx:
            earned = [Earned(member_id="ada", badge="regular", earned_at=clock.now)]
            tx.awards.open("s", earned, rules_version="v1")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fall()
    with store.read() as tx:
        assert tx.awards.states("s") == {}
        assert tx.awards.history("s", "ada") == []


def test_the_site_that_waits_longest_is_served_first(store: SqlStore, clock: Clock) -> None:
    for site in ("late", "early", "unbound"):
        with store.begin() as tx:
            if site != "unbound":
                tx.bindings.bind(site, "b", f"wix-{site}")
            earned_at = clock.now if site == "late" else clock.now - timedelta(hours=1)
            earned = [Earned(member_id="ada", badge="b", earned_at=earned_at)]
            tx.awards.open(site, earned, rules_version="v1")
        clock.now -= timedelta(minutes=5)
    clock.advance(hours=1)
    with store.read() as tx:
        assert tx.awards.due_sites(["early", "late"], 9) == ["early", "late"]
        assert tx.awards.due_sites(["early", "late"], 1) == ["early"]


def test_a_settling_does_not_undo_what_was_noted_meanwhile(store: SqlStore, clock: Clock) -> None:
    open_awards(store, clock, "ada")
    batch = claimed(store)
    sent = batch.awards[0].sent(clock.now, TIMING)
    settle(store, batch.token, sent.given("a1", Giver.OURS))
    lapse = Lapse(
        member_id="ada",
        badge="regular",
        because=Unmet.CONDITION,
        since=clock.now,
        goes_at=clock.now,
    )
    later = clock.now + timedelta(days=3)
    with store.begin() as tx:
        tx.awards.mark("s", [lapse])
        in_hand = tx.removals.claim("s", limit=1, holds=TIMING.claim)
        assert in_hand
        tx.awards.mark("s", [replace(lapse, goes_at=later)])

    settle(store, in_hand.token, in_hand.awards[0].released(clock.now, wait=0))

    award = stands(store)
    assert (award.claim, award.unmet_since, award.revoke_at) == (None, clock.now, later)
