"""Redis forgets everything, or is away for a while: nothing is lost, nothing is done twice."""

from __future__ import annotations

import time

import pytest
from chaos_fleet import CREATES, LONGER, Fleet, MakeFleet, until
from jobs_yard import Started
from own_redis import OwnRedis

from badgejobs.wix import wire

pytest_plugins = ["chaos_fixtures"]
pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]


def crew(fleet: Fleet) -> list[Started]:
    """A beat and two workers, ready."""
    started = [
        fleet.start("beat", machine="one"),
        fleet.worker("prefork", machine="one"),
        fleet.worker("threads", machine="two"),
    ]
    for one in started[1:]:
        one.says("ready.")
    return started


def test_a_redis_that_is_flushed_and_restarted_costs_only_time(
    make_fleet: MakeFleet, own_redis: OwnRedis
) -> None:
    fleet = make_fleet(batch=4)
    fleet.is_slow(0.3, *CREATES)
    started = crew(fleet)
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


def test_a_redis_that_forgets_the_pace_lets_no_site_go_beyond_its_own(
    make_fleet: MakeFleet, own_redis: OwnRedis
) -> None:
    pace = 45
    fleet = make_fleet(batch=1, pace=pace)
    crew(fleet)
    fleet.buys(range(100), times=3)  # far more to be given than the pace lets through

    until(lambda: fleet.most_requests() >= pace * 2 // 3)
    own_redis.forget()
    time.sleep(5)
    own_redis.kill()
    time.sleep(1)
    own_redis.start()
    time.sleep(5 * LONGER)

    most = fleet.most_requests()
    fleet.tells(f"{most} requests of one site in 60 s, of {pace} by the settings")
    assert most <= pace * wire.REQUESTS_PER_MINUTE // 180
