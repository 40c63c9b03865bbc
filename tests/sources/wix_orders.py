"""Orders as Wix gives them, and what our source makes of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
from bound import Bound

from badgejobs.core.activity import Activity
from badgejobs.core.milestone import Wants
from badgejobs.core.site import Site
from badgejobs.core.source import Page, Window
from badgejobs.sources.orders import Orders
from badgejobs.wix import wire
from badgejobs.wix.auth import ApiKeyCredentials
from badgejobs.wix.client import WixClient

MEMBER = "c2b7a6d4-0d3f-4a4e-9f10-6f5a2c9e2201"
SINCE = Window(since=datetime(2026, 2, 3, tzinfo=UTC))
STORES = "215238eb-22a5-4c36-9e7b-e7c08025e04e"
NO_WANTS = Wants()
MUG = "6f1e2d3c-4b5a-4968-8776-655443326601"


def line(**fields: Any) -> dict[str, Any]:
    plain = {
        "id": "00000000-0000-0000-0000-000000000001",
        "productName": {"original": "Mug", "translated": "Becher"},
        "catalogReference": {"catalogItemId": MUG, "appId": STORES},
        "quantity": 2,
        "price": {"amount": "9.50"},
        "itemType": {"preset": "PHYSICAL"},
    }
    return {**plain, **fields}


def order(**fields: Any) -> dict[str, Any]:
    plain = {
        "id": "0a7c1f3e-6b52-4d19-8f2c-5e9d4b6a4401",
        "createdDate": "2026-02-02T19:01:02.003Z",
        "updatedDate": "2026-02-03T07:45:10.500Z",
        "status": "APPROVED",
        "paymentStatus": "PAID",
        "fulfillmentStatus": "NOT_FULFILLED",
        "currency": "EUR",
        "buyerInfo": {"memberId": MEMBER, "email": "ana@example.com"},
        "priceSummary": {
            "subtotal": {"amount": "19.00"},
            "shipping": {"amount": "4.00"},
            "discount": {"amount": "1.50"},
            "total": {"amount": "21.50"},
        },
        "balanceSummary": {"refunded": {"amount": "0.00"}},
    }
    return {**plain, **fields}


@contextmanager
def orders_of(
    answer: Callable[[httpx.Request], httpx.Response], *, wants: Wants = NO_WANTS
) -> Iterator[Bound]:
    wix = WixClient(
        base_url=wire.BASE_URL,
        credentials=ApiKeyCredentials(api_key="k", site_id="s"),
        pace=lambda: None,
        request_deadline=timedelta(seconds=1),
        transport=httpx.MockTransport(answer),
    )
    yield Bound(Orders(Site(name="shop", wants=wants)), wix)


def fetched(*records: object, cursor: str | None = None) -> Page:
    paging = {"cursors": {"next": cursor}, "hasNext": cursor is not None}

    def answer(_: httpx.Request) -> httpx.Response:
        return httpx.Response(
            200,
            json={"orders": records, "metadata": paging},
            headers={"Date": "Tue, 03 Feb 2026 08:15:00 GMT"},
        )

    with orders_of(answer) as source:
        return source.fetch(SINCE, None)


def read(**fields: Any) -> Activity:
    [one] = fetched(order(**fields)).activities
    return one
