"""What the rows of the whole real log say of each member and rule, by sums and sets alone."""

from __future__ import annotations

import csv
import gzip
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal

import real_data

from badgejobs.sandbox.history import seed

#: Of a sum at least such a part must be there for who is near.
_NEAR = Decimal("0.8")
#: Stock codes of goods begin with five digits; others are postage, samples and the like.
_GOODS_DIGITS = 5
_THINGS = 5


@dataclass
class Log:
    """What one member did, by the ids that Wix has for it."""

    paid: dict[str, Decimal] = field(default_factory=dict)
    #: What is not counted, with the reasons that may be told.
    refused: dict[str, str] = field(default_factory=dict)
    codes: dict[str, set[str]] = field(default_factory=dict)
    comments: set[str] = field(default_factory=set)

    @property
    def spent(self) -> Decimal:
        return sum(self.paid.values(), Decimal(0))


@dataclass(frozen=True)
class Must:
    """What an explanation of one rule must say of one member."""

    counted: set[str]
    #: Why each of the others does not count.
    refused: dict[str, str]
    #: What is missing of each part that is not met.
    missing: list[str]
    is_near: bool


def must(rule: str, log: Log) -> Must:
    """By the rule's name in the data."""
    kind, _, number = rule.rpartition("_")
    orders, spent, few = Decimal(len(log.paid)), log.spent, list[str]()
    counted, refused = set(log.paid), log.refused
    match kind:
        case "comments_count":
            counted, refused, has = log.comments, {}, Decimal(len(log.comments))
            few, is_near = _more(int(number) - has), int(number) - has == 1
        case "orders_count":
            few, is_near = _more(int(number) - orders), int(number) - orders == 1
        case "spent_gross":
            few, is_near = _money(int(number) - spent), int(number) > spent >= _NEAR * int(number)
        case "orders_3_in":
            few, is_near = _more(Decimal(3)), False  # all of it left the window years ago
        case "loyal_10_orders_or":
            few = [*_more(10 - orders), *_money(500 - spent)]
            is_near = orders < 10 and spent < 500 and (orders == 9 or spent >= _NEAR * 500)
        case _:
            goods_alone = rule.endswith("goods")
            wanted = {
                order: {one for one in codes if one[:_GOODS_DIGITS].isdigit() or not goods_alone}
                for order, codes in log.codes.items()
            }
            counted = {order for order, codes in wanted.items() if codes}
            reason = "not what the rule's 'where' asks for"
            refused = log.refused | dict.fromkeys(log.paid.keys() - counted, reason)
            has = Decimal(len(set[str]().union(*wanted.values())))
            few, is_near = _more(_THINGS - has), _THINGS - has == 1
    return Must(counted=counted, refused=refused, missing=few, is_near=is_near)


def rows() -> dict[str, Log]:
    """Every member's log."""
    found, codes = defaultdict[str, Log](Log), defaultdict[str, set[str]](set)
    for row in _rows(f"{seed.SHOP}/order_lines"):
        if int(row["quantity"]) > 0:
            codes[row["order_id"]].add(row["stock_code"])
    for row in _rows(f"{seed.SHOP}/orders"):
        if row["kind"] == "adjustment" or not row["customer_id"]:
            continue
        log = found[seed.member_id(seed.SHOP, row["customer_id"])]
        order = seed.identifier(seed.SHOP, "order", row["order_id"])
        if row["kind"] != "sale":
            log.refused[order] = "cancelled"
        elif Decimal(row["amount"]) > 0:
            log.paid[order], log.codes[order] = Decimal(row["amount"]), codes[row["order_id"]]
        else:
            log.refused[order] = "below the minimum amount"
    for row in _rows(f"{seed.FORUM}/comments"):
        if row["user_id"]:
            comment = seed.identifier(seed.FORUM, "comment", row["comment_id"])
            found[seed.member_id(seed.FORUM, row["user_id"])].comments.add(comment)
    return found


def _rows(table: str) -> Iterator[dict[str, str]]:
    text = gzip.decompress((real_data.FOLDER / f"{table}.csv.gz").read_bytes()).decode()
    yield from csv.DictReader(text.splitlines())


def _more(number: Decimal) -> list[str]:
    return [f"{number} more"] if number > 0 else []


def _money(number: Decimal) -> list[str]:
    return [f"{number:.2f} GBP more"] if number > 0 else []
