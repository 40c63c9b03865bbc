"""With lost answers, late queries and each way of Wix with duplicates: exactly what was earned."""

from __future__ import annotations

import pytest
from databases import Clock
from sandbox_shop import SandboxShop, sandbox_shop

from badgejobs.core.award import Giver, State
from badgejobs.sandbox.faults.kinds import FaultKind
from badgejobs.sandbox.settings import DuplicateMode
from badgejobs.store import SqlStore

pytestmark = pytest.mark.slow

MEMBERS = 8
#: Each with its seed; enough for second attempts and for single sends.
BEFORE = (FaultKind.RESET_BEFORE_WRITE, 0.4, 1)
AFTER = (FaultKind.RESET_AFTER_WRITE, 0.4, 2)
LOST = {
    "before the write": [BEFORE],
    "after the write": [AFTER],
    "before and after the write": [BEFORE, AFTER],
}
_UNDER_WAY = {State.PENDING, State.INFLIGHT, State.UNKNOWN}


def come_to_rest(shop: SandboxShop) -> None:
    """Workers, sweeps and time, until nothing is under way; the clock alone passes the waits."""
    with shop.client() as client:
        for round_number in range(200):
            if not any(shop.states()[state] for state in _UNDER_WAY):
                return
            if round_number == 60:
                shop.relent()
            while (done := shop.assign(client, batch=5)) and not done.error:
                pass
            shop.clock.advance(seconds=15)
            shop.recover()
    raise AssertionError(f"it does not come to rest: {shop.states()}")


def hold_against_the_oracle(
    store: SqlStore, clock: Clock, lag: float, duplicates: DuplicateMode, lost: str
) -> None:
    with sandbox_shop(store, clock, members=MEMBERS, lag=lag, duplicates=duplicates) as shop:
        by_hand = [(shop.members[0], 1), (shop.members[1], 3)]
        for member, number in by_hand:
            shop.give(member, number)
        for kind, chance, seed in LOST[lost]:
            shop.lose(kind, chance=chance, seed=seed)

        come_to_rest(shop)
        shop.relent()
        with shop.store.begin() as tx:
            tx.awards.revive("shop")  # a person looks at what could not be told
        come_to_rest(shop)

        assert dict(shop.standing) == dict.fromkeys(shop.earned, 1)
        assert max(shop.site.ever_assigned.values()) == 1
        assert shop.states() == {State.ASSIGNED: len(shop.earned)}
        theirs = {(one.member_id, one.badge) for one in shop.awards() if one.giver is Giver.PERSON}
        assert theirs == {(member, f"badge-{number}") for member, number in by_hand}
        assert sum(entry.fault is not None for entry in shop.world.journal.entries) >= 2


ON_SQLITE = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
LAGS = pytest.mark.parametrize("lag", [0, 2, 30])


@ON_SQLITE
@LAGS
@pytest.mark.parametrize("duplicates", DuplicateMode)
def test_what_stands_at_the_sandbox_is_what_was_earned(
    store: SqlStore, clock: Clock, lag: float, duplicates: DuplicateMode
) -> None:
    hold_against_the_oracle(store, clock, lag, duplicates, "before and after the write")


@pytest.mark.slow
@ON_SQLITE
@LAGS
@pytest.mark.parametrize("duplicates", DuplicateMode)
@pytest.mark.parametrize("lost", ["before the write", "after the write"])
def test_it_is_so_where_answers_are_lost_on_one_side_of_the_write_only(
    store: SqlStore, clock: Clock, lag: float, duplicates: DuplicateMode, lost: str
) -> None:
    hold_against_the_oracle(store, clock, lag, duplicates, lost)
