"""Orders: search and get."""

from __future__ import annotations

from typing import Final

from badgejobs.sandbox import pages, refusals
from badgejobs.sandbox.endpoint import Answer, Call, Endpoint
from badgejobs.sandbox.query import Filter
from badgejobs.wix import wire

#: Never found by a search, only by id.
_NEVER = frozenset({"INITIALIZED"})
#: Not found either unless the filter names the status.
_UNLESS_NAMED = _NEVER | {"PENDING", "REJECTED"}


def _visible(found: Filter) -> pages.Predicate:
    hidden = _NEVER if "status" in found.named else _UNLESS_NAMED
    return lambda values: values["status"] not in hidden


def search(call: Call) -> Answer:
    """A page of orders; the paging information stands under ``metadata``."""
    listing = pages.Listing(
        name="orders", collection=call.site.orders, wrapper="search", condition=_visible
    )
    page = pages.read(call, listing)
    return pages.encoded("orders", page.records, {"metadata": page.metadata()})


def get(call: Call) -> Answer:
    """One order as it is now, whatever its status."""
    order_id = call.path["id"]
    record = call.site.orders.current.get(order_id)
    if record is None:
        raise refusals.not_found("ORDER_NOT_FOUND", f"order {order_id}")
    return b'{"order":%b}' % record.encoded


ENDPOINTS: Final = (
    Endpoint("POST", wire.ORDERS_SEARCH, wire.SCOPE_READ_ORDERS, search),
    Endpoint("GET", wire.ORDER, wire.SCOPE_READ_ORDERS, get),
)
