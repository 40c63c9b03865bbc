"""Every condition and measure of a file, with its place."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from badgejobs.rules.language.badges import BadgeRule
from badgejobs.rules.language.conditions import (
    AllRule,
    AnyRule,
    AtLeastRule,
    ConditionRule,
    NoneRule,
)
from badgejobs.rules.language.document import Rules
from badgejobs.rules.language.ladders import LadderRule
from badgejobs.rules.language.measures import HasRule, Measure
from badgejobs.rules.yaml_tree import Trail

Composite = AllRule | AnyRule | NoneRule | AtLeastRule


class Part(NamedTuple):
    """A condition in its place; the outermost one has depth 1."""

    trail: Trail
    condition: ConditionRule
    depth: int


def owners(rules: Rules) -> Iterator[tuple[Trail, BadgeRule | LadderRule]]:
    """Every badge and every ladder."""
    for index, badge in enumerate(rules.badges):
        yield ("badges", index), badge
    for index, ladder in enumerate(rules.ladders):
        yield ("ladders", index), ladder


def conditions(rules: Rules) -> Iterator[Part]:
    """Every condition of every badge, outer ones before those inside them."""
    for index, badge in enumerate(rules.badges):
        yield from parts(badge.when, ("badges", index, "when"))


def parts(condition: ConditionRule, trail: Trail, depth: int = 1) -> Iterator[Part]:
    """A condition and all inside it."""
    yield Part(trail, condition, depth)
    for place, part in inside(condition):
        yield from parts(part, (*trail, *place), depth + 1)


def inside(condition: ConditionRule) -> Iterator[tuple[Trail, ConditionRule]]:
    """The parts of a composite, each with its place in it; a leaf has none."""
    match condition:
        case AllRule(all=found):
            key: str = "all"
        case AnyRule(any=found):
            key = "any"
        case NoneRule(none=found):
            key = "none"
        case AtLeastRule(of=found):
            key = "of"
        case _:
            return
    listed: Sequence[ConditionRule] = found
    for index, part in enumerate(listed):
        yield (key, index), part


def measures_of(rule: BadgeRule | LadderRule, trail: Trail) -> Iterator[tuple[Trail, Measure]]:
    """The measures of one badge or ladder."""
    if isinstance(rule, LadderRule):
        yield (*trail, "measure"), rule.measure
        return
    for part in parts(rule.when, (*trail, "when")):
        if not isinstance(part.condition, Composite | HasRule):
            yield part.trail, part.condition
