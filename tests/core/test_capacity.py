"""The arithmetic of a fleet: more of what costs is never less of what it costs."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from badgejobs.core.capacity import DAY, Fleet, plan
from badgejobs.core.unit_costs import MEASURED, cost

SHOP = Fleet(sites=10, orders_a_day=1_000)


def test_a_live_scan_each_minute_is_1440_calls_of_a_site_and_day() -> None:
    found = plan(SHOP)

    assert found.calls_a_day["live scans of orders"] == 1440 * cost("scan_calls")
    assert found.share_of_pace_percent == pytest.approx(100 * found.calls / 1440 / 180)
    assert found.share_of_pace_percent < 1


def test_more_orders_than_a_page_holds_within_the_overlap_take_more_pages() -> None:
    # 660 s of 100,000 orders a day are 764 orders, on eight pages
    busy = replace(SHOP, sites=1, orders_a_day=100_000)

    assert plan(busy).calls_a_day["live scans of orders"] == 8 * 1440 * cost("scan_calls")


def test_the_first_reading_of_a_large_site_waits_for_its_pace() -> None:
    large = replace(SHOP, sites=1, history_orders=1_000_000)

    # 10,000 pages at 126 a minute
    assert plan(large).first_reading_seconds == pytest.approx(60 * 10_000 / 126)


def test_the_first_reading_of_many_sites_waits_for_the_cores() -> None:
    many = plan(replace(SHOP, sites=10_000))

    work = 10_000 * SHOP.history_orders * cost("order_cpu_ms") / 1e3
    assert many.first_reading_seconds * (many.cores + 1) > work
    assert many.first_reading_seconds > 60 * 100 / 126


def test_an_order_waits_half_an_interval_and_half_a_tick_on_average() -> None:
    slow = plan(replace(SHOP, orders_every_seconds=600, tick_seconds=20))

    assert 310 < slow.latency_seconds < 312
    assert 620 < slow.latency_at_worst_seconds < 624


def test_without_comments_none_are_asked_for() -> None:
    assert not [name for name in plan(SHOP).calls_a_day if "comments" in name]
    with_them = plan(replace(SHOP, comments_a_day=100, history_comments=5_000))
    assert with_them.calls_a_day["looks at the number of comments"] == 1440
    assert with_them.calls_a_day["walks over all comments"] == 4 * 50


def test_each_budget_that_is_exceeded_is_told_with_its_cure() -> None:
    assert plan(SHOP).warnings == ()
    too_often = plan(replace(SHOP, orders_every_seconds=1, requests_a_minute=60))
    assert "orders_every_seconds" in too_often.warnings[0].cure
    on_sqlite = plan(replace(SHOP, sites=1_000, is_sqlite=True))
    assert "PostgreSQL" in on_sqlite.warnings[0].cure
    whats = " / ".join(
        one.what for one in plan(replace(SHOP, sites=200_000, orders_a_day=20_000_000)).warnings
    )
    for word in ("connections", "broker holds", "jobs a second", "database grows"):
        assert word in whats


def test_workers_have_room_for_the_jobs_of_all_lanes_at_once() -> None:
    found = plan(replace(SHOP, sites=10_000))

    assert set(found.slots_by_lane) == {"assign", "scan", "walk"}
    assert found.workers * 4 >= sum(found.slots_by_lane.values())
    assert found.workers >= found.cores
    assert found.connections > found.workers * 4


@given(
    sites=st.integers(1, 20_000),
    orders=st.floats(0, 1e6),
    comments=st.floats(0, 1e6),
    every=st.integers(5, 3600),
)
def test_twice_the_sites_with_twice_the_traffic_never_need_less(
    sites: int, orders: float, comments: float, every: int
) -> None:
    fleet = Fleet(
        sites=sites, orders_a_day=orders, comments_a_day=comments, orders_every_seconds=every
    )
    one = plan(fleet)
    two = plan(
        replace(fleet, sites=2 * sites, orders_a_day=2 * orders, comments_a_day=2 * comments)
    )

    assert two.calls == pytest.approx(one.calls)
    assert two.cores == pytest.approx(2 * one.cores)
    assert two.workers >= one.workers
    assert two.database_bytes_after_a_year == pytest.approx(2 * one.database_bytes_after_a_year)
    assert two.broker_bytes > one.broker_bytes


def test_every_unit_cost_is_a_positive_number_that_says_how_it_is_known() -> None:
    for one in MEASURED.values():
        assert one.value > 0
        assert one.by
    assert DAY == 86_400
