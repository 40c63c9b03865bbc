"""Redis forgets everything, or is away for a while: nothing is lost, nothing is done twice."""

from __future__ import annotations

import time

import pytest
from chaos_fleet import CREATES, LONGER, MakeFleet
from own_redis import OwnRedis

pytest_plugins = ["chaos_fixtures"]
pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]


def test_a_redis_that_is_flushed_and_restarted_costs_only_time(
    make_fleet: MakeFleet, own_redis: OwnRedis
) -> None:
    fleet = make_fleet(batch=4)
    fleet.is_slow(0.3, *CREATES)
    started = fleet.crew()
    took = list[float]()

    for number in range(round(LONGER)):
        for disturb, first in ((own_redis.forget, 0), (own_redis.kill, 10)):
            members = range(number * 20 + first, number * 20 + first + 10)
            before = fleet.creates()
            fleet.buys(members, times=3)
            fleet.gives_more_than(before)
            disturb()
            if disturb == own_redis.kill:
                time.sleep(1)
                own_redis.start()
            took.append(fleet.comes_to_rest())

    fleet.nothing_is_lost_or_doubled()
    assert all(one.process.poll() is None for one in started)
    fleet.logs_are_clean()
    fleet.tells(f"done {[round(one, 1) for one in took]} s after each disturbance")
