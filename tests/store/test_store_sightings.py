"""A long reading keeps its place, and only whoever is at it moves it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from databases import Clock

from badgejobs.core.identity import keyed
from badgejobs.core.sighting import Begun
from badgejobs.core.wixfacts import WixAssignment
from badgejobs.errors import LeaseLost
from badgejobs.store import SqlStore, open_store

T0 = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.fixture
def store(database_url: str, clock: Clock) -> Iterator[SqlStore]:
    opened = open_store(database_url, clock=clock, digest=keyed(b"made-up key, long enough for it"))
    yield opened
    opened.dispose()


def row(number: int, member: str = "ada", *, created_at: datetime | None = T0) -> WixAssignment:
    return WixAssignment(id=f"a{number:05}", badge_id="b1", member_id=member, created_at=created_at)


def begin(store: SqlStore, *badges: str, instead_of: Begun | None = None) -> Begun:
    with store.begin() as tx:
        return tx.sightings.begin("s", badges or ("b2", "b1"), instead_of=instead_of)


def keep(store: SqlStore, at: Begun, cursor: str | None, *rows: WixAssignment) -> Begun:
    after = at.turned(cursor)
    with store.begin() as tx:
        tx.sightings.keep("s", at, after, rows)
    return after


def seen(store: SqlStore, at: Begun) -> list[WixAssignment]:
    with store.read() as tx:
        return list(tx.sightings.seen("s", at))


def test_a_reading_is_found_again_as_it_was_left(store: SqlStore) -> None:
    begun = begin(store)
    assert begun.badge_ids == ("b1", "b2")
    rows = [row(1), row(2, created_at=None)]
    begun = keep(store, begun, "c1", *rows)
    with store.read() as tx:
        assert tx.sightings.begun("s") == begun
        assert tx.sightings.begun("t") is None
    done = keep(store, begun, None, row(2), row(3, "bob"))
    with store.read() as tx:
        assert tx.sightings.begun("s") == done
    assert done.done
    assert seen(store, done) == [*rows, row(3, "bob")], "what is told twice is seen once"


def test_more_is_read_than_the_database_gives_at_once(store: SqlStore) -> None:
    rows = [row(number) for number in range(12_000)]
    begun = keep(store, begin(store), None, *rows)
    assert seen(store, begun) == rows


def test_a_page_that_two_have_read_is_kept_once(store: SqlStore) -> None:
    begun = begin(store)
    keep(store, begun, "c1", row(1))
    with pytest.raises(LeaseLost):
        keep(store, begun, "c1", row(1), row(9))
    with store.read() as tx:
        left = tx.sightings.begun("s")
    assert left is not None
    assert seen(store, left) == [row(1)]


def test_who_was_overtaken_changes_nothing_of_the_later_reading(
    store: SqlStore, clock: Clock
) -> None:
    stale = keep(store, begin(store), "c1", row(1))
    clock.advance(hours=7)
    later = keep(store, begin(store, instead_of=stale), "c1", row(2))
    with pytest.raises(LeaseLost):
        keep(store, stale, "c2", row(3))
    with pytest.raises(LeaseLost):
        begin(store, instead_of=stale)
    with pytest.raises(LeaseLost):
        begin(store)
    with pytest.raises(LeaseLost):
        seen(store, stale)
    with store.begin() as tx:
        assert tx.sightings.forget("s", stale) is None
        assert tx.sightings.begun("s") == later
    assert seen(store, later) == [row(2)]


def test_what_is_forgotten_leaves_nothing(store: SqlStore) -> None:
    begun = keep(store, begin(store), None, row(1))
    with store.begin() as tx:
        tx.sightings.forget("s", begun)
        assert tx.sightings.begun("s") is None
    assert seen(store, keep(store, begin(store), None)) == []


def test_sites_do_not_see_each_others_sightings(store: SqlStore) -> None:
    begun = keep(store, begin(store), None, row(1))
    with store.begin() as tx:
        other = tx.sightings.begin("t", ["b1"], instead_of=None)
        tx.sightings.keep("t", other, other.turned(None), [row(1, "bob")])
        tx.sightings.forget("t", other.turned(None))
    assert seen(store, begun) == [row(1)]


def test_of_who_was_erased_nothing_is_kept_and_nothing_stays(store: SqlStore) -> None:
    begun = keep(store, begin(store), "c1", row(1), row(2, "bob"))
    with store.begin() as tx:
        foreseen = tx.erasing.count("s", "ada")
        assert tx.erasing.erase("s", "ada") == foreseen
    assert foreseen["sightings"] == 1
    begun = keep(store, begun, None, row(3), row(4, "cyd"))
    assert seen(store, begun) == [row(2, "bob"), row(4, "cyd")]


def test_the_first_wish_for_another_reading_is_kept_until_it_is_granted(
    store: SqlStore, clock: Clock
) -> None:
    soon = clock() + timedelta(minutes=10)
    with store.begin() as tx:
        tx.sightings.wish("s", soon)
    begun = begin(store)
    with store.begin() as tx:
        tx.sightings.wish("s", soon)
        tx.sightings.wish("s", soon + timedelta(minutes=1))
    begun = keep(store, begun, None)
    with store.begin() as tx:
        assert tx.sightings.forget("s", begun) == soon

    begun = begin(store)
    with store.begin() as tx:
        tx.sightings.wish("s", soon)
    clock.advance(minutes=10)
    begun = begin(store, instead_of=begun)
    with store.begin() as tx:
        assert tx.sightings.forget("s", begun) is None, "what begins then grants it"
