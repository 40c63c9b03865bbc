"""A condition as a phrase, for plans, explanations and tables."""

from __future__ import annotations

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
    NoneOf,
    Streak,
    Sum,
)
from badgejobs.rules.wording.amounts import length, money, some
from badgejobs.rules.wording.selections import each, filtered, many, one

_THINGS = {
    "items.product": "products",
    "items.category": "categories",
    "items.catalog": "catalogues",
    "post": "posts",
}


def in_words(condition: Condition) -> str:
    """What a member must have done.

    >>> from badgejobs.core.milestone import CommentPolicy, OrderPolicy, Selection
    >>> ten = Count(of=Selection(source="orders", policy=OrderPolicy()), gte=10)
    >>> in_words(ten)
    '10 or more paid orders'
    >>> more = Count(of=Selection(source="comments", policy=CommentPolicy()), gte=25)
    >>> in_words(AnyOf(parts=(ten, more)))
    '10 or more paid orders or 25 or more comments'
    >>> in_words(AtLeast(number=1, parts=(ten, NoneOf(parts=(more,)))))
    'at least 1 of: 10 or more paid orders; (none of: 25 or more comments)'
    """
    match condition:
        case AllOf(parts=parts):
            return _joined(parts, " and ")
        case AnyOf(parts=parts):
            return _joined(parts, " or ")
        case AtLeast(number=number, parts=parts):
            return f"at least {number} of: {_joined(parts, '; ')}"
        case NoneOf(parts=parts):
            return f"none of: {_joined(parts, '; ')}"
        case Has(milestone=milestone):
            return f"the badge {milestone.title}"
        case leaf:
            return f"{_leaf(leaf)}{each(leaf.of)}"


def _joined(parts: tuple[Condition, ...], word: str) -> str:
    composites = AllOf | AnyOf | AtLeast | NoneOf
    return word.join(
        f"({in_words(part)})" if isinstance(part, composites) and len(parts) > 1
        else in_words(part)
        for part in parts
    )  # fmt: skip


def _leaf(leaf: Leaf) -> str:
    of = leaf.of
    match leaf:
        case Count(gte=1) if of.source == "membership":
            return f"joining the site{filtered(of)}"
        case Count(gte=gte):
            return f"{gte} or more {many(of)}{filtered(of)}"
        case Sum(gte=gte, field="amount", currency=currency):
            return f"{many(of)}{filtered(of)} worth {money(gte, currency)} or more in total"
        case Sum(gte=gte):
            return f"{many(of)}{filtered(of)} with {gte} or more units in total"
        case Max(gte=gte, field="amount", currency=currency):
            return f"one {one(of)}{filtered(of)} worth {money(gte, currency)} or more"
        case Max(gte=gte, field=field):
            unit = "units" if field == "items.quantity" else "characters"
            return f"one {one(of)}{filtered(of)} with {gte} or more {unit}"
        case Distinct(field="day", gte=gte):
            return f"{many(of)}{filtered(of)} on {gte} or more different days"
        case Distinct(field=field, gte=gte):
            return f"{gte} or more different {_THINGS[field]} in {many(of)}{filtered(of)}"
        case _:
            return _of_time(leaf)


def _of_time(leaf: Streak | Gap | Age) -> str:
    of = leaf.of
    match leaf:
        case Streak(every=every, length=periods, miss=miss):
            missed = f", up to {some(miss, every.value)} without between" if miss else ""
            return f"{many(of)}{filtered(of)} in {some(periods, every.value)} running{missed}"
        case Gap(gte=gte):
            return f"a {one(of)}{filtered(of)} {length(gte)} or more after the one before"
        case Age(gte=gte):
            if of.source == "membership":
                return f"membership for {length(gte)} or more"
            return f"{length(gte)} or more since the first {one(of)}{filtered(of)}"
