"""What products are filed under, in the catalogue that the site has."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from badgejobs.wix import bodies, calls
from badgejobs.wix.calls import is_guid
from badgejobs.wix.client import asking
from badgejobs.wix.exchange import Exchange
from badgejobs.wix.wire import CatalogVersion


class CatalogCalls:
    """What :class:`WixClient` can read of products of Wix Stores.

    A product that Wix does not tell of (deleted, or hidden from visitors) is absent from every
    answer. What cannot be read fails the whole: a category that is overlooked would decide.
    """

    _exchange: Exchange

    def categories_of(
        self, product_ids: Collection[str], *, version: CatalogVersion | None = None
    ) -> dict[str, frozenset[str]]:
        """The categories of these products now: names and ids, in small letters.

        Costs a call for up to 100 products and one for up to 100 of their categories, and one
        more for the catalogue's ``version`` where that is not given. In Catalog V1 the
        categories are collections; in V3 those above a product's own ones are among them.
        """
        if not any(is_guid(one) for one in product_ids):
            return {}
        version = version or self.catalog_version()
        if version is CatalogVersion.NONE:
            return {}
        if version is CatalogVersion.V1:
            filed = self.product_collections(product_ids)
            names = self.collection_names(frozenset().union(*filed.values()))
        else:
            filed = self.product_categories(product_ids)
            names = self.category_names(frozenset().union(*filed.values()))
        return {product: _words(ids, names) for product, ids in filed.items()}

    def catalog_version(self) -> CatalogVersion:
        """Which catalogue the site has; one that was moved to V3 stays there."""
        call = calls.catalog_version()
        return asking.thing(self._exchange, call, bodies.CatalogAnswer).catalog_version

    def product_collections(self, product_ids: Collection[str]) -> dict[str, frozenset[str]]:
        """The ids of the collections that products are in; of Catalog V1."""
        wanted = {one.lower(): one for one in product_ids if is_guid(one)}
        found: dict[str, frozenset[str]] = {}
        for some in asking.chunks(wanted.values()):
            call = calls.query_products(some)
            for one in asking.whole(self._exchange, call, bodies.Product):
                # Wix answers a filter that it does not see with everything it has.
                if asked := wanted.get(one.id.lower()):
                    found[asked] = frozenset(one.collection_ids or ())
        return found

    def collection_names(self, collection_ids: Collection[str]) -> dict[str, str]:
        """The names of collections by their ids; of Catalog V1."""
        found: dict[str, str] = {}
        for some in asking.chunks(sorted(collection_ids)):
            call = calls.query_collections(some)
            rows = asking.whole(self._exchange, call, bodies.Collection)
            found |= {one.id: one.name for one in rows if one.id in some}
        return found

    def product_categories(self, product_ids: Collection[str]) -> dict[str, frozenset[str]]:
        """The ids of all categories that products stand in; of Catalog V3."""
        wanted = {one.lower(): one for one in product_ids if is_guid(one)}
        found: dict[str, frozenset[str]] = {}
        for some in asking.chunks(wanted.values()):
            for one in self._products(some):
                if asked := wanted.get(one.id.lower()):
                    told = one.all_categories_info
                    found[asked] = frozenset(
                        category.id for category in (told and told.categories) or ()
                    )
        return found

    def category_names(self, category_ids: Collection[str]) -> dict[str, str]:
        """The names of categories by their ids; of Catalog V3."""
        found: dict[str, str] = {}
        for some in asking.chunks(sorted(category_ids)):
            rows = self._categories(some)
            found |= {one.id: one.name for one in rows if one.id in some}
        return found

    def _products(self, product_ids: list[str]) -> list[bodies.ProductV3]:
        return asking.every(
            self._exchange,
            lambda cursor: calls.query_products_v3(product_ids, cursor=cursor),
            bodies.ProductV3,
        )

    def _categories(self, category_ids: list[str]) -> list[bodies.Category]:
        return asking.every(
            self._exchange,
            lambda cursor: calls.query_categories(category_ids, cursor=cursor),
            bodies.Category,
        )


def _words(ids: Collection[str], names: Mapping[str, str]) -> frozenset[str]:
    """All that a rule may call these categories by.

    >>> sorted(_words(["C-1", "c-2"], {"C-1": " Coffee "}))
    ['c-1', 'c-2', 'coffee']
    """
    told = {*ids, *(names[one].strip() for one in ids if one in names)}
    return frozenset(word.lower() for word in told if word)
