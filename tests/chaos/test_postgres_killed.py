"""PostgreSQL crashes under workers that scan and give: nothing is lost, nothing is done twice."""

from __future__ import annotations

import time

import pytest
from chaos_fleet import CREATES, LONGER, MakeFleet
from own_postgres import OwnPostgres

pytest_plugins = ["chaos_fixtures"]
pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]

AWAY_SECONDS = 1.5


def test_a_postgres_that_is_killed_between_a_create_and_its_record_costs_only_time(
    make_fleet: MakeFleet, own_postgres: OwnPostgres
) -> None:
    fleet = make_fleet(batch=4)
    # Wix has done it, and its answer comes when the database is gone.
    fleet.is_slow(0.5, *CREATES)
    started = fleet.crew()

    for number in range(round(2 * LONGER)):
        before = fleet.creates()
        fleet.buys(range(number * 10, number * 10 + 10), times=3)
        fleet.gives_more_than(before)
        own_postgres.kill()
        time.sleep(AWAY_SECONDS)
        own_postgres.start()
    took = fleet.comes_to_rest()

    fleet.nothing_is_lost_or_doubled()
    assert all(one.process.poll() is None for one in started)
    fleet.logs_are_clean()
    fleet.tells(f"done {took:.1f} s after the database was back")
