"""Several beats make one tick a slot of time."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

from databases import Clock

from badgejobs.store import SqlStore

EVERY = timedelta(seconds=10)


def begins(store: SqlStore, kind: str = "tick") -> bool:
    with store.begin() as tx:
        return tx.ticks.begin(kind, EVERY)


def test_of_five_beats_one_has_the_slot(store: SqlStore) -> None:
    with ThreadPoolExecutor(5) as beats:
        assert sorted(beats.map(lambda _: begins(store), range(5))) == [False] * 4 + [True]


def test_each_slot_and_each_kind_is_had_once(store: SqlStore, clock: Clock) -> None:
    assert [begins(store), begins(store), begins(store, "reconcile")] == [True, False, True]
    clock.advance(seconds=9)
    assert not begins(store)
    clock.advance(seconds=1)
    assert [begins(store), begins(store)] == [True, False]


def test_slots_that_nobody_had_are_not_made_up_for(store: SqlStore, clock: Clock) -> None:
    begins(store)
    clock.advance(hours=5)
    assert [begins(store), begins(store)] == [True, False]


def test_a_clock_that_goes_back_stops_no_ticks(store: SqlStore, clock: Clock) -> None:
    begins(store)
    clock.advance(seconds=-10)
    assert not begins(store), "that slot was had"
    clock.advance(days=-400)
    assert [begins(store), begins(store)] == [True, False]
    clock.advance(seconds=10)
    assert begins(store)


def test_only_a_tick_that_was_carried_out_counts_as_one(store: SqlStore, clock: Clock) -> None:
    with store.begin() as tx:
        assert tx.ticks.begin("tick", timedelta(seconds=10))
        assert tx.health.last_tick() is None
        tx.ticks.ended()
    clock.advance(seconds=10)
    with store.begin() as tx:
        tx.ticks.ended()
        assert tx.health.last_tick() == tx.now
