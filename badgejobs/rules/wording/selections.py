"""Which activities a measure looks at, in words."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from badgejobs.core.activity import label
from badgejobs.core.milestone import (
    Between,
    First,
    InPeriod,
    Rolling,
    Selection,
    Where,
)
from badgejobs.core.policy import OrderPolicy
from badgejobs.rules.language.names import CATALOGS
from badgejobs.rules.wording.amounts import between, either, length, money
from badgejobs.wix.wire import COMMENT_APPS

_ONE = {"orders": "order", "comments": "comment", "membership": "joining"}


def one(of: Selection) -> str:
    """One of the activities, such as ``paid order``."""
    return f"{_state(of)}{_ONE.get(of.source, f'activity of {of.source}')}"


def many(of: Selection) -> str:
    """The activities, such as ``paid orders``."""
    return f"{_state(of)}{_ONE[of.source]}s" if of.source in _ONE else of.source


def filtered(of: Selection) -> str:
    """What ``where`` and the window ask for, to stand behind the activities."""
    filters = "; ".join(_filters(of))
    return f"{f' (only {filters})' if filters else ''}{_window(of)}"


def each(of: Selection) -> str:
    """The least amount that the policy asks for, to stand at the end."""
    if not isinstance(of.policy, OrderPolicy) or not of.policy.min_amount:
        return ""
    return f" (each of {money(of.policy.min_amount, of.policy.currency)} or more)"


def _state(of: Selection) -> str:
    return f"{of.policy.count_when.value} " if isinstance(of.policy, OrderPolicy) else ""


def _filters(of: Selection) -> Iterator[str]:
    where = of.where
    if where.channels:
        yield f"through {either(where.channels)}"
    if where.imported is not None:
        yield "imported ones" if where.imported else "ones that were not imported"
    if where.min_amount is not None:
        currency = of.policy.currency if isinstance(of.policy, OrderPolicy) else None
        yield f"of {money(where.min_amount, currency)} or more"
    if where.of_lines:
        yield f"lines {' and '.join(_lines(where))}"
    if where.parts:
        yield f"in {either(_named(where.parts, COMMENT_APPS))}"
    if where.posts:
        yield f"about the post {either(where.posts)}"
    if where.is_reply is not None:
        yield "replies" if where.is_reply else "no replies"
    if where.on_own_content is not None:
        yield "on their own content" if where.on_own_content else "on other people's content"
    if where.min_chars is not None:
        yield f"of {where.min_chars} characters or more"


def _lines(where: Where) -> Iterator[str]:
    if where.catalogs:
        yield f"of {either(_named(where.catalogs, CATALOGS))}"
    if where.categories:
        yield f"in the category {either(where.categories)}"
    if where.products:
        yield f"of the product {either(_written(where.products))}"
    if where.not_products:
        yield f"not of the product {either(_written(where.not_products))}"


def _named(ids: frozenset[str], names: Mapping[str, str]) -> list[str]:
    """The everyday names of apps, or the ids of those that have none."""
    everyday = {app: name for name, app in names.items()}
    return [everyday.get(one, one) for one in ids]


def _written(products: frozenset[str]) -> list[str]:
    """Products as the file names them, without the labels that stand beside them."""
    labels = {label(name) for name in products}
    return [name for name in products if name not in labels]


def _window(of: Selection) -> str:
    match of.stretch:
        case Rolling(span=span):
            return f" in the last {length(span).removeprefix('1 ')}"
        case InPeriod(period=period):
            return f" in the present calendar {period.value}"
        case Between(since=since, until=until):
            return f" {between(since, until, of.calendar)}"
        case First(span=span):
            return f" within {length(span)} of the first one that counts"
        case None:
            return ""
