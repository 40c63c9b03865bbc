"""Leases fence, places survive, bells ring once."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta

import pytest
from databases import Clock
from rung import rung

from badgejobs.core.milestone import Wants
from badgejobs.core.source import Track
from badgejobs.core.watermark import Round, Watermark
from badgejobs.errors import Ambiguous, LeaseLost, LeaseTaken, Paced, Refused, StateError
from badgejobs.store import SqlStore

HOLDS = timedelta(seconds=80)
EVERY = timedelta(seconds=60)
ORDERS = ("s", "orders", Track.LIVE)


@pytest.fixture
def scans(store: SqlStore) -> SqlStore:
    with store.begin() as tx:
        tx.scans.register("s", "orders", "window")
        tx.scans.register("s", "comments", "walk")
    return store


def names_rung(scans: SqlStore, limit: int = 9) -> list[tuple[str, str]]:
    """The sources that are due, and rung for now."""
    with scans.begin() as tx:
        found = rung(tx, ["s"], limit)
    assert {track for _, _, track in found} <= {Track.LIVE}
    return [(site, source) for site, source, _ in found]


def test_a_lease_is_one_workers_until_it_ends(scans: SqlStore, clock: Clock) -> None:
    with scans.begin() as tx:
        first = tx.scans.lease("s", "orders", holds=HOLDS)
    clock.advance(seconds=30)
    with pytest.raises(LeaseTaken) as caught, scans.begin() as tx:
        tx.scans.lease("s", "orders", holds=HOLDS)
    assert caught.value.seconds == 50

    clock.advance(seconds=50)
    with scans.begin() as tx:
        second = tx.scans.lease("s", "orders", holds=HOLDS)
    assert second.epoch == first.epoch + 1


def test_a_worker_that_wakes_late_writes_nothing(scans: SqlStore, clock: Clock) -> None:
    with scans.begin() as tx:
        stale = tx.scans.lease("s", "orders", holds=HOLDS)
    clock.advance(seconds=81)
    with scans.begin() as tx:
        mine = tx.scans.lease("s", "orders", holds=HOLDS)
        tx.scans.keep(mine, Watermark(reached=clock.now), holds=HOLDS)

    def write_late() -> None:
        with scans.begin() as tx:
            tx.requests.add("s", "a wish in the same transaction")
            tx.scans.keep(stale, Watermark(), holds=HOLDS)

    with pytest.raises(LeaseLost):
        write_late()
    with pytest.raises(LeaseLost), scans.begin() as tx:
        tx.scans.release(stale, due_in=EVERY, completed=True)
    with scans.read() as tx:
        assert tx.requests.open_ids(["s", "t"], 9) == []
        assert [row.place for row in tx.scans.overview("s")][1] == Watermark(reached=clock.now)


@pytest.mark.parametrize("source", ["orders", "comments"])
def test_a_place_comes_back_as_it_was_kept(scans: SqlStore, clock: Clock, source: str) -> None:
    at = [clock.now + timedelta(hours=n) for n in range(3)]
    place = (
        Watermark(reached=at[0], scanning=True, since=at[1], read_to=at[2], cursor="c")
        if source == "orders"
        else Round(generation=4, scanning=True, cursor="c", started_at=at[0], complete_from=at[1])
    )
    with scans.begin() as tx:
        lease = tx.scans.lease("s", source, holds=HOLDS)
        assert lease.place == type(place)()
        tx.scans.keep(lease, place, holds=HOLDS)
        tx.scans.release(lease, due_in=EVERY, completed=False)
        assert tx.scans.lease("s", source, holds=HOLDS).place == place


def test_registering_again_keeps_the_place_unless_the_mode_is_another(scans: SqlStore) -> None:
    with scans.begin() as tx:
        lease = tx.scans.lease("s", "comments", holds=HOLDS)
        tx.scans.keep(lease, Round(generation=3, scanning=True, cursor="c"), holds=HOLDS)
        tx.scans.release(lease, due_in=EVERY, completed=False)
        tx.scans.register("s", "comments", "walk")
        assert tx.scans.overview("s")[0].place == Round(generation=3, scanning=True, cursor="c")
        tx.scans.register("s", "comments", "window")
        assert tx.scans.overview("s")[0].place == Watermark()


def test_slices_of_one_scan_keep_its_begin(scans: SqlStore, clock: Clock) -> None:
    began = clock.now
    for completed in (False, True):
        with scans.begin() as tx:
            lease = tx.scans.lease("s", "orders", holds=HOLDS)
        clock.advance(seconds=50)
        with scans.begin() as tx:
            tx.scans.keep(lease, Watermark(scanning=not completed), holds=HOLDS)
            tx.scans.release(lease, due_in=timedelta(0), completed=completed)
    with scans.read() as tx:
        row = tx.scans.overview("s")[1]
    assert (row.completed_started_at, row.completed_at) == (began, clock.now)
    assert row.began_at is None


def test_failures_add_up_until_a_try_goes_well(scans: SqlStore) -> None:
    seen = []
    down, wait = Ambiguous("Wix answered 503"), Paced("not yet", seconds=9)
    for error in (down, down, None, Ambiguous("again"), wait):
        with scans.begin() as tx:
            lease = tx.scans.lease("s", "orders", holds=HOLDS)
            seen.append(lease.failures)
            if error:
                tx.scans.postpone(lease, due_in=EVERY, error=error)
            else:
                tx.scans.release(lease, due_in=EVERY, completed=False)
    assert seen == [0, 1, 2, 0, 1]
    with scans.read() as tx:
        assert tx.scans.overview("s")[1].last_error == "not yet"


def test_a_source_rings_when_due_and_again_when_nobody_came(scans: SqlStore, clock: Clock) -> None:
    def due(limit: int = 9) -> list[tuple[str, str]]:
        return names_rung(scans, limit)

    assert due(1) == [("s", "comments")]
    assert due() == [("s", "orders")]
    assert due() == []
    with scans.begin() as tx:
        lease = tx.scans.lease("s", "orders", holds=HOLDS)
    clock.advance(seconds=61)
    assert due() == [("s", "comments")]
    with scans.begin() as tx:
        tx.scans.release(lease, due_in=EVERY, completed=True)
    assert due() == []
    clock.advance(seconds=60)
    assert due() == [("s", "orders"), ("s", "comments")][::-1]


def test_a_source_whose_worker_was_lost_is_due_when_its_lease_ends(
    scans: SqlStore, clock: Clock
) -> None:
    with scans.begin() as tx:
        rung(tx, ["s"], 9)
        tx.scans.lease("s", "orders", holds=HOLDS)
    clock.advance(seconds=80)
    with scans.begin() as tx:
        assert ORDERS in rung(tx, ["s"], 9)


def test_a_wish_during_a_scan_brings_another_scan(scans: SqlStore, clock: Clock) -> None:
    with scans.begin() as tx:
        lease = tx.scans.lease("s", "orders", holds=HOLDS)
    clock.advance(seconds=5)
    with scans.begin() as tx:
        assert tx.scans.make_due("s", "orders") == 1
        assert tx.scans.make_due("nobody") == 0
        assert ORDERS not in rung(tx, ["s"], 9)
    clock.advance(seconds=5)
    with scans.begin() as tx:
        tx.scans.release(lease, due_in=EVERY, completed=True)
        assert ORDERS in rung(tx, ["s"], 9)


def test_a_wish_does_not_hurry_what_failed_and_waits(scans: SqlStore, clock: Clock) -> None:
    with scans.begin() as tx:
        lease = tx.scans.lease("s", "orders", holds=HOLDS)
        tx.scans.postpone(lease, due_in=EVERY, error=Refused("refused"))
        assert tx.scans.make_due("s", "orders", unless_failing=True) == 0
        assert ORDERS not in rung(tx, ["s"], 9)
        assert tx.scans.make_due("s", "orders") == 1
        assert ORDERS in rung(tx, ["s"], 9)


def test_bells_are_not_rung_for_sites_of_another_configuration(scans: SqlStore) -> None:
    with scans.begin() as tx:
        assert rung(tx, ["another"], 9) == []
        assert rung(tx, ["s"], 9)


def test_two_ticks_at_once_ring_each_bell_once(store: SqlStore) -> None:
    with store.begin() as tx:
        for number in range(40):
            tx.scans.register(f"s{number}", "orders", "window")

    def tick(_: int) -> list[tuple[str, str, Track]]:
        with store.begin() as tx:
            return rung(tx, [f"s{number}" for number in range(40)], 10)

    with ThreadPoolExecutor(4) as pool:
        found = [pair for pairs in pool.map(tick, range(8)) for pair in pairs]
    assert len(found) == len(set(found)) == 40


def test_a_source_that_nobody_registered_is_an_error(store: SqlStore) -> None:
    with pytest.raises(StateError, match="no source orders"), store.begin() as tx:
        tx.scans.lease("s", "orders", holds=HOLDS)


def test_only_one_of_many_gets_the_lease(scans: SqlStore) -> None:
    def attempt(_: int) -> int | None:
        try:
            with scans.begin() as tx:
                return tx.scans.lease("s", "orders", holds=HOLDS).epoch
        except LeaseTaken:
            return None

    with ThreadPoolExecutor(4) as pool:
        epochs = [epoch for epoch in pool.map(attempt, range(12)) if epoch]
    assert epochs == [1]


def test_times_are_utc_whatever_zone_they_came_in(scans: SqlStore) -> None:
    kolkata = datetime.fromisoformat("2026-03-01T17:30:00.000001+05:30")
    with scans.begin() as tx:
        lease = tx.scans.lease("s", "orders", holds=HOLDS)
        tx.scans.keep(lease, Watermark(reached=kolkata), holds=HOLDS)
    with scans.read() as tx:
        place = tx.scans.overview("s")[1].place
    assert isinstance(place, Watermark)
    assert place.reached is not None
    assert place.reached.isoformat() == "2026-03-01T12:00:00.000001+00:00"


PAYMENTS = Wants(payments=True)


def read_to_its_end(scans: SqlStore, source: str = "orders", track: Track = Track.FULL) -> None:
    with scans.begin() as tx:
        tx.scans.register("s", source, "window", tracks=[Track.LIVE, Track.FULL])
        lease = tx.scans.lease("s", source, track, holds=HOLDS)
        place = Round(complete_from=tx.now) if track is Track.FULL else Watermark(reached=tx.now)
        tx.scans.keep(lease, place, holds=HOLDS)
        tx.scans.release(lease, due_in=EVERY, completed=True)


def test_a_source_is_complete_and_known_to_a_moment_once_it_was_read_to_its_end(
    scans: SqlStore, clock: Clock
) -> None:
    read_to_its_end(scans, track=Track.LIVE)
    with scans.begin() as tx:
        lease = tx.scans.lease("s", "orders", Track.FULL, holds=HOLDS)
        tx.scans.keep(lease, Round(scanning=True, started_at=clock.now), holds=HOLDS)
        tx.scans.release(lease, due_in=EVERY, completed=False)
        assert tx.scans.complete("s", Wants()) == frozenset()
        assert tx.scans.known_to("s") == {}, "the live scan knows the present alone"
    began = clock.now
    clock.advance(seconds=5)
    read_to_its_end(scans)
    with scans.read() as tx:
        assert tx.scans.complete("s", Wants()) == {"orders"}
        assert tx.scans.known_to("s") == {"orders": began}
        assert tx.scans.complete("t", Wants()) == frozenset()
    clock.advance(seconds=60)
    read_to_its_end(scans, track=Track.LIVE)
    with scans.read() as tx:
        assert tx.scans.known_to("s") == {"orders": clock.now}


def test_rules_that_begin_to_want_more_have_the_history_read_again(
    scans: SqlStore, clock: Clock
) -> None:
    read_to_its_end(scans)
    with scans.read() as tx:
        assert tx.scans.complete("s", PAYMENTS) == frozenset(), "from the very change of rules on"
    with scans.begin() as tx:
        tx.scans.register("s", "orders", "window", wants=[])
        tx.scans.register("s", "orders", "window")
        assert tx.scans.complete("s", Wants()) == {"orders"}, "nothing more is wanted"
        at_work = tx.scans.lease("s", "orders", holds=HOLDS)
        tx.scans.register("s", "orders", "window", wants=["payments"])
        assert tx.scans.complete("s", Wants()) == frozenset()
        places = {one.track: one.place for one in tx.scans.overview("s") if one.source == "orders"}
        assert places == {Track.LIVE: Watermark(), Track.FULL: Round()}
        assert ORDERS in rung(tx, ["s"], 9)
    with pytest.raises(LeaseLost), scans.begin() as tx:
        tx.scans.keep(at_work, Watermark(reached=clock.now), holds=HOLDS)
    read_to_its_end(scans)
    with scans.begin() as tx:
        tx.scans.register("s", "orders", "window", wants=["payments"])
        assert tx.scans.complete("s", PAYMENTS) == {"orders"}
        assert tx.scans.complete("s", Wants(payments=True, post_authors=True)) == {"orders"}


def test_what_is_no_longer_wanted_is_read_again_when_it_is_wanted_again(scans: SqlStore) -> None:
    with scans.begin() as tx:
        tx.scans.register("s", "orders", "window", wants=["payments"])
    read_to_its_end(scans)
    with scans.begin() as tx:
        tx.scans.register("s", "orders", "window", wants=[])
        assert tx.scans.complete("s", Wants()) == {"orders"}
        assert tx.scans.complete("s", PAYMENTS) == frozenset()
        tx.scans.register("s", "orders", "window", wants=["payments"])
        assert tx.scans.complete("s", Wants()) == frozenset()
