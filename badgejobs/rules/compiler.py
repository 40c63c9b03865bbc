"""From checked rules to the values that core evaluates."""

from __future__ import annotations

import hashlib
import json

from badgejobs.core.activity import Mark
from badgejobs.core.milestone import (
    AllOf,
    AnyOf,
    Condition,
    Count,
    Look,
    Milestone,
    Ruleset,
    Selection,
    Sum,
)
from badgejobs.core.money import minor_units
from badgejobs.core.policy import CommentPolicy, OrderPolicy, PlainPolicy, Policy
from badgejobs.rules.document import (
    AllRule,
    AnyRule,
    BadgeRule,
    ConditionRule,
    CountRule,
    LookRule,
    Rules,
    SumRule,
)


def compiled(rules: Rules) -> Ruleset:
    """The ruleset that these rules mean."""
    policies = _Policies(rules)
    return Ruleset(
        version=_version(rules),
        milestones=tuple(_milestone(rule, policies) for rule in rules.badges),
    )


def _version(rules: Rules) -> str:
    """A hash of all that changes an answer or a look, and of nothing else.

    The models have settled defaults, numbers and cases; what is left to settle is order.
    """
    content = rules.model_dump(mode="json")
    content["badges"].sort(key=lambda badge: badge["id"])
    canonical = json.dumps(content, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(canonical.encode()).hexdigest()[:16]


class _Policies:
    """The policy of each source, in core's terms."""

    def __init__(self, rules: Rules) -> None:
        self.currency = rules.site.currency
        orders, comments = rules.policies.orders, rules.policies.comments
        minimum = 0
        if orders.min_amount is not None:
            minimum = self.minor(str(orders.min_amount))
        self._orders = OrderPolicy(
            count_when=Mark(orders.count_when),
            amount=orders.amount,
            min_amount=minimum,
            void_when_refunded=orders.full_refund == "void",
            void_when_cancelled=orders.cancelled == "void",
            subtract_refunds=orders.partial_refund == "subtract",
            currency=self.currency,
        )
        self._comments = CommentPolicy(
            include_staff=comments.include_staff, keep_deleted=comments.deleted == "keep"
        )

    def minor(self, amount: str) -> int:
        """An amount of the rules in minor units."""
        assert self.currency is not None, "checked before"
        return minor_units(amount, self.currency)

    def of(self, source: str) -> Policy:
        """The policy of a source; one that is not ours counts what it marks as published."""
        match source:
            case "orders":
                return self._orders
            case "comments":
                return self._comments
            case _:
                return PlainPolicy()


def _milestone(rule: BadgeRule, policies: _Policies) -> Milestone:
    look = None
    if isinstance(rule.badge, LookRule):
        look = Look(
            title=rule.badge.title,
            description=rule.badge.description,
            background=rule.badge.background,
            text=rule.badge.text,
            icon=rule.badge.icon,
        )
    return Milestone(
        badge=rule.id,
        title=rule.badge.title if isinstance(rule.badge, LookRule) else rule.badge,
        look=look,
        condition=_condition(rule.when, policies),
    )


def _condition(rule: ConditionRule, policies: _Policies) -> Condition:
    match rule:
        case CountRule(count=source, gte=gte):
            return Count(of=Selection(source=source, policy=policies.of(source)), gte=gte)
        case SumRule(sum=measure, gte=amount):
            source = measure.partition(".")[0]
            assert policies.currency is not None, "checked before"
            return Sum(
                of=Selection(source=source, policy=policies.of(source)),
                gte=policies.minor(str(amount)),
                currency=policies.currency,
            )
        case AllRule(all=parts):
            return AllOf(parts=tuple(_condition(part, policies) for part in parts))
        case AnyRule(any=parts):
            return AnyOf(parts=tuple(_condition(part, policies) for part in parts))
