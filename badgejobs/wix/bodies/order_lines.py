"""What was bought: the lines of an order (Wix docs, Orders: Order Object; SDK ``OrderLineItem``).

A line that cannot be read makes its order unreadable where the field decides about badges: the
product, how many, and what they cost. Anything else of a line is left out rather than guessed.
"""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BeforeValidator, Field

from badgejobs.wix.bodies.fields import Amount, Body


def _objects_only(value: object) -> object:
    """Nothing is decided by what stands in it, only by whether it is there."""
    return value if isinstance(value, dict) and value else None


class Price(Body):
    """An amount of money; the currency stands with the order."""

    amount: Amount


class ProductName(Body):
    """What the product is called in the site's own language."""

    original: Annotated[str | None, Field(repr=False)] = None


class CatalogReference(Body):
    """Which item of which app's catalogue; a custom line has none."""

    app_id: str | None = None
    catalog_item_id: str | None = None


class ItemType(Body):
    """``PHYSICAL``, ``DIGITAL``, ``GIFT_CARD`` or ``SERVICE``; nothing where it is a custom one."""

    preset: str | None = None


class LineItem(Body):
    """A product, how many of it, and what they cost together.

    Wix's docs say of ``totalPriceBeforeTax`` that it is after all discounts, of
    ``lineItemPrice`` that it is before those of coupons, and of ``totalDiscount`` that it is
    for the whole quantity; ``price`` is that of one piece. A decimal quantity shows as 1.
    """

    product_name: ProductName | None = None
    catalog_reference: CatalogReference | None = None
    quantity: Annotated[int, Field(ge=0, lt=2**31)] = 1
    refund_quantity: Annotated[int | None, Field(ge=0, lt=2**31)] = None
    price: Price | None = None
    line_item_price: Price | None = None
    total_discount: Price | None = None
    total_price_before_tax: Price | None = None
    total_price_after_tax: Price | None = None
    item_type: ItemType | None = None
    #: There where the line is a cycle of a subscription.
    subscription_info: Annotated[dict[str, Any] | None, BeforeValidator(_objects_only)] = None
