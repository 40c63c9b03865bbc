from __future__ import annotations

from typing import Any

import pytest
from sandbox_caller import ONE, OTHER, Caller, guid, order, sandbox, site

LIST = "/ecom/v1/payments/list-by-ids"
SCOPE = "SCOPE.DC-STORES.READ-ORDERS"


def of(wix: Caller, order_id: str) -> Any:
    return wix.good("GET", f"/ecom/v1/payments/orders/{order_id}")["orderTransactions"]


def price(amount: str) -> dict[str, str]:
    return {"amount": amount, "formattedAmount": f"£{amount}"}


def balance(paid: str, refunded: str = "0.00") -> dict[str, Any]:
    return {"balanceSummary": {"paid": price(paid), "refunded": price(refunded)}}


def test_transactions_that_were_stored_are_shown_as_they_were_stored() -> None:
    with sandbox() as wix:
        payments = [{"id": guid(1, 1), "amount": {"amount": "1.0"}, "odd": [None, 2.50]}]
        wix.store("orders", order(1, **balance("7.00")))
        wix.store("payments", {"id": guid(0xB2, 1), "payments": payments, "refunds": []})
        stored = {"orderId": guid(0xB2, 1), "payments": payments, "refunds": []}
        assert of(wix, guid(0xB2, 1)) == stored
        wix.store("payments", {"id": guid(0xB2, 1)})
        assert of(wix, guid(0xB2, 1)) == stored | {"payments": []}
        wix.log_in(OTHER)
        assert wix.call("GET", f"/ecom/v1/payments/orders/{guid(0xB2, 1)}").status == 404


@pytest.mark.parametrize(
    ("more", "paid", "refunded", "status"),
    [
        (balance("23.00"), "23.00", None, "APPROVED"),
        (balance("23.00", "9.50"), "23.00", "9.50", "PARTIALLY_REFUNDED"),
        (balance("23.00", "23"), "23.00", "23", "REFUNDED"),
        (balance("10.00") | {"paymentStatus": "PARTIALLY_PAID"}, "10.00", None, "APPROVED"),
        (balance("0.00") | {"priceSummary": {"total": price("5.00")}}, None, None, None),
        ({"priceSummary": {"total": price("5.00")}}, "5.00", None, "APPROVED"),
        (
            {"priceSummary": {"total": price("5.00")}, "paymentStatus": "FULLY_REFUNDED"},
            "5.00",
            "5.00",
            "REFUNDED",
        ),
        (
            {"priceSummary": {"total": price("5.00")}, "paymentStatus": "PARTIALLY_REFUNDED"},
            "5.00",
            None,
            "APPROVED",
        ),
        ({"priceSummary": {"total": price("5.00")}, "paymentStatus": "NOT_PAID"}, None, None, None),
        ({}, None, None, None),
        ({"balanceSummary": "odd", "priceSummary": {"total": {"amount": "odd"}}}, None, None, None),
    ],
)
def test_other_transactions_follow_from_the_figures_of_the_order(
    more: dict[str, Any], paid: str | None, refunded: str | None, status: str | None
) -> None:
    with sandbox() as wix:
        wix.store("orders", order(1, **more))
        found = of(wix, guid(0xB2, 1))
        assert [one["amount"]["amount"] for one in found["payments"]] == ([paid] if paid else [])
        assert [one["status"] for one in found["payments"]] == ([status] if status else [])
        returned = [one["transactions"][0] for one in found["refunds"]]
        assert [one["amount"]["amount"] for one in returned] == ([refunded] if refunded else [])
        assert [one["paymentId"] for one in returned] == [
            one["id"] for one in found["payments"] if refunded
        ]
        assert of(wix, guid(0xB2, 1)) == found


def test_derived_transactions_have_the_stamps_and_the_refunded_lines_of_the_order() -> None:
    lines = [{"id": guid(9, 1), "refundQuantity": 2}, {"id": guid(9, 2)}, "odd"]
    at = {"purchasedDate": "2026-01-01T00:00:00.000Z", "updatedDate": "2026-01-09T00:00:00.000Z"}
    with sandbox() as wix:
        wix.store("orders", order(1, lineItems=lines, **at, **balance("9.00", "4.00")))
        found = of(wix, guid(0xB2, 1))
        payment, refund = found["payments"][0], found["refunds"][0]
        assert (payment["createdDate"], payment["updatedDate"]) == (
            at["purchasedDate"],
            at["updatedDate"],
        )
        assert (refund["createdDate"], refund["details"]) == (
            at["updatedDate"],
            {"items": [{"lineItemId": guid(9, 1), "quantity": 2}], "shippingIncluded": False},
        )
        assert refund["transactions"][0]["refundStatus"] == "SUCCEEDED"


def test_a_list_holds_each_known_order_once_in_the_order_of_the_request() -> None:
    with sandbox() as wix:
        wix.store("orders", *(order(number, **balance("1.00")) for number in range(3)))
        wix.store("payments", {"id": guid(0xB2, 7), "payments": [], "refunds": []})
        ids = [guid(0xB2, number) for number in (2, 7, 9, 0, 2)]
        found = wix.post(LIST, {"orderIds": ids})["orderTransactions"]
        assert [one["orderId"] for one in found] == [guid(0xB2, number) for number in (2, 7, 0)]
        assert [len(one["payments"]) for one in found] == [1, 0, 1]


def test_a_list_trails_behind_and_the_transactions_of_one_order_do_not() -> None:
    with sandbox(queryLagSeconds=2) as wix:
        wix.store("orders", order(1, **balance("1.00")))
        body = {"orderIds": [guid(0xB2, 1)]}
        assert wix.post(LIST, body)["orderTransactions"] == []
        assert len(of(wix, guid(0xB2, 1))["payments"]) == 1
        wix.clock.seconds += 2
        assert wix.post(LIST, body)["orderTransactions"] == [of(wix, guid(0xB2, 1))]


def test_order_ids_are_checked_before_they_are_looked_up() -> None:
    with sandbox() as wix:
        wrong_lists: list[Any] = [[], ["x"] * 101, "x", None]
        for wrong in wrong_lists:
            assert wix.call("POST", LIST, {"orderIds": wrong}).violation["field"] == "orderIds"
        for wrong in ("", "x" * 101, 7):
            refused = wix.call("POST", LIST, {"orderIds": ["x", wrong]}).violation
            assert refused["field"] == "orderIds[1]"
        for path in ("/ecom/v1/payments/orders/", "/ecom/v1/orders/"):
            assert wix.call("GET", path + "x" * 101).status == 400
            assert wix.call("GET", path + "x" * 100).code == "ORDER_NOT_FOUND"


def test_transactions_need_the_scope_of_orders() -> None:
    with sandbox() as wix:
        wix.reset(site(1, scopes=["SCOPE.DC-MEMBERS.READ-BADGES"]))
        wix.log_in(ONE)
        assert wix.call("POST", LIST, {"orderIds": ["x"]}).code == "PERMISSION_DENIED"
        assert wix.call("GET", "/ecom/v1/payments/orders/x").code == "PERMISSION_DENIED"
        wix.reset(site(1, scopes=[SCOPE]))
        wix.log_in(ONE)
        assert wix.post(LIST, {"orderIds": ["x"]}) == {"orderTransactions": []}


def test_every_replayed_order_has_the_transactions_of_its_kind() -> None:
    with sandbox() as wix:
        wix.post("/_sandbox/replay", {"instanceId": ONE["instanceId"], "seconds": 0})
        search = {"search": {"filter": {"status": "CANCELED"}}}
        ids = [one["id"] for one in wix.post("/ecom/v1/orders/search", search)["orders"]]
        found = wix.post(LIST, {"orderIds": ids})["orderTransactions"]
        assert len(found) == 100
        for one in found:
            (payment,) = one["payments"]
            (refund,) = one["refunds"]
            assert payment["status"] == "REFUNDED"
            assert refund["transactions"][0]["amount"] == payment["amount"]
