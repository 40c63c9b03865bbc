"""Quarantine is worked on when something is due there, and a run says what came of it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from jobs_stage import (
    COMMENTER,
    FIRST_AND_THIRD,
    NORTH,
    LiveShops,
    OpenShop,
    do_round,
    due,
    member_id,
    rewrite,
    rows,
    runs,
)

from badgejobs.bootstrap import House
from badgejobs.core.source import Track
from badgejobs.jobs import duties, work
from badgejobs.jobs.units import Outcome
from badgejobs.sandbox.faults.kinds import FaultKind
from badgejobs.sandbox.records.collection import Record
from badgejobs.wix import wire

pytest_plugins = ["jobs_fixtures"]

DUE = (NORTH, duties.QUARANTINE)


def spoil(shops: LiveShops, **fields: Any) -> list[str]:
    """Change every order at Wix so that none can be understood, or can again; their ids."""
    site = shops.site()
    found = [one.body for one in site.orders.current.values()]
    for body in found:
        site.orders.put(Record(body | fields, site.orders.fields), shops.world.clock())
    return [body["id"] for body in found]


def read(house: House, source: str = "orders") -> Outcome:
    """Read a source in full, now."""
    duties.register(house)
    with house.store.begin() as tx:
        tx.scans.make_due(NORTH, source, Track.FULL)
    return work.run_scan(house, NORTH, source, Track.FULL, by="test")


def by_another_version(house: House) -> None:
    """As if a badgejobs before this one had seen what is in quarantine, at the next tick."""
    with house.store.begin() as tx:
        for one in tx.quarantine.listed([NORTH]):
            tx.quarantine.tried(NORTH, one.source, [one.activity_id], version="0.0.1")
    work.wake_quarantine(house)


def stuck(house: House) -> list[str]:
    with house.store.read() as tx:
        return [one.activity_id for one in tx.quarantine.listed([NORTH])]


def test_a_site_has_no_such_duty_until_a_record_of_it_is_due(
    open_shop: OpenShop, shops: LiveShops
) -> None:
    house = open_shop()
    do_round(house)
    work.wake_quarantine(house)
    assert DUE not in rows(house)
    shops.buys(1, 1)
    spoil(shops, paymentStatus="HALF_PAID")
    assert read(house).numbers["quarantined"] == 1

    work.wake_quarantine(house)
    assert DUE not in rows(house), "it is asked for tomorrow"
    by_another_version(house)

    assert DUE in due(house)


def test_what_another_version_could_not_understand_is_asked_for_at_once_and_then_daily(
    open_shop: OpenShop, shops: LiveShops
) -> None:
    house = open_shop()
    shops.buys(1, 1)
    spoil(shops, paymentStatus="HALF_PAID")
    duties.register(house)
    work.run_provision(house, NORTH, by="test")
    read(house)
    by_another_version(house)
    spoil(shops, paymentStatus="PAID")
    before = shops.calls(wire.ORDERS_SEARCH)

    done = work.run_quarantine(house, NORTH, by="worker")
    work.wake_quarantine(house)

    assert (done.error, done.more, done.numbers["understood"], done.opened) == (None, False, 1, 1)
    assert shops.calls(wire.ORDERS_SEARCH) == before + 1
    assert stuck(house) == []
    assert DUE not in due(house)
    work.run_assign(house, NORTH, by="test")
    assert shops.given() == [(member_id(1), "First Purchase")]
    run = next(one for one in runs(house) if one.kind == duties.QUARANTINE)
    assert (run.started_by, run.error, run.numbers["calls"]) == ("worker", None, 1)
    assert run.rules_version


def test_what_still_cannot_be_understood_is_due_tomorrow(
    open_shop: OpenShop, shops: LiveShops
) -> None:
    house = open_shop()
    shops.buys(1, 2)
    ids = spoil(shops, paymentStatus="HALF_PAID")
    read(house)
    by_another_version(house)

    assert work.run_quarantine(house, NORTH, by="worker").numbers["quarantined"] == 2

    work.wake_quarantine(house)
    assert DUE not in due(house)
    assert sorted(stuck(house)) == sorted(ids)
    with house.store.read() as tx:
        waits = {one.due_at - tx.now for one in tx.quarantine.listed([NORTH]) if one.due_at}
    assert all(timedelta(hours=23) < one <= timedelta(days=1) for one in waits)


def test_an_error_of_wix_lets_it_rest_and_no_tick_wakes_it_before(
    open_shop: OpenShop, shops: LiveShops
) -> None:
    house = open_shop()
    shops.buys(1, 1)
    spoil(shops, paymentStatus="HALF_PAID")
    read(house)
    by_another_version(house)
    shops.fault(wire.ORDERS_SEARCH, kind=FaultKind.STATUS, status=503)

    failed = work.run_quarantine(house, NORTH, by="worker")
    work.wake_quarantine(house)

    assert failed.error
    assert rows(house)[DUE].failures == 1
    assert DUE not in due(house)
    assert work.run_quarantine(house, NORTH, by="worker").error, "it rests"
    assert work.run_quarantine(house, NORTH, by="cli").error is None


def test_comments_are_asked_for_app_by_app_until_they_are_found(
    open_shop: OpenShop, shops: LiveShops
) -> None:
    house = open_shop(changed={"comment_apps": ("forum", "blog")})
    rewrite(house, FIRST_AND_THIRD + COMMENTER)
    duties.register(house)
    shops.comments(1)
    site = shops.site()
    comment = next(iter(site.comments.current.values())).body
    broken = comment | {"revision": "not a number"}
    site.comments.put(Record(broken, site.comments.fields), shops.world.clock())
    assert read(house, "comments").numbers["quarantined"] == 1
    assert stuck(house) == [comment["id"]]
    site.comments.put(Record(comment, site.comments.fields), shops.world.clock())
    by_another_version(house)
    before = shops.calls(wire.COMMENTS_QUERY)

    done = work.run_quarantine(house, NORTH, by="worker")

    assert (done.numbers["understood"], done.numbers["new"]) == (1, 1)
    assert shops.calls(wire.COMMENTS_QUERY) == before + 2
    assert stuck(house) == []


def test_a_record_without_an_id_ends_with_a_full_reading_that_does_not_come_across_it(
    open_shop: OpenShop, shops: LiveShops
) -> None:
    house = open_shop()
    shops.buys(1, 3)
    duties.register(house)
    shops.fault(wire.ORDERS_SEARCH, kind=FaultKind.BROKEN_RECORD)
    assert read(house).numbers["quarantined"] == 1
    by_another_version(house)
    assert DUE not in rows(house)
    assert len(stuck(house)) == 1

    assert read(house).error is None

    assert stuck(house) == []
    with house.store.read() as tx:
        assert tx.activities.number(NORTH, "orders") == 3
