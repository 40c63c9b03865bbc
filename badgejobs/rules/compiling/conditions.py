"""Conditions of the file as conditions of core."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from badgejobs.core.calendar import Span
from badgejobs.core.milestone import (
    Age,
    AllOf,
    AnyOf,
    AtLeast,
    Condition,
    Count,
    Distinct,
    Gap,
    Has,
    Leaf,
    Max,
    Milestone,
    NoneOf,
    Streak,
    Sum,
)
from badgejobs.rules.compiling.selections import Frame, selection
from badgejobs.rules.language.conditions import (
    AllRule,
    AnyRule,
    AtLeastRule,
    ConditionRule,
    LeafRule,
    NoneRule,
    StreakRule,
)
from badgejobs.rules.language.measures import (
    AgeMeasure,
    CountMeasure,
    DistinctMeasure,
    GapMeasure,
    HasRule,
    MaxMeasure,
    Measure,
    StreakMeasure,
    SumMeasure,
    is_money,
)

#: Finds the milestone of another badge by its id.
Others = Callable[[str], Milestone]


def condition(rule: ConditionRule, frame: Frame, others: Others) -> Condition:
    """What a condition of the file means; ``others`` knows the badges that ``has`` names."""

    def parts(rules: Sequence[ConditionRule]) -> tuple[Condition, ...]:
        return tuple(condition(part, frame, others) for part in rules)

    match rule:
        case HasRule(has=badge):
            return Has(milestone=others(badge))
        case AllRule(all=rules):
            return AllOf(parts=parts(rules))
        case AnyRule(any=rules):
            return AnyOf(parts=parts(rules))
        case NoneRule(none=rules):
            return NoneOf(parts=parts(rules))
        case AtLeastRule(at_least=number, of=rules):
            return AtLeast(number=number, parts=parts(rules))
        case _:
            return leaf(rule, line_of(rule), frame)


def line_of(rule: LeafRule) -> object:
    """The line that a leaf has to cross."""
    return rule.length if isinstance(rule, StreakRule) else rule.gte


def leaf(measure: Measure, line: object, frame: Frame) -> Leaf:
    """A measure with the line to cross, whose kind follows from the measure."""
    of = selection(measure, frame)
    if isinstance(measure, GapMeasure | AgeMeasure):
        assert isinstance(line, Span), "read by the measure"
        kind = Gap if isinstance(measure, GapMeasure) else Age
        return frame.shared.one(kind(of=of, gte=line))
    money = is_money(measure)
    if money:
        line = frame.setting.minor(line)
    assert isinstance(line, int), "read by the measure"
    currency = frame.setting.currency if money else None
    match measure:
        case CountMeasure():
            found: Leaf = Count(of=of, gte=line)
        case SumMeasure(sum=name):
            found = Sum(of=of, gte=line, field=_field(name), currency=currency)
        case DistinctMeasure(distinct=name):
            found = Distinct(of=of, field=_field(name), gte=line)
        case MaxMeasure(max=name):
            found = Max(of=of, gte=line, field=_field(name), currency=currency)
        case StreakMeasure(every=every, miss=miss):
            found = Streak(of=of, every=every, length=line, miss=miss)
    return frame.shared.one(found)


def _field(name: str) -> str:
    """What stands after the source, such as ``items.product``."""
    return name.partition(".")[2]
