"""The measures: what one leaf of a condition counts, adds up or looks at."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from badgejobs.rules.language.names import BadgeId, SourceName
from badgejobs.rules.language.scalars import Maybe, WholeOrNone, word
from badgejobs.rules.language.strict import Strict
from badgejobs.rules.language.times import PeriodName
from badgejobs.rules.language.wheres import WhereRule
from badgejobs.rules.language.windows import FixedWindowRule, WindowRule

_Summable = Literal["orders.amount", "orders.items.quantity"]
_Distinct = Literal[
    "orders.items.product", "orders.items.category", "orders.items.catalog", "orders.day",
    "comments.post", "comments.day",
]  # fmt: skip
_Largest = Literal["orders.amount", "orders.items.quantity", "comments.length"]

#: The fields whose thresholds are amounts of money.
AMOUNT = "orders.amount"


class _Filtered(Strict):
    where: Maybe[WhereRule] = Field(None, description="Which of the activities that count.")


class CountMeasure(_Filtered):
    """How many activities of one source."""

    count: SourceName
    window: Maybe[WindowRule] = None


class SumMeasure(_Filtered):
    """What values of orders add up to."""

    sum: Annotated[_Summable, word(_Summable)]
    window: Maybe[WindowRule] = None


class DistinctMeasure(_Filtered):
    """How many different things."""

    distinct: Annotated[_Distinct, word(_Distinct)]
    window: Maybe[WindowRule] = None


class MaxMeasure(_Filtered):
    """The largest value of one activity."""

    max: Annotated[_Largest, word(_Largest)]
    window: Maybe[WindowRule] = None


class StreakMeasure(_Filtered):
    """How many periods running have an activity."""

    streak: SourceName
    every: PeriodName = Field(description="The period: day, week, month, quarter or year.")
    miss: WholeOrNone = Field(0, description="How many periods in all may be without, in between.")
    window: Maybe[FixedWindowRule] = None


class GapMeasure(_Filtered):
    """How long an activity came after the one before it."""

    gap: SourceName
    window: Maybe[FixedWindowRule] = None


class AgeMeasure(_Filtered):
    """How long ago the first activity was; of ``membership``: the joining."""

    age: SourceName


class HasRule(Strict):
    """Another badge of the file."""

    has: BadgeId


Measure = (
    CountMeasure | SumMeasure | DistinctMeasure | MaxMeasure | StreakMeasure | GapMeasure
    | AgeMeasure
)  # fmt: skip


def source_of(measure: Measure) -> str:
    """The source that a measure reads."""
    match measure:
        case CountMeasure(count=name) | StreakMeasure(streak=name) | GapMeasure(gap=name):
            return name
        case AgeMeasure(age=name):
            return name
        case SumMeasure(sum=name) | DistinctMeasure(distinct=name) | MaxMeasure(max=name):
            return name.partition(".")[0]


def is_money(measure: Measure) -> bool:
    """Whether what a measure reaches is an amount of money."""
    match measure:
        case SumMeasure(sum=name) | MaxMeasure(max=name):
            return name == AMOUNT
        case _:
            return False
