"""The money of an order in minor units: of its lines, and as a whole."""

from __future__ import annotations

from collections.abc import Sequence

from badgejobs.core.money import minor_units, whole_minor_units
from badgejobs.wix.bodies import LineItem, Order, Price


def line_amount(line: LineItem, currency: str) -> int:
    """What a line costs after all discounts, without tax and shipping.

    That is ``totalPriceBeforeTax``. An order from elsewhere may lack it: then it is the price of
    all pieces less their discount, and where prices include tax (``taxIncludedInPrices``), so
    does this. A part of a cent does not count.
    """
    if line.total_price_before_tax:
        return whole_minor_units(line.total_price_before_tax.amount, currency)
    if line.line_item_price:
        gross = whole_minor_units(line.line_item_price.amount, currency)
    elif line.price:
        gross = whole_minor_units(line.price.amount, currency, times=line.quantity)
    else:
        return 0
    discount = line.total_discount
    return max(0, gross - (whole_minor_units(discount.amount, currency) if discount else 0))


def amounts(order: Order) -> dict[str, int]:
    """``items``, ``total`` and ``refunded``, without the gift cards that were bought.

    ``items`` is what the lines cost after discounts, without tax and shipping. Where tax is
    added to prices it is the subtotal less the discount. Where prices include it, the subtotal
    does too: a mug of 12.50 with 2.50 of tax in it, 5.00 of shipping with 1.00 in it, together
    17.50. Then it is the sum of the lines' ``totalPriceBeforeTax``, here 10.00; where a line
    lacks that, it is the total less tax, shipping and fees, which cannot be more: here 17.50 -
    3.50 - 5.00 = 9.00.

    A gift card is money kept and not spent: its line is worth nothing, and its price is in none
    of the three. Paying with one changes none of them.
    """
    currency, prices, balance = order.currency, order.price_summary, order.balance_summary

    def minor(price: Price | None) -> int:
        return minor_units(price.amount, currency) if price else 0

    lines = order.line_items or ()
    items = minor(prices.subtotal) - minor(prices.discount)
    if order.tax_included_in_prices:
        if lines and all(line.total_price_before_tax for line in lines):
            items = sum(line_amount(line, currency) for line in lines)
        else:
            extras = (prices.tax, prices.shipping, prices.total_additional_fees)
            items = min(items, minor(prices.total) - sum(map(minor, extras)))
    kept, paid, back = _gift_cards(lines, currency)
    refunded = minor(balance.refunded) if balance else 0
    return {
        "items": max(0, items - kept),
        "total": max(0, minor(prices.total) - paid),
        "refunded": max(0, refunded - back),
    }


def is_gift_card(line: LineItem) -> bool:
    """Whether a line is a gift card that was bought."""
    return line.item_type is not None and line.item_type.preset == "GIFT_CARD"


def is_charged_back(order: Order) -> bool:
    """Whether the payer's bank took back more than it brought again."""
    balance = order.balance_summary
    if balance is None or balance.chargeback is None:
        return False
    taken, again = balance.chargeback, balance.chargeback_reversal
    left = minor_units(taken.amount, order.currency)
    return left > (minor_units(again.amount, order.currency) if again else 0)


def is_trial(order: Order) -> bool:
    """Whether it is a cycle of a subscription for which nothing is to be paid."""
    is_subscription = any(line.subscription_info for line in order.line_items or ())
    return is_subscription and minor_units(order.price_summary.total.amount, order.currency) <= 0


def _gift_cards(lines: Sequence[LineItem], currency: str) -> tuple[int, int, int]:
    """What they cost without tax and with it, and how much of that went back."""
    kept = paid = back = 0
    for line in filter(is_gift_card, lines):
        net = line_amount(line, currency)
        told = line.total_price_after_tax
        gross = whole_minor_units(told.amount, currency) if told else net
        kept, paid = kept + net, paid + gross
        if line.quantity:
            back += gross * min(line.refund_quantity or 0, line.quantity) // line.quantity
    return kept, paid, back
