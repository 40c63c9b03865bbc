"""Who is rung for: in turns, by lanes, within bounds, and none twice."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

from databases import Clock
from sqlalchemy import insert

from badgejobs.core.lane import Lane
from badgejobs.core.ledger import WakeUp
from badgejobs.core.source import Track
from badgejobs.errors import NotSent
from badgejobs.store import SqlStore
from badgejobs.store.dispatch import RING_AGAIN_AFTER
from badgejobs.store.tables import standing

HOLDS = timedelta(seconds=90)
SITES = ("a", "b", "c", "d")
BOTH = [Track.LIVE, Track.FULL]


def claim(
    store: SqlStore,
    lane: Lane = Lane.SCAN,
    *,
    bound: int = 100,
    limit: int = 100,
    failing: int | None = None,
    again: timedelta = RING_AGAIN_AFTER,
) -> list[str]:
    """What is rung for now, such as ``a orders``."""
    with store.begin() as tx:
        due = tx.dispatch.claim(
            lane,
            SITES,
            bound=bound,
            failing=failing,
            limit=limit,
            again_after=dict.fromkeys(Lane, again),
        )
    return [f"{one.site} {one.source}" for one in due]


def register(store: SqlStore, *names: str, tracks: list[Track] | None = None) -> None:
    with store.begin() as tx:
        for name in names:
            site, source = name.split()
            tx.scans.register(site, source, "window", tracks=tracks or [Track.LIVE])


def done(store: SqlStore, name: str, track: Track = Track.LIVE) -> None:
    site, source = name.split()
    with store.begin() as tx:
        lease = tx.scans.lease(site, source, track, holds=HOLDS)
        tx.scans.release(lease, due_in=timedelta(days=1), completed=True)


def test_bells_that_no_worker_answered_are_counted_by_lane(store: SqlStore, clock: Clock) -> None:
    register(store, "a orders", "b orders", "a assign", tracks=[Track.LIVE])
    register(store, "a orders", tracks=[Track.FULL])
    assert claim(store) == ["a orders", "b orders"]
    assert claim(store, Lane.ASSIGN) == ["a assign"]
    done(store, "b orders")

    with store.read() as tx:
        assert tx.dispatch.rung() == {Lane.SCAN: 1, Lane.ASSIGN: 1}


def test_first_each_sites_longest_waiting_row_then_the_second_ones(
    store: SqlStore, clock: Clock
) -> None:
    for name in ("a orders", "a comments", "b orders", "a members", "c orders", "b comments"):
        register(store, name)
        clock.advance(seconds=1)

    assert claim(store) == ["a orders", "b orders", "c orders", "a comments", "b comments"]


def test_one_site_has_two_units_out_beside_its_assigning(store: SqlStore, clock: Clock) -> None:
    register(store, "a orders", "a comments", "a members", "a assign", "b orders")
    register(store, "a visits", tracks=[Track.FULL])

    assert claim(store) == ["a comments", "b orders", "a members"]
    assert claim(store, Lane.WALK) == []
    assert claim(store, Lane.ASSIGN) == ["a assign"]
    done(store, "a comments")
    assert claim(store, Lane.WALK) == ["a visits"]
    done(store, "a members")
    assert claim(store) == ["a orders"]


def test_no_more_of_a_lane_is_out_than_its_bound_and_no_lane_counts_for_another(
    store: SqlStore,
) -> None:
    register(store, *(f"{site} orders" for site in SITES), tracks=BOTH)

    assert claim(store, Lane.WALK, bound=2) == ["a orders", "b orders"]
    assert claim(store, Lane.WALK, bound=2) == []
    assert claim(store, bound=3) == ["c orders", "d orders", "a orders"], "first who has none out"
    with store.begin() as tx:
        assert tx.dispatch.out() == {Lane.WALK: 2, Lane.SCAN: 3}
    done(store, "a orders", Track.FULL)
    assert claim(store, Lane.WALK, bound=2) == ["c orders"]


def test_what_is_at_work_is_out_until_its_lease_is_given_back_or_ends(
    store: SqlStore, clock: Clock
) -> None:
    register(store, "a orders")
    claim(store)
    with store.begin() as tx:
        tx.scans.lease("a", "orders", holds=HOLDS)
    clock.advance(seconds=89)
    with store.begin() as tx:
        assert tx.dispatch.out() == {Lane.SCAN: 1}
    assert claim(store) == []
    clock.advance(seconds=1)
    assert claim(store) == ["a orders"], "its worker was lost"


def test_a_bell_is_rung_again_only_once_it_counts_as_lost(store: SqlStore, clock: Clock) -> None:
    register(store, "a orders")
    assert claim(store) == ["a orders"]
    clock.advance(seconds=59)
    assert claim(store) == []
    clock.advance(seconds=1)
    assert claim(store, again=timedelta(minutes=5)) == [], "its queue holds messages"
    assert claim(store) == ["a orders"]


def test_bells_that_did_not_go_out_are_rung_by_the_next_tick(store: SqlStore) -> None:
    register(store, "a orders", "b orders")
    with store.begin() as tx:
        due = tx.dispatch.claim(Lane.SCAN, SITES, bound=9, limit=9)
        tx.dispatch.withdraw(due[1:])
    assert claim(store) == ["b orders"]


def test_suspended_sites_and_those_of_others_are_not_rung_for(
    store: SqlStore, clock: Clock
) -> None:
    register(store, "a orders", "b orders", "elsewhere orders")
    suspended = {
        "site": "a", "refusals": 2, "suspended_at": clock.now, "suspended_by": "wix",
        "reason": "401", "probes": 0,
    }  # fmt: skip
    with store.begin() as tx:
        tx._connection.execute(insert(standing), suspended)

    assert claim(store) == ["b orders"]


def test_of_what_keeps_failing_little_is_out_at_once_and_the_rest_goes_on(
    store: SqlStore, clock: Clock
) -> None:
    register(store, "a orders", "b orders", "c orders")
    for _ in range(2):
        for site in "ab":
            with store.begin() as tx:
                lease = tx.scans.lease(site, "orders", holds=HOLDS)
                error = NotSent("Wix does not answer")
                tx.scans.postpone(lease, due_in=timedelta(seconds=2), error=error)
        clock.advance(seconds=2)

    assert sorted(claim(store, failing=1)) == ["a orders", "c orders"]
    assert claim(store, failing=1) == []
    with store.begin() as tx:
        assert tx.dispatch.fails("a", "orders", Track.LIVE)
        assert not tx.dispatch.fails("c", "orders", Track.LIVE)
    done(store, "a orders")
    assert claim(store, failing=1) == ["b orders"]


def test_ticks_at_once_keep_the_bound_together(store: SqlStore) -> None:
    register(store, *(f"{site} {name}" for site in SITES for name in ("orders", "comments")))
    with ThreadPoolExecutor(4) as ticks:
        rung = [
            one for some in ticks.map(lambda _: claim(store, bound=5), range(4)) for one in some
        ]
    assert len(rung) == len(set(rung)) == 5


def test_a_unit_that_is_asked_for_at_once_is_rung_for_once(store: SqlStore, clock: Clock) -> None:
    register(store, "a assign")
    done(store, "a assign")

    def hasten() -> bool:
        with store.begin() as tx:
            return tx.dispatch.hasten("a", "assign") is not None

    assert [hasten(), hasten()] == [True, False]
    assert claim(store, Lane.ASSIGN) == []
    with store.begin() as tx:
        lease = tx.scans.lease("a", "assign", holds=HOLDS)
    assert not hasten(), "who is at it sees what is new"
    with store.begin() as tx:
        tx.scans.postpone(lease, due_in=timedelta(seconds=60), error=NotSent("no answer"))
    assert not hasten(), "it rests after a failure"
    clock.advance(seconds=60)
    assert hasten()


def test_a_bell_that_came_to_nothing_gives_its_place_to_others_for_a_while(
    store: SqlStore, clock: Clock
) -> None:
    register(store, "a orders", "b orders")
    assert claim(store, bound=1) == ["a orders"]
    with store.begin() as tx:
        tx.dispatch.put_off("a", "orders", Track.LIVE, by=timedelta(seconds=60))
    assert claim(store, bound=1) == ["b orders"]
    done(store, "b orders")
    clock.advance(seconds=60)
    assert claim(store, bound=1) == ["a orders"]


def test_members_whose_time_has_come_wake_their_site_alone(store: SqlStore, clock: Clock) -> None:
    register(store, "a flip", "b flip", "c flip")
    for site in "abc":
        done(store, f"{site} flip")
    with store.begin() as tx:
        for site, seconds in (("a", 0), ("b", 10), ("c", 0)):
            at = clock.now + timedelta(seconds=seconds)
            tx.wake_ups.replace(site, ["m"], [WakeUp(member_id="m", at=at)])

    def woken() -> int:
        with store.begin() as tx:
            return tx.waking.for_members("flip", beside=["c"])

    assert [woken(), woken()] == [1, 0]
    assert claim(store) == ["a flip"]
    clock.advance(seconds=10)
    assert woken() == 1


def test_a_duty_for_all_is_asked_for_at_all_that_are_served(store: SqlStore) -> None:
    register(store, "a reconcile", "b reconcile", "elsewhere reconcile")
    for site in ("a", "b", "elsewhere"):
        done(store, f"{site} reconcile")
    with store.begin() as tx:
        assert tx.waking.everywhere("reconcile", SITES) == 2
    assert claim(store, Lane.WALK) == ["a reconcile", "b reconcile"]


def test_a_rung_row_counts_by_its_lane_until_its_worker_answers(
    store: SqlStore, clock: Clock
) -> None:
    register(store, "a orders", "b orders", "a assign")
    claim(store)
    claim(store, Lane.ASSIGN)
    with store.read() as tx:
        assert tx.dispatch.rung() == {Lane.SCAN: 2, Lane.ASSIGN: 1}
    done(store, "a orders")
    with store.read() as tx:
        assert tx.dispatch.rung() == {Lane.SCAN: 1, Lane.ASSIGN: 1}


def test_many_sites_that_are_added_at_once_hold_up_none_that_is_served(
    store: SqlStore, clock: Clock
) -> None:
    served, added = "a orders", [f"{site} {source}" for site in "bcd" for source in ("x", "y")]
    register(store, served)
    done(store, served)
    register(store, *added)
    clock.advance(days=2)  # the added ones have waited for longer when the served one is due

    rung = claim(store, limit=4)
    assert rung[0] == served, "it came due last of all"
    assert len(rung) == 4, "there is room for newcomers where nobody else waits"


def test_newcomers_have_their_part_however_much_else_is_due(store: SqlStore, clock: Clock) -> None:
    served = [f"{site} {source}" for site in "abc" for source in ("x", "y")]
    register(store, *served)
    for name in served:
        done(store, name)
    clock.advance(days=2)
    register(store, "d orders", "d comments")

    assert claim(store, limit=4) == ["a x", "b x", "c x", "d comments"]
    assert claim(store, limit=4) == ["a y", "b y", "c y", "d orders"]
