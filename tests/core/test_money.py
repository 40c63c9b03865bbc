from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from badgejobs.core.money import LARGEST, digits, minor_units, shown

CURRENCIES = st.sampled_from(["GBP", "EUR", "USD", "JPY", "KRW", "KWD", "TND", "XXX"])
AMOUNTS = st.integers(min_value=-(10**14), max_value=10**14)


@given(amount=AMOUNTS, currency=CURRENCIES)
def test_what_is_shown_can_be_read_back(amount: int, currency: str) -> None:
    number, _, name = shown(amount, currency).partition(" ")

    assert name == currency
    assert minor_units(number, currency) == amount


@given(amount=AMOUNTS, currency=CURRENCIES, zeros=st.integers(0, 8))
def test_zeros_behind_the_amount_change_nothing(amount: int, currency: str, zeros: int) -> None:
    number, _, _ = shown(amount, currency).partition(" ")
    point = "" if "." in number or not zeros else "."

    assert minor_units(number + point + "0" * zeros, currency) == amount


@given(amount=AMOUNTS, currency=CURRENCIES, rest=st.integers(1, 9))
def test_a_digit_that_the_currency_lacks_is_refused_and_not_rounded(
    amount: int, currency: str, rest: int
) -> None:
    number, _, _ = shown(amount, currency).partition(" ")
    point = "" if "." in number else "."

    with pytest.raises(ValueError, match=currency):
        minor_units(f"{number}{point}{rest}", currency)


@pytest.mark.parametrize(
    "text", ["", " ", "abc", "12,50", "NaN", "sNaN", "Infinity", "-Infinity", "1e400", "1 2", "£3"]
)
def test_what_is_no_amount_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="amount"):
        minor_units(text, "EUR")


@pytest.mark.parametrize("text", [str(LARGEST), f"-{LARGEST}", "1e15", "9" * 40])
def test_an_amount_beyond_all_reason_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="not an amount of money"):
        minor_units(text, "EUR")


@given(text=st.text(max_size=20))
def test_any_text_is_read_or_refused_in_one_way(text: str) -> None:
    try:
        minor_units(text, "EUR")
    except ValueError as error:
        reason = str(error)
    else:
        return

    assert reason in {
        "not a decimal amount",
        "not an amount of money",
        "more decimal places than EUR has",
    }


def test_the_largest_amount_fits_a_column_of_64_bits_in_any_currency() -> None:
    assert (LARGEST - 1) * 10 ** max(digits(c) for c in ("JPY", "EUR", "KWD")) < 2**63


@given(parts=st.lists(st.integers(1, 10**9), min_size=1, max_size=50))
def test_a_sum_of_amounts_is_exact(parts: list[int]) -> None:
    read = [minor_units(shown(part, "EUR").removesuffix(" EUR"), "EUR") for part in parts]

    assert sum(read) == sum(parts)
