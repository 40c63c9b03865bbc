"""Real activity for the sandbox: an extract that ships with the package, or the full data.

Rows of the data sets become records as Wix would give them. Where the data have no fact (the
lines of a guest's order, the text of a comment) nothing is made up. Ids are UUIDv5 of the ids
in the data, so that the same customer is the same member in every run. Source and licence of
the data stand in ``data/README.md``.
"""

from __future__ import annotations

import csv
import gzip
import io
import re
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from importlib.resources import files
from pathlib import Path
from typing import Any, Final

from badgejobs.errors import StateError
from badgejobs.wix import wire

NAMESPACE: Final = uuid.UUID("5a2b6f0e-8d0f-4f53-9f0a-6b6f7d1c9a10")
SHOP: Final = "online_retail"
FORUM: Final = "se_history_meta_2018"

#: The collections that products are filed under.
GOODS: Final = "goods"
OTHER: Final = "other"
_GOODS_CODE: Final = re.compile(r"[0-9]{5}")

#: Wix keeps at most so many lines in one order.
MOST_LINES: Final = 300

_Row = dict[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Expected:
    """That a member earns a badge, by programs that share no code with badgejobs."""

    #: The data's own name of the condition, for example ``orders_count_10``.
    rule: str
    member_id: str
    #: Aware, UTC, in the data's own time.
    earned_at: datetime


def identifier(data_set: str, kind: str, text: str) -> str:
    """The id that stands for an id of the data."""
    return str(uuid.uuid5(NAMESPACE, f"{data_set}/{kind}/{text}"))


def member_id(data_set: str, key: str) -> str:
    """The member that a customer or account of the data becomes."""
    return identifier(data_set, "member", key)


def members(data_dir: Path | None = None) -> Iterator[dict[str, Any]]:
    """Every customer and commenter once, with the time of the first thing they did."""
    known = (
        ("customer_id", "ordered_at", SHOP, "orders"),
        (
            "user_id",
            "creation_date",
            FORUM,
            "comments",
        ),
    )
    for key_column, time_column, data_set, table in known:
        first: dict[str, str] = {}
        for row in _rows(data_dir, data_set, table):
            if row[key_column]:
                at = row[time_column]
                first[row[key_column]] = min(at, first.get(row[key_column], at))
        for key, at in first.items():
            yield _member(data_set, key, at)


def orders(data_dir: Path | None = None) -> Iterator[dict[str, Any]]:
    """Sales and cancellations in order of time, each an order of its own."""
    lines: dict[str, list[_Row]] = {}
    for line in _rows(data_dir, SHOP, "order_lines"):
        lines.setdefault(line["order_id"], []).append(line)
    rows = [row for row in _rows(data_dir, SHOP, "orders") if row["kind"] != "adjustment"]
    rows.sort(key=lambda row: (row["ordered_at"], int(row["order_seq"])))
    for row in rows:
        yield _order(row, lines.pop(row["order_id"], []))


def products(data_dir: Path | None = None) -> Iterator[dict[str, Any]]:
    """Every product that the lines of orders name, filed under one of two collections.

    The shop's stock codes begin with five digits where they stand for goods, and otherwise for
    postage, vouchers, fees and the like: that is the only thing the data tell of a product.
    """
    codes = dict.fromkeys(line["stock_code"] for line in _rows(data_dir, SHOP, "order_lines"))
    for code in codes:
        kind = GOODS if _GOODS_CODE.match(code) else OTHER
        yield {
            "id": _product(code),
            "name": code,
            "visible": True,
            "productType": "physical",
            "collectionIds": [identifier(SHOP, "collection", kind)],
        }


def collections() -> Iterator[dict[str, Any]]:
    """The two collections of the shop."""
    for name in (GOODS, OTHER):
        yield {"id": identifier(SHOP, "collection", name), "name": name, "slug": name}


def comments(data_dir: Path | None = None) -> Iterator[dict[str, Any]]:
    """Comments in order of time; one whose account is not known is a visitor's."""
    rows = list(_rows(data_dir, FORUM, "comments"))
    rows.sort(key=lambda row: (row["creation_date"], int(row["comment_id"])))
    return map(_comment, rows)


def expected(data_dir: Path | None = None) -> list[Expected]:
    """Which badges the data must lead to: five rules for the extract, all for the full data."""
    if data_dir is None:
        rows = list(_rows(None, "", "expected"))
    else:
        rows = [row for name in (SHOP, FORUM) for row in _rows(data_dir, name, "expected_awards")]
    return [
        Expected(
            rule=row["rule"],
            member_id=member_id(data_set_of(row["rule"]), row["member_key"]),
            earned_at=datetime.fromisoformat(row["earned_at"]),
        )
        for row in rows
    ]


def data_set_of(rule: str) -> str:
    """The data set that a rule of the expected awards is about."""
    return FORUM if rule.startswith("comments_") else SHOP


def _member(data_set: str, key: str, at: str) -> dict[str, Any]:
    name = "Customer" if data_set == SHOP else "Account"
    return {
        "id": member_id(data_set, key),
        "contactId": identifier(data_set, "contact", key),
        "status": "APPROVED",
        "privacyStatus": "PUBLIC",
        "activityStatus": "ACTIVE",
        "profile": {"nickname": f"{name} {key}", "slug": f"{name.lower()}-{key}"},
        "createdDate": at,
        "updatedDate": at,
    }


def _order(row: _Row, lines: list[_Row]) -> dict[str, Any]:
    sale, key, at = row["kind"] == "sale", row["customer_id"], row["ordered_at"]
    order_id = identifier(SHOP, "order", row["order_id"])
    amount, nothing = _price(row["amount"].removeprefix("-")), _price("0.00")
    if key:
        buyer = {"memberId": member_id(SHOP, key), "contactId": identifier(SHOP, "contact", key)}
    else:
        buyer = {"visitorId": identifier(SHOP, "visitor", row["order_id"])}
    return {
        "id": order_id,
        "number": row["order_id"],
        "createdDate": at,
        "updatedDate": at,
        "purchasedDate": at,
        "status": "APPROVED" if sale else "CANCELED",
        "paymentStatus": "PAID" if sale else "FULLY_REFUNDED",
        "fulfillmentStatus": "FULFILLED" if sale else "NOT_FULFILLED",
        "currency": "GBP",
        "archived": False,
        "buyerInfo": buyer,
        "channelInfo": {"type": "WEB"},
        "lineItems": [_line(place, line) for place, line in enumerate(lines[:MOST_LINES], 1)],
        "priceSummary": {
            "subtotal": amount,
            "shipping": nothing,
            "tax": nothing,
            "discount": nothing,
            "total": amount,
        },
        "balanceSummary": {
            "balance": nothing,
            "paid": amount,
            "refunded": nothing if sale else amount,
        },
    }


def _line(place: int, line: _Row) -> dict[str, Any]:
    code = line["stock_code"]
    return {
        "id": f"00000000-0000-0000-0000-{place:012d}",
        "productName": {"original": code, "translated": code},
        "catalogReference": {"catalogItemId": _product(code), "appId": wire.STORES_APP},
        "quantity": abs(int(line["quantity"])),
        "price": _price(line["unit_price"].removeprefix("-")),
        "itemType": {"preset": "PHYSICAL"},
    }


@lru_cache(maxsize=8192)
def _product(code: str) -> str:
    return identifier(SHOP, "product", code)


def _price(amount: str) -> dict[str, str]:
    return {"amount": amount, "formattedAmount": f"£{amount}"}


def _comment(row: _Row) -> dict[str, Any]:
    at, post = row["creation_date"], identifier(FORUM, "post", row["post_id"])
    if row["user_id"]:
        author = {"memberId": member_id(FORUM, row["user_id"])}
    else:
        author = {"visitorId": identifier(FORUM, "visitor", row["comment_id"])}
    return {
        "id": identifier(FORUM, "comment", row["comment_id"]),
        "revision": "1",
        "createdDate": at,
        "updatedDate": at,
        "commentDate": at,
        "appId": wire.COMMENT_APPS["blog"],
        "contextId": post,
        "resourceId": post,
        "author": author,
        "content": {"richContent": {"nodes": []}},
        "status": "PUBLISHED",
        "replyCount": 0,
        "marked": False,
        "contentEdited": False,
    }


def _rows(data_dir: Path | None, data_set: str, table: str) -> Iterator[_Row]:
    """The rows of a table; a StateError if the folder does not hold it."""
    name = f"{table}.csv.gz"
    if data_dir is None:
        packed = (files("badgejobs.sandbox.history") / "data" / name).read_bytes()
        with gzip.open(io.BytesIO(packed), "rt", encoding="utf-8", newline="") as text:
            yield from csv.DictReader(text)
        return
    path = data_dir / data_set / name
    with _told(path), gzip.open(path, "rt", encoding="utf-8", newline="") as text:
        yield from csv.DictReader(text)


@contextmanager
def _told(path: Path) -> Iterator[None]:
    try:
        yield
    except (OSError, EOFError, UnicodeDecodeError, csv.Error) as error:
        raise StateError(
            f"{path} cannot be read ({error}); "
            f"name the folder that holds {SHOP}/ and {FORUM}/, unchanged"
        ) from error
