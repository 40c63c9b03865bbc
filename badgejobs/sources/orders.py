"""Orders of Wix eCommerce as activities, read by last change."""

from __future__ import annotations

from types import MappingProxyType
from typing import Literal

from badgejobs.core.activity import Activity, Mark, Unreadable
from badgejobs.core.money import minor_units
from badgejobs.core.site import Site
from badgejobs.core.source import Page, Scope, Window
from badgejobs.wix.bodies import Order, Price
from badgejobs.wix.client import WixClient

#: A refund does not undo that an order was paid: whether a refunded one counts is the policy's
#: question. A status without marks is one that no policy counts.
_MARKS_OF_STATUS = {
    "INITIALIZED": {Mark.PENDING},
    "APPROVED": {Mark.APPROVED},
    "CANCELED": {Mark.CANCELLED},
    "PENDING": {Mark.PENDING},
    "REJECTED": {Mark.REJECTED},
}
_MARKS_OF_PAYMENT = {
    "PAID": {Mark.PAID},
    "PARTIALLY_REFUNDED": {Mark.PAID, Mark.PARTLY_REFUNDED},
    "FULLY_REFUNDED": {Mark.PAID, Mark.REFUNDED},
}


class Orders:
    """The orders of one site; ``updatedDate`` ascending, so that nothing can slip by."""

    name = "orders"
    mode: Literal["window", "walk"] = "window"

    def __init__(self, site: Site, wix: WixClient) -> None:
        self._site = site
        self._wix = wix

    def fetch(self, scope: Scope, cursor: str | None) -> Page:
        """One page of up to 100 orders of every status, from the window's beginning on."""
        assert isinstance(scope, Window), "orders are read by windows"
        found = self._wix.search_orders(scope.since, cursor)
        activities: list[Activity] = []
        unreadable = [
            Unreadable(source=self.name, activity_id=bad.id, reason=bad.reason) for bad in found.bad
        ]
        for order in found.records:
            try:
                activities.append(self._activity(order))
            except ValueError as error:
                reason = f"priceSummary or balanceSummary: {error}"
                unreadable.append(Unreadable(source=self.name, activity_id=order.id, reason=reason))
        return Page(
            activities=tuple(activities),
            unreadable=tuple(unreadable),
            next_cursor=found.next_cursor,
            answered_at=found.answered_at,
        )

    def _activity(self, order: Order) -> Activity:
        return Activity(
            site=self._site.name,
            source=self.name,
            activity_id=order.id,
            member_id=order.buyer_info.member_id if order.buyer_info else None,
            occurred_at=order.purchased_date or order.created_date,
            updated_at=order.updated_date,
            marks=_marks(order),
            amounts=MappingProxyType(_amounts(order)),
            currency=order.currency,
        )


def _marks(order: Order) -> frozenset[Mark]:
    """What is true of the order now."""
    marks = _MARKS_OF_STATUS[order.status] | _MARKS_OF_PAYMENT.get(order.payment_status, set())
    if order.fulfillment_status == "FULFILLED":
        marks |= {Mark.FULFILLED}
    if order.imported:
        marks |= {Mark.IMPORTED}
    if order.demo:
        marks |= {Mark.DEMO}
    return frozenset(marks)


def _amounts(order: Order) -> dict[str, int]:
    """Its money in minor units; ``items`` is the lines after discounts."""

    def minor(price: Price | None) -> int:
        return minor_units(price.amount, order.currency) if price else 0

    prices = order.price_summary
    balance = order.balance_summary
    return {
        "items": minor(prices.subtotal) - minor(prices.discount),
        "total": minor(prices.total),
        "refunded": minor(balance.refunded) if balance else 0,
    }
