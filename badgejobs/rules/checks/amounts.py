"""Money: it has a currency, and no more digits than that."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from badgejobs.core.money import minor_units
from badgejobs.rules.checks.walking import measures_of, owners
from badgejobs.rules.complaints import Complaint, named
from badgejobs.rules.language.conditions import MaxRule, SumRule
from badgejobs.rules.language.document import Rules
from badgejobs.rules.language.ladders import LadderRule
from badgejobs.rules.language.measures import is_money
from badgejobs.rules.language.policies import Policies
from badgejobs.rules.setting import SiteDefaults, currency_of
from badgejobs.rules.yaml_tree import Document, Trail


def about_amounts(rules: Rules, site: SiteDefaults, document: Document) -> Iterator[Complaint]:
    """Amounts that cannot be compared in the currency of the rules."""
    currency = currency_of(rules.site, site)
    for trail, amount in _amounts(rules):
        if problem := _problem(amount, currency, is_line=trail[-1] == "gte"):
            yield Complaint(document.place(trail), named(trail, problem))


def _amounts(rules: Rules) -> Iterator[tuple[Trail, Decimal]]:
    yield from _of_policies(rules.policies, ("policies",))
    for owner, rule in owners(rules):
        if rule.policies:
            yield from _of_policies(rule.policies, (*owner, "policies"))
        for trail, measure in measures_of(rule, owner):
            if measure.where and measure.where.min_amount is not None:
                yield (*trail, "where", "min_amount"), measure.where.min_amount
            if isinstance(measure, SumRule | MaxRule) and is_money(measure):
                yield (*trail, "gte"), Decimal(measure.gte)
        if isinstance(rule, LadderRule) and is_money(rule.measure):
            for index, tier in enumerate(rule.tiers):
                assert isinstance(tier.gte, Decimal), "read by the measure"
                yield (*owner, "tiers", index, "gte"), tier.gte


def _of_policies(policies: Policies, trail: Trail) -> Iterator[tuple[Trail, Decimal]]:
    if policies.orders.min_amount:
        yield (*trail, "orders", "min_amount"), policies.orders.min_amount


def _problem(amount: Decimal, currency: str | None, *, is_line: bool) -> str | None:
    if currency is None:
        return "money needs a currency; add 'site: {currency: GBP}' with the site's own code"
    try:
        minor = minor_units(str(amount), currency)
    except ValueError as error:
        return f"'{amount:f}': {error}; write fewer digits behind the point"
    if minor < 1 and is_line:
        return f"'{amount:f}' is too small; a line to cross must be more than nothing"
    return None
