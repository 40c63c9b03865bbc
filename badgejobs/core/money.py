"""Money in integer minor units; no float ever touches an amount."""

from __future__ import annotations

from decimal import ROUND_FLOOR, Decimal, InvalidOperation

#: ISO 4217 currencies whose minor unit is not a hundredth: digits behind the point.
_DIGITS = {
    "BIF": 0, "CLP": 0, "DJF": 0, "GNF": 0, "ISK": 0, "JPY": 0, "KMF": 0, "KRW": 0, "PYG": 0,
    "RWF": 0, "UGX": 0, "UYI": 0, "VND": 0, "VUV": 0, "XAF": 0, "XOF": 0, "XPF": 0,
    "BHD": 3, "IQD": 3, "JOD": 3, "KWD": 3, "LYD": 3, "OMR": 3, "TND": 3,
}  # fmt: skip

#: Larger than any real amount, and small enough for a 64 bit column.
LARGEST = 10**15


def minor_units(text: str, currency: str) -> int:
    """An amount such as ``"12.50"`` in minor units of its currency.

    >>> minor_units("12.50", "EUR"), minor_units("1200", "JPY"), minor_units("-3", "USD")
    (1250, 1200, -300)

    More digits than the currency has are refused and not rounded, unless they are zeros:

    >>> minor_units("1.500", "EUR")
    150
    >>> minor_units("1.505", "EUR")
    Traceback (most recent call last):
    ...
    ValueError: more decimal places than EUR has
    """
    scaled = _scaled(text, currency)
    whole = int(scaled)
    if scaled != whole:
        raise ValueError(f"more decimal places than {currency} has")
    return whole


def whole_minor_units(text: str, currency: str, *, times: int = 1) -> int:
    """The same for a part of a price, which may be finer than any coin: rounded down.

    >>> whole_minor_units("19.999", "EUR"), whole_minor_units("0.335", "EUR", times=2)
    (1999, 67)
    """
    return int((_scaled(text, currency) * times).to_integral_value(rounding=ROUND_FLOOR))


def _scaled(text: str, currency: str) -> Decimal:
    try:
        amount = Decimal(text)
    except InvalidOperation:
        raise ValueError("not a decimal amount") from None
    if not amount.is_finite() or abs(amount) >= LARGEST:
        raise ValueError("not an amount of money")
    return amount.scaleb(digits(currency))


def digits(currency: str) -> int:
    """How many digits stand behind the point in this currency."""
    return _DIGITS.get(currency, 2)


def shown(amount: int, currency: str) -> str:
    """Minor units as people write them.

    >>> shown(100000, "GBP"), shown(-5, "EUR"), shown(300, "JPY")
    ('1000.00 GBP', '-0.05 EUR', '300 JPY')
    """
    places = digits(currency)
    return f"{Decimal(amount).scaleb(-places):.{places}f} {currency}"
