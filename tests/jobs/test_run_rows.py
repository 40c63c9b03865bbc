"""What stands in the row of a run: who asked for it, what it called, read and brought about."""

from __future__ import annotations

from datetime import timedelta

from jobs_stage import NORTH, LiveShops, OpenShop, do_round, read, runs
from sqlalchemy import update

from badgejobs.core.source import Track
from badgejobs.jobs import duties, work
from badgejobs.sandbox.faults.kinds import FaultKind
from badgejobs.store.tables import run as run_table
from badgejobs.wix import wire

pytest_plugins = ["jobs_fixtures"]


def test_a_run_counts_its_calls_and_tells_who_asked_for_it_and_what_it_read(
    open_shop: OpenShop, shops: LiveShops
) -> None:
    house = open_shop()
    duties.register(house)
    work.run_provision(house, NORTH, by="worker")
    shops.buys(1, 3)
    read(house)
    with house.store.begin() as tx:
        tx.scans.make_due(NORTH, "orders", asked_by="cli")
    before = len(shops.world.journal.entries)

    work.run_scan(house, NORTH, "orders", by="worker")

    run = runs(house)[-1]
    assert (run.kind, run.started_by) == ("scan orders", "worker, asked by cli")
    assert run.numbers["calls"] == len(shops.world.journal.entries) - before
    assert run.numbers["pages"] == 1
    assert run.window_since
    assert run.ended_at


def test_what_a_scan_recorded_before_an_error_stands_in_its_run_and_is_rung_for(
    open_shop: OpenShop, shops: LiveShops
) -> None:
    house = open_shop()
    duties.register(house)
    work.run_provision(house, NORTH, by="worker")
    shops.buys(1, 150)
    shops.fault(wire.ORDERS_SEARCH, kind=FaultKind.STATUS, status=503, first_call=2)

    outcome = work.run_scan(house, NORTH, "orders", Track.FULL, by="worker")

    run = runs(house)[-1]
    assert outcome.error == run.error is not None
    assert {name: run.numbers[name] for name in ("pages", "new", "calls")} == {
        "pages": 1, "new": 100, "calls": 2
    }  # fmt: skip
    assert outcome.opened == 2
    assert not outcome.more


def test_old_runs_are_forgotten_after_as_many_days_as_the_settings_say(
    open_shop: OpenShop, shops: LiveShops
) -> None:
    house = open_shop(runs_kept_days=7)
    do_round(house)
    first, second, *_ = (one.id for one in runs(house))
    with house.store.begin() as tx:
        for run, days in ((first, 8), (second, 6)):
            at = tx.now - timedelta(days=days)
            tx.runs._connection.execute(
                update(run_table).where(run_table.c.id == run).values(started_at=at)
            )

    work.prune(house)

    left = [one.id for one in runs(house)]
    assert first not in left
    assert second in left
