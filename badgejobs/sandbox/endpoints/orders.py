"""Orders: search and get."""

from __future__ import annotations

from typing import Final

from badgejobs.sandbox import refusals, validation
from badgejobs.sandbox.endpoints import pages
from badgejobs.sandbox.endpoints.endpoint import Answer, Call, Endpoint
from badgejobs.sandbox.records.query import Filter
from badgejobs.wix import wire

#: Never found by a search, only by id.
_NEVER = frozenset({"INITIALIZED"})
#: Not found either unless the filter names the status.
_UNLESS_NAMED = _NEVER | {"PENDING", "REJECTED"}
_LONGEST_ID = 100


def _visible(found: Filter) -> pages.Predicate:
    hidden = _NEVER if "status" in found.named else _UNLESS_NAMED
    return lambda values: values["status"] not in hidden


def _ever_visible(_: Filter) -> pages.Predicate:
    return lambda values: values["status"] not in _NEVER


def order_id(given: object, field: str) -> str:
    """The id of an order, which is any text of 1 to 100 characters."""
    return validation.text(given, field, most=_LONGEST_ID)


def search(call: Call) -> Answer:
    """A page of orders; the paging information stands under ``metadata``."""
    hides = call.switches.pending_orders == "hide"
    listing = pages.Listing(
        name="orders",
        collection=call.site.orders,
        wrapper="search",
        condition=_visible if hides else _ever_visible,
    )
    page = pages.read(call, listing)
    return pages.encoded("orders", page.records, {"metadata": page.metadata()})


def get(call: Call) -> Answer:
    """One order as it is now, whatever its status."""
    wanted = order_id(call.path["id"], "id")
    record = call.site.orders.current.get(wanted)
    if record is None:
        raise refusals.not_found("ORDER_NOT_FOUND", f"order {wanted}")
    return b'{"order":%b}' % record.encoded


ENDPOINTS: Final = (
    Endpoint("POST", wire.ORDERS_SEARCH, wire.SCOPE_READ_ORDERS, search),
    Endpoint("GET", wire.ORDER, wire.SCOPE_READ_ORDERS, get),
)
