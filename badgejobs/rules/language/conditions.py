"""Conditions: a measure with the line to cross, or several conditions joined."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, Discriminator, Field, Tag, ValidationInfo

from badgejobs.rules.language.measures import (
    AMOUNT,
    AgeMeasure,
    CountMeasure,
    DistinctMeasure,
    GapMeasure,
    HasRule,
    MaxMeasure,
    StreakMeasure,
    SumMeasure,
)
from badgejobs.rules.language.scalars import (
    MONEY_SCHEMA,
    Whole,
    did_you_mean,
    money,
    refusal,
    schema,
    whole,
)
from badgejobs.rules.language.strict import MOST_PARTS, TAG, Strict
from badgejobs.rules.language.times import Length
from badgejobs.rules.yaml_tree import shortened


def _number_of_field(value: object, info: ValidationInfo) -> int | Decimal | object:
    field = info.data.get("sum", info.data.get("max"))
    if field is None:  # which is wrong, and told
        return Decimal(1)
    return money(value) if field == AMOUNT else whole(value)


#: Money where the field is an amount, else a whole number.
NumberOfField = Annotated[
    int | Decimal, BeforeValidator(_number_of_field), schema(anyOf=MONEY_SCHEMA)
]


class CountRule(CountMeasure):
    """At least so many activities of one source."""

    gte: Whole


class SumRule(SumMeasure):
    """Values that add up to at least so much."""

    gte: NumberOfField


class DistinctRule(DistinctMeasure):
    """At least so many different things."""

    gte: Whole


class MaxRule(MaxMeasure):
    """One activity whose value is at least so much."""

    gte: NumberOfField


class StreakRule(StreakMeasure):
    """Activity in so many periods running."""

    length: Whole


class GapRule(GapMeasure):
    """An activity at least so long after the one before it."""

    gte: Length


class AgeRule(AgeMeasure):
    """The first activity lies at least so long back."""

    gte: Length


class AllRule(Strict):
    """Every part must be met."""

    all: list[ConditionRule] = Field(min_length=1, max_length=MOST_PARTS)


class AnyRule(Strict):
    """One part at least must be met."""

    any: list[ConditionRule] = Field(min_length=1, max_length=MOST_PARTS)


class NoneRule(Strict):
    """No part may be met."""

    none: list[ConditionRule] = Field(min_length=1, max_length=MOST_PARTS)


class AtLeastRule(Strict):
    """So many parts at least must be met."""

    at_least: Whole
    of: list[ConditionRule] = Field(min_length=1, max_length=MOST_PARTS)


LeafRule = CountRule | SumRule | DistinctRule | MaxRule | StreakRule | GapRule | AgeRule

#: The conditions by the key that tells them apart.
MEASURES: dict[str, type[BaseModel]] = {
    "count": CountRule,
    "sum": SumRule,
    "distinct": DistinctRule,
    "max": MaxRule,
    "streak": StreakRule,
    "gap": GapRule,
    "age": AgeRule,
    "has": HasRule,
    "all": AllRule,
    "any": AnyRule,
    "none": NoneRule,
    "at_least": AtLeastRule,
}
#: Keys that stand beside a measure.
BESIDE = frozenset({"gte", "where", "window", "every", "length", "miss", "of"})


def has_one_measure(value: Any) -> Any:
    """See to it that a condition says one thing, before its kind is chosen by it."""
    if value is None:
        raise refusal("is empty; write a condition such as {count: orders, gte: 10}")
    if not isinstance(value, dict):
        raise refusal("is not a condition; write one such as {count: orders, gte: 10}")
    measures = [key for key in value if key in MEASURES]
    if len(measures) > 1:
        raise refusal(
            f"a condition has one measure; put '{measures[0]}' and '{measures[1]}' "
            "under 'all' or 'any' as two conditions",
            key=measures[1],
        )
    if not measures:
        key = next((key for key in value if key not in BESIDE), None)
        if key is None:
            raise refusal(f"no measure; {did_you_mean('', MEASURES)}")
        raise refusal(f"'{shortened(key)}' is not known; {did_you_mean(key, MEASURES)}", key=key)
    return value


def measure_of(value: Any) -> str | None:
    """The tag of a condition's kind."""
    return next((TAG + key for key in MEASURES if key in value), None)


ConditionRule = Annotated[
    Annotated[CountRule, Tag(TAG + "count")]
    | Annotated[SumRule, Tag(TAG + "sum")]
    | Annotated[DistinctRule, Tag(TAG + "distinct")]
    | Annotated[MaxRule, Tag(TAG + "max")]
    | Annotated[StreakRule, Tag(TAG + "streak")]
    | Annotated[GapRule, Tag(TAG + "gap")]
    | Annotated[AgeRule, Tag(TAG + "age")]
    | Annotated[HasRule, Tag(TAG + "has")]
    | Annotated[AllRule, Tag(TAG + "all")]
    | Annotated[AnyRule, Tag(TAG + "any")]
    | Annotated[NoneRule, Tag(TAG + "none")]
    | Annotated[AtLeastRule, Tag(TAG + "at_least")],
    Discriminator(measure_of),
    BeforeValidator(has_one_measure),
]

for _model in (AllRule, AnyRule, NoneRule, AtLeastRule):
    _model.model_rebuild()
