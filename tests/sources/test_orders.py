from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest
from wix_orders import MEMBER, SINCE, fetched, order, orders_of

from badgejobs.core.activity import Mark
from badgejobs.core.policy import OrderPolicy, Refusal
from badgejobs.core.source import Source
from badgejobs.errors import CursorRefused
from badgejobs.wix import wire
from badgejobs.wix.client import WixClient


def marks(**fields: Any) -> frozenset[Mark]:
    return fetched(order(**fields)).activities[0].marks


def test_an_order_is_read_as_an_activity_in_minor_units() -> None:
    page = fetched(order(), cursor="next")
    [one] = page.activities
    assert (one.site, one.source, one.activity_id) == ("shop", "orders", order()["id"])
    assert one.member_id == MEMBER
    assert one.occurred_at == datetime(2026, 2, 2, 19, 1, 2, 3000, tzinfo=UTC)
    assert one.updated_at == datetime(2026, 2, 3, 7, 45, 10, 500000, tzinfo=UTC)
    assert one.revision == 0
    assert dict(one.amounts) == {"items": 1750, "total": 2150, "refunded": 0}
    assert one.currency == "EUR"
    assert one.marks == {Mark.APPROVED, Mark.PAID}
    assert page.next_cursor == "next"
    assert page.answered_at == datetime(2026, 2, 3, 8, 15, tzinfo=UTC)


def test_a_migrated_order_counts_from_when_it_was_bought() -> None:
    [one] = fetched(order(purchasedDate="2019-05-01T10:00:00+02:00", imported=True)).activities
    assert one.occurred_at == datetime(2019, 5, 1, 8, tzinfo=UTC)
    assert Mark.IMPORTED in one.marks


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"status": "CANCELED"}, {Mark.CANCELLED, Mark.PAID}),
        ({"status": "REJECTED", "paymentStatus": "DECLINED"}, {Mark.REJECTED}),
        ({"status": "PENDING", "paymentStatus": "NOT_PAID"}, {Mark.PENDING}),
        ({"status": "INITIALIZED", "paymentStatus": "UNSPECIFIED"}, {Mark.PENDING}),
        ({"paymentStatus": "PARTIALLY_PAID"}, {Mark.APPROVED}),
        ({"paymentStatus": "CANCELED"}, {Mark.APPROVED}),
        (
            {"paymentStatus": "PARTIALLY_REFUNDED"},
            {Mark.APPROVED, Mark.PAID, Mark.PARTLY_REFUNDED},
        ),
        ({"paymentStatus": "FULLY_REFUNDED"}, {Mark.APPROVED, Mark.PAID, Mark.REFUNDED}),
        ({"fulfillmentStatus": "FULFILLED"}, {Mark.APPROVED, Mark.PAID, Mark.FULFILLED}),
        ({"fulfillmentStatus": "PARTIALLY_FULFILLED"}, {Mark.APPROVED, Mark.PAID}),
        ({"demo": True}, {Mark.APPROVED, Mark.PAID, Mark.DEMO}),
        ({"demo": False, "imported": None}, {Mark.APPROVED, Mark.PAID}),
        ({"archived": True}, {Mark.APPROVED, Mark.PAID}),
        ({"balanceSummary": {"pendingRefund": {"amount": "21.50"}}}, {Mark.APPROVED, Mark.PAID}),
    ],
)
def test_marks_say_what_is_true_of_the_order_now(
    fields: dict[str, Any], expected: set[Mark]
) -> None:
    assert marks(**fields) == expected


@pytest.mark.parametrize(
    "fields",
    [{"archived": True}, {"balanceSummary": {"pendingRefund": {"amount": "21.50"}}}],
    ids=["archived", "refund on its way"],
)
def test_what_is_tidied_away_or_not_refunded_yet_counts_in_full(fields: dict[str, Any]) -> None:
    [one] = fetched(order(**fields)).activities
    assert OrderPolicy(currency="EUR").refusal(one) is None
    assert OrderPolicy(currency="EUR").value(one) == 1750


def test_whether_a_refunded_order_counts_is_the_policys_question() -> None:
    [one] = fetched(order(paymentStatus="FULLY_REFUNDED")).activities
    assert OrderPolicy().refusal(one) is Refusal.REFUNDED
    assert OrderPolicy(void_when_refunded=False).refusal(one) is None


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"status": "LOST"}, "status"),
        ({"paymentStatus": "MAYBE"}, "paymentStatus"),
        ({"priceSummary": {"total": {"amount": "1"}}}, "priceSummary.subtotal"),
        (
            {"balanceSummary": {"refunded": {"amount": "4.321"}}},
            "an amount of the order or its lines: more decimal places than EUR has",
        ),
    ],
)
def test_what_is_not_known_is_unreadable_and_never_guessed(
    fields: dict[str, Any], field: str
) -> None:
    page = fetched(order(**fields), order(id="other"))
    assert [one.activity_id for one in page.activities] == ["other"]
    [bad] = page.unreadable
    assert (bad.source, bad.activity_id) == ("orders", order()["id"])
    assert bad.reason.startswith(field)
    assert "4.321" not in bad.reason


def test_currencies_without_cents_stay_whole_and_absent_parts_are_zero() -> None:
    prices = {"subtotal": {"amount": "1200"}, "total": {"amount": "1200.00"}}
    [one] = fetched(order(currency="JPY", priceSummary=prices, balanceSummary=None)).activities
    assert dict(one.amounts) == {"items": 1200, "total": 1200, "refunded": 0}


def test_a_guest_has_no_member() -> None:
    [one] = fetched(order(buyerInfo={"visitorId": MEMBER})).activities
    assert one.member_id is None


def test_the_window_is_asked_for_inclusively_and_a_refused_cursor_passes_on() -> None:
    asked: list[Any] = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(json.loads(request.content)["search"])
        paging = {"cursors": {"next": "c2"}, "hasNext": True}
        body = {"orders": [], "metadata": paging}
        return httpx.Response(200, json=body) if len(asked) == 1 else httpx.Response(400, json={})

    with orders_of(answer) as source:
        as_protocol: Source[WixClient] = source.source
        page = as_protocol.fetch(source.client, SINCE, None)
        with pytest.raises(CursorRefused):
            source.fetch(SINCE, page.next_cursor)
    assert asked[0]["filter"]["updatedDate"] == {"$gte": "2026-02-03T00:00:00.000Z"}
    assert asked[0]["filter"]["status"] == {"$in": list(wire.ORDER_STATUSES)}
    assert asked[1] == {"cursorPaging": {"limit": 100, "cursor": "c2"}}
