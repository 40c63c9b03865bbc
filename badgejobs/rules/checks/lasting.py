"""Lifecycles that contradict themselves, and badges that open pages without a word on taking."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from itertools import pairwise

from badgejobs.core.calendar import Span
from badgejobs.rules.checks.lengths import longest, shortest
from badgejobs.rules.checks.walking import owners
from badgejobs.rules.complaints import Complaint, named
from badgejobs.rules.language.badges import BadgeRule
from badgejobs.rules.language.document import Rules
from badgejobs.rules.language.ladders import LadderRule, TierRule
from badgejobs.rules.language.lifecycles import AfterRule, DownRule
from badgejobs.rules.language.looks import LookRule
from badgejobs.rules.yaml_tree import Document, Trail

#: What is wrong, and at which key.
_Problem = tuple[Trail, str]


def about_lasting(rules: Rules, document: Document) -> Iterator[Complaint]:
    """All that is wrong with how long badges stay, who may earn them and what they open."""
    for trail, rule in owners(rules):
        for steps, text in (*_expiry(rule), *_openings(rule), *_bounds(rule)):
            place = (*trail, *steps)
            yield Complaint(document.place(place), named(place, text))


def _expiry(rule: BadgeRule | LadderRule) -> Iterator[_Problem]:
    lifecycle = rule.lifecycle
    expires = lifecycle.expires
    if isinstance(expires, AfterRule):
        if expires.after and expires.at:
            yield ("lifecycle", "expires"), "has two ends; keep 'after' or 'at'"
        if not expires.after and not expires.at:
            yield ("lifecycle", "expires"), "has no end; write {after: 1y} or {at: 2027-01-01}"
        if expires.at and lifecycle.renew != "never":
            yield (
                ("lifecycle", "renew"),
                "what ends for all at one moment is not renewed; remove 'renew', or use 'after'",
            )
    elif lifecycle.renew != "never":
        yield ("lifecycle", "renew"), "there is nothing to renew; add 'expires: {after: 1y}'"


def _openings(rule: BadgeRule | LadderRule) -> Iterator[_Problem]:
    if isinstance(rule, BadgeRule):
        stated = "revoke" in rule.lifecycle.model_fields_set
        yield from _of_one(rule, (), stated=stated, key="lifecycle: {revoke: never}")
        return
    stated = "down" in rule.model_fields_set
    for index, tier in enumerate(rule.tiers):
        yield from _of_one(tier, ("tiers", index), stated=stated, key="down: never")


def _of_one(
    rule: BadgeRule | TierRule, trail: Trail, *, stated: bool, key: str
) -> Iterator[_Problem]:
    look = rule.badge
    if isinstance(look, LookRule) and rule.opens_pages:
        yield (
            (*trail, "opens_pages"),
            "is for a badge given by title; write 'permissions: true' in the look",
        )
    elif not stated and (rule.opens_pages or (isinstance(look, LookRule) and look.permissions)):
        at: Trail = ("opens_pages",) if rule.opens_pages else ("badge", "permissions")
        yield (
            (*trail, *at),
            f"a badge that opens pages must say whether it is taken back; write '{key}', or how",
        )


def _bounds(rule: BadgeRule | LadderRule) -> Iterator[_Problem]:
    if isinstance(rule, LadderRule):
        if isinstance(rule.down, DownRule) and rule.down.grace is None and rule.down.check is None:
            yield ("down",), "says nothing; write {grace: 30d}, when_unmet or never"
        for index, (lower, higher) in enumerate(pairwise(rule.tiers), 1):
            if not _is_below(lower, higher):
                yield (
                    ("tiers", index, "gte"),
                    "is not above the tier before it; write the tiers from the lowest line up",
                )
        return
    if rule.earnable and not (rule.earnable.since or rule.earnable.until):
        yield ("earnable",), "has no bound; write 'from', 'to' or both"


def _is_below(lower: TierRule, higher: TierRule) -> bool:
    """Whether a tier's line surely lies below another; months have no exact length."""
    if isinstance(lower.gte, Span) and isinstance(higher.gte, Span):
        return longest(lower.gte) < shortest(higher.gte) or (
            lower.gte.months < higher.gte.months and lower.gte.exact == higher.gte.exact
        )
    return Decimal(lower.gte) < Decimal(higher.gte)  # type: ignore[arg-type]
