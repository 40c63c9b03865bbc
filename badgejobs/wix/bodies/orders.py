"""Orders and what was paid back (Wix docs, eCommerce: Orders, Order Transactions)."""

from __future__ import annotations

from decimal import Decimal, InvalidOperation
from typing import Annotated, ClassVar, Literal

from pydantic import BeforeValidator, Field, StringConstraints

from badgejobs.wix.bodies.fields import (
    Body,
    MaybeContact,
    MaybeEmail,
    MaybeGuid,
    Record,
    RecordId,
    Stamp,
)
from badgejobs.wix.bodies.order_lines import LineItem, Price

#: The activity that says: "Order payment was completed and confirmed" (SDK ``ActivityType``).
_PAID = "ORDER_PAID"


def _only_paid(value: object) -> object:
    """Of what happened to an order, that it was paid; everything else is no matter of ours."""
    if not isinstance(value, list):
        return []
    return [one for one in value if isinstance(one, dict) and one.get("type") == _PAID]


def _believable_rate(value: object) -> Decimal | None:
    """A rate that makes no sense is not told: its order is not counted in another currency."""
    try:
        rate = Decimal(value) if isinstance(value, str) else None
    except InvalidOperation:
        return None
    return rate if rate is not None and rate.is_finite() and rate > 0 else None


class PriceSummary(Body):
    """What an order costs."""

    subtotal: Price
    discount: Price | None = None
    shipping: Price | None = None
    tax: Price | None = None
    total_additional_fees: Price | None = None
    total: Price


class BalanceSummary(Body):
    """What was paid back: by the shop, or by the payer's bank (SDK ``BalanceSummary``)."""

    refunded: Price | None = None
    #: The sums of all that banks took back, and of what they brought again.
    chargeback: Price | None = None
    chargeback_reversal: Price | None = None


class ChannelInfo(Body):
    """Where an order was placed."""

    type: str | None = None


class CurrencyConversionDetails(Body):
    """The prices' own currency, and how much of the order's one unit of it was worth.

    The rate stands only where a single one made every amount (SDK
    ``CurrencyConversionDetails``).
    """

    original_currency: str | None = None
    conversion_rate: Annotated[Decimal | None, BeforeValidator(_believable_rate)] = None


class Happening(Body):
    """That something happened to an order, and when."""

    created_date: Stamp | None = None


class BuyerInfo(Body):
    """Who bought; guests have no member id, and a contact all the same (SDK ``BuyerInfo``)."""

    member_id: MaybeGuid = None
    contact_id: Annotated[MaybeContact, Field(repr=False)] = None
    email: Annotated[MaybeEmail, Field(repr=False)] = None


class Order(Record):
    """An eCommerce order (Wix docs, Orders: Order Object).

    Its status and payment status decide about badges, so a value that Wix added since makes
    the order unreadable; one of ``fulfillmentStatus`` only means that it is not fulfilled.
    """

    many: ClassVar[str] = "orders"
    alone: ClassVar[str] = "order"

    id: RecordId
    created_date: Stamp
    updated_date: Stamp
    purchased_date: Stamp | None = None
    status: Literal["INITIALIZED", "APPROVED", "CANCELED", "PENDING", "REJECTED"]
    payment_status: Literal[
        "UNSPECIFIED",
        "NOT_PAID",
        "PAID",
        "PARTIALLY_REFUNDED",
        "FULLY_REFUNDED",
        "PENDING",
        "PARTIALLY_PAID",
        "PENDING_MERCHANT",
        "CANCELED",
        "DECLINED",
    ]
    fulfillment_status: str | None = None
    currency: Annotated[str, StringConstraints(pattern=r"^[A-Z]{3}$")]
    imported: bool | None = None
    demo: bool | None = None
    buyer_info: BuyerInfo | None = None
    channel_info: ChannelInfo | None = None
    currency_conversion_details: CurrencyConversionDetails | None = None
    #: Whether ``priceSummary.subtotal`` and the prices of lines hold the tax.
    tax_included_in_prices: bool | None = None
    line_items: list[LineItem] | None = None
    #: When it was paid, and paid again after a change; only those of ``activities``.
    payments_confirmed: Annotated[
        list[Happening], BeforeValidator(_only_paid), Field(validation_alias="activities")
    ] = Field(default_factory=list)
    price_summary: PriceSummary
    balance_summary: BalanceSummary | None = None


class PaymentDetails(Body):
    """The status where it stood before; to be removed on 2026-11-01 (SDK ``Payment``)."""

    status: str | None = None
    voided: bool | None = None


class Payment(Body):
    """Money that came in for an order, or was to come in.

    ``createdDate`` is that of the payment's beginning: one that was pending came in later.
    """

    id: MaybeGuid = None
    amount: Price | None = None
    created_date: Stamp | None = None
    status: str | None = None
    regular_payment_details: PaymentDetails | None = None
    giftcard_payment_details: PaymentDetails | None = None
    membership_payment_details: PaymentDetails | None = None


class RefundTransaction(Body):
    """One movement of a refund; only ``SUCCEEDED`` means that the money is back."""

    payment_id: MaybeGuid = None
    amount: Price
    refund_status: Literal["PENDING", "SUCCEEDED", "FAILED", "SCHEDULED", "STARTED"]


class Refund(Body):
    """A refund, which may take several movements."""

    id: RecordId
    created_date: Stamp | None = None
    transactions: list[RefundTransaction] = Field(default_factory=list)


class OrderTransactions(Record):
    """All payments and refunds of one order.

    An unknown status of a refund makes the whole unreadable: whether the money is back would
    be a guess.
    """

    many: ClassVar[str] = "orderTransactions"
    alone: ClassVar[str] = "orderTransactions"
    named_by: ClassVar[str] = "orderId"

    order_id: RecordId
    payments: list[Payment] = Field(default_factory=list)
    refunds: list[Refund] = Field(default_factory=list)
