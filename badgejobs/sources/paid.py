"""When an order was paid in full."""

from __future__ import annotations

from datetime import datetime

from badgejobs.core.money import minor_units
from badgejobs.wix.bodies import Order, OrderTransactions, Payment

#: With these the money came in, whatever became of it later (SDK ``TransactionStatus``).
_CAME_IN = frozenset({"APPROVED", "REFUNDED", "PARTIALLY_REFUNDED"})


def paid_at(order: Order, transactions: OrderTransactions | None) -> datetime | None:
    """The moment at which the payments reached the order's total.

    ``None`` where it cannot be told: where there was nothing to pay, or the payments that came
    in do not add up to the total, or one of them does not say when or how much.

    A payment that was pending is as old as its beginning. So it is never before the order's own
    word that it was paid (its activity ``ORDER_PAID``), where it has one.
    """
    total = minor_units(order.price_summary.total.amount, order.currency)
    if transactions is None or total <= 0:
        return None
    came_in = list[tuple[datetime, int]]()
    for payment in transactions.payments:
        if _status(payment) not in _CAME_IN:
            continue
        if payment.created_date is None or payment.amount is None:
            return None
        came_in.append((payment.created_date, minor_units(payment.amount.amount, order.currency)))
    paid = 0
    for moment, amount in sorted(came_in):
        paid += amount
        if paid >= total:
            confirmed = [one.created_date for one in order.payments_confirmed if one.created_date]
            return max(moment, min(confirmed, default=moment))
    return None


def _status(payment: Payment) -> str | None:
    """Its status, from where it stands now or where it stood before."""
    if payment.status is not None:
        return payment.status
    if regular := payment.regular_payment_details:
        return regular.status
    if membership := payment.membership_payment_details:
        return None if membership.voided else membership.status
    if card := payment.giftcard_payment_details:
        return None if card.voided else "APPROVED"
    return None
