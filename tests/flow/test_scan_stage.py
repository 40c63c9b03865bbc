from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import count

import pytest
from stage import (
    CADENCE,
    TALKER,
    TWO_ORDERS,
    Clock,
    Stage,
)
from wix_double import Fault, WorkerKilled, lost

from badgejobs.core.activity import Mark
from badgejobs.core.award import State
from badgejobs.core.milestone import Milestone
from badgejobs.core.source import Track, Window
from badgejobs.core.watermark import Round, Watermark
from badgejobs.errors import (
    Ambiguous,
    CursorRefused,
    LeaseLost,
    LeaseTaken,
    RateLimited,
    TokenRefused,
)
from badgejobs.flow.pages import MOST_EMPTY_PAGES
from badgejobs.store import SqlStore
from badgejobs.store.overviews import ScanOverview

#: What a scan asks of a database is tried on both in the store's own tests.
pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)

FAR = datetime(2099, 1, 1, tzinfo=UTC)


def begun(store: SqlStore, clock: Clock, *milestones: Milestone) -> Stage:
    """A site whose history was read a day ago, when there was none: all is the live scan's."""
    at = Stage(store, clock, *milestones)
    at.scan_track(Track.FULL)
    at.wait(days=1)
    at.orders.scopes.clear()
    return at


def row_of(at: Stage) -> ScanOverview:
    """How the live track of the orders stands."""
    with at.store.begin() as tx:
        rows = tx.scans.overview(at.site)
    (row,) = [one for one in rows if (one.source, one.track) == ("orders", Track.LIVE)]
    return row


def place(at: Stage) -> Watermark | Round:
    return row_of(at).place


def reached(at: Stage) -> datetime | None:
    mark = place(at)
    assert isinstance(mark, Watermark)
    return mark.reached


def spread(at: Stage, number: int) -> None:
    """So many orders of ada's, a minute apart, the last one now."""
    now = at.clock()
    for n in range(number):
        moment = now - timedelta(minutes=number - 1 - n)
        at.orders.put(at.order(f"o{n}", at=moment))


def recorded(at: Stage, member: str = "ada") -> list[str]:
    return sorted(at.facts(member)[member])


def test_a_scan_reads_all_pages_and_opens_what_they_earn(store: SqlStore, clock: Clock) -> None:
    at = begun(store, clock, TWO_ORDERS)
    spread(at, 5)

    done = at.live()

    assert (done.pages, done.seen, done.new, done.opened, done.completed) == (3, 5, 5, 1, True)
    assert reached(at) == clock()
    assert at.award().earned_at == clock() - timedelta(minutes=3)


def test_a_second_scan_reads_the_overlap_and_changes_nothing(store: SqlStore, clock: Clock) -> None:
    at = begun(store, clock)
    spread(at, 5)
    at.live()

    again = at.live()

    assert (again.new, again.changed, again.opened, again.seen) == (0, 0, 0, 5)
    scope = at.orders.scopes[3][0]
    assert scope == Window(since=clock() - CADENCE.overlap)


def test_a_worker_that_dies_on_page_three_of_five_goes_on_from_page_three(
    store: SqlStore, clock: Clock
) -> None:
    at = begun(store, clock)
    spread(at, 10)
    at.wix.script("fetch orders", None, None, Fault(error=WorkerKilled()))

    with pytest.raises(WorkerKilled):
        at.live()
    assert len(recorded(at)) == 4
    with pytest.raises(LeaseTaken) as taken:
        at.live()
    assert taken.value.seconds == CADENCE.lease.total_seconds()
    at.wait(seconds=CADENCE.lease.total_seconds())
    rest = at.live()

    assert (rest.pages, rest.new, rest.completed) == (3, 6, True)
    assert at.orders.scopes[3] == at.orders.scopes[2], "by the cursor of page three"
    assert len(recorded(at)) == 10


@pytest.mark.parametrize("error", [lost(), RateLimited("slower", seconds=7), TokenRefused("401")])
def test_an_error_on_page_three_costs_the_wait_and_no_page(
    store: SqlStore, clock: Clock, error: Exception
) -> None:
    at = begun(store, clock)
    spread(at, 10)
    at.wix.script("fetch orders", None, None, Fault(error=error))

    with pytest.raises(type(error)):
        at.live()
    row = row_of(at)
    assert row.due_at
    assert row.due_at > clock()
    assert row.lease_until is None
    assert row.last_error == str(error)
    rest = at.live()

    assert (rest.pages, rest.new) == (3, 6)
    assert len(recorded(at)) == 10


def test_a_slice_ends_after_its_time_and_the_next_goes_on(store: SqlStore, clock: Clock) -> None:
    at = begun(store, clock)
    spread(at, 10)
    pages = count()

    def after_two_pages() -> bool:
        return next(pages) >= 1

    one = at.live(time_is_up=after_two_pages)
    assert (one.pages, one.completed) == (2, False)
    assert row_of(at).due_at == clock(), "due again at once"

    assert (at.live().pages, len(recorded(at))) == (3, 10)


def test_a_slice_without_any_time_still_reads_one_page(store: SqlStore, clock: Clock) -> None:
    at = begun(store, clock)
    spread(at, 6)

    assert [at.live(time_is_up=lambda: True).completed for _ in range(3)] == [False, False, True]


def test_equal_stamps_at_a_page_border_are_all_read(store: SqlStore, clock: Clock) -> None:
    at = begun(store, clock)
    at.orders.put(*[at.order(f"o{n}") for n in range(9)])

    assert at.live().new == 9
    at.orders.put(at.order("a-tenth-of-the-same-second"))
    assert at.live().new == 1


def test_equal_stamps_survive_a_cursor_refused_between_them(store: SqlStore, clock: Clock) -> None:
    at = begun(store, clock)
    at.orders.put(*[at.order(f"o{n}") for n in range(5)])
    at.wix.script("fetch orders", None, CursorRefused("expired"))

    assert at.live().completed
    assert len(recorded(at)) == 5


def test_more_equal_stamps_than_a_page_pass_by_the_cursor(store: SqlStore, clock: Clock) -> None:
    at = begun(store, clock)
    at.orders.put(*[at.order(f"o{n:02}") for n in range(12)])

    while not at.live(time_is_up=lambda: True).completed:
        pass

    assert len(recorded(at)) == 12


def test_a_late_row_inside_the_overlap_is_found(store: SqlStore, clock: Clock) -> None:
    at = begun(store, clock)
    at.orders.put(at.order("late"), visible_in=timedelta(seconds=30))
    at.wait(seconds=10)
    at.orders.put(at.order("early"))
    at.live()
    assert recorded(at) == ["early"]
    at.wait(seconds=60)

    at.live()

    assert recorded(at) == ["early", "late"]


def test_an_order_changed_later_is_read_again_and_replaces_its_old_state(
    store: SqlStore, clock: Clock
) -> None:
    at = begun(store, clock)
    at.orders.put(at.order("o1"))
    at.live()
    at.wait(days=30)
    at.orders.put(at.order("o1", revision=2, marks=[Mark.PAID, Mark.CANCELLED]))

    assert (at.live().withdrawn, at.award().state) == (1, State.WITHDRAWN)


def test_an_order_that_moves_from_one_member_to_another_touches_both(
    store: SqlStore, clock: Clock
) -> None:
    at = begun(store, clock)
    at.orders.put(at.order("o1", "ada"))
    at.live()
    at.wait(minutes=1)
    at.orders.put(at.order("o1", "bob", revision=2))

    at.live()

    assert at.awards("ada", "bob") == {
        ("ada", "one-order"): State.WITHDRAWN,
        ("bob", "one-order"): State.PENDING,
    }


def test_a_guests_order_earns_nothing_until_it_has_a_member(store: SqlStore, clock: Clock) -> None:
    at = begun(store, clock)
    at.orders.put(at.order("o1", None))
    assert (at.live().new, at.live().opened) == (1, 0)
    at.wait(minutes=1)
    at.orders.put(at.order("o1", "ada", revision=2))

    assert at.live().opened == 1


def test_a_stamp_of_2099_is_stored_and_does_not_move_the_watermark(
    store: SqlStore, clock: Clock
) -> None:
    at = begun(store, clock)
    at.orders.put(at.order("ahead", updated_at=FAR, at=clock()), at.order("o1"))
    at.live()
    assert reached(at) == clock()
    at.wait(hours=1)
    at.orders.put(at.order("o2"))

    at.live()

    assert recorded(at) == ["ahead", "o1", "o2"]
    assert reached(at) == clock()


def test_an_order_placed_in_the_future_waits_for_its_time(store: SqlStore, clock: Clock) -> None:
    at = begun(store, clock)
    at.orders.put(at.order("o1", at=clock() + timedelta(hours=2), updated_at=clock()))

    assert (at.live().new, at.awards("ada")) == (1, {})


def test_a_cursor_refused_in_the_middle_restarts_at_the_last_stamp(
    store: SqlStore, clock: Clock
) -> None:
    at = begun(store, clock)
    spread(at, 10)
    at.wix.script("fetch orders", None, None, CursorRefused("expired"))

    done = at.live()

    assert (done.completed, len(recorded(at))) == (True, 10)
    assert at.orders.scopes[3] == (Window(since=clock() - timedelta(minutes=6)), None)


def test_a_cursor_refused_after_a_crash_restarts_at_the_last_stamp(
    store: SqlStore, clock: Clock
) -> None:
    at = begun(store, clock)
    spread(at, 10)
    at.wix.script("fetch orders", None, None, Ambiguous("502"))
    with pytest.raises(Ambiguous):
        at.live()
    held = place(at)
    assert held.cursor
    at.orders.refused_cursors.add(held.cursor)
    at.wait(days=3)

    assert (at.live().completed, len(recorded(at))) == (True, 10)


def test_a_source_that_refuses_every_cursor_is_read_from_stamp_to_stamp(
    store: SqlStore, clock: Clock
) -> None:
    at = begun(store, clock)
    spread(at, 10)
    at.wix.script("fetch orders", None, *[CursorRefused("expired"), None] * 9)

    assert (at.live().completed, len(recorded(at))) == (True, 10)


def test_a_cursor_refused_again_without_any_progress_is_an_error(
    store: SqlStore, clock: Clock
) -> None:
    at = begun(store, clock)
    at.orders.put(*[at.order(f"o{n}") for n in range(10)])
    at.wix.script("fetch orders", None, CursorRefused("1"), None, CursorRefused("2"))

    with pytest.raises(CursorRefused):
        at.live()
    assert at.live().completed, "and the next scan goes on"
    assert len(recorded(at)) == 10


def test_after_a_refused_cursor_wix_may_name_its_cursors_as_before(
    store: SqlStore, clock: Clock
) -> None:
    """Cursors that are made of a place alone come again when the place does."""
    at = begun(store, clock)
    at.orders.put(*[at.order(f"o{n}") for n in range(5)])
    at.orders.next_cursors.extend(["page-2", "page-3"])
    at.wix.script("fetch orders", None, None, CursorRefused("expired"))
    at.wix.meanwhile(
        "fetch orders", None, None, lambda: at.orders.next_cursors.extend(["page-2", "page-3"])
    )

    assert at.live().completed


def test_pages_that_run_in_a_circle_end_with_an_error(store: SqlStore, clock: Clock) -> None:
    at = begun(store, clock)
    spread(at, 10)
    at.orders.next_cursors.extend(["a", "b", "a", "b", "a", "b"])

    with pytest.raises(Ambiguous, match="circle"):
        at.live()
    assert len(at.orders.scopes) == 3


def test_empty_pages_without_end_are_an_error(store: SqlStore, clock: Clock) -> None:
    at = begun(store, clock)
    at.orders.next_cursors.extend(f"e{n}" for n in range(50))

    with pytest.raises(Ambiguous, match="circle"):
        at.live()
    assert len(at.orders.scopes) == MOST_EMPTY_PAGES


def test_the_last_of_several_apps_is_read_though_those_before_it_are_empty(
    store: SqlStore, clock: Clock
) -> None:
    at = begun(store, clock, TALKER)
    at.comments.next_cursors.extend(["comments:", "forum:", "groups:"])
    at.wix.meanwhile("fetch comments", None, None, None, lambda: at.comments.put(at.comment("c1")))

    assert at.scan(at.comments).opened == 1


def test_an_empty_last_page_is_the_end_and_no_error(store: SqlStore, clock: Clock) -> None:
    at = begun(store, clock)
    at.orders.next_cursors.extend(["e1", "e2"])

    assert (at.live().pages, at.live().completed) == (3, True)


def test_a_record_that_cannot_be_read_is_kept_aside_and_the_scan_goes_on(
    store: SqlStore, clock: Clock
) -> None:
    at = begun(store, clock)
    spread(at, 6)
    at.orders.poisoned.add("o2")

    done = at.live()

    assert (done.quarantined, done.seen, done.completed) == (1, 5, True)
    assert "o2" not in recorded(at)


def test_a_lease_lost_between_pages_writes_nothing_of_that_page(
    store: SqlStore, clock: Clock
) -> None:
    at = begun(store, clock, TWO_ORDERS)
    spread(at, 4)

    def another_worker_takes_over() -> None:
        at.wait(seconds=CADENCE.lease.total_seconds())
        assert at.live().completed
        at.orders.put(at.order("ghost", "bob"), at.order("ghost-2", "bob"))

    at.wix.meanwhile("fetch orders", None, another_worker_takes_over)
    before = clock()

    with pytest.raises(LeaseLost):
        at.live()

    assert recorded(at, "bob") == []
    assert at.awards("bob") == {}
    assert reached(at) == before
    assert at.live().new == 2


def test_a_page_and_all_that_follows_are_written_together_or_not_at_all(
    store: SqlStore, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    at = begun(store, clock)
    spread(at, 4)
    before = reached(at)

    def dies(*_: object, **__: object) -> None:
        raise WorkerKilled

    with monkeypatch.context() as patch:
        patch.setattr("badgejobs.store.scans.SqlScans.keep", dies)
        with pytest.raises(WorkerKilled):
            at.live()

    assert (recorded(at), at.awards("ada"), reached(at)) == ([], {}, before)
    at.wait(seconds=CADENCE.lease.total_seconds())
    assert at.live().new == 4
