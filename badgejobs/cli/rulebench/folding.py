"""The same work as plain loops over the same objects, written for these twelve rules alone.

It knows no other policy, window, calendar or lifecycle, gives no proof, and cannot say when an
answer changes: it is the floor under what an evaluation in Python can cost.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from badgejobs.cli.rulebench.twelve import COMMENTS, IN_A_ROW, ORDERS, PRODUCTS, SPENT, STREAK
from badgejobs.core.activity import Activity, Mark

#: A member, a badge, and when it was earned.
Earned = tuple[str, str, datetime]


def folded(members: dict[str, list[Activity]], *, everything: bool) -> Iterator[Earned]:
    """Who earned what; ``everything`` is all twelve rules, else counts and sums alone."""
    for member, facts in members.items():
        bought = sorted(
            (
                one
                for one in facts
                if one.source == "orders"
                and Mark.PAID in one.marks
                and Mark.REFUNDED not in one.marks
            ),
            key=_by_time,
        )
        written = sorted(
            (one for one in facts if one.source == "comments" and Mark.PUBLISHED in one.marks),
            key=_by_time,
        )
        yield from _counted(member, bought, written)
        yield from _spent(member, bought)
        if everything:
            yield from _in_a_row(member, bought)
            yield from _products(member, bought)
            yield from _streak(member, written)


def _counted(member: str, bought: list[Activity], written: list[Activity]) -> Iterator[Earned]:
    for rules, facts in ((ORDERS, bought), (COMMENTS, written)):
        for badge, gte in rules.items():
            if len(facts) >= gte:
                yield member, badge, facts[gte - 1].occurred_at


def _spent(member: str, bought: list[Activity]) -> Iterator[Earned]:
    open_rules, total = sorted((gte, badge) for badge, gte in SPENT.items()), 0
    for one in bought:
        total += one.amounts["items"] - one.amounts["refunded"]
        while open_rules and total >= open_rules[0][0]:
            yield member, open_rules.pop(0)[1], one.occurred_at
        if not open_rules:
            return


def _in_a_row(member: str, bought: list[Activity]) -> Iterator[Earned]:
    for badge, (gte, span) in IN_A_ROW.items():
        for first, last in zip(bought, bought[gte - 1 :], strict=False):
            if last.occurred_at < first.occurred_at + span:
                yield member, badge, last.occurred_at
                break


def _products(member: str, bought: list[Activity]) -> Iterator[Earned]:
    for badge, gte in PRODUCTS.items():
        seen = set[str]()
        for one in bought:
            for item in one.items:
                if item.refunded < item.quantity:
                    seen.add(item.product)
            if len(seen) >= gte:
                yield member, badge, one.occurred_at
                break


def _streak(member: str, written: list[Activity]) -> Iterator[Earned]:
    for badge, length in STREAK.items():
        run = before = 0
        for one in written:
            day = one.occurred_at.toordinal()
            if day != before:
                run = run + 1 if day == before + 1 else 1
                before = day
                if run == length:
                    yield member, badge, one.occurred_at
                    break


def _by_time(one: Activity) -> tuple[datetime, str]:
    return one.occurred_at, one.activity_id
