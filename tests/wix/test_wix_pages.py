from __future__ import annotations

import contextlib
import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from badgejobs.core.activity import is_stand_in
from badgejobs.errors import Ambiguous
from badgejobs.wix.bodies import Assignment, Badge, Comment, Order
from badgejobs.wix.pages import page

MEMBER = "c2b7a6d4-0d3f-4a4e-9f10-6f5a2c9e2201"

#: As Wix's documentation shows them, fields that we do not read included.
ORDER: dict[str, Any] = json.loads("""{"id":"0a7c1f3e-6b52-4d19-8f2c-5e9d4b6a4401",
"number":"10042","createdDate":"2026-02-02T19:01:02.003Z","updatedDate":"2026-02-03T07:45:10.500Z",
"purchasedDate":"2026-02-02T19:01:02.003Z","status":"APPROVED","paymentStatus":"PAID",
"fulfillmentStatus":"NOT_FULFILLED","currency":"EUR","archived":false,
"buyerInfo":{"memberId":"c2b7a6d4-0d3f-4a4e-9f10-6f5a2c9e2201","email":"ana@example.com"},
"channelInfo":{"type":"WEB"},"lineItems":[{"quantity":2,"price":{"amount":"9.50"}}],
"priceSummary":{"subtotal":{"amount":"19.00","formattedAmount":"19"},"shipping":{"amount":"4.00"},
"tax":{"amount":"0.00"},"discount":{"amount":"0.00"},"total":{"amount":"23.00"}},
"balanceSummary":{"balance":{"amount":"0.00"},"paid":{"amount":"23.00"},
"refunded":{"amount":"0.00"}}}""")
COMMENT: dict[str, Any] = json.loads("""{"id":"7c6b5a49-3827-4615-8c4b-3a2918076601","revision":"2",
"createdDate":"2026-02-01T12:00:00.000Z","updatedDate":"2026-02-01T12:05:00.000Z",
"commentDate":"2026-02-01T12:00:00.000Z","appId":"14bcded7-0066-7c35-14d7-466cb3f09103",
"contextId":"65b8f0c2a1","resourceId":"65b8f0c2a1",
"author":{"memberId":"c2b7a6d4-0d3f-4a4e-9f10-6f5a2c9e2201"},"status":"PUBLISHED","replyCount":0,
"reactionSummary":{"total":3,"reactionCodeCount":{}},"marked":false,"contentEdited":false}""")
BADGE: dict[str, Any] = json.loads("""{"id":"3f0a9d5e-5f4d-4f2b-9a57-1f2b7a0c1101","revision":"1",
"title":"Loyal Buyer","description":"Ten paid orders","backgroundColor":"#1B4D3E",
"textColor":"#FFFFFF","permissionsEnabled":false,"slug":"loyal-buyer",
"createdDate":"2026-02-03T08:15:00.120Z","updatedDate":"2026-02-03T08:15:00.120Z"}""")
ASSIGNMENT: dict[str, Any] = json.loads("""{"id":"91d5b3aa-2b61-4a0c-8e0d-3b1f5d7e3301",
"badgeId":"3f0a9d5e-5f4d-4f2b-9a57-1f2b7a0c1101",
"memberId":"c2b7a6d4-0d3f-4a4e-9f10-6f5a2c9e2201","createdDate":"2026-02-03T08:30:00.000Z",
"updatedDate":"2026-02-03T08:30:00.000Z"}""")
MORE = {"count": 1, "cursors": {"next": "b3JkLTI"}, "hasNext": True}


def orders_page(*orders: object, paging: object = MORE) -> bytes:
    return json.dumps({"orders": orders, "metadata": paging}).encode()


def test_a_page_of_orders_has_its_cursor_under_metadata() -> None:
    at = datetime(2026, 2, 3, tzinfo=UTC)
    found = page(orders_page(ORDER), Order, answered_at=at)
    assert found.next_cursor == "b3JkLTI"
    assert found.answered_at == at
    [order] = found.records
    assert order.updated_date == datetime(2026, 2, 3, 7, 45, 10, 500000, tzinfo=UTC)
    assert order.buyer_info is not None
    assert order.buyer_info.member_id == MEMBER
    assert order.price_summary.total.amount == "23.00"


def test_the_other_lists_have_it_under_paging_metadata() -> None:
    for key, record, kind in (
        ("comments", COMMENT, Comment),
        ("badges", BADGE, Badge),
        ("badgeAssignments", ASSIGNMENT, Assignment),
    ):
        body = json.dumps({key: [record], "pagingMetadata": MORE}).encode()
        found = page(body, kind, answered_at=None)
        assert len(found.records) == 1
        assert found.next_cursor == "b3JkLTI"


@pytest.mark.parametrize(
    "paging",
    [
        {"count": 1, "cursors": {}, "hasNext": False},
        {"count": 1, "cursors": {"next": "left-over"}, "hasNext": False},
        {"count": 1, "cursors": None},
        {},
    ],
)
def test_no_cursor_or_no_next_is_the_end(paging: object) -> None:
    assert page(orders_page(ORDER, paging=paging), Order, answered_at=None).next_cursor is None


@pytest.mark.parametrize("cursors", [{"cursors": {"next": ""}}, {"cursors": None}, {}])
def test_more_without_a_way_to_it_is_no_end(cursors: dict[str, Any]) -> None:
    """Or what was not listed would be taken for absent, and made a second time."""
    with pytest.raises(Ambiguous, match="more follows"):
        page(orders_page(ORDER, paging={"hasNext": True} | cursors), Order, answered_at=None)


def changed(**fields: object) -> dict[str, Any]:
    return {**ORDER, **fields}


@pytest.mark.parametrize(
    ("record", "field"),
    [
        (changed(status="LOST"), "status"),
        (changed(paymentStatus="MAYBE"), "paymentStatus"),
        (changed(status=None), "status"),
        (changed(updatedDate="2026-02-03T07:45:10"), "updatedDate"),
        (changed(updatedDate=1770107400), "updatedDate"),
        (changed(updatedDate="1770107400"), "updatedDate"),
        (changed(updatedDate="0001-01-01T00:00:00+14:00"), "updatedDate"),
        (changed(createdDate="yesterday"), "createdDate"),
        (changed(currency="euro"), "currency"),
        (changed(buyerInfo={"memberId": "Ana Silva"}), "buyerInfo.memberId"),
        (changed(priceSummary=None), "priceSummary"),
        (
            changed(priceSummary={"subtotal": {"amount": 9.5}, "total": {"amount": "1"}}),
            "priceSummary.subtotal.amount",
        ),
        (
            changed(priceSummary={"subtotal": {"amount": "1_000"}, "total": {"amount": "1"}}),
            "priceSummary.subtotal.amount",
        ),
    ],
)
def test_one_bad_record_does_not_spoil_its_page_and_tells_no_value(
    record: dict[str, Any], field: str
) -> None:
    good = changed(id="0a7c1f3e-6b52-4d19-8f2c-5e9d4b6a4499")
    found = page(orders_page(good, record, good), Order, answered_at=None)
    assert [one.id for one in found.records] == [good["id"]] * 2
    assert found.next_cursor == "b3JkLTI"
    [bad] = found.bad
    assert bad.id == ORDER["id"]
    assert bad.reason.startswith(f"{field}: ")
    assert "Ana" not in bad.reason


@pytest.mark.parametrize("record", [None, 3, "text", [], {}, {"id": 7}, {"id": "a\n"}])
def test_what_is_no_record_at_all_is_unreadable_under_a_name_of_its_own(record: object) -> None:
    found = page(orders_page(record), Order, answered_at=None)
    assert [is_stand_in(one.id) for one in found.bad] == [True]


def test_two_records_without_an_id_are_told_apart_and_one_is_the_same_each_time() -> None:
    one, other = ({"number": number, "createdDate": 17} for number in "12")
    turned = dict(reversed(one.items()))

    found = page(orders_page(one, other, turned), Order, answered_at=None)

    first, second, third = (bad.id for bad in found.bad)
    assert first == third != second


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"orders": 3, "metadata": {}},
        {"orders": [], "metadata": []},
        {"metadata": {"count": 1, "hasNext": False}},
        {"badges": [ORDER], "metadata": {"count": 1, "hasNext": False}},
        {"orders": [ORDER] * 100},
        {"orders": [], "metadata": {"cursors": {"next": 7}}},
        {"orders": [], "metadata": {"cursors": {"next": "x" * 16_001}}},
    ],
)
def test_a_page_that_makes_no_sense_is_no_empty_page(body: object) -> None:
    with pytest.raises(Ambiguous):
        page(json.dumps(body).encode(), Order, answered_at=None)


def test_an_empty_list_may_be_left_out() -> None:
    body = b'{"metadata": {"count": 0, "hasNext": false}}'
    assert page(body, Order, answered_at=None).records == ()


def test_a_value_added_since_in_a_field_that_does_not_decide_is_let_pass() -> None:
    extra = {"fulfillmentStatus": "ON_ITS_WAY", "channelInfo": {"type": "MOON"}, "new": [{}]}
    [order] = page(orders_page(changed(**extra)), Order, answered_at=None).records
    assert order.fulfillment_status == "ON_ITS_WAY"


def test_a_guest_order_has_no_member() -> None:
    for buyer in ({"visitorId": MEMBER}, {"memberId": ""}, {"memberId": None}, None):
        [order] = page(orders_page(changed(buyerInfo=buyer)), Order, answered_at=None).records
        assert order.buyer_info is None or order.buyer_info.member_id is None


@settings(max_examples=50)
@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(
                st.sampled_from([*ORDER, "orders", "metadata", "amount"]), inner, max_size=4
            )
        ),
        max_leaves=20,
    )
)
def test_any_json_is_a_page_or_ambiguous(value: object) -> None:
    for body in (value, {"orders": [value], "metadata": {}}, {"orders": value, "metadata": value}):
        with contextlib.suppress(Ambiguous):
            page(json.dumps(body).encode(), Order, answered_at=None)
