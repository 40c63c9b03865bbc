"""Worlds for the laws of a source: the sandbox over the real client, a kind of record each."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from live_shop import LiveShop, guid
from wix_orders import order

from badgejobs.testing import CANARY
from badgejobs.wix import wire
from badgejobs.wix.client import WixClient


@dataclass
class SandboxWorld:
    """Records of one kind, numbered by the check."""

    shop: LiveShop
    kind: str
    #: What a record of the kind is made of beside its id and times.
    plain: Mapping[str, Any]
    #: What of it makes no sense where it is spoiled.
    nonsense: Mapping[str, Any]
    #: How often each was put: Wix counts its revisions.
    times: dict[int, int] = field(default_factory=dict)

    @property
    def client(self) -> WixClient:
        return self.shop.wix

    def put(self, number: int, *, changed_at: datetime, **more: Any) -> str:
        self.times[number] = self.times.get(number, 0) + 1
        record = {
            **self.plain,
            "id": guid("b", number),
            "createdDate": "2025-12-24T12:00:00.000Z",
            "updatedDate": f"{changed_at:%Y-%m-%dT%H:%M:%S}.{changed_at.microsecond // 1000:03}Z",
            "revision": str(self.times[number]),
        }
        self.shop.put(self.kind, record | more)
        return guid("b", number)

    def spoil(self, number: int, *, changed_at: datetime) -> str:
        return self.put(number, changed_at=changed_at, **self.nonsense)


def orders(shop: LiveShop) -> SandboxWorld:
    plain = order(
        buyerInfo={"memberId": guid("d", 1), "email": f"{CANARY}@shop.example"},
        billingInfo={"contactDetails": {"firstName": CANARY}},
        buyerNote=CANARY,
    )
    wrong = {"priceSummary": {"subtotal": {"amount": CANARY}, "total": {"amount": "1"}}}
    return SandboxWorld(shop, "orders", plain, wrong)


def comments(shop: LiveShop) -> SandboxWorld:
    plain = {
        "appId": wire.COMMENT_APPS["blog"],
        "contextId": "context",
        "resourceId": "post",
        "status": "PUBLISHED",
        "author": {"memberId": guid("d", 1)},
        "content": {"richContent": {"nodes": [{"textData": {"text": CANARY}}]}},
    }
    return SandboxWorld(shop, "comments", plain, {"commentDate": CANARY})


def membership(shop: LiveShop) -> SandboxWorld:
    plain = {
        "status": "APPROVED",
        "loginEmail": f"{CANARY}@shop.example",
        "profile": {"nickname": CANARY, "slug": CANARY},
    }
    return SandboxWorld(shop, "members", plain, {"createdDate": CANARY})


def reviews(shop: LiveShop) -> SandboxWorld:
    """Half of what the plug-in asks for are the members who wrote them."""
    shop.put(
        "members",
        {
            "id": guid("d", 1),
            "contactId": guid("c", 1),
            "loginEmail": f"{CANARY}@shop.example",
            "profile": {"nickname": CANARY},
        },
    )
    plain = {
        "namespace": "stores",
        "entityId": guid("e", 1),
        "content": {"title": CANARY, "body": CANARY, "rating": 5},
        "author": {"authorName": CANARY, "contactId": guid("c", 1)},
        "moderation": {"moderationStatus": "APPROVED"},
    }
    return SandboxWorld(shop, "reviews", plain, {"moderation": {"moderationStatus": CANARY}})
