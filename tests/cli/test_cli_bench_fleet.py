"""`badgejobs bench fleet` and `plan-capacity`: laws of a small fleet; times are printed only."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from typer.testing import CliRunner

from badgejobs.cli import application
from badgejobs.cli.fleetbench.ailing import Ailment, ailments
from badgejobs.cli.fleetbench.watching import Agreement, Spread, Watch
from badgejobs.cli.fleetbench.yard import Setting, name_of
from badgejobs.errors import SettingsError
from badgejobs.store import open_store
from badgejobs.wix import wire


def invoked(*line: str) -> Any:
    ended = CliRunner().invoke(application(line[0]), list(line), catch_exceptions=False)
    return json.loads(ended.stdout)


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_a_small_fleet_keeps_the_laws_without_bad_sites_and_with_them() -> None:
    line = ["--sites", "6", "--bad", "2", "--minutes", "0.1", "--every", "2", "--tick", "1"]

    told = invoked("bench", "fleet", *line, "--orders-a-minute", "120", "--json")

    assert len(told["plays"]) == 2
    for played in told["plays"].values():
        assert played["sites"] == 4
        assert played["scans"] >= played["sites"]
        assert played["orders"] > 0
        assert played["most_requests"] <= wire.REQUESTS_PER_MINUTE
        agreement = Agreement(**played["agreement"])
        assert agreement.expected > 0
        assert agreement.is_exact, agreement
        assert played["latency_seconds"]["number"] > 0
        assert played["slowest_tick_milliseconds"] > 0


def test_a_fleet_of_bad_sites_alone_is_refused() -> None:
    with pytest.raises(SettingsError, match="--bad is less than --sites"):
        invoked("bench", "fleet", "--sites", "2", "--bad", "2", "--json")


def test_a_plan_tells_what_it_goes_by_in_one_json_object() -> None:
    told = invoked("plan-capacity", "--sites", "10000", "--orders-per-day", "200000", "--json")

    assert told["fleet"]["sites"] == 10_000
    assert told["workers"] >= told["cores"] > 1
    assert told["unit_costs"]["scan_cpu_ms"]["by"] == "badgejobs bench units"
    assert told["warnings"][0]["cure"]


def test_the_bad_sites_are_the_last_and_the_others_are_watched() -> None:
    setting = Setting(sites=50, bad=ailments(4))

    assert list(setting.good) == list(range(1, 47))
    assert list(setting.ailing) == [47, 48, 49, 50]
    assert set(setting.ailing.values()) == set(Ailment)


def test_a_scan_is_late_from_an_interval_after_the_last_and_one_that_never_ends_counts() -> None:
    began, every = datetime(2026, 1, 1, tzinfo=UTC), timedelta(seconds=20)

    def at(seconds: float) -> datetime:
        return began + timedelta(seconds=seconds)

    watch = Watch(open_store("sqlite://"), [1, 2], every=every)
    watch._ends[name_of(1)] = {at(-5), at(17), at(37)}

    delays, scans = watch.delays(since=began, until=at(60))

    # due at 15, 37 and 57; and of the second site nothing was ever seen
    assert sorted(delays) == [0.0, 2.0, 3.0, 60.0]
    assert scans == 2
    assert Spread.of(delays).most == 60.0
