from __future__ import annotations

from collections.abc import Collection
from decimal import Decimal
from typing import Any

import httpx
import pytest
from wix_orders import MUG, SINCE, STORES, fetched, line, order, orders_of, read

from badgejobs.core.activity import Item, Mark, label
from badgejobs.core.milestone import Wants

SPOON = "6f1e2d3c-4b5a-4968-8776-655443326602"
GIFT_CARD_APP = "d80111c5-a0f4-47a8-b63a-65b54d774a27"


def test_a_line_is_read_with_its_product_and_the_label_of_its_name_alone() -> None:
    one = read(lineItems=[line(refundQuantity=1)], channelInfo={"type": "POS"})
    mug = Item(product=MUG, name=label("mug"), catalog=STORES, quantity=2, refunded=1, amount=1900)
    assert one.items == (mug,)
    assert one.channel == "POS"


def test_what_an_order_lacks_is_as_by_default() -> None:
    one = read()
    assert (one.items, one.channel, one.base_currency, one.rate) == ((), "", None, None)
    assert read(lineItems=None, channelInfo=None, currencyConversionDetails=None) == one
    by_hand = {"quantity": None, "productName": None, "catalogReference": None, "itemType": None}
    del by_hand["quantity"]
    one = read(lineItems=[{"id": "1", **by_hand}])
    assert one.items == (Item(product="", quantity=1, amount=0),)


@pytest.mark.parametrize(
    ("prices", "amount"),
    [
        ({"totalPriceBeforeTax": {"amount": "17.00"}, "lineItemPrice": {"amount": "19"}}, 1700),
        ({"lineItemPrice": {"amount": "19.00"}, "totalDiscount": {"amount": "2.00"}}, 1700),
        ({"totalDiscount": {"amount": "2.00"}}, 1700),
        ({"totalDiscount": {"amount": "99.00"}}, 0),
        ({"totalPriceBeforeTax": {"amount": "16.9999"}}, 1699),
        ({"price": {"amount": "0.335"}}, 67),
    ],
)
def test_a_line_costs_what_all_its_pieces_cost_after_discounts_without_tax(
    prices: dict[str, Any], amount: int
) -> None:
    [item] = read(lineItems=[line(**prices)]).items
    assert item.amount == amount


def test_lines_add_up_to_the_order_where_wixs_numbers_do() -> None:
    lines = [
        line(totalPriceBeforeTax={"amount": "15.50"}, totalDiscount={"amount": "1.50"}),
        line(quantity=1, price={"amount": "2.00"}),
    ]
    one = read(lineItems=lines)
    assert sum(item.amount for item in one.items) == one.amounts["items"] == 1750


TAXED = {
    "subtotal": {"amount": "12.50"},
    "shipping": {"amount": "5.00"},
    "tax": {"amount": "3.50"},
    "total": {"amount": "17.50"},
}


def test_tax_that_prices_include_is_no_part_of_what_was_spent() -> None:
    mug = line(quantity=1, price={"amount": "12.50"}, totalPriceBeforeTax={"amount": "10.00"})
    one = read(taxIncludedInPrices=True, priceSummary=TAXED, lineItems=[mug])
    assert (one.amounts["items"], one.amounts["total"]) == (1000, 1750)
    assert one.items[0].amount == 1000


def test_where_no_line_tells_its_tax_the_lower_reading_of_the_order_counts() -> None:
    mug = line(quantity=1, price={"amount": "12.50"})
    one = read(taxIncludedInPrices=True, priceSummary=TAXED, lineItems=[mug])
    assert one.amounts["items"] == 900
    without_tax = TAXED | {"subtotal": {"amount": "8.00"}}
    assert read(taxIncludedInPrices=True, priceSummary=without_tax).amounts["items"] == 800


def test_tax_that_is_added_to_prices_changes_nothing() -> None:
    added = TAXED | {"total": {"amount": "21.00"}}
    assert read(taxIncludedInPrices=False, priceSummary=added).amounts["items"] == 1250


def test_buying_a_gift_card_is_no_spending() -> None:
    card = line(
        quantity=2,
        price={"amount": "20.00"},
        refundQuantity=1,
        catalogReference={"catalogItemId": SPOON, "appId": GIFT_CARD_APP},
        productName={"original": "Gift Card"},
        itemType={"preset": "GIFT_CARD"},
    )
    prices = {
        "subtotal": {"amount": "59.00"},
        "shipping": {"amount": "4.00"},
        "total": {"amount": "63.00"},
    }
    refunded = {"refunded": {"amount": "29.50"}}
    one = read(lineItems=[line(), card], priceSummary=prices, balanceSummary=refunded)
    assert dict(one.amounts) == {"items": 1900, "total": 2300, "refunded": 950}
    assert [item.amount for item in one.items] == [1900, 0]
    assert one.items[1].name == label("gift card")


@pytest.mark.parametrize(
    ("balance", "is_charged_back"),
    [
        ({"chargeback": {"amount": "0.00"}}, False),
        ({"chargeback": {"amount": "21.50"}}, True),
        ({"chargeback": {"amount": "21.50"}, "chargebackReversal": {"amount": "0"}}, True),
        ({"chargeback": {"amount": "21.50"}, "chargebackReversal": {"amount": "21.50"}}, False),
        ({"chargeback": {"amount": "21.50"}, "chargebackReversal": {"amount": "20.00"}}, True),
    ],
)
def test_a_chargeback_counts_until_the_bank_brings_all_of_it_again(
    balance: dict[str, Any], is_charged_back: bool
) -> None:
    assert (Mark.CHARGED_BACK in read(balanceSummary=balance).marks) is is_charged_back


def test_a_cycle_of_a_subscription_without_a_price_is_a_trial() -> None:
    free = {"subtotal": {"amount": "0.00"}, "total": {"amount": "0.00"}}
    cycle = line(subscriptionInfo={"id": MUG, "cycleNumber": 1}, price={"amount": "0"})
    assert Mark.TRIAL in read(lineItems=[cycle], priceSummary=free).marks
    assert Mark.TRIAL not in read(lineItems=[cycle]).marks, "a paid cycle is an order"
    given_away = line(subscriptionInfo={})
    assert Mark.TRIAL not in read(lineItems=[given_away], priceSummary=free).marks


def test_the_rate_of_an_order_in_another_currency_stands_with_it() -> None:
    told = {"originalCurrency": "GBP", "conversionRate": "1.1750"}
    one = read(currencyConversionDetails=told)
    assert (one.currency, one.base_currency, one.rate) == ("EUR", "GBP", Decimal("1.1750"))


@pytest.mark.parametrize("rate", ["0", "-1", "NaN", "Infinity", "much", 1.5, None])
def test_a_rate_that_makes_no_sense_is_not_told(rate: object) -> None:
    one = read(currencyConversionDetails={"originalCurrency": "GBP", "conversionRate": rate})
    assert (one.base_currency, one.rate) == ("GBP", None)


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"quantity": "2"}, "lineItems.0.quantity"),
        ({"quantity": -1}, "lineItems.0.quantity"),
        ({"refundQuantity": 1.5}, "lineItems.0.refundQuantity"),
        ({"productName": {"original": ["Gift Card"]}}, "lineItems.0.productName.original"),
        ({"catalogReference": {"appId": 7}}, "lineItems.0.catalogReference.appId"),
        ({"price": {"amount": 9.5}}, "lineItems.0.price.amount"),
        ({"itemType": "GIFT_CARD"}, "lineItems.0.itemType"),
    ],
)
def test_a_line_whose_product_number_or_price_is_not_understood_is_never_guessed(
    fields: dict[str, Any], field: str
) -> None:
    page = fetched(order(lineItems=[line(**fields)]), order(id="other"))
    assert [one.activity_id for one in page.activities] == ["other"]
    [bad] = page.unreadable
    assert bad.reason.startswith(field)
    assert "Gift" not in bad.reason


@pytest.mark.parametrize(
    "fields",
    [
        {"subscriptionInfo": "monthly"},
        {"descriptionLines": "none"},
        {"itemType": {"preset": "HOLOGRAM"}},
        {"image": 7},
    ],
)
def test_what_decides_nothing_spoils_no_line(fields: dict[str, Any]) -> None:
    assert read(lineItems=[line(**fields)]) == read(lineItems=[line()])


def test_categories_are_asked_for_once_a_page_and_only_where_rules_want_them() -> None:
    asked: list[list[str]] = []

    def categories(products: Collection[str]) -> dict[str, frozenset[str]]:
        asked.append(list(products))
        return {MUG: frozenset({"kitchen", "c-1"})}

    spoon = line(catalogReference={"catalogItemId": SPOON, "appId": STORES})
    orders = [order(lineItems=[line(), spoon]), order(id="o2", lineItems=[line()])]

    def answer(_: httpx.Request) -> httpx.Response:
        return httpx.Response(200, json={"orders": orders, "metadata": {"hasNext": False}})

    with orders_of(answer, categories=categories) as source:
        assert source.fetch(SINCE, None).activities[0].items[0].categories == frozenset()
    assert asked == []
    with orders_of(answer, wants=Wants(categories=True), categories=categories) as source:
        one, two = source.fetch(SINCE, None).activities
    assert asked == [[MUG, SPOON]]
    assert [item.categories for item in one.items] == [{"kitchen", "c-1"}, frozenset()]
    assert two.items[0].categories == {"kitchen", "c-1"}
