"""A rule as a sentence, for plans, explanations and ``rules check``."""

from __future__ import annotations

from badgejobs.core.milestone import AllOf, AnyOf, Condition, Count, Sum
from badgejobs.core.money import shown
from badgejobs.core.policy import OrderPolicy, Policy


def in_words(condition: Condition) -> str:
    """What a member must have done.

    >>> from badgejobs.core.milestone import Selection
    >>> from badgejobs.core.policy import CommentPolicy
    >>> ten = Count(of=Selection(source="orders", policy=OrderPolicy()), gte=10)
    >>> in_words(ten)
    '10 or more paid orders'
    >>> more = Count(of=Selection(source="comments", policy=CommentPolicy()), gte=25)
    >>> in_words(AnyOf(parts=(ten, more)))
    '10 or more paid orders or 25 or more comments'
    """
    match condition:
        case Count(of=of, gte=gte):
            return f"{gte} or more {_activities(of.source, of.policy)}{_each(of.policy)}"
        case Sum(of=of, gte=gte, currency=str(currency)):
            total = f"worth {shown(gte, currency)} or more in total"
            return f"{_activities(of.source, of.policy)} {total}{_each(of.policy)}"
        case AllOf(parts=parts):
            return _joined(parts, " and ")
        case AnyOf(parts=parts):
            return _joined(parts, " or ")
        case _:
            raise NotImplementedError


def _joined(parts: tuple[Condition, ...], word: str) -> str:
    return word.join(
        f"({in_words(part)})" if isinstance(part, AllOf | AnyOf) and len(parts) > 1
        else in_words(part)
        for part in parts
    )  # fmt: skip


def _activities(source: str, policy: Policy) -> str:
    if not isinstance(policy, OrderPolicy):
        return source
    return f"{policy.count_when.value} {source}"


def _each(policy: Policy) -> str:
    if not isinstance(policy, OrderPolicy) or not policy.min_amount or not policy.currency:
        return ""
    return f" (each of {shown(policy.min_amount, policy.currency)} or more)"
