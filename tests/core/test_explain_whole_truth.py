"""What is explained agrees with the whole real log, where it lies beside the checkout.

What each explanation must say is worked out of the rows of the log itself, by sums and sets, and
who earns what by programs that share no code with ours.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

import pytest
import real_log
from test_whole_truth import FORUM, RULES, SHOP

from badgejobs.core.activity import Activity
from badgejobs.core.evaluate import Evaluator
from badgejobs.core.explanation import Explanation
from badgejobs.core.progress import EARNED, nearest, step
from badgejobs.rules.wording.explanations import as_data, lines

# Without the log these tests are not collected; the long step of .ci/run says so.
__test__ = SHOP.is_dir()
pytestmark = pytest.mark.slow


#: Of members with more activities the lines are read where they are near, the data always.
MANY = 20


@dataclass
class Log:
    """What the rows say of one member."""

    paid: dict[str, Decimal] = field(default_factory=dict)
    credits: dict[str, Decimal] = field(default_factory=dict)
    #: Sales for nothing.
    free: set[str] = field(default_factory=set)
    comments: set[str] = field(default_factory=set)
    codes: dict[str, set[str]] = field(default_factory=dict)


@dataclass
class Must:
    """What an explanation of one rule must say."""

    counted: set[str]
    #: What is missing of each leaf, where it is not met.
    missing: list[str]
    refused: set[str] = field(default_factory=set)


def rows() -> dict[str, Log]:
    found = defaultdict[str, Log](Log)
    codes = defaultdict[str, set[str]](set)
    for row in real_log.rows(SHOP / "order_lines.csv.gz"):
        if int(row["quantity"]) > 0:
            codes[row["order_id"]].add(row["stock_code"])
    for row in real_log.rows(SHOP / "orders.csv.gz"):
        if row["kind"] == "adjustment" or not row["customer_id"]:
            continue
        log, order, amount = found[f"customer {row['customer_id']}"], row["order_id"], row["amount"]
        if row["kind"] != "sale":
            log.credits[order] = Decimal(amount)
        elif Decimal(amount) > 0:
            log.paid[order] = Decimal(amount)
            log.codes[order] = codes[order]
        else:
            log.free.add(order)
    for row in real_log.rows(FORUM / "comments.csv.gz"):
        if row["user_id"]:
            found[f"account {row['user_id']}"].comments.add(f"{int(row['comment_id']):012}")
    return found


def more(number: Decimal) -> list[str]:
    return [f"{number} more"] if number > 0 else []


def money(number: Decimal) -> list[str]:
    return [f"{number:.2f} GBP more"] if number > 0 else []


def must(rule: str, log: Log) -> Must:
    kind, _, number = rule.rpartition("_")
    paid = set(log.paid)
    match kind:
        case "orders_count":
            return Must(paid, more(int(number) - Decimal(len(paid))))
        case "comments_count":
            return Must(log.comments, more(int(number) - Decimal(len(log.comments))))
        case "spent_gross":
            return Must(paid, money(int(number) - sum(log.paid.values(), Decimal(0))))
        case "spent_net_ever" | "spent_net_final":
            every = log.paid | log.credits
            return Must(set(every), money(int(number) - sum(every.values(), Decimal(0))))
        case "orders_3_in":
            return Must(paid, more(Decimal(3)))  # all of it left the window years ago
        case "loyal_10_orders_or":
            few = more(10 - Decimal(len(paid)))
            return Must(paid, [*few, *money(500 - sum(log.paid.values(), Decimal(0)))])
    wanted = {
        order: {one for one in codes if rule == "distinct_products_5" or one[:5].isdigit()}
        for order, codes in log.codes.items()
    }
    goods = Decimal(len(set().union(*wanted.values())))
    return Must({order for order, codes in wanted.items() if codes}, more(5 - goods))


def leaves(proof: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    if "parts" not in proof:
        yield proof
    for part in proof.get("parts", ()):
        yield from leaves(part)


def explained(rule: str, member: str, facts: list[Activity], evaluator: Evaluator) -> Explanation:
    [answer] = evaluator.answers(facts, real_log.AS_OF)
    return Explanation(
        site="shop",
        member=member,
        badge=rule,
        milestone=answer.milestone,
        now=real_log.AS_OF,
        as_of=real_log.AS_OF,
        version="v1",
        in_force="v1",
        all_decided=True,
        answer=answer,
        facts={(one.source, one.activity_id): one for one in facts},
    )


def check_told(one: Explanation, wanted: Must) -> None:
    """The lines name every activity once a leaf, and what is missing."""
    told = {line.strip().partition(" of 20")[0] for line in lines(one)}
    for proof in leaves(as_data(one)["proof"]):
        if proof["missing"]:
            assert f"missing: {proof['missing']}" in told
    assert {f"not counted: {name}" for name in wanted.refused} <= told
    for name in wanted.counted:
        assert not told.isdisjoint({f"counted: {name}", f"has left the window: {name}"})


@pytest.mark.parametrize("rule", RULES)
def test_each_explanation_names_what_counts_what_does_not_and_what_is_missing(
    rule: str,
    facts: dict[str, list[Activity]],
    log: dict[str, Log],
    truth: dict[str, real_log.Truth],
) -> None:
    evaluator = Evaluator([real_log.milestone_of(rule)])
    of = "account" if rule.startswith("comments") else "customer"
    earned = dict(truth[rule])
    for member, known in facts.items():
        if not member.startswith(of):
            continue
        one, wanted = explained(rule, member, known, evaluator), must(rule, log[member])
        wanted.refused = {fact.activity_id for fact in known} - wanted.counted
        data = as_data(one)
        assert data["met"] == (member in earned), member
        if data["met"]:
            assert real_log.moment(member, data["earned_at"]) == earned[member]
        said = list(leaves(data["proof"]))
        for leaf in said:
            assert {*leaf["counted"], *leaf["left_the_window"]} == wanted.counted, member
            assert {told["id"] for told in leaf["not_counted"]} == wanted.refused, member
        missing = [leaf["missing"] for leaf in said if leaf["missing"]]
        assert missing == wanted.missing, (member, missing)
        assert one.answer
        assert (step(one.answer) == EARNED) == data["met"]
        is_near = not data["met"] and nearest(one.answer.proof) is not None
        if rule.startswith(("orders_count", "comments_count", "distinct")):
            assert is_near == (missing == ["1 more"])
        if is_near or (data["met"] and len(known) <= MANY):
            check_told(one, wanted)
    assert earned


@pytest.fixture(scope="module")
def facts() -> dict[str, list[Activity]]:
    return real_log.orders(SHOP) | real_log.comments(FORUM / "comments.csv.gz")


@pytest.fixture(scope="module")
def log() -> dict[str, Log]:
    return rows()


@pytest.fixture(scope="module")
def truth() -> dict[str, real_log.Truth]:
    return real_log.truth([one / "expected_awards.csv.gz" for one in (SHOP, FORUM)])
