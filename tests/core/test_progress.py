"""How far somebody is, and whether one more thing would earn it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import core_rules
import pytest
from hypothesis import given, settings

from badgejobs.core.activity import Activity, Mark
from badgejobs.core.calendar import Period, Span
from badgejobs.core.evaluate import evaluate
from badgejobs.core.milestone import (
    Age,
    AllOf,
    AnyOf,
    AtLeast,
    Between,
    Condition,
    Count,
    Distinct,
    First,
    Lifecycle,
    Max,
    Milestone,
    NoneOf,
    OrderPolicy,
    Rolling,
    Selection,
    Streak,
    Stretch,
    Sum,
)
from badgejobs.core.progress import EARNED, ends_at, nearest, step
from badgejobs.core.proof import Proof

NOW = datetime(2026, 3, 31, 12, tzinfo=UTC)
DAY = timedelta(days=1)


def orders(number: int, *, every: timedelta = DAY, amount: int = 100) -> list[Activity]:
    """So many paid orders, the last of them a day ago."""
    return [
        Activity(
            site="shop",
            source="orders",
            activity_id=f"o{n}",
            member_id="ada",
            occurred_at=NOW - DAY - every * n,
            updated_at=NOW,
            marks=frozenset({Mark.APPROVED, Mark.PAID}),
            amounts={"items": amount},
            currency="GBP",
        )
        for n in range(number)
    ]


def of(stretch: Stretch | None = None) -> Selection:
    return Selection(source="orders", policy=OrderPolicy(currency="GBP"), stretch=stretch)


def badge(condition: Condition, *, revokes: bool = False) -> Milestone:
    life = Lifecycle(stated=True, revokes=revokes)
    return Milestone(badge="b", title="B", look=None, condition=condition, lifecycle=life)


def proof(condition: Condition, facts: list[Activity]) -> Proof:
    return evaluate(facts, badge(condition), NOW).proof


NINE_OF_TEN = Count(of=of(), gte=10)
SIX = Sum(of=of(), gte=1500, currency="GBP")
MET = Count(of=of(), gte=1)
YEAR = Age(of=of(), gte=Span(months=12))
DAYS_RUNNING = Streak(of=of(), every=Period.DAY, length=10)


@pytest.mark.parametrize(
    ("condition", "expected", "near"),
    [
        (NINE_OF_TEN, 9, NINE_OF_TEN),
        (Count(of=of(), gte=11), 8, None),
        (MET, EARNED, None),
        (SIX, 6, None),
        (Sum(of=of(), gte=1125, currency="GBP"), 8, Sum(of=of(), gte=1125, currency="GBP")),
        (Max(of=of(), gte=1000, currency="GBP"), 1, None),
        (Distinct(of=of(), field="day", gte=10), 9, Distinct(of=of(), field="day", gte=10)),
        (DAYS_RUNNING, 9, DAYS_RUNNING),
        (YEAR, 0, None),
        (NoneOf(parts=(MET,)), 0, None),
        (AllOf(parts=(MET, NINE_OF_TEN)), 9, NINE_OF_TEN),
        (AllOf(parts=(SIX, NINE_OF_TEN)), 6, None),
        (AnyOf(parts=(SIX, NINE_OF_TEN)), 9, NINE_OF_TEN),
        (AtLeast(number=2, parts=(MET, SIX, NINE_OF_TEN)), 9, NINE_OF_TEN),
        (AtLeast(number=3, parts=(MET, SIX, NINE_OF_TEN)), 6, None),
    ],
    ids=lambda value: type(value).__name__,
)
def test_a_step_is_a_tenth_of_the_way_and_near_is_one_thing_of_one_part(
    condition: Condition, expected: int, near: Condition | None
) -> None:
    found = proof(condition, orders(9))
    assert step(found) == expected
    assert step(evaluate(orders(9), badge(condition, revokes=True), NOW)) == expected
    part = nearest(found)
    assert (part.condition if part else None) == near


def test_what_was_earned_for_good_is_earned_and_what_expired_is_behind() -> None:
    lately = Count(of=of(Rolling(span=Span(exact=5 * DAY))), gte=3)
    gone = [one for one in orders(20) if one.occurred_at < NOW - 10 * DAY]
    assert step(evaluate(gone, badge(lately), NOW)) == EARNED
    assert step(evaluate(gone, badge(lately, revokes=True), NOW)) == 0


def test_what_is_missing_must_come_before_the_first_leaves_the_streak_breaks_or_it_closes() -> None:
    rolling = proof(Count(of=of(Rolling(span=Span(exact=30 * DAY))), gte=10), orders(9))
    assert rolling.falls_at == NOW - 9 * DAY + 30 * DAY
    streak = proof(DAYS_RUNNING, orders(9))
    assert streak.falls_at == datetime(2026, 4, 1, tzinfo=UTC)
    until = NOW + 3 * DAY
    assert proof(Count(of=of(Between(until=until)), gte=10), orders(9)).closes_at == until
    # what is met already may end first
    week = Count(of=of(Rolling(span=Span(exact=7 * DAY))), gte=6)
    both = proof(AllOf(parts=(week, Count(of=of(Between(until=until)), gte=10))), orders(9))
    near = nearest(both)
    assert near
    assert (near.closes_at, ends_at(both, near)) == (until, NOW + DAY)
    over = proof(Count(of=of(First(span=Span(exact=9 * DAY))), gte=10), orders(9))
    assert over.is_over
    assert nearest(over) is None
    assert proof(NINE_OF_TEN, orders(9)).falls_at is None


@settings(max_examples=40, deadline=None)
@given(known=core_rules.facts(), condition=core_rules.conditions())
def test_the_step_without_the_proof_is_the_step_of_the_proof(
    known: list[Activity], condition: Condition
) -> None:
    answer = evaluate(known, badge(condition, revokes=True), core_rules.NOW)
    assert step(answer) == step(answer.proof)
    assert (step(answer) == EARNED) == answer.met
    assert not (answer.met and nearest(answer.proof))
