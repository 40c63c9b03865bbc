"""A bound badge and its awards as one: what was done to it, gone, and begun anew."""

from __future__ import annotations

from dataclasses import replace

import pytest
from databases import Clock

from badgejobs.core.award import (
    BADGE_GONE,
    BEGINS_WITH_BADGE,
    WAITS_WITH_BADGE,
    Award,
    State,
    Timing,
)
from badgejobs.core.ledger import Bound, Earned
from badgejobs.core.milestone import Look
from badgejobs.errors import Later
from badgejobs.store import SqlStore

TIMING = Timing()
LOOK = Look(title="Regular", description='Ten "visits"', icon="https://x/é.png")
ALL = ("ada", "bob", "cyd")


def opened(store: SqlStore, clock: Clock, *members: str, badge: str = "regular") -> None:
    with store.begin() as tx:
        tx.bindings.bind("s", badge, f"wix-{badge}")
        earned = [Earned(member_id=m, badge=badge, earned_at=clock.now) for m in members]
        tx.awards.open("s", earned, rules_version="v1")


def stands(store: SqlStore, badge: str = "regular") -> dict[str, Award]:
    with store.read() as tx:
        awards = tx.awards.of_members("s", ALL)
    return {member: one for (member, of), one in awards.items() if of == badge}


def gone(store: SqlStore, badge: str = "regular") -> int:
    with store.begin() as tx:
        tx.bindings.note_gone("s", badge)
        return tx.awards.turn_all("s", badge, Award.badge_gone, of=WAITS_WITH_BADGE, limit=100)


def test_all_that_is_known_of_a_bound_badge_is_kept(store: SqlStore, clock: Clock) -> None:
    with store.begin() as tx:
        tx.bindings.bind("s", "regular", "wix-1")
        tx.bindings.note_look("s", "regular", LOOK)
        assert tx.bindings.note_titles("s", {"regular": "Regular"}) == {}
        tx.bindings.note_places("s", {"regular": 3})
        tx.bindings.note_permissions("s", {"regular": True})
        tx.bindings.bind("s", "regular", "wix-1")
    bound_at = clock.now
    with store.begin() as tx:
        assert tx.bindings.bound("s") == {
            "regular": Bound(
                badge="regular", wix_badge_id="wix-1", bound_at=bound_at, opens_pages=True,
                look=LOOK, title="Regular", place=3,
            )
        }  # fmt: skip
        assert tx.bindings.note_titles("s", {"regular": "Stammgast"}) == {"regular": "Regular"}
        assert tx.bindings.note_titles("s", {"regular": "Stammgast", "other": "?"}) == {}
        tx.bindings.note_look("s", "regular", None)
        assert tx.bindings.bound("s")["regular"].look is None
        assert tx.bindings.bound("t") == {}


def test_a_badge_that_is_bound_to_another_one_begins_as_new(store: SqlStore, clock: Clock) -> None:
    with store.begin() as tx:
        tx.bindings.bind("s", "regular", "wix-1")
        tx.bindings.note_look("s", "regular", LOOK)
        tx.bindings.note_places("s", {"regular": 3})
        assert tx.bindings.note_gone("s", "regular")
        assert not tx.bindings.note_gone("s", "regular")
        assert tx.bindings.gone("s") == {"regular"}
    clock.advance(hours=1)
    with store.begin() as tx:
        tx.bindings.bind("s", "regular", "wix-2")
        assert tx.bindings.gone("s") == frozenset()
        assert tx.bindings.bound("s")["regular"] == Bound(
            badge="regular", wix_badge_id="wix-2", bound_at=clock.now
        )


def test_a_gone_badge_is_created_in_the_place_of_that_one_and_of_no_later_one(
    store: SqlStore,
) -> None:
    with store.begin() as tx:
        tx.bindings.bind("s", "regular", "wix-1")
    with store.begin() as tx:
        tx.bindings.begin_create(
            "s", "regular", quiet_period=TIMING.quiet_period, instead_of="wix-1"
        )
    with store.begin() as tx:
        tx.bindings.bind("s", "regular", "wix-2")
    with pytest.raises(Later, match="bound just now"), store.begin() as tx:
        tx.bindings.begin_create(
            "s", "regular", quiet_period=TIMING.quiet_period, instead_of="wix-1"
        )


def test_nothing_of_a_badge_that_is_gone_is_claimed_due_or_revived(
    store: SqlStore, clock: Clock
) -> None:
    opened(store, clock, "ada")
    opened(store, clock, "bob", badge="fan")
    assert gone(store) == 1
    with store.begin() as tx:
        late = Earned(member_id="cyd", badge="regular", earned_at=clock.now)
        assert tx.awards.open("s", [late], rules_version="v1") == 1
        batch = tx.awards.claim("s", limit=10, holds=TIMING.claim)
        assert batch
        assert [one.badge for one in batch.awards] == ["fan"]
        assert tx.awards.due_sites(["s"], 10) == []
        assert tx.awards.next_due_at("s") == batch.awards[0].claimed_until
        assert tx.awards.revive("s") == 0
    assert stands(store)["ada"].state is State.PAUSED


def test_what_is_in_hand_is_left_to_the_hand(store: SqlStore, clock: Clock) -> None:
    opened(store, clock, "ada", "bob")
    with store.begin() as tx:
        batch = tx.awards.claim("s", limit=1, holds=TIMING.claim)
        assert batch
        sent = [one.sent(tx.now, TIMING) for one in batch.awards]
        tx.awards.settle(sent, claim=batch.token)

    assert gone(store) == 1

    with store.begin() as tx:
        assert tx.awards.in_hand("s", "regular")
        assert not tx.awards.in_hand("s", "fan")
    assert {one.state for one in stands(store).values()} == {State.INFLIGHT, State.PAUSED}
    with store.begin() as tx:
        tx.awards.settle([one.badge_gone() for one in sent], claim=batch.token)
        assert not tx.awards.in_hand("s", "regular")
    assert {one.reason for one in stands(store).values()} == {BADGE_GONE}


def test_an_award_that_begins_anew_keeps_its_place_and_forgets_what_was_sent(
    store: SqlStore, clock: Clock
) -> None:
    opened(store, clock, "ada", "bob")
    with store.begin() as tx:
        batch = tx.awards.claim("s", limit=1, holds=TIMING.claim)
        assert batch
        sent = [one.sent(tx.now, TIMING) for one in batch.awards]
        tx.awards.settle(sent, claim=batch.token)
        tx.awards.settle([one.answered("a1", tx.now) for one in sent], claim=batch.token)
    had = batch.awards[0].member_id
    gone(store)
    with store.begin() as tx:
        turned = tx.awards.turn_all(
            "s", "regular", Award.badge_created_anew, of=BEGINS_WITH_BADGE, limit=100
        )
        assert turned == 2
        assert tx.awards.places("s", "regular")[0] == 1
    opened(store, clock, "ada", "bob")

    after = stands(store)
    assert {one.state for one in after.values()} == {State.PENDING}
    assert {member for member, one in after.items() if one.has_slot} == {had}
    assert (after[had].attempt, after[had].sent_at, after[had].assignment_id) == (0, None, None)
    with store.begin() as tx:
        assert tx.awards.places("s", "regular") == (1, 1)


@pytest.mark.parametrize(
    ("state", "by_hand", "after"),
    [
        (State.ASSIGNED, False, State.PAUSED),
        (State.ASSIGNED, True, State.PAUSED),
        (State.REVOKING, False, State.PAUSED),
        (State.REVOKING, True, State.TAKEN),
        (State.TAKEN, False, State.TAKEN),
        (State.REVOKED, False, State.REVOKED),
        (State.BLOCKED, False, State.BLOCKED),
        (State.WITHDRAWN, False, State.WITHDRAWN),
    ],
)
def test_what_becomes_of_each_state_when_the_badge_is_gone(
    store: SqlStore, clock: Clock, state: State, by_hand: bool, after: State
) -> None:
    opened(store, clock, "ada")
    with store.begin() as tx:
        tx.awards.turn_all(
            "s",
            "regular",
            lambda one: replace(one, state=state, by_hand=by_hand),
            of=set(State),
            limit=100,
        )

    gone(store)

    assert stands(store)["ada"].state is after
