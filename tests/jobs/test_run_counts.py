"""What runs count for metrics: calls, waits, outcomes, and how late badges were given."""

from __future__ import annotations

from typing import Any

import pytest
from jobs_stage import NORTH, LiveShops, OpenShop, do_round, read
from prometheus_client.openmetrics.parser import (
    text_string_to_metric_families as openmetrics_families,
)
from prometheus_client.parser import text_string_to_metric_families
from sqlalchemy import create_engine, text

from badgejobs.bootstrap import House
from badgejobs.bootstrap.figures import figures
from badgejobs.errors import BadgeJobsError
from badgejobs.jobs import work
from badgejobs.metrics import exposed
from badgejobs.sandbox.faults.kinds import FaultKind
from badgejobs.store.runs import SCHEDULE
from badgejobs.wix import wire

pytest_plugins = ["jobs_fixtures"]

OPENMETRICS = "application/openmetrics-text;version=1.0.0"
Told = dict[tuple[str, tuple[tuple[str, str], ...]], float]


def told(house: House) -> Told:
    """What Prometheus would read, in both of its forms."""
    found = figures(house.settings, house.store)
    plain = exposed(found, accept="")[0].decode()
    newer, content_type = exposed(found, accept=OPENMETRICS)
    assert content_type.startswith("application/openmetrics-text")

    def samples(families: Any) -> Told:
        return {
            (one.name, tuple(sorted(one.labels.items()))): one.value
            for family in families
            for one in family.samples
        }

    first = samples(text_string_to_metric_families(plain))
    them = openmetrics_families(newer.decode())  # type: ignore[no-untyped-call]
    assert samples(them) == first
    return first


def value(told: Told, name: str, **labels: str) -> float | None:
    return told.get((f"badgejobs_{name}", tuple(sorted(labels.items()))))


def test_a_round_is_told_in_numbers(open_shop: OpenShop, shops: LiveShops) -> None:
    house = open_shop()
    do_round(house)
    shops.buys(1, 3)
    read(house)
    work.run_assign(house, NORTH, by=SCHEDULE)

    found = told(house)

    calls = {
        labels: number for (name, labels), number in found.items() if name.endswith("calls_total")
    }
    assert sum(calls.values()) == len(
        [one for one in shops.world.journal.entries if "oauth2" not in one.path]
    )
    assert {dict(labels)["answer"] for labels in calls} == {"2xx"}
    assert {dict(labels)["lane"] for labels in calls} == {"assign", "scan", "walk"}
    assert value(found, "awards", state="assigned") == 2
    # bought an hour ago and paid now: they count from when they were earned
    assert value(found, "award_delivery_seconds_count") == 2
    assert value(found, "award_delivery_seconds_bucket", le="60") == 2
    assert value(found, "award_lag_seconds_count") == 2
    assert value(found, "runs_total", kind="assign", outcome="done") == 2
    assert value(found, "run_duration_seconds_count", kind="scan orders") == 2
    assert (value(found, "watermark_age_seconds", source="orders", share="1") or 99) < 60
    assert value(found, "sites", standing="served") == 1
    assert value(found, "database_up") == 1
    assert not any(NORTH in str(key) for key in found), "no site is named"


def test_what_goes_wrong_is_counted_by_answer_and_by_error(
    open_shop: OpenShop, shops: LiveShops
) -> None:
    house = open_shop()
    do_round(house)
    shops.fault(wire.ORDERS_SEARCH, kind=FaultKind.STATUS, status=503)
    assert work.run_scan(house, NORTH, "orders", by="cli").error
    shops.fault(wire.ORDERS_SEARCH, kind=FaultKind.STATUS, status=429, retry_after="30")
    assert work.run_scan(house, NORTH, "orders", by="cli").error

    found = told(house)

    assert value(found, "api_calls_total", lane="scan", answer="5xx") == 1
    assert value(found, "api_calls_total", lane="scan", answer="429") == 1
    assert value(found, "runs_failed_total", kind="scan orders", error="Ambiguous") == 1
    assert value(found, "runs_total", kind="scan orders", outcome="failed") == 1
    assert value(found, "runs_total", kind="scan orders", outcome="waits") == 1

    work.run_scan(house, NORTH, "orders", by="cli")  # the gate is shut for 30 s
    assert value(told(house), "throttle_refusals_total", lane="scan") == 1


def test_counts_that_could_not_be_written_are_written_later(
    open_shop: OpenShop, shops: LiveShops
) -> None:
    house = open_shop()
    do_round(house)
    before = value(told(house), "runs_total", kind="scan orders", outcome="done")
    engine = create_engine(house.settings.database)
    with engine.begin() as connection:
        connection.execute(text("ALTER TABLE tally RENAME TO tally_away"))
    with pytest.raises(BadgeJobsError):
        work.run_scan(house, NORTH, "orders", by=SCHEDULE)
    with engine.begin() as connection:
        connection.execute(text("ALTER TABLE tally_away RENAME TO tally"))
    engine.dispose()

    work.run_scan(house, NORTH, "orders", by=SCHEDULE)

    after = value(told(house), "runs_total", kind="scan orders", outcome="done")
    assert before is not None
    assert after == before + 2


def test_sites_are_named_only_where_that_is_wanted(open_shop: OpenShop, shops: LiveShops) -> None:
    house = open_shop(metrics={"per_site": True})
    do_round(house)
    age = value(told(house), "site_watermark_age_seconds", site=NORTH, source="orders")
    assert age is not None
    assert age < 60


def test_badges_of_the_past_do_not_count_as_late(open_shop: OpenShop, shops: LiveShops) -> None:
    house = open_shop()
    shops.buys(1, 1)
    do_round(house)

    found = told(house)

    assert value(found, "awards", state="assigned") == 1
    assert value(found, "award_lag_seconds_count") == 0
