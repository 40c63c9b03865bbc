"""Bindings, rules taken up, runs and requests."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from databases import Clock

from badgejobs.errors import Later, StateError
from badgejobs.store import SqlStore

QUIET = timedelta(seconds=120)


def test_two_badges_are_never_one_wix_badge(store: SqlStore) -> None:
    with store.begin() as tx:
        tx.bindings.bind("s", "regular", "wix-1")
        tx.bindings.bind("s", "regular", "wix-1")
        tx.bindings.bind("t", "regular", "wix-1")
    with pytest.raises(StateError, match="regular and fan cannot both be"), store.begin() as tx:
        tx.bindings.bind("s", "fan", "wix-1")
    with store.begin() as tx:
        tx.bindings.bind("s", "regular", "wix-2")
        assert tx.bindings.of("s") == {"regular": "wix-2"}


def test_a_badge_is_not_created_again_while_a_lost_answer_may_hide_it(
    store: SqlStore, clock: Clock
) -> None:
    def begin_create() -> None:
        with store.begin() as tx:
            tx.bindings.begin_create("s", "regular", quiet_period=QUIET)

    begin_create()
    clock.advance(seconds=20)
    with pytest.raises(Later) as caught:
        begin_create()
    assert caught.value.seconds == 100
    clock.advance(seconds=100)
    begin_create()
    with store.begin() as tx:
        tx.bindings.bind("s", "regular", "wix-1")
    with pytest.raises(Later):
        begin_create()


def test_only_one_of_many_creates_a_badge(store: SqlStore) -> None:
    def attempt(_: int) -> bool:
        try:
            with store.begin() as tx:
                tx.bindings.begin_create("s", "regular", quiet_period=QUIET)
        except Later:
            return False
        return True

    with ThreadPoolExecutor(4) as pool:
        assert sum(pool.map(attempt, range(8))) == 1


def test_how_far_a_rules_version_is_decided_is_kept(store: SqlStore) -> None:
    with store.begin() as tx:
        assert tx.bindings.applied("s") == (None, None)
        tx.bindings.apply("s", version="v1", decided_to="m3")
        assert tx.bindings.applied("s") == ("v1", "m3")
        tx.bindings.apply("s", version="v1", decided_to=None)
        assert tx.bindings.applied("s") == ("v1", None)


def test_runs_are_listed_newest_first_and_pruned_by_age(store: SqlStore, clock: Clock) -> None:
    began = clock.now
    with store.begin() as tx:
        first = tx.runs.start("s", "scan orders", started_by="worker")
    clock.advance(minutes=1)
    with store.begin() as tx:
        tx.runs.finish(first, numbers={"pages": 3, "new": 120})
        second = tx.runs.start("t", "assign", started_by="cli")
        tx.runs.finish(second, numbers={}, error="Wix answered 503")
    with store.read() as tx:
        latest, earliest = tx.runs.recent(None, 9)
        assert tx.runs.recent("s", 9) == [earliest]
    assert (earliest.started_at, earliest.ended_at) == (began, clock.now)
    assert earliest.numbers == {"pages": 3, "new": 120}
    assert (latest.id, latest.error) == (second, "Wix answered 503")
    with store.begin() as tx:
        assert tx.runs.prune(timedelta(seconds=30)) == 1
        assert tx.runs.recent(None, 9) == [latest]


def test_a_member_has_one_open_request_at_a_time(store: SqlStore, clock: Clock) -> None:
    def add(_: int) -> int:
        with store.begin() as tx:
            return tx.requests.add("s", "ada")

    with ThreadPoolExecutor(4) as pool:
        (first,) = set(pool.map(add, range(8)))
    with store.begin() as tx:
        other = tx.requests.add("s", "bob")
        assert tx.requests.open_ids(["s", "t"], 9) == sorted([first, other])
        tx.requests.done(first, "decided")
        tx.requests.done(first, "a second word")
        assert tx.requests.add("s", "ada") != first
        closed = tx.requests.get(first)
        assert closed is not None
        assert (closed.done_at, closed.outcome) == (clock.now, "decided")
        assert tx.requests.get(99_999) is None
    clock.advance(days=1)
    with store.begin() as tx:
        assert tx.requests.prune(timedelta(hours=1)) == 1
        assert len(tx.requests.open_ids(["s", "t"], 9)) == 2
