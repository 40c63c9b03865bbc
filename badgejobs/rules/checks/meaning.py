"""What the compiled rules mean, where that can never come about."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

from badgejobs.core.milestone import (
    AllOf,
    AnyOf,
    AtLeast,
    Condition,
    Has,
    Leaf,
    Milestone,
    NoneOf,
    Ruleset,
    knows_only_the_present,
)
from badgejobs.rules.checks.never import LINE, earliest, why_never
from badgejobs.rules.checks.walking import inside
from badgejobs.rules.complaints import Complaint, named
from badgejobs.rules.language.conditions import ConditionRule
from badgejobs.rules.language.document import Rules
from badgejobs.rules.language.ladders import LadderRule
from badgejobs.rules.yaml_tree import Document, Trail

_TOO_SOON = "the condition cannot be met before; see its window, 'history' and 'settle_after'"
_LONG_AGO = datetime.min.replace(tzinfo=UTC)


def complaints_about_meaning(
    rules: Rules, ruleset: Ruleset, document: Document
) -> Iterator[Complaint]:
    """Conditions that can never be met, and badges that could only be earned when they may not."""
    milestones = {one.badge: one for one in ruleset.milestones}
    for index, badge in enumerate(rules.badges):
        trail: Trail = ("badges", index)
        milestone = milestones[badge.id]
        for at, text in _of_parts(badge.when, milestone.condition, (*trail, "when")):
            yield Complaint(document.place(at), named(at, text))
        for at, text in (*_of_moments(milestone), *_of_the_present(milestone)):
            place = (*trail, *at)
            yield Complaint(document.place(place), named(place, text))
    for index, ladder in enumerate(rules.ladders):
        for at, text in _of_ladder(ladder, milestones, ("ladders", index)):
            yield Complaint(document.place(at), named(at, text))


def _of_the_present(milestone: Milestone) -> Iterator[tuple[Trail, str]]:
    """What counts from a moment that is not known where a rule asks for ``none``."""
    if not knows_only_the_present(milestone.condition):
        return
    why = "of a rule with 'none' only the present is known, and not since when it was met"
    if milestone.lifecycle.grace:
        yield ("lifecycle", "revoke"), f"{why}; write when_unmet or never in place of a grace"
    if milestone.lifecycle.expires_after:
        yield ("lifecycle", "expires"), f"{why}; write {{at: 2027-01-01}} or never"


def _of_parts(
    rule: ConditionRule, condition: Condition, trail: Trail
) -> Iterator[tuple[Trail, str]]:
    match condition:
        case AllOf() | AnyOf() | AtLeast() | NoneOf():
            for (at, part), meant in zip(inside(rule), condition.parts, strict=True):
                yield from _of_parts(part, meant, (*trail, *at))
        case Has():
            pass
        case leaf:
            for at, text in why_never(leaf):
                yield (*trail, *at), text


def _of_ladder(
    ladder: LadderRule, milestones: dict[str, Milestone], trail: Trail
) -> Iterator[tuple[Trail, str]]:
    """What is wrong with the measure is told once, what is wrong with a line at its tier."""
    told = set[tuple[Trail, str]]()
    for index, tier in enumerate(ladder.tiers):
        leaf = milestones[tier.id].condition
        assert isinstance(leaf, Leaf), "a ladder measures one thing"
        for at, text in why_never(leaf):
            of_line = at in {LINE, ("length",)}
            place = (*trail, "tiers", index, "gte") if of_line else (*trail, "measure", *at)
            if (place, text) not in told:
                yield place, text
            told.add((place, text))
    for at, text in _of_moments(milestones[ladder.tiers[0].id]):
        yield (*trail, *at), text


def _of_moments(milestone: Milestone) -> Iterator[tuple[Trail, str]]:
    """When a badge may be earned, when it can be, and when it ends."""
    life, soonest = milestone.lifecycle, _soonest(milestone.condition)
    begins, ends, gone = life.earnable_from, life.earnable_until, life.expires_at
    expires = ("lifecycle", "expires")
    if begins and ends and begins >= ends:
        yield ("earnable",), "can never be earned: it ends before it begins"
    elif ends and soonest >= ends:
        yield ("earnable", "to"), f"can never be earned: {_TOO_SOON}"
    if gone and begins and gone <= begins:
        yield expires, "it expires before it can be earned; correct one of the dates"
    elif gone and soonest >= gone:
        yield expires, f"it expires before it can be earned: {_TOO_SOON}"


def _soonest(condition: Condition) -> datetime:
    """Before which moment a condition cannot be met; long ago where there is no bound."""
    match condition:
        case AllOf(parts=parts):
            return max(map(_soonest, parts))
        case AnyOf(parts=parts):
            return min(map(_soonest, parts))
        case AtLeast(number=number, parts=parts):
            return sorted(map(_soonest, parts))[number - 1]
        case NoneOf():
            return _LONG_AGO
        case Has(milestone=milestone):
            return _soonest(milestone.condition)
        case leaf:
            return earliest(leaf) or _LONG_AGO
