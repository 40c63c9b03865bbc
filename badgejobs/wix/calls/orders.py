"""Requests of eCommerce Orders and Order Transactions (Wix docs, eCommerce)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from badgejobs.wix import wire
from badgejobs.wix.calls.call import Call, among, paged


def search_orders(
    since: datetime | None, *, cursor: str | None = None, limit: int = wire.MOST_ITEMS
) -> Call:
    """A page of orders by ascending ``updatedDate``, from ``since`` on, equal ones included.

    Every status is named, since Wix otherwise leaves out pending and rejected orders.
    """
    wanted: dict[str, Any] = {"status": {"$in": list(wire.ORDER_STATUSES)}}
    if since is not None:
        wanted["updatedDate"] = {"$gte": _stamp(since)}
    query = {"filter": wanted, "sort": [{"fieldName": "updatedDate", "order": "ASC"}]}
    return Call(
        form=wire.ORDERS_SEARCH,
        body={"search": paged(query, cursor, limit)},
        scope=wire.SCOPE_READ_ORDERS,
        cursor_sent=cursor is not None,
    )


def orders_by_id(order_ids: Sequence[str]) -> Call:
    """Up to 100 orders by their ids, whatever their status; the filter takes ``$in`` of ids."""
    wanted = {"id": among(order_ids), "status": {"$in": list(wire.ORDER_STATUSES)}}
    return Call(
        form=wire.ORDERS_SEARCH,
        body={"search": paged({"filter": wanted}, None)},
        scope=wire.SCOPE_READ_ORDERS,
    )


def get_order(order_id: str) -> Call:
    """One order as it is now, of any status, also those that no search shows."""
    return Call(method="GET", form=wire.ORDER, id=order_id, scope=wire.SCOPE_READ_ORDERS)


def list_transactions(order_ids: Sequence[str]) -> Call:
    """Payments and refunds of up to 100 orders; not paged."""
    assert 1 <= len(order_ids) <= wire.MOST_ITEMS, "a list of 1 to 100 orders"
    return Call(
        form=wire.PAYMENTS_LIST,
        body={"orderIds": list(order_ids)},
        scope=wire.SCOPE_READ_ORDERS,
    )


def _stamp(moment: datetime) -> str:
    """A moment as Wix writes it; cut, never rounded up, so that ``>=`` misses nothing.

    >>> _stamp(datetime(2026, 2, 3, 8, 15, 0, 120999, tzinfo=UTC))
    '2026-02-03T08:15:00.120Z'
    """
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
