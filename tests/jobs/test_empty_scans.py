"""A live scan that finds nothing, which a fleet does most: little asked, and no row left behind."""

from __future__ import annotations

from jobs_stage import NORTH, LiveShops, OpenShop, do_round, runs

from badgejobs.jobs import work
from badgejobs.store.runs import SCHEDULE

pytest_plugins = ["jobs_fixtures"]

#: Transactions: the run begins; the lease is taken; the page, with the lease given back; the run
#: ends. Five only read: what Wix told of the site, whenever the rules are asked for, and whether
#: there are guests and a history.
MOST_WRITING, MOST_READING = 4, 5


def test_a_scan_that_finds_nothing_takes_one_call_and_four_transactions_that_write(
    open_shop: OpenShop, shops: LiveShops
) -> None:
    house = open_shop()
    do_round(house)
    work.run_scan(house, NORTH, "orders", by=SCHEDULE)
    calls = len(shops.world.journal.entries)

    with house.store.statements() as sent:
        work.run_scan(house, NORTH, "orders", by=SCHEDULE)

    assert len(shops.world.journal.entries) == calls + 1
    assert sent["BEGIN IMMEDIATE"] <= MOST_WRITING
    assert sent["BEGIN"] <= MOST_READING


def test_scans_that_find_nothing_share_a_row_until_one_finds_something(
    open_shop: OpenShop, shops: LiveShops
) -> None:
    house = open_shop()
    do_round(house)
    for _ in range(3):
        work.run_scan(house, NORTH, "orders", by=SCHEDULE)
    before = runs(house)
    assert [one.kind for one in before].count("scan orders") == 2  # one of them the round's own

    shops.buys(1, 1)
    work.run_scan(house, NORTH, "orders", by=SCHEDULE)
    work.run_scan(house, NORTH, "orders", by=SCHEDULE)

    found, idle = runs(house)[-2:]
    assert found.numbers["new"] == 1
    assert found.id in {one.id for one in before}
    assert idle.ended_at
    assert idle.id != found.id


def test_what_somebody_asked_for_has_a_row_of_its_own_though_it_found_nothing(
    open_shop: OpenShop,
) -> None:
    house = open_shop()
    do_round(house)
    work.run_scan(house, NORTH, "orders", by=SCHEDULE)
    number = len(runs(house))

    for _ in range(2):
        work.run_scan(house, NORTH, "orders", by="cli")
    with house.store.begin() as tx:
        tx.scans.make_due(NORTH, "orders", asked_by="flower")
    work.run_scan(house, NORTH, "orders", by=SCHEDULE)

    assert len(runs(house)) == number + 3
    asked = runs(house)[-1]
    assert asked.started_by == f"{SCHEDULE}, asked by flower"
