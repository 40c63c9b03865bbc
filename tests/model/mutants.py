"""Faults planted in the real code, one function each: what the model must catch.

Each is a mistake that scans of this kind are known for. A mutant is the name of what is wrong,
the kinds of sources it shows in, and how it is planted.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from model_laws import CADENCE, Kind
from model_run import START
from sqlalchemy import update

from badgejobs.core.activity import Activity
from badgejobs.core.ledger import Lease, Missing, Recorded
from badgejobs.core.source import Page, Window
from badgejobs.core.watermark import Round, Watermark
from badgejobs.errors import CursorRefused
from badgejobs.flow import pages, scan
from badgejobs.flow.pages import Slice
from badgejobs.store import activities, facts, resources, scans
from badgejobs.store.activities import SqlActivities
from badgejobs.store.dialect import insert_into
from badgejobs.store.resources import SqlResources
from badgejobs.store.scans import SqlScans
from badgejobs.store.tables import activity
from badgejobs.store.tables import scan as scan_table

Patch = pytest.MonkeyPatch
Plant = Callable[[Patch], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Mutant:
    """One planted mistake."""

    name: str
    kind: Kind
    #: What the model is to say of it; a pattern.
    says: str
    plant: Plant


_ALL = list[Mutant]()


def mutant(kind: Kind, *, says: str) -> Callable[[Plant], Plant]:
    def noted(plant: Plant) -> Plant:
        name = getattr(plant, "__name__", "")
        _ALL.append(Mutant(name=name, kind=kind, says=says, plant=plant))
        return plant

    return noted


def all_of_them() -> list[Mutant]:
    return _ALL


# ---------------------------------------------------------------- the place


@mutant("orders", says="did not record|missed|the watermark passed")
def after_the_stamp_in_place_of_from_the_stamp_on(patch: Patch) -> None:
    def scope(self: Watermark) -> Window:
        since = self.read_to or self.since
        return Window(since=since and since + timedelta(seconds=1))

    patch.setattr(Watermark, "scope", property(scope))
    patch.setattr(Round, "scope", lambda self, _mode, **_: scope(self))


@mutant("orders", says="the watermark passed")
def no_overlap(patch: Patch) -> None:
    opened = Watermark.opened
    patch.setattr(Watermark, "opened", lambda self, _overlap: opened(self, timedelta(0)))


@mutant("orders", says="the watermark passed")
def the_watermark_is_our_clock(patch: Patch) -> None:
    turned = scan._Live.turned

    def by_clock(self: Any, place: Watermark, page: Page, now: datetime, /) -> Watermark:
        return replace(turned(self, place, page, now), reached=now)

    patch.setattr(scan._Live, "turned", by_clock)


@mutant("orders", says="did not record|the watermark passed")
def the_watermark_is_saved_before_the_rows(patch: Patch) -> None:
    recorded = pages._recorded

    def read(at: Slice[Any], course: Any, place: Any) -> Any:
        is_dropped = False
        while place.scanning and not (at.total.pages and at.time_is_up() and not is_dropped):
            try:
                page = at.source.fetch(at.client, course.scope(place), place.cursor)
            except CursorRefused:
                place, is_dropped = place.cursor_dropped(), True
                continue
            before = place
            with at.store.begin() as tx:
                place = course.turned(before, page, tx.now)
                tx.scans.keep(at.lease, place, holds=at.cadence.lease)
            with at.store.begin() as tx:
                _, at.total = recorded(tx, at, course, page, rules=at.rules(), before=before)
        return place

    patch.setattr(scan, "read", read)


@mutant("orders", says="never comes to an end")
def only_the_cursor_knows_the_place(patch: Patch) -> None:
    def forgotten(self: Any) -> Any:
        return replace(self, cursor=None, read_to=None)

    patch.setattr(Watermark, "cursor_dropped", forgotten)
    patch.setattr(Round, "cursor_dropped", forgotten)


@mutant("orders", says="missed|did not record|the watermark passed|is stale|never comes to an end")
def a_refused_cursor_ends_the_window(patch: Patch) -> None:
    patch.setattr(Watermark, "cursor_dropped", lambda self: Watermark(reached=self.reached))
    patch.setattr(Round, "cursor_dropped", lambda self: replace(self, cursor=None, scanning=False))


@mutant("orders", says="missed|the watermark passed")
def stamps_of_2099_are_believed(patch: Patch) -> None:
    turned = Watermark.turned

    def credulous(self: Watermark, stamps: Iterable[datetime], **how: Any) -> Watermark:
        stamps = list(stamps)
        after = turned(self, stamps, **how)
        return replace(after, reached=max((*stamps, after.reached or self.reached or START)))

    patch.setattr(Watermark, "turned", credulous)


@mutant("orders", says="the watermark passed")
def a_slow_window_counts_from_its_last_page(patch: Patch) -> None:
    turned = Watermark.turned

    def forgetful(self: Watermark, stamps: Iterable[datetime], **how: Any) -> Watermark:
        return turned(replace(self, near_since=None), stamps, **how)

    patch.setattr(Watermark, "turned", forgetful)


@mutant("orders", says="the watermark passed")
def the_live_scan_begins_where_the_backfill_began(patch: Patch) -> None:
    begin_live = SqlScans.begin_live

    def late(self: SqlScans, site: str, source: str, *, at: datetime) -> None:
        begin_live(self, site, source, at=at + timedelta(minutes=10))

    patch.setattr(SqlScans, "begin_live", late)


@mutant("orders", says="did not record")
def the_backfill_ends_at_its_first_page(patch: Patch) -> None:
    turned = Round.turned

    def hasty(self: Round, stamps: Iterable[datetime] = (), **how: Any) -> Round:
        return turned(self, stamps, **how | {"next_cursor": None})

    patch.setattr(Round, "turned", hasty)


@mutant("orders", says="the re-scan of the last days")
def the_last_days_are_an_hour(patch: Patch) -> None:
    patch.setattr("model_run.CADENCE", replace(CADENCE, recent_reaches=timedelta(hours=1)))


@mutant("orders", says="lease was taken over")
def a_lease_has_no_epoch(patch: Patch) -> None:
    def unfenced(self: SqlScans, lease: Lease, values: dict[str, object]) -> None:
        here = scans._of(lease.site, lease.source, lease.track)
        self._connection.execute(update(scan_table).where(here).values(values))

    patch.setattr(SqlScans, "_fenced", unfenced)


# ---------------------------------------------------------------- the facts


@mutant("orders", says="the ledger is not what the facts earn")
def a_counter_is_added_to(patch: Patch) -> None:
    """What is decided on is every sighting, as if each were one more."""
    record = SqlActivities.record
    sightings = defaultdict[str, list[Activity]](list)

    def counting(self: SqlActivities, seen: Sequence[Activity], **how: Any) -> Recorded:
        for one in seen:
            if one.member_id:
                theirs = sightings[one.member_id]
                times = sum(1 for known in theirs if known.activity_id.startswith(one.activity_id))
                theirs.append(replace(one, activity_id=one.activity_id + times * " again"))
        return record(self, seen, **how)

    def folded(_: SqlActivities, site: str, members: Collection[str]) -> dict[str, list[Activity]]:
        return {
            member: [one for one in sightings[member] if one.site == site] for member in members
        }

    patch.setattr(SqlActivities, "record", counting)
    patch.setattr(SqlActivities, "of_members", folded)


def _older_pages_win(patch: Patch) -> None:
    def merged(stored: Activity, seen: Activity, **_: Any) -> Activity:
        return facts._with_what_was_told(seen, stored)

    def write(self: SqlActivities, differing: Sequence[Activity], generation: int) -> None:
        statement = insert_into(self._connection, activity)
        statement = statement.on_conflict_do_update(
            index_elements=activities._KEY,
            set_={
                column.name: statement.excluded[column.name]
                for column in activity.c
                if column.name not in {*activities._KEY, "first_seen_at"}
            },
        )
        rows = [facts.to_row(one, generation=generation, now=self._moment.now) for one in differing]
        if rows:
            self._connection.execute(statement, rows)

    patch.setattr(facts, "merged", merged)
    patch.setattr(SqlActivities, "_write", write)


@mutant("orders", says="went back to an older state")
def an_older_page_replaces_a_newer_state(patch: Patch) -> None:
    _older_pages_win(patch)


@mutant("comments", says="went back to an older state")
def an_older_page_replaces_a_newer_comment(patch: Patch) -> None:
    _older_pages_win(patch)


@mutant("orders", says="the ledger is not what the facts earn")
def what_changed_touches_nobody(patch: Patch) -> None:
    record = SqlActivities.record

    def silent(self: SqlActivities, seen: Sequence[Activity], **how: Any) -> Recorded:
        done = record(self, seen, **how)
        return done if done.new else replace(done, touched=frozenset())

    patch.setattr(SqlActivities, "record", silent)


# ---------------------------------------------------------------- what is gone


def _one_miss_is_gone(patch: Patch) -> None:
    mark_missing = SqlActivities.mark_missing

    def hasty(self: SqlActivities, site: str, source: str, **how: Any) -> Missing:
        how |= {"gap": timedelta(0)}
        first = mark_missing(self, site, source, **how)
        second = mark_missing(self, site, source, **how)
        return replace(second, first=first.first, touched=first.touched | second.touched)

    patch.setattr(SqlActivities, "mark_missing", hasty)


@mutant("orders", says="held to be gone, and stands")
def an_order_missed_once_is_gone(patch: Patch) -> None:
    _one_miss_is_gone(patch)


@mutant("comments", says="held to be gone, and stands")
def a_comment_missed_once_is_gone(patch: Patch) -> None:
    _one_miss_is_gone(patch)


@mutant("comments", says="removed, and that is not known")
def nothing_is_ever_gone(patch: Patch) -> None:
    patch.setattr(SqlActivities, "mark_missing", lambda *_, **__: Missing())


@mutant("comments", says="held to be gone, and stands")
def what_stayed_as_it_was_is_not_seen(patch: Patch) -> None:
    patch.setattr(SqlActivities, "_renew", lambda *_: None)


@mutant("comments", says="held to be gone, and stands")
def the_live_scan_marks_nothing_by_its_number(patch: Patch) -> None:
    record = SqlActivities.record

    def unnumbered(self: SqlActivities, seen: Sequence[Activity], **how: Any) -> Recorded:
        return record(self, seen, **how | {"generation": 0})

    patch.setattr(SqlActivities, "record", unnumbered)


# ---------------------------------------------------------------- numbers and hints


@mutant("comments", says="the numbers by resource")
def the_numbers_by_resource_only_grow(patch: Patch) -> None:
    moved = SqlResources.moved

    def growing(self: SqlResources, site: str, source: str, *, before: Any, after: Any) -> None:
        del before
        moved(self, site, source, before=(), after=after)

    patch.setattr(resources.SqlResources, "moved", growing)


@contextmanager
def planted(one: Mutant) -> Iterator[None]:
    """The code with this mistake in it, for as long as this lasts."""
    with pytest.MonkeyPatch.context() as patch:
        one.plant(patch)
        yield
