"""Comments through a real server, the real client and a real database: what changed is found."""

from __future__ import annotations

import itertools
import random
import re
from collections.abc import Collection
from dataclasses import replace
from datetime import timedelta
from math import ceil, log2

import pytest
from databases import Clock
from live_shop import guid
from read_comments import BLOG, FORUM, MEMBERS, Reading, reading

from badgejobs.core.activity import Mark
from badgejobs.core.source import Page, Scope, Track
from badgejobs.sandbox.history import made_up
from badgejobs.sandbox.history.made_up import post_id
from badgejobs.sources.comments import Comments
from badgejobs.store import SqlStore
from badgejobs.wix.client import WixClient

#: What a scan asks of a database is tried on both in the store's own tests.
pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


def filled(at: Reading, *, posts: int, each: int) -> None:
    """So many comments on each of the first posts, and all of them read."""
    for post in range(posts):
        at.put(*range(post * each, (post + 1) * each), post=post)
    done = at.backfill()
    assert (done.completed, done.new) == (True, posts * each)


def test_a_site_that_did_not_change_costs_one_count_an_app(store: SqlStore, clock: Clock) -> None:
    with reading(store, clock, BLOG, FORUM) as at:
        at.put(900, app=FORUM)
        at.put(1, 2, 3)
        at.backfill()
        before = at.pages

        for _ in range(3):
            done = at.scan()
            assert (done.completed, done.pages) == (True, 0)

        assert (at.counts, at.pages) == (3 * 2, before)


def test_changed_posts_are_found_within_the_bound_and_only_they_are_read(
    store: SqlStore, clock: Clock
) -> None:
    posts, each, seed = 64, 30, 5
    spread = random.Random(seed)
    with reading(store, clock) as at:
        filled(at, posts=posts, each=each)
        number = 100_000
        for changed in (1, 2, 3):
            some = spread.sample(range(posts), changed)
            for post in some:
                number += 1
                at.put(number, post=post)
            on_them = sum(at.known()[BLOG][post_id(post)] + 1 for post in some)
            counts, pages = at.counts, at.pages

            done = at.scan()

            assert (done.new, done.seen) == (changed, on_them), "no other post is read"
            assert at.counts - counts <= 1 + 2 * changed * (1 + log2(posts / changed))
            assert at.pages - pages == ceil(on_them / 100)
            assert at.is_as_at_wix()
            assert at.scan().pages == 0


@pytest.mark.parametrize("status", ["HIDDEN", "DELETED", "PENDING"])
def test_a_comment_that_is_no_longer_in_public_counts_no_more_at_the_next_tick(
    store: SqlStore, clock: Clock, status: str
) -> None:
    with reading(store, clock) as at:
        filled(at, posts=4, each=3)
        at.put(5, post=1, status=status)

        done = at.scan()

        assert (done.changed, done.completed) == (1, True)
        assert at.marks(5) == {Mark(status.lower())}
        assert at.facts()[guid("c", 5)].member_id == MEMBERS[5], "a deleted one names no author"
        assert at.is_as_at_wix()
        at.put(5, post=1)
        assert at.scan().changed == 1
        assert at.marks(5) == {Mark.PUBLISHED}


def test_an_edit_shows_in_no_number_and_is_read_when_it_is_noted(
    store: SqlStore, clock: Clock
) -> None:
    with reading(store, clock) as at:
        filled(at, posts=3, each=2)
        at.put(2, post=1)
        assert at.scan().changed == 0

        at.hint(post_id(1))
        done = at.scan()

        assert (done.pages, done.seen, done.changed) == (1, 2, 1)
        assert at.facts()[guid("c", 2)].revision == at.revision
        assert at.scan().pages == 0, "a hint is read once"


def test_a_new_post_is_unexplained_and_brings_the_walk_forward(
    store: SqlStore, clock: Clock
) -> None:
    with reading(store, clock) as at:
        filled(at, posts=5, each=2)
        clock.advance(minutes=3)
        at.put(100, post=77)

        done = at.scan()

        assert (done.pages, done.completed) == (0, False)
        soon = at.due_at(Track.FULL)
        assert soon == clock() + timedelta(minutes=7), "ten minutes after the last walk began"
        counts = at.counts
        at.scan()
        assert at.counts == counts + 1, "what was unexplained before is no news"
        clock.advance(minutes=7)
        assert at.scan(Track.FULL).new == 1
        assert at.scan().completed
        assert at.is_as_at_wix()


def test_a_new_post_that_is_noted_needs_no_walk(store: SqlStore, clock: Clock) -> None:
    with reading(store, clock) as at:
        filled(at, posts=5, each=2)
        at.put(100, post=77)
        at.hint(post_id(77))
        walk = at.due_at(Track.FULL)

        done = at.scan()

        assert (done.new, done.completed) == (1, True)
        assert at.due_at(Track.FULL) == walk
        assert at.counts == 1


def test_a_removed_comment_is_gone_after_two_targeted_reads_without_a_walk(
    store: SqlStore, clock: Clock
) -> None:
    with reading(store, clock) as at:
        filled(at, posts=6, each=2)
        walked = at.pages
        at.remove(4)

        at.scan()
        assert at.marks(4) == {Mark.PUBLISHED}, "once is no proof"
        clock.advance(minutes=9)
        at.scan()
        assert at.marks(4) == {Mark.PUBLISHED}, "twice at once neither"
        clock.advance(minutes=1)
        at.scan()

        assert at.marks(4) == {Mark.PUBLISHED, Mark.GONE}
        assert at.is_as_at_wix()
        assert at.pages - walked <= 4, "no walk was due yet"
        assert at.scan().completed


def test_a_removed_comment_is_gone_in_time_though_its_post_was_read_meanwhile(
    store: SqlStore, clock: Clock
) -> None:
    with reading(store, clock) as at:
        filled(at, posts=6, each=2)
        at.remove(4)
        at.scan()
        clock.advance(minutes=4)
        at.hint(post_id(2))
        assert at.scan().pages == 1
        assert at.marks(4) == {Mark.PUBLISHED}
        clock.advance(minutes=10)

        at.scan()

        assert at.marks(4) == {Mark.PUBLISHED, Mark.GONE}


class Trailing(Comments):
    """Comments of which pages do not show some yet that numbers count already."""

    late: Collection[str] = ()

    def fetch(self, client: WixClient, scope: Scope, cursor: str | None) -> Page:
        page = super().fetch(client, scope, cursor)
        seen = tuple(one for one in page.activities if one.activity_id not in self.late)
        return replace(page, activities=seen)


def test_where_pages_trail_behind_the_numbers_the_post_is_read_once_more(
    store: SqlStore, clock: Clock
) -> None:
    with reading(store, clock) as at:
        filled(at, posts=6, each=2)
        at.source = trailing = Trailing(at.source_site)
        at.put(900, post=3)
        trailing.late = {guid("c", 900)}
        done = at.scan()
        assert (done.new, done.completed) == (0, False)
        trailing.late = ()
        clock.advance(minutes=1)

        assert at.scan().new == 1

        assert at.scan().completed
        assert at.is_as_at_wix()


def test_one_published_and_one_hidden_on_a_post_cancel_and_the_walk_finds_both(
    store: SqlStore, clock: Clock
) -> None:
    with reading(store, clock) as at:
        filled(at, posts=4, each=3)
        at.put(3, post=1, status="HIDDEN")
        at.put(50, post=1)
        done = at.scan()
        assert (done.pages, done.completed, at.is_as_at_wix()) == (0, True, False)
        clock.advance(hours=6)

        done = at.scan(Track.FULL)

        assert (done.new, done.changed) == (1, 1)
        assert at.is_as_at_wix()


def test_where_wix_refuses_long_lists_the_posts_are_found_all_the_same(
    store: SqlStore, clock: Clock
) -> None:
    posts = 220
    with reading(store, clock) as at:
        filled(at, posts=posts, each=6)
        at.turn(mostIn=100)
        at.put(9_000, post=219)

        done = at.scan()

        assert (done.new, done.seen) == (1, 7)
        assert at.counts <= 1 + 1 + ceil(posts / 100) + 7
        assert at.is_as_at_wix()


def test_where_all_are_too_many_to_count_known_posts_are_held_against_theirs(
    store: SqlStore, clock: Clock
) -> None:
    with reading(store, clock) as at:
        filled(at, posts=50, each=30)
        at.turn(countLimit=600)
        at.put(9_000, post=33)

        done = at.scan()

        assert (done.new, done.completed) == (1, True)
        assert at.is_as_at_wix()


def test_a_post_that_cannot_be_counted_is_for_the_walk(store: SqlStore, clock: Clock) -> None:
    with reading(store, clock) as at:
        filled(at, posts=3, each=20)
        at.turn(countLimit=0)
        at.put(9_000, post=2)

        done = at.scan()

        assert (done.pages, done.completed) == (0, False)
        assert at.due_at(Track.FULL) == clock() + timedelta(minutes=10)


def test_an_app_whose_comments_all_vanish_is_an_error_and_no_empty_site(
    store: SqlStore, clock: Clock
) -> None:
    with reading(store, clock, BLOG, FORUM) as at:
        at.put(*range(100, 130), app=FORUM)
        at.put(1)
        at.backfill()
        at.remove(*range(100, 130))
        at.put(2)
        why = f"app {FORUM} cannot be read .*take it out"

        done = at.scan()
        assert (done.new, done.completed) == (1, False), "the other app is read all the same"
        assert re.search(why, done.refused)
        at.hint(made_up.post_id(0), app=FORUM)
        for _ in range(3):
            at.clock.advance(hours=7)
            at.put(at.revision)
            walked = at.scan(Track.FULL)
            assert (walked.new, walked.completed) == (1, True)
            assert re.search(why, walked.refused)
            at.clock.advance(minutes=30)
            assert re.search(why, at.scan().refused), "also where a hint asks for it"

        assert {Mark.PUBLISHED} == set(at.marks(100))


def test_a_search_that_outlasts_its_time_goes_on_at_once_behind_what_it_found(
    store: SqlStore, clock: Clock
) -> None:
    with reading(store, clock) as at:
        filled(at, posts=64, each=30)
        seconds = itertools.count()
        at.source = Comments(at.source_site, clock=lambda: next(seconds))
        for post in (3, 21, 40, 63):
            at.put(9_000 + post, post=post)

        slices = [at.scan()]
        while slices[-1].more:
            assert not slices[-1].completed
            assert at.due_at(Track.LIVE) == clock()
            slices.append(at.scan())

        assert len(slices) > 1
        assert slices[-1].completed
        assert sum(one.new for one in slices) == sum(one.seen for one in slices) // 31 == 4
        assert at.is_as_at_wix()


def test_what_reading_does_not_mend_is_no_reason_to_ask_again_and_again(
    store: SqlStore, clock: Clock
) -> None:
    """Comments that cannot be understood are counted by Wix and not by us."""
    with reading(store, clock) as at:
        filled(at, posts=64, each=30)
        seconds = itertools.count()
        at.source = Comments(at.source_site, clock=lambda: next(seconds))
        for post in (3, 21, 40, 63):
            at.put(9_000 + post, post=post, createdDate="never")

        done = at.scan()

        assert (done.new, done.more, done.completed) == (0, False, False)
        assert done.quarantined >= 1
        assert at.due_at(Track.LIVE) == clock() + at.cadence.every
        assert at.due_at(Track.FULL) == clock() + at.cadence.walk_at_most_every
        counts = at.counts
        assert at.scan().pages == 0
        assert at.counts == counts + 1
