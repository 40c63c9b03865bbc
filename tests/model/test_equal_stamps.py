"""Many orders with one stamp: more than a slice can read, and no cursor need last."""

from __future__ import annotations

from datetime import datetime, timedelta
from itertools import count

import pytest
from databases import Clock
from live_site import LiveOrders, LiveSource
from model_laws import CADENCE, rules_for
from model_run import patience
from sqlalchemy import func, select

from badgejobs.core.activity import Activity, Mark
from badgejobs.core.source import Track
from badgejobs.flow.scan import scan
from badgejobs.store import SqlStore
from badgejobs.store.tables import activity

ORDERS = 5_000
PAGE = 100
PAGES_A_SLICE = 10
#: Between two slices a minute passes.
LESS_THAN_A_SLICE = timedelta(seconds=30)


class Quiet:
    """A wire on which nothing goes wrong."""

    def before(self, call: str, *, has_cursor: bool) -> None: ...

    def after(self, call: str, names: object = ()) -> None: ...

    def repeats(self) -> int:
        return 0


def order(number: int, stamp: datetime) -> Activity:
    return Activity(
        site="shop",
        source="orders",
        activity_id=f"o{number:05}",
        member_id=f"member-{number}",
        occurred_at=stamp,
        updated_at=stamp,
        revision=1,
        marks=frozenset({Mark.APPROVED, Mark.PAID}),
        amounts={"items": 100, "total": 100},
        currency="GBP",
    )


def read_slices(source: LiveSource, store: SqlStore, clock: Clock, track: Track) -> int:
    """Slices of a track, with a minute between them, until it is read; the pages it took."""
    pages = 0
    for _ in range(60):
        turns = count(1)
        done = scan(
            "shop",
            source,
            None,
            lambda: rules_for("orders"),
            store,
            track=track,
            cadence=CADENCE,
            patience=patience,
            time_is_up=lambda turns=turns: next(turns) >= PAGES_A_SLICE,  # type: ignore[misc] # one a slice
        )
        pages += done.pages
        if not done.more:
            return pages
        clock.advance(minutes=1)
    raise AssertionError("it never comes to an end")


def stored(store: SqlStore) -> int:
    with store.begin() as tx:
        rows = select(func.count()).select_from(activity).where(activity.c.site == "shop")
        return tx._connection.scalar(rows) or 0


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
@pytest.mark.parametrize(
    ("track", "cursor_life"),
    [
        pytest.param(Track.FULL, None, marks=pytest.mark.slow),
        pytest.param(Track.FULL, LESS_THAN_A_SLICE, marks=pytest.mark.slow),
        pytest.param(Track.LIVE, None, marks=pytest.mark.slow),
        (Track.LIVE, LESS_THAN_A_SLICE),
    ],
)
def test_more_orders_of_one_stamp_than_a_slice_reads_are_all_read(
    store: SqlStore, clock: Clock, track: Track, cursor_life: timedelta | None
) -> None:
    source = LiveOrders(Quiet(), clock, page_size=PAGE, cursor_life=cursor_life)
    if track is Track.LIVE:
        source.write(order(99_999, clock()))
        read_slices(source, store, clock, Track.FULL)
        clock.advance(hours=1)
    stamp = clock()
    for number in range(ORDERS):
        source.write(order(number, stamp))
    clock.advance(seconds=1)
    source.write(order(90_000, clock()))
    clock.advance(hours=1)

    pages = read_slices(source, store, clock, track)

    assert stored(store) == len(source.records)
    assert pages <= 2 * ORDERS // PAGE
