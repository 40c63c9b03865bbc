"""Orders without end: what ``--seed orders:N`` serves, against a plain list of the same orders."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from typing import Any

import pytest
from sandbox_caller import Caller, Clock, order

from badgejobs.errors import SettingsError
from badgejobs.sandbox import builtin
from badgejobs.sandbox.history import seeds
from badgejobs.sandbox.history.made_orders import MadeOrders
from badgejobs.sandbox.server import running
from badgejobs.sandbox.settings import Options, parse_installations
from badgejobs.sandbox.world import World
from badgejobs.wix import bodies, wire

NUMBER, SEED = 250, 7
SITE = builtin.sites(1)[0]


@pytest.fixture
def wix() -> Iterator[Caller]:
    clock = Clock()
    world = World(
        parse_installations(builtin.sites(1)),
        Options(query_lag_seconds=0, rate_limit_requests=0),
        clock=clock,
    )
    seeds.sow(world, f"orders:{NUMBER}:{SEED}")
    with running(world) as url:
        caller = Caller(url, clock)
        caller.log_in(SITE)
        yield caller
        caller.close()


def made(place: int, *, number: int = NUMBER, seed: int = SEED) -> dict[str, Any]:
    return MadeOrders(number, seed).body(place)


def search(wix: Caller, **query: Any) -> list[dict[str, Any]]:
    """All pages."""
    found, query = list[dict[str, Any]](), {"cursorPaging": {"limit": 100}, **query}
    while True:
        page = wix.post(wire.ORDERS_SEARCH, {"search": query})
        found += page["orders"]
        assert page["metadata"]["count"] == len(page["orders"])
        if not page["metadata"]["hasNext"]:
            return found
        query = {"cursorPaging": {"limit": 100, "cursor": page["metadata"]["cursors"]["next"]}}


def by_last_change(**wanted: Any) -> dict[str, Any]:
    status = {"status": {"$in": list(wire.ORDER_STATUSES)}}
    sort = [{"fieldName": "updatedDate", "order": "ASC"}]
    return {"filter": status | wanted, "sort": sort}


def test_the_same_numbers_are_the_same_orders_and_another_seed_is_another_shop() -> None:
    assert made(3) == made(3)
    assert made(3)["id"] != made(4)["id"]
    assert made(3) != made(3, seed=8)
    assert made(3, seed=8)["id"] not in {made(one)["id"] for one in range(NUMBER)}


def test_a_search_as_ours_finds_each_order_once_and_by_rising_change(wix: Caller) -> None:
    found = search(wix, **by_last_change())

    assert found == [made(place) for place in range(NUMBER)]
    assert all(one["updatedDate"] < other["updatedDate"] for one, other in pairwise(found))
    assert all(one["createdDate"] <= one["updatedDate"] for one in found)


@pytest.mark.parametrize("place", [0, 1, 99, 100, 248, 249])
def test_a_search_from_a_moment_on_begins_with_the_order_of_that_moment(
    wix: Caller, place: int
) -> None:
    at = made(place)["updatedDate"]

    from_it = search(wix, **by_last_change(updatedDate={"$gte": at}))
    behind_it = search(wix, **by_last_change(updatedDate={"$gt": at}))

    assert [one["id"] for one in from_it] == [made(p)["id"] for p in range(place, NUMBER)]
    assert behind_it == from_it[1:]


def test_a_moment_in_one_branch_of_an_or_leaves_out_nothing_of_the_other(wix: Caller) -> None:
    last, first = made(249), made(0)
    either = {"$or": [{"updatedDate": {"$gte": last["updatedDate"]}}, {"number": first["number"]}]}

    assert search(wix, **by_last_change() | {"filter": either}) == [first, last]


def test_other_filters_are_answered_too(wix: Caller) -> None:
    buyer = made(5)["buyerInfo"]["memberId"]

    found = search(wix, **by_last_change(**{"buyerInfo.memberId": buyer}))

    everyone = [made(place) for place in range(NUMBER)]
    assert found == [one for one in everyone if one["buyerInfo"].get("memberId") == buyer]
    assert found


@pytest.mark.parametrize(
    "sort",
    [
        None,
        [{"fieldName": "updatedDate", "order": "DESC"}],
        [{"fieldName": "createdDate", "order": "ASC"}],
    ],
)
def test_an_order_that_would_need_all_at_once_is_refused_with_the_one_that_does_not(
    wix: Caller, sort: Any
) -> None:
    reply = wix.call("POST", wire.ORDERS_SEARCH, {"search": {"sort": sort}})

    assert reply.violation["field"] == "search.sort"
    assert "'updatedDate' ascending" in reply.violation["description"]


def test_what_is_stored_afterwards_lies_over_what_is_made(wix: Caller) -> None:
    changed = made(10) | {"status": "CANCELED", "updatedDate": "2030-01-01T00:00:00.000Z"}
    between = order(1) | {"updatedDate": made(100)["updatedDate"], "createdDate": "2021-01-01"}
    wix.post("/_sandbox/orders", {"instanceId": SITE["instanceId"], "orders": [changed, between]})

    found = search(wix, **by_last_change())

    assert len(found) == NUMBER + 1
    assert found[-1] == changed
    assert {found[99]["id"], found[100]["id"]} == {made(100)["id"], between["id"]}
    assert made(10) not in found
    assert wix.good("GET", f"/ecom/v1/orders/{changed['id']}")["order"] == changed


def test_an_order_is_found_by_its_id_with_its_payments_and_a_foreign_one_is_not(
    wix: Caller,
) -> None:
    one = next(made(place) for place in range(NUMBER) if made(place)["paymentStatus"] == "PAID")

    assert wix.good("GET", f"/ecom/v1/orders/{one['id']}")["order"] == one
    listed = wix.post(wire.PAYMENTS_LIST, {"orderIds": [one["id"]]})["orderTransactions"]
    assert [each["payments"][0]["amount"] for each in listed] == [one["priceSummary"]["total"]]
    for foreign in (made(3, seed=8)["id"], made(NUMBER, number=NUMBER + 1)["id"], "x"):
        assert wix.call("GET", f"/ecom/v1/orders/{foreign}").status == 404


def test_the_mix_of_a_shop_is_there_and_our_client_reads_all_of_it() -> None:
    orders = [bodies.Order.model_validate(made(place, number=2_000)) for place in range(2_000)]

    assert {one.payment_status for one in orders} >= {"PAID", "FULLY_REFUNDED", "PENDING"}
    assert {one.status for one in orders} == {"APPROVED", "CANCELED", "PENDING"}
    buyers = [one.buyer_info.member_id for one in orders if one.buyer_info]
    assert 0 < buyers.count(None) < 300
    known = {one.id for one in MadeOrders(2_000, SEED).member_records()}
    assert {one for one in buyers if one} <= known
    assert len(known) == 40


def test_a_million_orders_are_searched_from_the_middle_without_being_made() -> None:
    world = World(parse_installations(builtin.sites(1)), Options(rate_limit_requests=0))
    seeds.sow(world, "orders:1000000")
    with running(world) as url:
        caller = Caller(url, Clock())
        caller.log_in(SITE)
        at = made(500_000, number=1_000_000, seed=1)["updatedDate"]
        wanted = by_last_change(updatedDate={"$gte": at})
        page = caller.post(wire.ORDERS_SEARCH, {"search": wanted})
        caller.close()
    assert [one["number"] for one in page["orders"]] == [str(510_001 + n) for n in range(100)]


@pytest.mark.parametrize(
    "wrong", ["orders:", "orders:x", "orders:10:x", "orders:1:2:3", "orders:-1"]
)
def test_a_seed_of_another_form_is_refused_with_an_example(wrong: str) -> None:
    with pytest.raises(SettingsError, match=r"orders:N or orders:N:SEED, such as orders:1000000:7"):
        seeds.sow(World(), wrong)


def test_no_orders_or_more_than_have_room_are_refused() -> None:
    for wrong in ("orders:0", "orders:999999999999"):
        with pytest.raises(SettingsError, match=r"from 1 to 157,680,000,000 orders"):
            seeds.sow(World(), wrong)
