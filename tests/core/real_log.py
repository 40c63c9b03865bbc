"""The real log as facts, and each of its rules as a condition of ours."""

from __future__ import annotations

import csv
import gzip
from collections import defaultdict
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

from badgejobs.core.activity import Activity, Item, Mark
from badgejobs.core.calendar import Span
from badgejobs.core.evaluate import Evaluator
from badgejobs.core.milestone import (
    AnyOf,
    Condition,
    Count,
    Distinct,
    Lifecycle,
    Milestone,
    Rolling,
    Selection,
    Sum,
    Where,
)
from badgejobs.core.money import minor_units
from badgejobs.core.policy import CommentPolicy, OrderPolicy

AS_OF = datetime(2026, 1, 1, tzinfo=UTC)

#: As the data ask for it: free orders do not count.
GROSS = OrderPolicy(amount="total", min_amount=1, currency="GBP", subtract_refunds=False)
NET = OrderPolicy(amount="total", min_amount=1, currency="GBP")
ORDERS = Selection(source="orders", policy=GROSS)
COMMENTS = Selection(source="comments", policy=CommentPolicy())

#: Stock codes of goods begin with five digits; others are postage, samples and the like.
_GOODS_DIGITS = 5

Truth = set[tuple[str, datetime]]


def rows(table: Path) -> Iterator[dict[str, str]]:
    text = gzip.decompress(table.read_bytes()).decode()
    yield from csv.DictReader(text.splitlines())


def orders(folder: Path) -> dict[str, list[Activity]]:
    """Sales and cancellations by customer, each sale with its lines.

    Two records of one minute stand in the order of the log: each is dated behind the one before
    it by as many microseconds as its number in the log, which ``moment`` takes off again.
    """
    lines = defaultdict[str, list[Item]](list)
    for row in rows(folder / "order_lines.csv.gz"):
        code = row["stock_code"]
        kind = "goods" if code[:_GOODS_DIGITS].isdigit() else "other"
        quantity = int(row["quantity"])
        if quantity > 0:
            item = Item(product=code, quantity=quantity, categories=frozenset({kind}))
            lines[row["order_id"]].append(item)
    found = defaultdict[str, list[Activity]](list)
    for row in rows(folder / "orders.csv.gz"):
        if row["kind"] == "adjustment" or not row["customer_id"]:
            continue
        at = datetime.fromisoformat(row["ordered_at"])
        at += timedelta(microseconds=int(row["order_seq"]))
        sold = row["kind"] == "sale"
        found[f"customer {row['customer_id']}"].append(
            Activity(
                site="shop",
                source="orders",
                activity_id=row["order_id"],
                member_id=row["customer_id"],
                occurred_at=at,
                updated_at=at,
                marks=frozenset({Mark.APPROVED, Mark.PAID} if sold else {Mark.CREDIT}),
                amounts={"total": minor_units(row["amount"], "GBP")},
                currency="GBP",
                items=tuple(lines[row["order_id"]]) if sold else (),
            )
        )
    return found


def comments(table: Path) -> dict[str, list[Activity]]:
    """Comments by account."""
    found = defaultdict[str, list[Activity]](list)
    for row in rows(table):
        if row["user_id"]:
            at = datetime.fromisoformat(row["creation_date"])
            found[f"account {row['user_id']}"].append(
                Activity(
                    site="shop",
                    source="comments",
                    activity_id=f"{int(row['comment_id']):012}",
                    member_id=row["user_id"],
                    occurred_at=at,
                    updated_at=at,
                    marks=frozenset({Mark.PUBLISHED}),
                )
            )
    return found


def moment(member: str, earned_at: datetime) -> datetime:
    """The moment as the log says it."""
    return earned_at.replace(microsecond=0) if member.startswith("customer") else earned_at


def truth(tables: Iterable[Path]) -> dict[str, Truth]:
    """Who earns each rule, and when, by programs that share no code with ours."""
    found = defaultdict[str, Truth](set)
    for table in tables:
        for row in rows(table):
            who = "account" if row["rule"].startswith("comments") else "customer"
            earned_at = datetime.fromisoformat(row["earned_at"])
            found[row["rule"]].add((f"{who} {row['member_key']}", earned_at))
    return found


def milestone_of(rule: str) -> Milestone:
    """What a rule of the data means."""
    kept = rule.startswith("spent_net_final")
    return Milestone(
        badge="b",
        title="B",
        look=None,
        condition=condition_of(rule),
        lifecycle=Lifecycle(stated=True, revokes=kept),
    )


def condition_of(rule: str) -> Condition:
    kind, _, number = rule.rpartition("_")
    match kind, number:
        case "orders_count", _:
            return Count(of=ORDERS, gte=int(number))
        case "comments_count", _:
            return Count(of=COMMENTS, gte=int(number))
        case "spent_gross", _:
            return Sum(of=ORDERS, gte=minor_units(number, "GBP"), currency="GBP")
        case (("spent_net_ever" | "spent_net_final"), _):
            net = Selection(source="orders", policy=NET)
            return Sum(of=net, gte=minor_units(number, "GBP"), currency="GBP")
        case "orders_3_in", "30d":
            month = Rolling(span=Span(exact=timedelta(days=30)))
            within = Selection(source="orders", policy=GROSS, stretch=month)
            return Count(of=within, gte=3)
        case "distinct_products", "5":
            return Distinct(of=ORDERS, field="items.product", gte=5)
        case "distinct_products_5", "goods":
            goods = Where(categories=frozenset({"goods"}))
            of = Selection(source="orders", policy=GROSS, where=goods)
            return Distinct(of=of, field="items.product", gte=5)
        case "loyal_10_orders_or", "500":
            ten, much = condition_of("orders_count_10"), condition_of("spent_gross_500")
            return AnyOf(parts=(ten, much))
    raise ValueError(rule)


def differences(
    facts: dict[str, list[Activity]], rule: str, expected: Truth
) -> tuple[list[tuple[str, datetime]], list[tuple[str, datetime]]]:
    """The first awards that are expected and not found, and found and not expected."""
    evaluator = Evaluator([milestone_of(rule)])
    found = {
        (member, moment(member, answer.earned_at))
        for member, known in facts.items()
        for answer in evaluator.answers(known, AS_OF)
        if answer.earned_at
    }
    return sorted(expected - found)[:5], sorted(found - expected)[:5]
