"""Orders and what was paid back (Wix docs, eCommerce: Orders, Order Transactions)."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from pydantic import Field, StringConstraints

from badgejobs.wix.bodies.fields import Amount, Body, MaybeGuid, Record, RecordId, Stamp


class Price(Body):
    """An amount of money; the currency stands with the order."""

    amount: Amount


class PriceSummary(Body):
    """What an order costs."""

    subtotal: Price
    discount: Price | None = None
    total: Price


class BalanceSummary(Body):
    """What was paid back."""

    refunded: Price | None = None


class BuyerInfo(Body):
    """Who bought; guests have no member id."""

    member_id: MaybeGuid = None


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
    price_summary: PriceSummary
    balance_summary: BalanceSummary | None = None


class Payment(Body):
    """Money that came in for an order."""

    id: MaybeGuid = None
    amount: Price | None = None
    created_date: Stamp | None = None


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
