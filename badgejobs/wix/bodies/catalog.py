"""Products and what they are filed under (Wix docs, Stores: Catalog V1, Catalog V3, Categories)."""

from __future__ import annotations

from typing import ClassVar

from badgejobs.wix.bodies.fields import Body, Guid, Record, RecordId
from badgejobs.wix.wire import CatalogVersion


class CatalogAnswer(Body):
    """The answer of Get Catalog Version; one that Wix added since is not understood."""

    catalog_version: CatalogVersion


class Product(Record):
    """A product of Catalog V1 with the ids of its collections, which need not be GUIDs."""

    many: ClassVar[str] = "products"
    alone: ClassVar[str] = "product"

    id: Guid
    collection_ids: list[RecordId] | None = None


class Collection(Record):
    """A collection of Catalog V1."""

    many: ClassVar[str] = "collections"
    alone: ClassVar[str] = "collection"

    id: RecordId
    name: str


class CategoryOfProduct(Body):
    """One category that a product stands in."""

    id: RecordId


class CategoriesOfProduct(Body):
    """The categories that a product stands in, itself or by one below."""

    categories: list[CategoryOfProduct] | None = None


class ProductV3(Record):
    """A product of Catalog V3; its categories are told only where they were asked for."""

    many: ClassVar[str] = "products"
    alone: ClassVar[str] = "product"

    id: Guid
    all_categories_info: CategoriesOfProduct | None = None


class Category(Record):
    """A category of Catalog V3."""

    many: ClassVar[str] = "categories"
    alone: ClassVar[str] = "category"

    id: RecordId
    name: str
