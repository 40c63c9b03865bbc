from __future__ import annotations

import pytest
from stage import (
    CADENCE,
    ONE_ORDER,
    TALKER,
    Clock,
    Stage,
    comments_at_least,
    milestone,
    orders_at_least,
)
from wix_double import lost

from badgejobs.core.activity import Mark
from badgejobs.core.award import State
from badgejobs.core.milestone import AllOf
from badgejobs.core.source import Resources, Track, Walk
from badgejobs.core.watermark import Round, Watermark
from badgejobs.errors import (
    Ambiguous,
    CursorRefused,
)
from badgejobs.store import SqlStore

#: What a scan asks of a database is tried on both in the store's own tests.
pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


def place(at: Stage, track: Track = Track.FULL) -> Watermark | Round:
    """Where a track of the comments stands."""
    with at.store.begin() as tx:
        rows = tx.scans.overview(at.site)
    (row,) = [one for one in rows if (one.source, one.track) == ("comments", track)]
    return row.place


def walk(at: Stage) -> int:
    """One full walk, whenever it is due; its pages."""
    at.wait(hours=7)
    return at.scan(at.comments).pages


def test_comments_are_walked_in_full_and_count(store: SqlStore, clock: Clock) -> None:
    at = Stage(store, clock, TALKER)
    at.comments.put(*[at.comment(f"c{n}") for n in range(5)])

    done = at.scan(at.comments)

    assert (done.pages, done.new, done.opened) == (3, 5, 1)
    assert {scope for scope, _ in at.comments.scopes} == {Walk(generation=1)}


def test_a_probe_that_finds_nothing_new_reads_no_page(store: SqlStore, clock: Clock) -> None:
    at = Stage(store, clock, TALKER)
    at.comments.put(at.comment("c1"), at.comment("c2", marks=[Mark.HIDDEN]))
    at.scan(at.comments)
    at.wix.calls.clear()
    at.wait(minutes=11)

    done = at.scan(at.comments)

    assert (done.pages, done.completed) == (0, True)
    assert len(at.wix.named("probe")) == 1
    assert len(at.comments.scopes) == 1
    with store.begin() as tx:
        due = {row.track: row.due_at for row in tx.scans.overview(at.site)}
    assert due[Track.LIVE] == clock() + CADENCE.every


def test_a_new_comment_on_a_known_post_is_read_at_once_and_nothing_else(
    store: SqlStore, clock: Clock
) -> None:
    at = Stage(store, clock, TALKER)
    at.comments.put(*[at.comment(f"c{n}", "ann", post=f"p{n}") for n in range(9)])
    at.scan(at.comments)
    at.comments.scopes.clear()
    at.comments.put(at.comment("new", "bob", post="p4"))

    at.wait(minutes=1)
    done = at.scan(at.comments)

    assert (done.opened, done.completed) == (1, True)
    assert [scope for scope, _ in at.comments.scopes] == [Resources(part="blog", ids=("p4",))]


def test_a_comment_on_an_unknown_post_brings_the_walk_forward(
    store: SqlStore, clock: Clock
) -> None:
    at = Stage(store, clock, TALKER)
    at.comments.put(at.comment("c1"))
    at.scan(at.comments)
    at.comments.put(at.comment("c2", "bob", post="new"))

    at.wait(minutes=1)
    done = at.scan(at.comments)
    assert (done.pages, done.completed) == (0, False), "walks keep their distance"
    at.wait(minutes=9)

    assert at.scan(at.comments).opened == 1
    at.wait(minutes=1)
    assert at.scan(at.comments).completed, "the numbers agree again"


def test_what_a_probe_could_not_explain_is_no_news_the_next_time(
    store: SqlStore, clock: Clock
) -> None:
    at = Stage(store, clock, TALKER)
    at.comments.put(at.comment("c1"))
    at.scan(at.comments)
    at.comments.put(at.comment("c2", "bob", post="new"))
    at.wait(minutes=1)
    at.scan(at.comments)
    before = place(at, Track.LIVE)

    at.wait(minutes=1)
    at.scan(at.comments)

    assert place(at, Track.LIVE) == before
    assert isinstance(before, Round)
    assert dict(before.offsets) == {"blog": 1}


def test_what_no_walk_explains_brings_no_walk_after_the_first(
    store: SqlStore, clock: Clock
) -> None:
    """A published comment that cannot be read, or one of an erased member, counts at Wix."""
    at = Stage(store, clock, TALKER)
    at.comments.put(at.comment("c1"))
    at.scan(at.comments)
    at.comments.put(at.comment("c2", "bob", post="new"))
    at.comments.poisoned.add("c2")
    walks = 0
    for _ in range(120):
        at.wait(minutes=1)
        before = at.comments.scopes.copy()
        at.scan(at.comments)
        walks += any(isinstance(one, Walk) for one, _ in at.comments.scopes[len(before) :])

    assert walks == 1


def test_a_comment_removed_without_a_trace_is_gone_after_two_looks_at_its_post(
    store: SqlStore, clock: Clock
) -> None:
    """A full walk is not waited for, and meanwhile nothing is looked for anew."""
    at = Stage(store, clock, TALKER)
    at.comments.put(at.comment("c1"), at.comment("c2", "bob"))
    at.scan(at.comments)
    del at.comments.records["c1"]
    states = []
    for _ in range(12):
        at.wait(minutes=1)
        at.scan_track(Track.LIVE, at.comments)
        states.append(at.award().state)

    assert states.count(State.PENDING) == 10
    assert states[-1] is State.WITHDRAWN
    assert at.award("bob").state is State.PENDING
    looks = [scope for scope, _ in at.comments.scopes if isinstance(scope, Resources)]
    assert len(looks) == 2


def test_what_was_noted_from_elsewhere_is_read_though_no_number_differs(
    store: SqlStore, clock: Clock
) -> None:
    at = Stage(store, clock, TALKER)
    at.comments.put(at.comment("c1"), at.comment("c2", "bob", marks=[Mark.HIDDEN]))
    at.scan(at.comments)
    at.comments.put(
        at.comment("c1", marks=[Mark.HIDDEN], revision=2), at.comment("c2", "bob", revision=2)
    )
    with store.begin() as tx:
        tx.resources.hint(at.site, "comments", [Resources(part="blog", ids=("post",))])
    at.wait(minutes=1)

    done = at.scan(at.comments)

    assert (done.opened, done.withdrawn) == (1, 1)


def test_looks_at_many_posts_go_on_where_a_slice_ended(store: SqlStore, clock: Clock) -> None:
    at = Stage(store, clock, TALKER, page_size=2)
    at.comments.put(*[at.comment(f"c{n}", f"m{n}", post=f"p{n}") for n in range(9)])
    at.scan(at.comments)
    at.comments.put(*[at.comment(f"d{n}", f"n{n}", post=f"p{n}") for n in range(9)])
    at.wait(minutes=1)

    slices = 0
    while True:
        slices += 1
        done = at.scan_track(Track.LIVE, at.comments, time_is_up=lambda: True)
        if not done.more:
            break

    assert slices > 5
    assert done.completed
    assert len(at.facts(*[f"n{n}" for n in range(9)])) == 9
    assert set(at.awards(*[f"n{n}" for n in range(9)]).values()) == {State.PENDING}


def test_without_any_difference_a_walk_comes_all_the_same(store: SqlStore, clock: Clock) -> None:
    """A hide and a new comment leave the count as it was."""
    at = Stage(store, clock, TALKER)
    at.comments.put(at.comment("c1"))
    at.scan(at.comments)
    at.comments.put(at.comment("c1", marks=[Mark.HIDDEN], revision=2), at.comment("c2", "bob"))
    at.wait(minutes=11)
    assert at.scan(at.comments).pages == 0
    at.wait(hours=6)

    done = at.scan(at.comments)

    assert (done.opened, done.withdrawn) == (1, 1)


def test_a_lost_probe_is_an_error_with_its_wait(store: SqlStore, clock: Clock) -> None:
    at = Stage(store, clock, TALKER)
    at.comments.put(at.comment("c1"))
    at.scan(at.comments)
    at.wait(minutes=11)
    at.wix.script("probe", lost())

    with pytest.raises(Ambiguous):
        at.scan(at.comments)
    assert at.scan(at.comments).completed


def test_a_comment_missing_from_two_walks_is_gone_and_counts_again_when_it_is_seen(
    store: SqlStore, clock: Clock
) -> None:
    at = Stage(store, clock, TALKER)
    kept = at.comment("c1")
    at.comments.put(kept, at.comment("c2", "bob"))
    walk(at)
    del at.comments.records["c1"]

    walk(at)
    assert at.award().state is State.PENDING, "once is no proof"
    walk(at)
    assert at.award().state is State.WITHDRAWN
    assert Mark.GONE in at.facts("ada")["ada"]["c1"].marks
    assert at.award("bob").state is State.PENDING

    at.comments.put(kept)
    walk(at)
    assert at.award().state is State.PENDING
    assert Mark.GONE not in at.facts("ada")["ada"]["c1"].marks


def test_a_comment_missing_from_one_walk_and_seen_in_the_next_was_never_gone(
    store: SqlStore, clock: Clock
) -> None:
    at = Stage(store, clock, TALKER)
    kept = at.comment("c1")
    at.comments.put(kept)
    walk(at)
    for _ in range(3):
        del at.comments.records["c1"]
        walk(at)
        at.comments.put(kept)
        walk(at)

    with store.begin() as tx:
        assert len(tx.awards.history(at.site, "ada")) == 1


def test_an_unfinished_walk_is_no_proof_that_a_comment_is_gone(
    store: SqlStore, clock: Clock
) -> None:
    at = Stage(store, clock, TALKER)
    at.comments.put(*[at.comment(f"c{n}", f"m{n}") for n in range(6)])
    walk(at)
    del at.comments.records["c5"]
    for _ in range(6):
        at.wix.script("fetch comments", None, lost())
        with pytest.raises(Ambiguous):
            walk(at)
        place_now = place(at)
        assert isinstance(place_now, Round)
        at.comments.refused_cursors.add(place_now.cursor or "")

    assert at.award("m5").state is State.PENDING
    assert place(at).scanning


def test_a_probe_agrees_again_after_a_comment_is_gone(store: SqlStore, clock: Clock) -> None:
    at = Stage(store, clock, TALKER)
    at.comments.put(at.comment("c1"), at.comment("c2"))
    walk(at)
    del at.comments.records["c1"]
    walk(at)
    walk(at)
    at.wait(minutes=11)

    assert at.scan(at.comments).pages == 0


def test_a_deleted_comment_keeps_its_author_and_no_longer_counts(
    store: SqlStore, clock: Clock
) -> None:
    at = Stage(store, clock, TALKER)
    at.comments.put(at.comment("c1"))
    walk(at)
    at.comments.put(at.comment("c1", None, marks=[Mark.DELETED], revision=2))

    walk(at)

    assert at.award().state is State.WITHDRAWN
    assert at.facts("ada")["ada"]["c1"].marks == {Mark.DELETED}


def test_a_hidden_comment_that_is_shown_again_counts_again(store: SqlStore, clock: Clock) -> None:
    at = Stage(store, clock, TALKER)
    states = []
    for revision, mark in enumerate([Mark.PUBLISHED, Mark.HIDDEN, Mark.PUBLISHED], 1):
        at.comments.put(at.comment("c1", marks=[mark], revision=revision))
        walk(at)
        states.append(at.award().state)

    assert states == [State.PENDING, State.WITHDRAWN, State.PENDING]


def test_a_refused_cursor_starts_the_walk_over_and_loses_nobody(
    store: SqlStore, clock: Clock
) -> None:
    at = Stage(store, clock, TALKER)
    at.comments.put(*[at.comment(f"c{n}", f"m{n}") for n in range(6)])
    at.wix.script("fetch comments", None, None, CursorRefused("expired"))

    done = at.scan(at.comments)

    assert (done.completed, done.new) == (True, 6)
    assert {scope for scope, _ in at.comments.scopes} == {Walk(generation=1)}


def test_two_sources_of_one_member_earn_one_badge_together(store: SqlStore, clock: Clock) -> None:
    both = milestone("both", AllOf(parts=(orders_at_least(1), comments_at_least(1))))
    at = Stage(store, clock, both, ONE_ORDER)
    at.orders.put(at.order("o1"))
    assert at.scan().opened == 1
    at.wait(minutes=5)
    at.comments.put(at.comment("c1"))

    assert at.scan(at.comments).opened == 1
    assert at.award().earned_at == clock()


def test_a_difference_that_reading_does_not_mend_ends_the_slices_all_the_same(
    store: SqlStore, clock: Clock
) -> None:
    """Each slice is over after one page, and its resource is read once, not slice after slice."""
    at = Stage(store, clock, TALKER)
    at.comments.put(*[at.comment(f"c{n}") for n in range(7)])
    walk(at)
    del at.comments.records["c1"]
    at.wait(minutes=11)
    pages, probes = len(at.comments.scopes), len(at.wix.named("probe"))

    slices = 1
    while at.scan_track(Track.LIVE, at.comments, time_is_up=lambda: True).more:
        slices += 1
        assert slices < 20

    assert len(at.comments.scopes) - pages == 3
    assert len(at.wix.named("probe")) - probes <= 2
