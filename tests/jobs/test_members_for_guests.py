"""When members are read for the sake of guests' orders, and what fails when they cannot be."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from jobs_stage import FIRST_AND_THIRD, NORTH, LiveShops, OpenShop, member_id, rewrite, runs

from badgejobs.bootstrap import House
from badgejobs.core.source import Track
from badgejobs.jobs import duties, work
from badgejobs.jobs.units import Outcome
from badgejobs.sandbox.history import seed
from badgejobs.sandbox.records.collection import Record
from badgejobs.wix import wire

pytest_plugins = ["jobs_fixtures"]

CONTACT = "77777777-0000-4000-8000-000000000001"
NEVER = f"{FIRST_AND_THIRD}policies: {{orders: {{guests: never}}}}\n"
MEMBER = """\
  - id: old-friend
    badge: {title: Old Friend}
    when: {age: membership, gte: 1d}
"""


def guest_buys(shops: LiveShops) -> None:
    standard = next(one for one in seed.orders() if one["paymentStatus"] == "PAID")
    buyer = {"visitorId": member_id(99), "contactId": CONTACT, "email": "canary@shop.example"}
    put(shops, "orders", standard | {"id": f"{CONTACT[:-3]}777", "buyerInfo": buyer})


def put(shops: LiveShops, kind: str, body: dict[str, Any]) -> None:
    shelf = getattr(shops.site(), kind)
    shelf.put(Record(body, shelf.fields), shops.world.clock())


def wanted(house: House) -> list[str]:
    return house.at(NORTH).wanted_sources()


def read(house: House, source: str) -> Outcome:
    duties.register(house)
    return work.run_scan(house, NORTH, source, Track.FULL, by="test")


def test_members_are_read_only_once_there_is_a_guest_to_find(
    open_shop: OpenShop, shops: LiveShops
) -> None:
    house = open_shop()
    shops.buys(1, 1)
    assert read(house, "orders").error is None
    assert wanted(house) == ["orders"]

    guest_buys(shops)
    with house.store.begin() as tx:
        tx.scans.make_due(NORTH, "orders", Track.FULL)
    assert read(house, "orders").error is None
    assert wanted(house) == ["membership", "orders"]

    rewrite(house, NEVER)
    assert wanted(house) == ["orders"], "no rule asks whose it is"
    rewrite(house, NEVER.replace("policies:", f"{MEMBER}policies:"))
    assert wanted(house) == ["membership", "orders"], "a rule reads members itself"


def test_where_guests_never_count_no_key_is_made_and_nothing_known_of_them(
    open_shop: OpenShop, shops: LiveShops
) -> None:
    house = open_shop()
    rewrite(house, NEVER)
    guest_buys(shops)
    assert read(house, "orders").error is None
    assert not (house.settings.state_dir / "identity.key").exists()
    with house.store.read() as tx:
        assert not tx.identities.has_guests(NORTH)


def test_a_missing_permission_stops_members_alone_and_is_told_with_its_cure(
    open_shop: OpenShop, shops: LiveShops
) -> None:
    house = open_shop()
    shops.site().installation = replace(
        shops.site().installation, scopes=frozenset({wire.SCOPE_READ_ORDERS})
    )
    guest_buys(shops)
    assert read(house, "orders").error is None
    failed = read(house, "membership")
    assert failed.error
    assert "guests: never" in failed.error
    with house.store.read() as tx:
        told = {(one.source, one.track): one.last_error for one in tx.scans.overview(NORTH)}
    assert told["membership", Track.FULL] == failed.error
    assert told["orders", Track.FULL] is None
    shops.buys(1, 1)
    assert work.run_scan(house, NORTH, "orders", by="test").numbers["new"] == 1


def test_another_key_ends_each_reading_before_wix_is_asked(
    open_shop: OpenShop, shops: LiveShops
) -> None:
    guest_buys(shops)
    assert read(open_shop(), "orders").error is None
    asked = shops.calls(wire.ORDERS_SEARCH)
    other = open_shop(identity_key="another-key-0123456789-0123456789")
    outcome = work.run_scan(other, NORTH, "orders", by="test")
    assert outcome.error
    assert outcome.error.startswith("identity_key: ")
    assert "another-key" not in f"{outcome} {runs(other)} {other.settings!r}"
    assert shops.calls(wire.ORDERS_SEARCH) == asked
