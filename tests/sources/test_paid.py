"""When an order was paid in full: told by its payments, or not told."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest
from wix_orders import SINCE, order, orders_of

from badgejobs.core.milestone import Wants
from badgejobs.wix import wire

PAYMENTS = Wants(payments=True)
ORDER_ID = order()["id"]


def at(day: int) -> datetime:
    return datetime(2026, 2, day, 8, tzinfo=UTC)


def payment(day: int | None, amount: str = "21.50", **fields: Any) -> dict[str, Any]:
    told = {"amount": {"amount": amount}, "status": "APPROVED"}
    return told | ({} if day is None else {"createdDate": at(day).isoformat()}) | fields


def when_paid(*payments: object, **fields: Any) -> datetime | None:
    """What the source says of one order with these payments."""

    def answer(request: httpx.Request) -> httpx.Response:
        if request.url.path == wire.PAYMENTS_LIST:
            told = {"orderId": ORDER_ID, "payments": payments, "refunds": []}
            return httpx.Response(200, json={"orderTransactions": [told]})
        body = {"orders": [order(**fields)], "metadata": {"hasNext": False}}
        return httpx.Response(200, json=body)

    with orders_of(answer, wants=PAYMENTS) as source:
        [one] = source.fetch(SINCE, None).activities
    return one.paid_at


def test_it_is_paid_when_its_payments_reach_the_total() -> None:
    assert when_paid(payment(3)) == at(3)
    assert when_paid(payment(9, "11.50"), payment(4, "10.00")) == at(9)
    assert when_paid(payment(4, "10.00"), payment(5, "11.50"), payment(6, "1.00")) == at(5)


def test_what_was_refunded_later_was_paid_all_the_same() -> None:
    refunded = payment(3, status="REFUNDED")
    assert when_paid(refunded, paymentStatus="FULLY_REFUNDED") == at(3)


@pytest.mark.parametrize(
    "payments",
    [
        [],
        [payment(3, "21.49")],
        [payment(None)],
        [payment(3) | {"amount": None}],
        [payment(3, "21.505")],
        [payment(3, status="DECLINED")],
        [payment(3, status="AUTHORIZED")],
        [payment(3, status="A_NEW_ONE")],
        [payment(3, status=None)],
        [payment(3, "never a price")],
        ["no payment"],
    ],
)
def test_where_it_cannot_be_told_nothing_is_said(payments: list[object]) -> None:
    assert when_paid(*payments) is None


def test_a_payment_that_waited_came_in_when_the_order_says_that_it_was_paid() -> None:
    happened = [
        {"type": "ORDER_PLACED", "createdDate": at(2).isoformat()},
        {"type": "MERCHANT_COMMENT", "merchantComment": {"message": "x"}, "createdDate": 7},
        {"type": "ORDER_PAID", "createdDate": at(5).isoformat()},
        {"type": "ORDER_PAID", "createdDate": at(8).isoformat()},
    ]
    assert when_paid(payment(2), activities=happened) == at(5)
    assert when_paid(payment(6), activities=happened) == at(6)
    assert when_paid(payment(2), activities="nothing") == at(2)


@pytest.mark.parametrize(
    ("details", "came_in"),
    [
        ({"regularPaymentDetails": {"status": "APPROVED"}}, True),
        ({"regularPaymentDetails": {"status": "PENDING"}}, False),
        ({"giftcardPaymentDetails": {"giftCardPaymentId": "g"}}, True),
        ({"giftcardPaymentDetails": {"voided": True}}, False),
        ({"membershipPaymentDetails": {"status": "APPROVED", "voided": False}}, True),
        ({"membershipPaymentDetails": {"status": "APPROVED", "voided": True}}, False),
    ],
)
def test_a_status_is_found_where_it_stood_before_too(
    details: dict[str, Any], came_in: bool
) -> None:
    assert (when_paid(payment(3, status=None, **details)) == at(3)) is came_in


def test_a_free_order_was_never_paid() -> None:
    free = {"subtotal": {"amount": "0"}, "total": {"amount": "0"}}
    assert when_paid(payment(3), priceSummary=free) is None


@pytest.mark.parametrize(
    ("wants", "status", "asked"),
    [(Wants(), "PAID", 0), (PAYMENTS, "NOT_PAID", 0), (PAYMENTS, "PAID", 1)],
)
def test_payments_cost_one_call_a_page_and_only_where_they_are_wanted(
    wants: Wants, status: str, asked: int
) -> None:
    bodies: list[Any] = []

    def answer(request: httpx.Request) -> httpx.Response:
        if request.url.path == wire.PAYMENTS_LIST:
            bodies.append(json.loads(request.content))
            return httpx.Response(200, json={"orderTransactions": []})
        orders = [order(paymentStatus=status), order(id="o2", paymentStatus=status)]
        return httpx.Response(200, json={"orders": orders, "metadata": {"hasNext": False}})

    with orders_of(answer, wants=wants) as source:
        found = source.fetch(SINCE, None).activities
    assert [one.paid_at for one in found] == [None, None]
    assert bodies == [{"orderIds": [ORDER_ID, "o2"]}] * asked
