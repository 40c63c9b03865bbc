"""What could not be understood is kept with its reason until it is understood, gone or dropped."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from databases import Clock

from badgejobs import __version__
from badgejobs.core.activity import Activity, Unreadable, is_stand_in, stand_in
from badgejobs.store import SqlStore
from badgejobs.store.quarantine import TRIED_EVERY, Quarantined

T0 = datetime(2026, 1, 1, tzinfo=UTC)
GAP = timedelta(minutes=10)
BAD = Unreadable(source="orders", activity_id="o1", reason="createdDate: missing")
OTHER = replace(BAD, activity_id="o2")


def add(store: SqlStore, *records: Unreadable, site: str = "s", generation: int = 0) -> None:
    with store.begin() as tx:
        tx.quarantine.add(records, site=site, generation=generation)


def listed(store: SqlStore, *, dropped: bool = False) -> dict[str, Quarantined]:
    with store.read() as tx:
        return {one.activity_id: one for one in tx.quarantine.listed(["s"], dropped=dropped)}


def due(store: SqlStore, source: str = "orders", limit: int = 100) -> list[str]:
    with store.read() as tx:
        return tx.quarantine.due("s", source, limit=limit)


def tried(store: SqlStore, *ids: str, missing: tuple[str, ...] = ()) -> int:
    with store.begin() as tx:
        return tx.quarantine.tried("s", "orders", ids, missing=missing, gap=GAP)


def test_a_record_is_kept_with_its_latest_reason_until_it_is_understood(
    store: SqlStore, clock: Clock
) -> None:
    first = clock.now
    add(store, BAD, BAD, OTHER)
    later = clock.advance(hours=1)
    add(store, replace(BAD, reason="total: not a number"))

    found = listed(store)
    assert {key: one.reason for key, one in found.items()} == {
        "o1": "total: not a number", "o2": "createdDate: missing"
    }  # fmt: skip
    assert (found["o1"].first_seen_at, found["o1"].last_seen_at) == (first, later)
    order = Activity(
        site="s", source="orders", activity_id="o1", member_id="ada", occurred_at=T0, updated_at=T0
    )
    with store.begin() as tx:
        tx.activities.record([order], site="s", source="orders", generation=0)

    assert list(listed(store)) == ["o2"]


def test_two_records_without_an_id_are_two(store: SqlStore) -> None:
    nameless = [replace(BAD, activity_id=stand_in(text)) for text in (b"1", b"2")]
    untold = [replace(BAD, activity_id="", reason=reason) for reason in ("a", "b")]

    add(store, *nameless, *untold, *nameless)

    assert len(listed(store)) == 4
    assert all(map(is_stand_in, listed(store)))
    assert {one.due_at for one in listed(store).values()} == {None}


def test_what_is_known_of_an_unreadable_record_is_no_longer_missed(
    store: SqlStore, clock: Clock
) -> None:
    order = Activity(
        site="s", source="orders", activity_id="o1", member_id="ada", occurred_at=T0, updated_at=T0
    )
    with store.begin() as tx:
        tx.activities.record([order], site="s", source="orders", generation=1)
        tx.activities.mark_missing("s", "orders", unseen_since=2, gap=GAP)
    clock.advance(hours=1)
    add(store, BAD, generation=2)

    with store.begin() as tx:
        assert tx.activities.mark_missing("s", "orders", unseen_since=2, gap=GAP).gone == 0
        assert tx.activities.of_members("s", ["ada"]) == {"ada": [order]}


def test_it_is_asked_for_a_day_later_and_then_every_day(store: SqlStore, clock: Clock) -> None:
    add(store, BAD)
    clock.advance(hours=1)
    add(store, OTHER)
    assert due(store) == []

    clock.advance(hours=23)
    assert due(store) == ["o1"]
    clock.advance(hours=1)
    assert (due(store), due(store, limit=1), due(store, "comments")) == (["o1", "o2"], ["o1"], [])

    now = clock.now
    assert tried(store, "o1") == 0

    assert due(store) == ["o2"]
    one = listed(store)["o1"]
    assert (one.tries, one.tried_at, one.due_at) == (1, now, now + TRIED_EVERY)


def test_another_version_asks_at_once_for_all_but_what_was_dropped(
    store: SqlStore, clock: Clock
) -> None:
    add(store, BAD, OTHER)
    with store.begin() as tx:
        assert tx.quarantine.drop("s", [("orders", "o2")]) == 1
        assert tx.quarantine.due_sites(["s", "t"]) == []
        assert tx.quarantine.due_sites(["t"], version="99") == []
        assert tx.quarantine.due_sites(["s", "t"], version="99") == ["s"]
        assert tx.quarantine.due_sources("s") == ["orders"]
        assert tx.quarantine.due("s", "orders", limit=9) == ["o1"]
        tx.quarantine.tried("s", "orders", ["o1"], version="99")
        assert tx.quarantine.due_sites(["s"], version="99") == []
    assert listed(store)["o1"].tried_by == "99"

    clock.advance(minutes=1)
    add(store, BAD)  # a scan of this version has come across it
    assert listed(store)["o1"].tried_by == __version__


def test_what_wix_does_not_give_twice_is_gone(store: SqlStore, clock: Clock) -> None:
    add(store, BAD, OTHER)
    assert tried(store, "o1", "o2", missing=("o1",)) == 0
    assert tried(store, "o1", missing=("o1",)) == 0  # too soon after
    clock.advance(minutes=10)
    assert due(store) == ["o1"]

    assert tried(store, "o1", missing=("o1",)) == 1

    assert list(listed(store)) == ["o2"]


def test_what_is_seen_between_two_misses_is_not_gone(store: SqlStore, clock: Clock) -> None:
    add(store, BAD)
    tried(store, "o1", missing=("o1",))
    clock.advance(minutes=5)
    add(store, BAD)
    clock.advance(minutes=5)

    assert tried(store, "o1", missing=("o1",)) == 0

    assert listed(store)["o1"].missed_at == clock.now


def test_what_was_dropped_comes_back_only_with_another_reason(
    store: SqlStore, clock: Clock
) -> None:
    add(store, BAD, OTHER)
    with store.begin() as tx:
        assert tx.quarantine.drop("s", [("orders", "o1"), ("orders", "o9")]) == 1
        assert tx.quarantine.drop("s", [("orders", "o1")]) == 0
        assert tx.quarantine.numbers(["s"]) == {("s", "orders"): 1}
    clock.advance(days=2)
    add(store, BAD)
    assert list(listed(store)) == ["o2"]
    assert list(listed(store, dropped=True)) == ["o1", "o2"]
    assert due(store) == ["o2"]

    add(store, replace(BAD, reason="total: not a number"))

    assert list(listed(store)) == ["o1", "o2"]
    assert listed(store)["o1"].due_at == clock.now + TRIED_EVERY


def test_a_person_may_ask_for_all_or_by_name_also_for_what_was_dropped(store: SqlStore) -> None:
    nameless = replace(BAD, activity_id=stand_in(b"1"))
    add(store, BAD, OTHER, replace(BAD, source="comments"), nameless)
    with store.begin() as tx:
        tx.quarantine.drop("s", [("orders", "o1")])
        assert tx.quarantine.ask("s") == 2
        assert tx.quarantine.due_sources("s") == ["comments", "orders"]
        assert tx.quarantine.ask("s", [("orders", "o1"), ("orders", nameless.activity_id)]) == 1
        assert tx.quarantine.due("s", "orders", limit=9) == ["o1", "o2"]
        tx.quarantine.tried("s", "orders", ["o1"])
        assert tx.quarantine.due("s", "orders", limit=9) == ["o2"]
    assert listed(store, dropped=True)["o1"].due_at is None


def test_a_full_reading_forgets_what_has_no_id_and_asks_for_the_rest(
    store: SqlStore, clock: Clock
) -> None:
    gone, seen = (replace(BAD, activity_id=stand_in(text)) for text in (b"1", b"2"))
    add(store, BAD, gone, seen)
    began = clock.advance(minutes=5)
    clock.advance(minutes=5)
    add(store, seen)

    with store.begin() as tx:
        tx.quarantine.not_seen("s", "orders", since=began, gap=GAP)

    assert set(listed(store)) == {"o1", seen.activity_id}
    assert due(store) == []
    clock.advance(minutes=10)
    assert due(store) == ["o1"]
    with store.begin() as tx:
        tx.quarantine.not_seen("s", "orders", since=began, gap=GAP)
    assert set(listed(store)) == {seen.activity_id}


def test_a_source_that_cannot_be_asked_rests_until_tomorrow(store: SqlStore, clock: Clock) -> None:
    add(store, BAD)
    clock.advance(days=1)
    with store.begin() as tx:
        tx.quarantine.rest("s", "orders", version="99")
        assert tx.quarantine.due_sites(["s"], version="99") == []

    one = listed(store)["o1"]
    assert (one.tries, one.due_at) == (0, clock.now + TRIED_EVERY)
