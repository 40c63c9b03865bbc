"""In which categories the products of orders stand, asked of Wix once a product."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Final

from badgejobs.core.activity import Activity, Item
from badgejobs.errors import PermissionMissing
from badgejobs.wix.client import WixClient
from badgejobs.wix.wire import STORES_APP, CatalogVersion

#: How many products are kept in mind; those known for longest go first.
MOST_KEPT: Final = 10_000


class Catalogue:
    """The categories of products of Wix Stores, as they are during one scan.

    Bookings, dishes and the items of other apps have none. Neither has a product that Wix does
    not tell of: it was deleted, or it is hidden and our permissions do not reach it.
    """

    def __init__(self, *, most_kept: int = MOST_KEPT) -> None:
        self._most_kept = most_kept
        self._version: CatalogVersion | None = None
        self._known = dict[str, frozenset[str]]()

    def filed(self, wix: WixClient, orders: Sequence[Activity]) -> tuple[Activity, ...]:
        """The same orders, each line with the categories that its product stands in now.

        Costs up to two calls for each hundred products that were not met before, and one more
        the first time. Raises :class:`PermissionMissing` with the cure.
        """
        categories = self._categories(wix, _products(orders))
        return tuple(_filed(one, categories) for one in orders)

    def _categories(self, wix: WixClient, products: set[str]) -> dict[str, frozenset[str]]:
        found = {one: self._known[one] for one in products if one in self._known}
        unknown = sorted(products - found.keys())
        if unknown:
            told = self._asked(wix, unknown)
            found |= {one: told.get(one, frozenset()) for one in unknown}
            self._known |= {one: found[one] for one in unknown}
            for one in list(self._known)[: -self._most_kept]:
                del self._known[one]
        return found

    def _asked(self, wix: WixClient, products: Sequence[str]) -> Mapping[str, frozenset[str]]:
        try:
            self._version = self._version or wix.catalog_version()
            return wix.categories_of(products, version=self._version)
        except PermissionMissing as error:
            raise PermissionMissing(
                f"the rules name categories of products, and these cannot be read: {error}; "
                "or take the categories out of the rules"
            ) from error


def _products(orders: Iterable[Activity]) -> set[str]:
    return {item.product for one in orders for item in one.items if _of_stores(item)}


def _of_stores(item: Item) -> bool:
    return item.catalog.lower() == STORES_APP


def _filed(order: Activity, categories: Mapping[str, frozenset[str]]) -> Activity:
    if not any(_of_stores(item) for item in order.items):
        return order
    items = (
        replace(item, categories=categories[item.product]) if _of_stores(item) else item
        for item in order.items
    )
    return replace(order, items=tuple(items))
