"""The evaluation against real activity, with awards that other programs computed."""

from __future__ import annotations

import csv
import gzip
from collections import defaultdict
from collections.abc import Iterator
from datetime import UTC, datetime
from importlib.resources import files

import pytest

from badgejobs.core.activity import Activity, Mark
from badgejobs.core.evaluate import evaluate
from badgejobs.core.milestone import AllOf, AnyOf, Condition, Count, Milestone, Selection, Sum
from badgejobs.core.money import minor_units
from badgejobs.core.policy import CommentPolicy, OrderPolicy

AS_OF = datetime(2026, 1, 1, tzinfo=UTC)

#: As the data ask for it: free orders do not count, and cancellations are no refunds.
SHOP = OrderPolicy(amount="total", min_amount=1, currency="GBP", subtract_refunds=False)


def rows(table: str) -> Iterator[dict[str, str]]:
    shipped = files("badgejobs.sandbox.history") / "data" / f"{table}.csv.gz"
    yield from csv.DictReader(gzip.decompress(shipped.read_bytes()).decode().splitlines())


def facts() -> dict[str, list[Activity]]:
    """The facts of each customer and each commenter."""
    found = defaultdict[str, list[Activity]](list)
    for row in rows("orders"):
        if row["kind"] == "sale" and row["customer_id"]:
            at = datetime.fromisoformat(row["ordered_at"])
            amount = minor_units(row["amount"], "GBP")
            found[f"customer {row['customer_id']}"].append(
                Activity(
                    site="shop",
                    source="orders",
                    activity_id=row["order_id"],
                    member_id=row["customer_id"],
                    occurred_at=at,
                    updated_at=at,
                    marks=frozenset({Mark.APPROVED, Mark.PAID}),
                    amounts={"total": amount},
                    currency="GBP",
                )
            )
    for row in rows("comments"):
        if not row["user_id"]:
            continue
        at = datetime.fromisoformat(row["creation_date"])
        found[f"account {row['user_id']}"].append(
            Activity(
                site="shop",
                source="comments",
                activity_id=row["comment_id"],
                member_id=row["user_id"],
                occurred_at=at,
                updated_at=at,
                marks=frozenset({Mark.PUBLISHED}),
            )
        )
    return found


def condition_of(rule: str) -> Condition | None:
    """The condition that a rule of the data means; ``None`` where we have no such leaf."""
    kind, _, number = rule.rpartition("_")
    match kind:
        case "orders_count":
            return Count(of=Selection(source="orders", policy=SHOP), gte=int(number))
        case "spent_gross":
            gte = minor_units(number, "GBP")
            return Sum(of=Selection(source="orders", policy=SHOP), gte=gte, currency="GBP")
        case "comments_count":
            return Count(of=Selection(source="comments", policy=CommentPolicy()), gte=int(number))
        case _:
            return None


def expected() -> dict[str, set[tuple[str, datetime]]]:
    """Who earns each rule, and when, by the data."""
    found = defaultdict[str, set[tuple[str, datetime]]](set)
    for row in rows("expected"):
        who = "account" if row["rule"].startswith("comments") else "customer"
        found[row["rule"]].add(
            (f"{who} {row['member_key']}", datetime.fromisoformat(row["earned_at"]))
        )
    return found


FACTS = facts()
EXPECTED = expected()
RULES = [rule for rule in sorted(EXPECTED) if condition_of(rule)]


def earned_by(condition: Condition) -> set[tuple[str, datetime]]:
    milestone = Milestone(badge="b", title="B", look=None, condition=condition)
    return {
        (member, proof.earned_at)
        for member, known in FACTS.items()
        if (proof := evaluate(known, milestone, AS_OF)).earned_at
    }


def test_the_shipped_data_hold_every_kind_of_leaf_that_we_have() -> None:
    assert {rule.rpartition("_")[0] for rule in RULES} == {
        "comments_count",
        "orders_count",
        "spent_gross",
    }
    assert sum(len(EXPECTED[rule]) for rule in RULES) > 1000


@pytest.mark.parametrize("rule", RULES)
def test_every_award_of_the_real_data_is_found_to_the_second_and_no_other(rule: str) -> None:
    condition = condition_of(rule)
    assert condition
    earned = earned_by(condition)

    missing, extra = EXPECTED[rule] - earned, earned - EXPECTED[rule]
    assert (sorted(missing)[:5], sorted(extra)[:5]) == ([], [])
    assert len(earned) == len(EXPECTED[rule])


def parts_of_both() -> tuple[Condition, Condition, dict[str, datetime], dict[str, datetime]]:
    ten, thousand = condition_of("orders_count_10"), condition_of("spent_gross_1000")
    assert ten
    assert thousand
    return ten, thousand, dict(EXPECTED["orders_count_10"]), dict(EXPECTED["spent_gross_1000"])


def test_either_of_two_is_earned_when_the_first_of_them_is() -> None:
    ten, thousand, by_count, by_sum = parts_of_both()

    assert earned_by(AnyOf(parts=(ten, thousand))) == {
        (member, min(at[member] for at in (by_count, by_sum) if member in at))
        for member in {*by_count, *by_sum}
    }


def test_both_of_two_are_earned_when_the_last_of_them_is() -> None:
    ten, thousand, by_count, by_sum = parts_of_both()
    both = by_count.keys() & by_sum.keys()

    assert both
    assert earned_by(AllOf(parts=(ten, thousand))) == {
        (member, max(by_count[member], by_sum[member])) for member in both
    }
