"""A Redis that forgot who asked how often: no site is asked more often than Wix allows."""

from __future__ import annotations

import time

import pytest
from chaos_fleet import LONGER, MakeFleet, until
from own_redis import OwnRedis

from badgejobs.coordination.lanes import headroom

pytest_plugins = ["chaos_fixtures"]
pytestmark = [
    pytest.mark.slow,
    pytest.mark.at_length,  # tests/coordination plays it in virtual time, with many processes
    pytest.mark.timeout(600),
]


def test_a_redis_that_forgets_the_pace_lets_no_site_go_beyond_its_own(
    make_fleet: MakeFleet, own_redis: OwnRedis
) -> None:
    pace = 45
    fleet = make_fleet(batch=1, pace=pace)
    fleet.crew()
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
    assert most <= pace + headroom(pace)
