from __future__ import annotations

from typing import Any

import pytest
from contract_calls import ORDER_LIST, ORDERS, SEARCH
from sandbox_caller import Caller, guid, order, sandbox

STATUSES = ("APPROVED", "CANCELED", "PENDING", "REJECTED", "INITIALIZED")
BY_DEFAULT = {"APPROVED", "CANCELED"}


def found(wix: Caller, given: Any) -> set[str | None]:
    """The statuses of the orders that a filter finds."""
    return {one.get("status") for one in ORDER_LIST.page(wix, filter=given)[0]}


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({}, BY_DEFAULT),
        ({"number": {"$exists": True}, "paymentStatus": "PAID"}, BY_DEFAULT),
        ({"$and": [], "$not": {"number": "99"}}, BY_DEFAULT),
        ({"status": {"$in": list(STATUSES)}}, set(STATUSES[:4])),
        ({"status": {}}, set(STATUSES[:4])),
        ({"status": {"$exists": True}}, set(STATUSES[:4])),
        ({"$or": [{"number": "99"}, {"$and": [{"$not": {"status": "X"}}]}]}, set(STATUSES[:4])),
        ({"$not": {"status": {"$in": ["APPROVED"]}}}, set(STATUSES[1:4])),
        ({"status": "PENDING"}, {"PENDING"}),
        ({"$and": [{"status": "REJECTED"}, {"status": {"$ne": "PENDING"}}]}, {"REJECTED"}),
        ({"status": "INITIALIZED"}, set()),
        ({"id": guid(0xB2, 4)}, set()),
        ({"id": {"$in": [guid(0xB2, 4), guid(0xB2, 3)]}}, set()),
        (
            {"paymentStatus": {"$ne": "NOT_PAID"}, "fulfillmentStatus": {"$exists": False}},
            BY_DEFAULT,
        ),
    ],
)
def test_o1_what_a_search_shows_depends_on_whether_its_filter_names_the_status(
    given: dict[str, Any], expected: set[str]
) -> None:
    with sandbox() as wix:
        wix.store("orders", *(order(n, status=one) for n, one in enumerate(STATUSES)))
        assert found(wix, given) == expected
        assert sum(len(page) for page in ORDER_LIST.pages(wix, limit=1, filter=given)) == len(
            expected
        )


def test_o1_a_sort_by_status_does_not_name_it_and_archived_orders_are_shown() -> None:
    with sandbox() as wix:
        stored = [order(n, status=one, archived=True) for n, one in enumerate(STATUSES)]
        wix.store("orders", *stored, order(7, status=None))
        items, _ = ORDER_LIST.page(wix, sort=[{"fieldName": "status"}])
        assert {one["status"] for one in items} == BY_DEFAULT | {None}
        assert found(wix, {"archived": True}) == BY_DEFAULT
        for one in stored:
            assert wix.good("GET", f"{ORDERS}/{one['id']}") == {"order": one}


AS_STORED: dict[str, Any] = {
    "id": "not-even-a-guid",
    "number": "0010",
    "createdDate": "2026-01-03T01:00:00+01:00",
    "status": "APPROVED",
    "priceSummary": {"total": {"amount": "1234567.80", "formattedAmount": "1.234.567,80 €"}},
    "lineItems": [{"price": {"amount": "0.10"}, "quantity": 3}, {}, None],
    "balanceSummary": {"balance": {"amount": "-0.00"}},
    "unknown": {"": [None, True, 0.1, 10**20, "\U0001f3c5", "\u0000"]},
    "archived": None,
}


def test_o2_a_record_comes_out_as_it_was_stored() -> None:
    with sandbox() as wix:
        wix.store("orders", AS_STORED)
        assert wix.post(SEARCH, {})["orders"] == [AS_STORED]
        assert wix.good("GET", f"{ORDERS}/not-even-a-guid") == {"order": AS_STORED}
        texts = wix.post(SEARCH, {})["orders"][0]
        assert isinstance(texts["number"], str)
        assert isinstance(texts["priceSummary"]["total"]["amount"], str)
        assert found(wix, {"priceSummary.total.amount": "1234567.80"}) == {"APPROVED"}
        assert found(wix, {"priceSummary.total.amount": 1234567.80}) == set()
        assert found(wix, {"number": {"$lt": "9"}}) == {"APPROVED"}
