"""Orders without end: each is made of a seed and its place alone, so that none is ever held.

They are in rising order of their last change over five years. A fiftieth as many members buy
them, some far more often than others, and now and then a guest does. Their ids lie scattered, as
Wix's do: what a database has to do to find the place of a new one is the same.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from hashlib import blake2b
from typing import Any, Final

from badgejobs.sandbox.records import kinds
from badgejobs.sandbox.records.collection import Record
from badgejobs.sandbox.records.query import instant
from badgejobs.sandbox.records.stamps import stamp
from badgejobs.wix import wire

_BEGINS: Final = datetime(2021, 1, 1, tzinfo=UTC)
_SPAN: Final = timedelta(days=5 * 365)
_MILLISECOND: Final = timedelta(milliseconds=1)
_ORDERS_A_MEMBER: Final = 50
_PRODUCTS: Final = 200
#: The most orders there can be: more would have to share their milliseconds.
MOST: Final = _SPAN // _MILLISECOND
_BITS: Final = 120

#: Of a hundred orders so many: status, payment status, and the part of the money that went back.
_STATES: Final = (
    (86, "APPROVED", "PAID", 0),
    (2, "APPROVED", "PARTIALLY_REFUNDED", 4),
    (4, "APPROVED", "FULLY_REFUNDED", 1),
    (4, "CANCELED", "NOT_PAID", 0),
    (4, "PENDING", "PENDING", 0),
)
_STATE_OF: Final = tuple(state for state in _STATES for _ in range(state[0]))
#: Of a hundred orders so many are guests'.
_GUESTS: Final = 6


@dataclass(frozen=True, slots=True)
class _Ids:
    """One id for each number and one number for each id, without a table."""

    factor: int
    shift: int

    @classmethod
    def of(cls, kind: str, seed: int) -> _Ids:
        luck = int.from_bytes(blake2b(f"{kind}/{seed}".encode(), digest_size=32).digest())
        return cls(factor=(luck >> 128) % 2**_BITS | 1, shift=luck % 2**_BITS)

    def id(self, number: int) -> str:
        text = f"{(number * self.factor + self.shift) % 2**_BITS:030x}"
        return f"{text[:8]}-{text[8:12]}-4{text[12:15]}-8{text[15:18]}-{text[18:]}"

    def number(self, text: str) -> int | None:
        """The number of an id; any number at all for one that was never given."""
        try:
            digits = uuid.UUID(text).hex
        except ValueError:
            return None
        scattered = int(digits[:12] + digits[13:16] + digits[17:], 16)
        found = (scattered - self.shift) * pow(self.factor, -1, 2**_BITS) % 2**_BITS
        return found if self.id(found) == text else None


@dataclass(frozen=True, slots=True)
class MadeOrders:
    """So many orders of one seed; a maker of ``records.generated``."""

    number: int
    seed: int = 1
    risen_by: str = field(default="updatedDate", init=False)
    _orders: _Ids = field(init=False, repr=False)
    _buyers: _Ids = field(init=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_orders", _Ids.of("order", self.seed))
        object.__setattr__(self, "_buyers", _Ids.of("member", self.seed))

    @property
    def members(self) -> int:
        """How many members there are; not every one has bought something."""
        return max(1, self.number // _ORDERS_A_MEMBER)

    @property
    def _step(self) -> int:
        """Milliseconds from one order to the next; within them a last change lies anywhere."""
        return MOST // max(1, self.number)

    def record(self, place: int) -> Record:
        """The order at a place."""
        return Record(self.body(place), kinds.ORDERS)

    def place_of(self, record_id: str) -> int | None:
        """The place of an order by its id."""
        place = self._orders.number(record_id)
        return place if place is not None and place < self.number else None

    def first_from(self, at: int) -> int:
        """The first order that did not change last before ``at`` (microseconds since 1970)."""
        begins = instant(_BEGINS.isoformat()) or 0
        passed = -((begins - at) // 1000)  # whole milliseconds, rounded up
        place = min(max(0, passed // self._step), self.number)
        if 0 <= place < self.number and self._changed(place, self._luck(place)) < passed:
            place += 1
        return place

    def member_records(self) -> Iterator[Record]:
        """The members, who are few enough to be held."""
        at = stamp(_BEGINS)
        for number in range(self.members):
            body = {
                "id": self._buyers.id(number),
                "status": "APPROVED",
                "privacyStatus": "PUBLIC",
                "activityStatus": "ACTIVE",
                "profile": {"nickname": f"Member {number}", "slug": f"member-{number}"},
                "createdDate": at,
                "updatedDate": at,
            }
            yield Record(body, kinds.MEMBERS)

    def body(self, place: int) -> dict[str, Any]:
        """The order at a place, as Wix would give it."""
        luck = self._luck(place)
        changed = _BEGINS + self._changed(place, luck) * _MILLISECOND
        # three of four never change after the day they were placed on
        late = timedelta(seconds=luck[8]) if luck[9] % 4 else timedelta(days=luck[8] % 30)
        created, order_id = changed - late, self._orders.id(place)
        _, status, payment, back = _STATE_OF[luck[10] * len(_STATE_OF) // 256]
        pieces, cents = 1 + luck[11] % 3, 500 + int.from_bytes(luck[12:14]) % 9500
        total = pieces * cents
        paid = total if payment not in {"NOT_PAID", "PENDING"} else 0
        whole, nothing = _price(total), _price(0)
        return {
            "id": order_id,
            "number": str(10_001 + place),
            "createdDate": stamp(created),
            "updatedDate": stamp(changed),
            "purchasedDate": stamp(created),
            "status": status,
            "paymentStatus": payment,
            "fulfillmentStatus": "FULFILLED" if paid and not back else "NOT_FULFILLED",
            "currency": "EUR",
            "archived": False,
            "buyerInfo": self._buyer(luck, order_id),
            "channelInfo": {"type": "WEB"},
            "lineItems": [_line(luck[14] % _PRODUCTS, pieces, cents)],
            "priceSummary": {
                "subtotal": whole,
                "shipping": nothing,
                "tax": nothing,
                "discount": nothing,
                "total": whole,
            },
            "balanceSummary": {
                "balance": nothing if paid else whole,
                "paid": _price(paid),
                "refunded": _price(paid // back if back else 0),
            },
        }

    def _luck(self, place: int) -> bytes:
        """What makes the order at a place unlike others."""
        key = self.seed.to_bytes(16, "big", signed=True)
        return blake2b(place.to_bytes(8, "big"), key=key, digest_size=24).digest()

    def _changed(self, place: int, luck: bytes) -> int:
        """When it changed last, in milliseconds from the beginning."""
        return place * self._step + int.from_bytes(luck[:8]) % self._step

    def _buyer(self, luck: bytes, order_id: str) -> dict[str, str]:
        if luck[15] * 100 < _GUESTS * 256:
            return {"visitorId": order_id}
        # the first tenth of the members buys more than a fifth of all
        fraction: float = (int.from_bytes(luck[16:20]) / 2**32) ** 1.5
        return {"memberId": self._buyers.id(int(fraction * self.members))}


def _line(product: int, pieces: int, cents: int) -> dict[str, Any]:
    name = f"Product {product}"
    return {
        "id": "00000000-0000-0000-0000-000000000001",
        "productName": {"original": name, "translated": name},
        "catalogReference": {
            "catalogItemId": f"00000004-0000-4000-8000-{product:012d}",
            "appId": wire.STORES_APP,
        },
        "quantity": pieces,
        "price": _price(cents),
        "itemType": {"preset": "PHYSICAL"},
    }


def _price(cents: int) -> dict[str, str]:
    amount = f"{cents // 100}.{cents % 100:02d}"
    return {"amount": amount, "formattedAmount": f"€{amount}"}
