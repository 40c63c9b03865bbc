"""The backfill, the audit and the re-scan of the last days, beside the live scan."""

from __future__ import annotations

from datetime import timedelta

import pytest
from stage import CADENCE, ONE_ORDER, TALKER, Clock, Stage, milestone
from wix_double import Fault, WorkerKilled

from badgejobs.core.activity import Mark
from badgejobs.core.award import State
from badgejobs.core.calendar import Span
from badgejobs.core.milestone import Count, Rolling, Selection
from badgejobs.core.policy import OrderPolicy
from badgejobs.core.source import Track
from badgejobs.core.watermark import Round
from badgejobs.errors import LeaseTaken
from badgejobs.flow.cadence import Cadence, worst_case
from badgejobs.store import SqlStore
from badgejobs.store.overviews import ScanOverview

#: What a scan asks of a database is tried on both in the store's own tests.
pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


def row(at: Stage, track: Track, source: str = "orders") -> ScanOverview:
    with at.store.begin() as tx:
        rows = tx.scans.overview(at.site)
    (found,) = [one for one in rows if (one.source, one.track) == (source, track)]
    return found


def history(at: Stage, number: int) -> None:
    """So many orders of as many members, one a day, the last one yesterday."""
    for n in range(number):
        moment = at.clock() - timedelta(days=number - n)
        at.orders.put(at.order(f"o{n}", f"m{n}", at=moment))


def one_page(at: Stage, track: Track) -> None:
    at.scan_track(track, time_is_up=lambda: True)


def silent(at: Stage, member: str) -> bool:
    return at.award(member).silent


def test_the_live_scan_reads_what_is_new_while_the_past_is_still_being_read(
    store: SqlStore, clock: Clock
) -> None:
    at = Stage(store, clock)
    history(at, 10)
    one_page(at, Track.FULL)
    at.wait(seconds=20)
    at.orders.put(at.order("new", "eve"))

    done = at.live()

    assert (done.new, done.opened, done.completed) == (1, 1, True)
    assert row(at, Track.FULL).place.scanning
    assert at.awards("m9") == {}, "the past comes later"
    at.scan_track(Track.FULL)
    assert len(at.awards(*[f"m{n}" for n in range(10)])) == 10


def test_nobody_is_told_of_what_the_backfill_finds_and_of_what_is_new_they_are(
    store: SqlStore, clock: Clock
) -> None:
    at = Stage(store, clock)
    history(at, 3)
    at.scan()
    at.wait(minutes=1)
    at.orders.put(at.order("new", "eve"))
    at.scan()

    assert silent(at, "m0")
    assert not silent(at, "eve")


def test_the_live_scan_waits_for_the_backfills_first_page_and_asks_for_nothing(
    store: SqlStore, clock: Clock
) -> None:
    at = Stage(store, clock)
    history(at, 3)

    done = at.live()

    assert (done.pages, done.completed, done.more) == (0, False, False)
    assert at.orders.scopes == []
    one_page(at, Track.FULL)
    due_at = row(at, Track.LIVE).due_at
    assert due_at is not None
    assert due_at <= clock()


def test_a_backfill_that_is_killed_reads_at_most_one_page_again(
    store: SqlStore, clock: Clock
) -> None:
    at = Stage(store, clock)
    history(at, 20)
    kills = 0
    for _ in range(30):
        at.wix.script("fetch orders", None, Fault(error=WorkerKilled()))
        try:
            at.scan_track(Track.FULL)
            break
        except WorkerKilled:
            kills += 1
            at.wait(seconds=CADENCE.lease.total_seconds())
        except LeaseTaken:
            break

    assert kills >= 8
    fetched = len(at.orders.scopes)
    assert fetched <= 10 + kills
    assert len(at.awards(*[f"m{n}" for n in range(20)])) == 20


def test_a_bell_too_many_reads_nothing(store: SqlStore, clock: Clock) -> None:
    at = Stage(store, clock)
    history(at, 3)
    at.scan()
    at.orders.scopes.clear()

    for track in (Track.FULL, Track.RECENT):
        with pytest.raises(LeaseTaken, match="not due"):
            at.scan_track(track)

    assert at.orders.scopes == []


def test_what_came_late_by_hours_is_found_by_the_daily_look_at_the_last_days(
    store: SqlStore, clock: Clock
) -> None:
    at = Stage(store, clock)
    at.scan()
    at.orders.put(at.order("late", "eve"), visible_in=timedelta(hours=5))
    for _ in range(23):
        at.wait(hours=1)
        at.orders.put(at.order(f"o{clock()}", "bob"))
        at.scan()
    assert at.awards("eve") == {}

    at.wait(hours=1)
    done = at.scan_track(Track.RECENT)

    assert (done.new, done.opened) == (1, 1)
    assert not silent(at, "eve")


def test_an_audit_finds_what_no_scan_had_and_says_in_which_month(
    store: SqlStore, clock: Clock
) -> None:
    at = Stage(store, clock)
    history(at, 40)
    at.scan()
    at.wait(days=1)
    at.orders.put(at.order("hidden", "eve", at=clock() - timedelta(days=35)))
    at.wait(days=6)
    at.scan()
    assert at.awards("eve") == {("eve", "one-order"): State.PENDING}

    with store.read() as tx:
        months = tx.audits.last(at.site, "orders")
    assert sum(one.missed for one in months) == 1
    assert sum(one.at_wix for one in months) == 41
    (month,) = [one for one in months if one.missed]
    assert (month.ours + 1, month.at_wix - month.ours) == (month.at_wix, 1)
    assert month.month == f"{clock() - timedelta(days=42):%Y-%m}"


def test_an_order_that_two_audits_do_not_find_is_gone(store: SqlStore, clock: Clock) -> None:
    at = Stage(store, clock)
    history(at, 3)
    at.scan()
    del at.orders.records["o1"]
    states = []
    for _ in range(2):
        at.wait(days=7)
        at.scan()
        states.append(at.award("m1").state)

    assert states == [State.PENDING, State.WITHDRAWN]
    assert Mark.GONE in at.facts("m1")["m1"]["o1"].marks
    assert at.award("m0").state is State.PENDING


def test_an_order_that_changes_while_an_audit_runs_is_not_missed_by_it(
    store: SqlStore, clock: Clock
) -> None:
    at = Stage(store, clock)
    history(at, 6)
    at.scan()
    for _ in range(2):
        at.wait(days=7)
        one_page(at, Track.FULL)
        at.wait(minutes=1)
        moved = at.orders.records["o5"]
        at.orders.put(at.order("o5", "m5", at=moved.occurred_at, updated_at=clock()))
        at.live()
        at.scan_track(Track.FULL)

    assert at.award("m5").state is State.PENDING


def test_what_waits_for_the_history_is_given_when_the_backfill_ends(
    store: SqlStore, clock: Clock
) -> None:
    lately = Rolling(span=Span(exact=timedelta(days=30)))
    orders = Selection(source="orders", policy=OrderPolicy(), stretch=lately)
    busy = milestone("busy", Count(of=orders, gte=1))
    at = Stage(store, clock, ONE_ORDER, busy)
    history(at, 6)
    at.provision()
    one_page(at, Track.FULL)
    held = at.awards("m0")
    at.scan_track(Track.FULL)
    at.decide_due()

    assert held == {("m0", "one-order"): State.PENDING, ("m0", "busy"): State.HELD}
    assert set(at.awards("m0").values()) == {State.PENDING}


@pytest.mark.parametrize(
    ("records", "period"),
    [
        (0, timedelta(hours=6)),
        (100_000, timedelta(hours=6)),
        (10**7, timedelta(minutes=10**5 / 36)),
    ],
)
def test_a_big_source_is_walked_as_often_as_the_spare_pace_allows(
    store: SqlStore, records: int, period: timedelta
) -> None:
    assert Cadence().walk_period(records) == period
    worst = worst_case(Cadence(), "walk", is_probed=True, records=records)
    assert worst.change == timedelta(seconds=60)
    assert worst.unseen_by_numbers == period + Cadence().walk_length(records)


def test_a_walk_is_due_again_after_its_period(store: SqlStore, clock: Clock) -> None:
    at = Stage(store, clock, TALKER)
    at.comments.put(at.comment("c1"))
    at.scan(at.comments)

    place = row(at, Track.FULL, "comments").place
    assert isinstance(place, Round)
    assert row(at, Track.FULL, "comments").due_at == clock() + CADENCE.walk_every
