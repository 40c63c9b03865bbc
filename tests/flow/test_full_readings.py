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
from badgejobs.core.source import Track, Window
from badgejobs.core.watermark import Round
from badgejobs.errors import LeaseTaken, Refused
from badgejobs.flow.cadence import Cadence, worst_case
from badgejobs.store import SqlStore
from badgejobs.store.overviews import ScanOverview
from badgejobs.store.scans import RESTING

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


def test_a_worker_that_dies_behind_the_last_page_has_read_the_history_for_good(
    store: SqlStore, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    at = Stage(store, clock)
    history(at, 6)

    def dies(*_: object, **__: object) -> None:
        raise WorkerKilled

    with monkeypatch.context() as patch:
        patch.setattr("badgejobs.store.scans.SqlScans.release", dies)
        with pytest.raises(WorkerKilled):
            at.scan_track(Track.FULL)
    at.wait(minutes=5)
    at.orders.scopes.clear()

    with pytest.raises(LeaseTaken, match="not due"):
        at.scan_track(Track.FULL)

    assert at.orders.scopes == []
    with store.read() as tx:
        assert tx.scans.complete(at.site, at.rules.wants) == {"orders"}


def test_a_reading_that_a_person_stops_can_be_gone_on_with_at_once(
    store: SqlStore, clock: Clock
) -> None:
    at = Stage(store, clock)
    history(at, 10)
    at.wix.script("fetch orders", None, None, Fault(error=KeyboardInterrupt()))

    with pytest.raises(KeyboardInterrupt):
        at.scan_track(Track.FULL)
    done = at.scan_track(Track.FULL)

    assert (done.completed, done.pages) == (True, 3)


def test_that_all_orders_are_gone_at_once_is_not_believed(store: SqlStore, clock: Clock) -> None:
    at = Stage(store, clock)
    history(at, 12)
    at.scan()
    at.orders.records.clear()

    for _ in range(3):
        at.wait(days=7)
        with pytest.raises(Refused, match="lists none of the 12 orders"):
            at.scan_track(Track.FULL)

    assert set(at.awards(*[f"m{n}" for n in range(12)]).values()) == {State.PENDING}


def test_a_wish_for_a_walk_that_is_under_way_brings_another_one(
    store: SqlStore, clock: Clock
) -> None:
    """What changed may lie behind the walk already, slices before its end."""
    at = Stage(store, clock, TALKER)
    at.comments.put(*[at.comment(f"c{n}", f"m{n}") for n in range(8)])
    at.scan(at.comments)
    at.wait(hours=7)
    at.scan_track(Track.FULL, at.comments, time_is_up=lambda: True)
    wished_at = clock() + timedelta(minutes=3)
    with store.begin() as tx:
        tx.scans.bring_forward(at.site, "comments", Track.FULL, to=wished_at)
    while at.scan_track(Track.FULL, at.comments, time_is_up=lambda: True).more:
        at.wait(seconds=1)

    assert row(at, Track.FULL, "comments").due_at == wished_at


def test_what_rests_after_a_failure_is_not_brought_forward(store: SqlStore, clock: Clock) -> None:
    at = Stage(store, clock, TALKER)
    at.comments.put(at.comment("c1"))
    at.wix.script("fetch comments", Fault(error=Refused("no permission")))
    with pytest.raises(Refused):
        at.scan_track(Track.FULL, at.comments)
    rests_to = row(at, Track.FULL, "comments").due_at

    with store.begin() as tx:
        tx.scans.bring_forward(at.site, "comments", Track.FULL, to=clock())

    assert row(at, Track.FULL, "comments").due_at == rests_to


def test_a_source_that_rested_is_read_on_all_its_tracks_once_a_rule_reads_it(
    store: SqlStore, clock: Clock
) -> None:
    at = Stage(store, clock)
    history(at, 2)
    at.scan()
    for track in (Track.FULL, Track.LIVE):
        with store.begin() as tx:
            lease = tx.scans.lease(at.site, "orders", track, holds=CADENCE.lease)
            tx.scans.release(lease, due_in=timedelta(days=1), completed=False, error=RESTING)
    with store.begin() as tx:
        assert tx.scans.make_resting_due(at.site, "orders", asked_by="rules change") == 2

    assert [row(at, track).due_at for track in (Track.FULL, Track.LIVE)] == [clock(), clock()]
    assert row(at, Track.FULL).last_error is None


def test_after_days_of_downtime_the_re_scan_begins_where_the_last_one_left_off(
    store: SqlStore, clock: Clock
) -> None:
    at = Stage(store, clock)
    at.scan()
    at.wait(days=1)
    at.scan_track(Track.RECENT)
    left_off = clock()
    at.wait(days=5)
    at.orders.put(at.order("o1"))
    at.live()
    at.orders.scopes.clear()

    at.scan_track(Track.RECENT)

    (scope, _), *_ = at.orders.scopes
    assert isinstance(scope, Window)
    assert scope.since == min(
        left_off - CADENCE.recent_reaches / 2, clock() - CADENCE.recent_reaches
    )
