"""More orders of one stamp than a slice reads, through the real client, from a real server."""

from __future__ import annotations

from datetime import timedelta
from itertools import count

import pytest
from databases import Clock
from live_shop import LiveShop, guid, live_shop
from sqlalchemy import func, select
from wix_orders import order

from badgejobs.core.milestone import Ruleset
from badgejobs.core.site import Site
from badgejobs.core.source import Track
from badgejobs.flow.cadence import Cadence
from badgejobs.flow.scan import scan
from badgejobs.sources.orders import Orders
from badgejobs.store import SqlStore
from badgejobs.store.tables import activity

ORDERS = 5_000
PAGE = 100
PAGES_A_SLICE = 10
STAMP = "2026-03-01T11:00:00.000Z"


def slices_until_read(shop: LiveShop, store: SqlStore, *, cursors_last: bool) -> int:
    """Read slice by slice; the requests that it took."""
    for _ in range(ORDERS // PAGE):
        turns = count(1)
        done = scan(
            "shop",
            Orders(Site(name="shop")),
            shop.wix,
            lambda: Ruleset(version="v1", milestones=()),
            store,
            track=Track.FULL,
            cadence=Cadence(),
            patience=lambda *_: timedelta(seconds=1),
            time_is_up=lambda turns=turns: next(turns) >= PAGES_A_SLICE,  # type: ignore[misc] # one a slice
        )
        if not done.more:
            return shop.asked("/ecom/v1/orders/search")
        if not cursors_last:
            # a cursor is sealed by a key, and this one is new
            shop.world.cursors = type(shop.world.cursors)()
    raise AssertionError("it never comes to an end")


@pytest.mark.slow
@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
@pytest.mark.parametrize("cursors_last", [True, False])
def test_more_orders_of_one_stamp_than_a_slice_reads_come_through_the_client(
    store: SqlStore, clock: Clock, cursors_last: bool
) -> None:
    with live_shop() as shop:
        shop.put(
            "orders",
            *[
                order(
                    id=guid("a", number),
                    number=str(number),
                    createdDate=STAMP,
                    updatedDate=STAMP,
                    purchasedDate=STAMP,
                    buyerInfo={"memberId": guid("b", number)},
                )
                for number in range(ORDERS)
            ],
        )
        requests = slices_until_read(shop, store, cursors_last=cursors_last)

    with store.begin() as tx:
        stored = tx._connection.scalar(select(func.count()).select_from(activity))
    assert stored == ORDERS
    # a lost cursor costs one refused call, and the first slice once more
    again = 0 if cursors_last else 1 + PAGES_A_SLICE
    assert requests == ORDERS // PAGE + again
