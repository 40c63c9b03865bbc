"""The lines of an order as text: compact JSON, and equal texts for equal lines."""

from __future__ import annotations

import json
from collections.abc import Iterable
from functools import lru_cache
from typing import Any

from badgejobs.core.activity import Item

#: Without the checks of ``json.loads`` for what only texts from outside can be.
_decoded = json.JSONDecoder().raw_decode

#: Each field with the value that is left out.
_DEFAULTS: dict[str, Any] = {
    "amount": 0,
    "catalog": "",
    "categories": [],
    "name": "",
    "quantity": 1,
    "refunded": 0,
}


def text_of_items(items: Iterable[Item]) -> str:
    """Lines as stored, in their order; no lines are an empty text.

    >>> text_of_items([Item(product="p1", quantity=2, amount=1900)])
    '[{"amount":1900,"product":"p1","quantity":2}]'
    """
    told = [_told(item) for item in items]
    return json.dumps(told, sort_keys=True, separators=(",", ":")) if told else ""


@lru_cache(maxsize=4096)
def items_of(text: str) -> tuple[Item, ...]:
    """Lines as stored, read back."""
    if not text:
        return ()
    return tuple(map(_read, _decoded(text)[0]))


def _told(item: Item) -> dict[str, Any]:
    fields = {
        "product": item.product,
        "name": item.name,
        "catalog": item.catalog,
        "categories": sorted(item.categories),
        "quantity": item.quantity,
        "refunded": item.refunded,
        "amount": item.amount,
    }
    return {name: value for name, value in fields.items() if _DEFAULTS.get(name) != value}


def _read(fields: dict[str, Any]) -> Item:
    if "categories" in fields:
        fields["categories"] = frozenset(fields["categories"])
    return Item(**fields)
