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
from badgejobs.core.source import Walk
from badgejobs.core.watermark import Round, Watermark
from badgejobs.errors import (
    Ambiguous,
    CursorRefused,
)
from badgejobs.store import SqlStore

#: What a scan asks of a database is tried on both in the store's own tests.
pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


def place(at: Stage, source: str = "orders") -> Watermark | Round:
    with at.store.begin() as tx:
        (row,) = [one for one in tx.scans.overview(at.site) if one.source == source]
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
    at.wait(minutes=11)

    done = at.scan(at.comments)

    assert (done.pages, done.completed) == (0, True)
    assert len(at.wix.named("probe")) == 1
    assert len(at.comments.scopes) == 1
    with store.begin() as tx:
        (row,) = tx.scans.overview(at.site)
    assert row.due_at == clock() + CADENCE.every


def test_a_probe_that_differs_brings_the_walk_forward(store: SqlStore, clock: Clock) -> None:
    at = Stage(store, clock, TALKER)
    at.comments.put(at.comment("c1"))
    at.scan(at.comments)
    at.comments.put(at.comment("c2", "bob"))

    at.wait(minutes=1)
    assert at.scan(at.comments).pages == 0, "walks keep their distance"
    at.wait(minutes=10)

    assert at.scan(at.comments).opened == 1


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
        place_now = place(at, "comments")
        assert isinstance(place_now, Round)
        at.comments.refused_cursors.add(place_now.cursor or "")

    assert at.award("m5").state is State.PENDING
    assert place(at, "comments").scanning


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
