"""What only the whole file can tell: doubles, missing currency, too deep nesting."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from badgejobs.core.money import minor_units
from badgejobs.rules.complaints import Complaint, named
from badgejobs.rules.document import (
    AllRule,
    AnyRule,
    ConditionRule,
    LookRule,
    Rules,
    SumRule,
)
from badgejobs.rules.yaml_tree import Document, Trail

#: How many 'all' and 'any' may stand inside each other.
DEEPEST_CONDITION = 4


def complaints_about(rules: Rules, document: Document) -> Iterator[Complaint]:
    """All that is wrong with rules whose single values are right."""
    yield from _doubles(rules, document)
    for trail, amount in _amounts(rules):
        if problem := _about_amount(rules, trail, amount):
            yield Complaint(document.place(trail), named(trail, problem))
    for index, rule in enumerate(rules.badges):
        for trail, part, depth in _parts(rule.when, ("badges", index, "when"), 1):
            if depth == DEEPEST_CONDITION + 1 and isinstance(part, AllRule | AnyRule):
                text = f"nested more than {DEEPEST_CONDITION} levels deep; flatten the condition"
                yield Complaint(document.place(trail), named(trail, text))


def _doubles(rules: Rules, document: Document) -> Iterator[Complaint]:
    ids: dict[str, int] = {}
    titles: dict[str, int] = {}
    for index, rule in enumerate(rules.badges):
        trail: Trail = ("badges", index, "id")
        place = document.place(trail)
        if rule.id in ids:
            text = f"'{rule.id}' is taken by the badge in line {ids[rule.id]}; an id is used once"
            yield Complaint(place, named(trail, text))
        ids.setdefault(rule.id, place.line)
        look = rule.badge
        trail = ("badges", index, "badge")
        if isinstance(look, LookRule):
            trail = (*trail, "title")
        title = look.title if isinstance(look, LookRule) else look
        place = document.place(trail)
        if title.casefold() in titles:
            text = (
                f"'{title}' is the title of the badge in line {titles[title.casefold()]} too; "
                "one Wix badge has one rule: join the conditions with 'any'"
            )
            yield Complaint(place, named(trail, text))
        titles.setdefault(title.casefold(), place.line)


def _amounts(rules: Rules) -> Iterator[tuple[Trail, Decimal]]:
    if rules.policies.orders.min_amount is not None:
        yield ("policies", "orders", "min_amount"), rules.policies.orders.min_amount
    for index, rule in enumerate(rules.badges):
        for trail, part, _ in _parts(rule.when, ("badges", index, "when"), 1):
            if isinstance(part, SumRule):
                yield (*trail, "gte"), part.gte


def _about_amount(rules: Rules, trail: Trail, amount: Decimal) -> str | None:
    if rules.site.currency is None:
        return "money needs a currency; add 'site: {currency: GBP}' with the site's own code"
    try:
        minor = minor_units(str(amount), rules.site.currency)
    except ValueError as error:
        return f"'{amount:f}': {error}; write fewer digits behind the point"
    if minor < 1 and trail[-1] == "gte":
        return f"'{amount:f}' is too small; a sum must reach more than nothing"
    return None


def _parts(
    condition: ConditionRule, trail: Trail, depth: int
) -> Iterator[tuple[Trail, ConditionRule, int]]:
    yield trail, condition, depth
    match condition:
        case AllRule(all=parts):
            name = "all"
        case AnyRule(any=parts):
            name = "any"
        case _:
            return
    for index, part in enumerate(parts):
        yield from _parts(part, (*trail, name, index), depth + 1)
