"""The log of runs: who asked for each, which to look at, and how long they are kept."""

from __future__ import annotations

from datetime import timedelta

import pytest
from databases import Clock

from badgejobs.core.source import Track
from badgejobs.store import SqlStore
from badgejobs.store.runs import LOST_AFTER, SCHEDULE

DAY = timedelta(days=1)


def start(
    store: SqlStore, kind: str = "scan orders", *, site: str = "s", by: str = "worker"
) -> int:
    with store.begin() as tx:
        return tx.runs.start(site, kind, started_by=by)


def finish(store: SqlStore, run: int, *, error: str | None = None) -> None:
    with store.begin() as tx:
        tx.runs.finish(run, numbers={}, error=error)


def found(
    store: SqlStore,
    *sites: str,
    source: str | None = None,
    kind: str | None = None,
    failed: bool = False,
    within: timedelta | None = None,
    limit: int = 99,
) -> list[int]:
    with store.read() as tx:
        rows = tx.runs.find(
            sites or ("s",), source=source, kind=kind, failed=failed, within=within, limit=limit
        )
    return [one.id for one in rows]


@pytest.mark.parametrize(
    ("by", "asked_by", "told"),
    [
        ("worker", None, "worker"),
        ("worker", "rules change", "worker, asked by rules change"),
        ("worker", "cli", "worker, asked by cli"),
        ("cli", "cli", "cli"),
        ("worker, asked by console", "console (Olga)", "worker, asked by console (Olga)"),
        ("worker, asked by cli", "console (Olga)", "worker, asked by cli"),
    ],
)
def test_a_run_tells_who_started_it_and_who_had_asked_for_it(
    store: SqlStore, by: str, asked_by: str | None, told: str
) -> None:
    with store.begin() as tx:
        tx.scans.register("s", "orders", "window", tracks=[Track.LIVE, Track.FULL])
        tx.scans.make_due("s", "orders", Track.FULL, asked_by=asked_by)
        tx.scans.make_due("s", "orders", Track.LIVE, asked_by="somebody else")
        tx.runs.start("s", "backfill orders", started_by=by, of=("orders", Track.FULL))
        lease = tx.scans.lease("s", "orders", Track.FULL, holds=DAY)
        tx.scans.release(lease, due_in=DAY, completed=True)
        tx.runs.start("s", "audit orders", started_by=by, of=("orders", Track.FULL))

        later, first = tx.runs.recent("s", 2)

    assert first.started_by == told
    assert later.started_by == by, "the wish was fulfilled by the run before"


def test_runs_are_found_by_site_source_age_and_number(store: SqlStore, clock: Clock) -> None:
    orders, walk, assign = (
        start(store, kind) for kind in ("scan orders", "walk reorders", "assign")
    )
    other = start(store, site="t")
    clock.advance(hours=2)
    late = start(store, "re-scan orders")

    assert found(store) == [late, assign, walk, orders]
    assert found(store, "s", "t") == [late, other, assign, walk, orders]
    assert found(store, source="orders") == [late, orders]
    assert found(store, source="assign") == [assign]
    assert found(store, source="%") == found(store, source="order_") == []
    assert found(store, within=timedelta(hours=1)) == [late]
    assert found(store, limit=2) == [late, assign]
    assert found(store, "u") == []


def test_failed_are_those_with_an_error_and_those_whose_worker_was_lost(
    store: SqlStore, clock: Clock
) -> None:
    lost, failed, well = start(store), start(store), start(store)
    finish(store, failed, error="Wix answered 503")
    finish(store, well)
    assert found(store, failed=True) == [failed]
    clock.advance(seconds=1)
    clock.now += LOST_AFTER
    at_work = start(store)

    assert found(store, failed=True) == [failed, lost]
    assert at_work in found(store)
    with store.read() as tx:
        assert [one.ended_at for one in tx.runs.find(["s"], failed=True, limit=9)][1] is None


def test_runs_are_picked_out_by_kind_with_or_without_its_source(store: SqlStore) -> None:
    with store.begin() as tx:
        scan, walk, scanned = (
            tx.runs.start("s", kind, started_by="cli")
            for kind in ("scan orders", "walk orders", "scan comments")
        )
    assert found(store, kind="scan") == [scanned, scan]
    assert found(store, kind="scan orders") == [scan]
    assert found(store, kind="walk", source="orders") == [walk]
    assert found(store, kind="sca_") == []


def test_a_run_that_never_ended_is_kept_as_long_as_the_others(
    store: SqlStore, clock: Clock
) -> None:
    lost = start(store)
    finish(store, start(store))
    clock.advance(days=29)
    with store.begin() as tx:
        assert tx.runs.prune(30 * DAY) == 0
    assert lost in found(store)
    clock.advance(days=2)

    with store.begin() as tx:
        assert tx.runs.prune(30 * DAY) == 2
    assert found(store) == []


def test_the_next_run_by_schedule_takes_the_row_of_one_that_found_nothing(
    store: SqlStore, clock: Clock
) -> None:
    with store.begin() as tx:
        idle = tx.runs.start("shop", "scan orders", started_by=SCHEDULE)
        tx.runs.finish(idle, numbers={"calls": 1}, error=None, idle=True)
    clock.advance(minutes=1)

    with store.begin() as tx:
        again = tx.runs.start("shop", "scan orders", started_by=SCHEDULE)
        beside = tx.runs.start("shop", "scan orders", started_by=SCHEDULE)
        other = tx.runs.start("other", "scan orders", started_by=SCHEDULE)
        by_hand = tx.runs.start("shop", "scan orders", started_by="cli")
        tx.runs.finish(by_hand, numbers={}, idle=True)
        later = tx.runs.start("shop", "scan orders", started_by=SCHEDULE)
        (found,) = (one for one in tx.runs.recent("shop", 10) if one.id == again)

    assert again == idle
    assert len({again, beside, other, by_hand, later}) == 5
    assert found.started_at == clock.now
    assert found.ended_at is None
    assert found.numbers == {}
