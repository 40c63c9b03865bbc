"""Order transactions: the payments and refunds of an order.

Those that a test stored are shown as they were stored. For any other order they are derived
from its own figures, so that every order has them, a replayed one too, and so that the two
never contradict each other. Only money that moved is derived: what an order does not tell, such
as a part of the price that was paid without a sum being named, is left out, not made up.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from typing import Any, Final

from badgejobs.sandbox import refusals, validation
from badgejobs.sandbox.endpoints import orders
from badgejobs.sandbox.endpoints.endpoint import Answer, Call, Endpoint
from badgejobs.sandbox.records.collection import Record
from badgejobs.wix import wire

#: With these an order is paid in full, also where part of it or all of it went back later.
_PAID = frozenset({"PAID", "PARTIALLY_REFUNDED", "FULLY_REFUNDED"})


def one_order(call: Call) -> Answer:
    """The transactions of one order as they are now."""
    order_id = orders.order_id(call.path["id"], "orderId")
    site = call.site
    found = _transactions(order_id, site.payments.current, site.orders.current)
    if found is None:
        if call.switches.unknown_order_payments == "absent":
            raise refusals.not_found("ORDER_NOT_FOUND", f"order {order_id}")
        found = _shaped(order_id, [], [])
    return {"orderTransactions": found}


def many_orders(call: Call) -> Answer:
    """The transactions of up to 100 orders, in the order of their ids, as lists show them."""
    given = validation.items(call.body.get("orderIds"), "orderIds", least=1, most=wire.MOST_ITEMS)
    ids = [orders.order_id(one, f"orderIds[{index}]") for index, one in enumerate(given)]
    stored, known = call.site.payments.shown(call.at), call.site.orders.shown(call.at)
    answers: list[dict[str, Any]] = []
    for order_id in dict.fromkeys(ids):
        found = _transactions(order_id, stored, known)
        if found is not None:
            answers.append(found)
        elif call.switches.unknown_order_payments == "empty":
            answers.append(_shaped(order_id, [], []))
    return {"orderTransactions": answers}


def _transactions(
    order_id: str, stored: Mapping[str, Record], known: Mapping[str, Record]
) -> dict[str, Any] | None:
    """What was stored for an order, else what the order tells, None if it is unknown."""
    if order_id in stored:
        body = stored[order_id].body
        return _shaped(order_id, body.get("payments") or [], body.get("refunds") or [])
    if order_id in known:
        return derived(known[order_id].body)
    return None


def _shaped(order_id: str, payments: Any, refunds: Any) -> dict[str, Any]:
    return {"orderId": order_id, "payments": payments, "refunds": refunds}


def derived(order: Mapping[str, Any]) -> dict[str, Any]:
    """The transactions that an order's figures tell: at most one payment and one refund.

    >>> paid = {"id": "7", "paymentStatus": "PAID", "priceSummary": {"total": {"amount": "9.50"}}}
    >>> derived(paid)["payments"][0]["amount"], derived(paid)["refunds"]
    ({'amount': '9.50'}, [])
    >>> derived(paid | {"paymentStatus": "PARTIALLY_PAID"})["payments"]
    []
    """
    order_id = order["id"]
    paid = _paid(order)
    if paid is None:
        return _shaped(order_id, [], [])
    refunded = _refunded(order, paid)
    if refunded is None:
        status = "APPROVED"
    else:
        whole = Decimal(refunded["amount"]) >= Decimal(paid["amount"])
        status = "REFUNDED" if whole else "PARTIALLY_REFUNDED"
    payment = _stamped(
        {
            "id": _made_of(order_id, "payment"),
            "amount": paid,
            "refundDisabled": False,
            "status": status,
            # The same once more, where it stood before; it is to go on 2026-11-01.
            "regularPaymentDetails": {"offlinePayment": False, "status": status},
        },
        createdDate=order.get("purchasedDate") or order.get("createdDate"),
        updatedDate=order.get("updatedDate"),
    )
    refunds = [] if refunded is None else [_refund(order, payment["id"], refunded)]
    return _shaped(order_id, [payment], refunds)


def _refund(order: Mapping[str, Any], payment_id: str, amount: dict[str, Any]) -> dict[str, Any]:
    """One refund; an order tells only when it changed last, so the refund is as old as that."""
    items = [
        {"lineItemId": line.get("id"), "quantity": line["refundQuantity"]}
        for line in map(_object, order.get("lineItems") or [])
        if line.get("refundQuantity")
    ]
    transaction = {"paymentId": payment_id, "amount": amount, "refundStatus": "SUCCEEDED"}
    return _stamped(
        {
            "id": _made_of(order["id"], "refund"),
            "transactions": [transaction],
            "details": {"items": items, "shippingIncluded": False},
            "summary": {"requestedRefund": amount, "refunded": amount, "pending": False},
        },
        createdDate=order.get("updatedDate"),
    )


def _paid(order: Mapping[str, Any]) -> dict[str, Any] | None:
    """What was paid for an order, with what was refunded later; None if that is nothing."""
    balance = _object(order.get("balanceSummary"))
    if "paid" in balance:
        return _price(balance["paid"])
    if order.get("paymentStatus") in _PAID:
        return _price(_object(order.get("priceSummary")).get("total"))
    return None


def _refunded(order: Mapping[str, Any], paid: dict[str, Any]) -> dict[str, Any] | None:
    """What was refunded of an order; None if that is nothing or not told."""
    balance = _object(order.get("balanceSummary"))
    if "refunded" in balance:
        return _price(balance["refunded"])
    return paid if order.get("paymentStatus") == "FULLY_REFUNDED" else None


def _object(given: Any) -> Mapping[str, Any]:
    """What is no object in a record, which is kept as it was given, tells nothing."""
    return given if isinstance(given, dict) else {}


def _price(given: Any) -> dict[str, Any] | None:
    """A price as it stood in the order, if it is above zero."""
    try:
        return given if Decimal(given["amount"]) > 0 else None
    except (InvalidOperation, KeyError, TypeError, ValueError):
        return None  # stored as given, and no price


def _made_of(order_id: str, what: str) -> str:
    """An id that is the same each time it is derived."""
    return str(uuid.uuid5(uuid.NAMESPACE_OID, f"{order_id}/{what}"))


def _stamped(body: dict[str, Any], **stamps: str | None) -> dict[str, Any]:
    return body | {name: stamp for name, stamp in stamps.items() if stamp is not None}


ENDPOINTS: Final = (
    Endpoint("GET", wire.ORDER_PAYMENTS, wire.SCOPE_READ_ORDERS, one_order),
    Endpoint("POST", wire.PAYMENTS_LIST, wire.SCOPE_READ_ORDERS, many_orders),
)
