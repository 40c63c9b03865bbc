from __future__ import annotations

from datetime import UTC, datetime, timedelta

from core_facts import NOON, at
from hypothesis import given
from hypothesis import strategies as st

from badgejobs.core.source import Walk, Window
from badgejobs.core.watermark import CLOCK_TOLERANCE, Round, Watermark

OVERLAP = timedelta(minutes=10)
FAR = datetime(2099, 1, 1, tzinfo=UTC)

stamps = st.lists(st.integers(-100, 100).map(at), max_size=6)
pages = st.lists(stamps, max_size=6)
marks = st.one_of(st.none(), st.integers(-100, 100).map(at))


@given(reached=marks, read=pages, last=stamps, answered=st.integers(-100, 100).map(at))
def test_reached_moves_only_to_stamps_that_were_seen_and_believed_and_never_back(
    reached: datetime | None, read: list[list[datetime]], last: list[datetime], answered: datetime
) -> None:
    mark = Watermark(reached=reached).opened(OVERLAP)
    seen = {reached} if reached else set[datetime]()
    for page in [*read, last]:
        before = mark.reached
        mark = mark.turned(page, next_cursor="more", answered_at=answered, overlap=OVERLAP)
        seen |= {stamp for stamp in page if stamp <= answered + CLOCK_TOLERANCE}
        assert mark.reached == max(seen, default=None)
        assert before is None or (mark.reached is not None and mark.reached >= before)


@given(reached=marks, read=pages, last=stamps)
def test_the_last_page_closes_the_window_and_the_next_one_overlaps_it(
    reached: datetime | None, read: list[list[datetime]], last: list[datetime]
) -> None:
    mark = Watermark(reached=reached).opened(OVERLAP)
    for page in read:
        mark = mark.turned(page, next_cursor="more", answered_at=at(100), overlap=OVERLAP)
        assert mark.scanning
    mark = mark.turned(last, next_cursor=None, answered_at=at(100), overlap=OVERLAP)

    assert mark == Watermark(reached=mark.reached)
    opened = mark.opened(OVERLAP)
    assert opened.scanning
    assert opened.since == (mark.reached - OVERLAP if mark.reached else None)
    assert opened.scope == Window(since=opened.since)


@given(read=pages)
def test_a_scan_cut_off_at_any_page_goes_on_where_it_was(read: list[list[datetime]]) -> None:
    mark = Watermark(reached=at(-200)).opened(OVERLAP)
    for n, page in enumerate(read):
        mark = mark.turned(page, next_cursor=f"c{n}", answered_at=at(100), overlap=OVERLAP)
        assert mark.opened(OVERLAP) == mark
        assert mark.cursor == f"c{n}"


@given(reached=marks, read=pages)
def test_without_its_cursor_a_scan_resumes_no_later_than_the_last_stamp(
    reached: datetime | None, read: list[list[datetime]]
) -> None:
    mark = Watermark(reached=reached).opened(OVERLAP)
    since = mark.since
    for page in read:
        mark = mark.turned(page, next_cursor="more", answered_at=at(100), overlap=OVERLAP)

    dropped = mark.cursor_dropped()

    assert dropped.cursor is None
    assert dropped.scanning
    all_read = [stamp for page in read for stamp in page]
    assert dropped.scope == Window(since=max(all_read, default=since))
    assert dropped.reached == mark.reached


def test_a_stamp_of_2099_does_not_move_the_watermark() -> None:
    mark = Watermark().opened(OVERLAP)

    mark = mark.turned([at(0), FAR], next_cursor="more", answered_at=NOON, overlap=OVERLAP)
    assert (mark.reached, mark.read_to) == (at(0), at(0))
    mark = mark.turned([FAR], next_cursor=None, answered_at=NOON, overlap=OVERLAP)
    assert mark == Watermark(reached=at(0))


def test_a_page_of_nothing_but_2099_moves_nothing() -> None:
    mark = Watermark(reached=at(0)).opened(OVERLAP)

    mark = mark.turned([FAR], next_cursor="more", answered_at=NOON, overlap=OVERLAP)

    assert (mark.reached, mark.read_to) == (at(0), None)
    assert mark.cursor_dropped().scope == Window(since=at(-10))


def test_a_stamp_within_the_tolerance_of_wixs_clock_is_believed() -> None:
    mark = Watermark().opened(OVERLAP)
    edge = NOON + CLOCK_TOLERANCE

    assert mark.turned([edge], next_cursor=None, answered_at=NOON, overlap=OVERLAP).reached == edge
    just_past = edge + timedelta(microseconds=1)
    assert (
        mark.turned([just_past], next_cursor=None, answered_at=NOON, overlap=OVERLAP).reached
        is None
    )


def test_an_empty_source_stays_at_the_beginning() -> None:
    mark = (
        Watermark().opened(OVERLAP).turned([], next_cursor=None, answered_at=NOON, overlap=OVERLAP)
    )

    assert mark == Watermark()
    assert mark.opened(OVERLAP).scope == Window(since=None)


def test_reading_only_the_overlap_does_not_take_the_watermark_back() -> None:
    mark = Watermark(reached=at(0)).opened(OVERLAP)

    assert mark.turned([at(-5)], next_cursor=None, answered_at=NOON, overlap=OVERLAP).reached == at(
        0
    )


def test_a_walk_has_the_number_it_is_given_and_a_walk_cut_off_keeps_its_number() -> None:
    first = Round().opened(NOON, generation=1)
    assert (first.generation, first.scope("walk")) == (1, Walk(generation=1))

    half = first.turned(next_cursor="c1").opened(at(60), generation=7)
    assert (half.generation, half.cursor, half.started_at) == (1, "c1", NOON)

    done = half.turned(next_cursor=None)
    assert (done.scanning, done.cursor, done.complete_from) == (False, None, NOON)
    assert done.opened(at(61), generation=2).generation == 2


def test_an_open_walk_still_tells_how_old_the_last_complete_one_is() -> None:
    done = Round().opened(NOON, generation=1).turned(next_cursor=None)

    assert done.opened(at(60), generation=2).complete_from == NOON


def test_a_refused_cursor_starts_the_walk_over_under_its_number() -> None:
    half = Round().opened(NOON, generation=1).turned(next_cursor="c1").cursor_dropped()

    assert (half.generation, half.scanning, half.cursor) == (1, True, None)


def test_a_full_reading_by_time_ends_where_the_live_scan_begins() -> None:
    reading = Round().opened(at(1), generation=1)
    assert reading.scope("window") == Window(since=None)
    first = reading.turned([at(-90), at(-80)], next_cursor="c1", answered_at=NOON)
    assert (first.until, first.scope("window")) == (NOON, Window(since=at(-80)))

    at_the_edge = first.turned([at(-70), at(0)], next_cursor="c2", answered_at=at(9))
    assert (at_the_edge.scanning, at_the_edge.until) == (True, NOON)
    done = at_the_edge.turned([at(0), at(5)], next_cursor="c3", answered_at=at(10))
    assert (done.scanning, done.cursor, done.complete_from) == (False, None, at(1))


def test_a_full_reading_that_begins_anew_forgets_how_far_the_last_one_came() -> None:
    done = Round().opened(NOON, generation=1).turned([at(-5)], next_cursor=None, answered_at=NOON)

    anew = done.opened(at(60), generation=2)

    assert (anew.scope("window"), anew.until, anew.complete_from) == (
        Window(since=None),
        None,
        NOON,
    )


def test_a_scan_that_paused_long_near_the_present_leaves_its_overlap_there() -> None:
    """An order stamped just before NOON and seen 8 s late is missing from the first page."""
    mark = Watermark().opened(OVERLAP)
    mark = mark.turned([at(-60), at(0)], next_cursor="more", answered_at=NOON, overlap=OVERLAP)

    closed = mark.turned([at(60)], next_cursor=None, answered_at=at(60), overlap=OVERLAP)

    assert closed == Watermark(reached=NOON)
    assert closed.opened(OVERLAP).scope == Window(since=at(-10))


def test_a_scan_that_closes_soon_keeps_all_that_it_reached() -> None:
    mark = Watermark().opened(OVERLAP)
    mark = mark.turned([at(0)], next_cursor="more", answered_at=NOON, overlap=OVERLAP)

    closed = mark.turned([at(4)], next_cursor=None, answered_at=at(4), overlap=OVERLAP)

    assert closed == Watermark(reached=at(4))


def test_old_history_may_take_as_long_as_it_likes() -> None:
    mark = Watermark().opened(OVERLAP)
    mark = mark.turned([at(-900)], next_cursor="more", answered_at=NOON, overlap=OVERLAP)

    closed = mark.turned([at(59)], next_cursor=None, answered_at=at(60), overlap=OVERLAP)

    assert closed == Watermark(reached=at(59))
