"""What a rule sees of one order: the lines that pass its filters, and what they are worth."""

from __future__ import annotations

import re
from collections.abc import Sequence

from badgejobs.core.activity import Activity, Item, Mark
from badgejobs.core.milestone import Selection, Where
from badgejobs.core.policy import OrderPolicy, Refusal

#: How Wix writes the id of a category; a line bears the names of its categories beside the ids.
_ID = re.compile(r"[0-9a-f]{8}-[0-9a-f-]{20,}")
#: The collection of Wix Stores in which every product stands; it tells nothing of a product.
_ALL_PRODUCTS = "00000000-000000-000000-000000000001"


def lines_of(activity: Activity, where: Where) -> Sequence[Item]:
    """The lines that pass the filters of lines."""
    if not where.of_lines:
        return activity.items
    return [item for item in activity.items if _passes(item, where)]


def units_of(activity: Activity, where: Where) -> int:
    """How many units were bought and kept; the lines that pass alone."""
    return sum(max(0, item.quantity - item.refunded) for item in lines_of(activity, where))


def products_of(activity: Activity, where: Where) -> set[tuple[str, str]]:
    """The products that were bought and kept, each in its catalogue.

    A line that was made by hand stands in no catalogue, and is no product.
    """
    return {
        (item.catalog, item.product)
        for item in lines_of(activity, where)
        if item.product and item.refunded < item.quantity
    }


def catalogs_of(activity: Activity, where: Where) -> set[str]:
    """The catalogues of which something was bought and kept."""
    return {
        item.catalog
        for item in lines_of(activity, where)
        if item.catalog and item.refunded < item.quantity
    }


def categories_of(activity: Activity, where: Where) -> set[str]:
    """The categories of which something was bought and kept, each once.

    Where ids are known they are what is told apart, and names are only other words for them.
    """
    found = set[str]()
    for item in lines_of(activity, where):
        if item.refunded < item.quantity:
            ids = set(filter(_ID.fullmatch, item.categories))
            found |= ids - {_ALL_PRODUCTS} if ids else item.categories
    return found


def amount_of(activity: Activity, of: Selection) -> int | Refusal:
    """The money of an activity that counts, in minor units of the site's currency.

    Where a rule looks at some lines only, what was refunded is taken from them, but for the
    part that refunded units of the other lines explain: Wix tells how many units of a line
    were refunded, and only for the whole order how much money.
    """
    policy = of.policy
    if (
        not of.where.of_lines
        or not isinstance(policy, OrderPolicy)
        or Mark.CREDIT in activity.marks
    ):
        return policy.value(activity)
    seen = others_refunded = 0
    for item in activity.items:
        if _passes(item, of.where):
            seen += item.amount
        elif item.refunded and item.quantity:
            others_refunded += item.amount * min(item.refunded, item.quantity) // item.quantity
    if policy.subtract_refunds:
        seen -= max(0, activity.amounts.get("refunded", 0) - others_refunded)
    value = policy.in_currency(activity, max(0, seen))
    return Refusal.OTHER_CURRENCY if value is None else value


def _passes(item: Item, where: Where) -> bool:
    if where.catalogs is not None and item.catalog not in where.catalogs:
        return False
    if where.categories is not None and where.categories.isdisjoint(item.categories):
        return False
    named = (item.product, item.name)
    if where.products is not None and where.products.isdisjoint(named):
        return False
    return where.not_products is None or where.not_products.isdisjoint(named)
