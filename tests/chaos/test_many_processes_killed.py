"""Two beats and three workers, some of which are killed every few seconds, do as one of each."""

from __future__ import annotations

import time
from itertools import count

import pytest
from chaos_fleet import CREATES, LONGER, Fleet, MakeFleet, drawn, ended
from jobs_yard import Started

pytest_plugins = ["chaos_fixtures"]
pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]

ROUND_SECONDS = 2.5
LEAST_ROUNDS = round(3 * LONGER)
MACHINES = ("one", "two", "three")
POOLS = {"one": "prefork", "two": "threads", "three": "prefork"}


def worker(fleet: Fleet, machine: str) -> Started:
    return fleet.worker(POOLS[machine], machine=machine)


def test_two_beats_and_three_workers_that_are_killed_do_as_one_of_each(
    make_fleet: MakeFleet,
) -> None:
    fleet, chance = make_fleet(batch=4), drawn(7)
    # A kill then often finds a create that Wix did and whose answer is on its way.
    fleet.is_slow(0.4, *CREATES)
    beats = [fleet.start("beat", machine=one) for one in MACHINES[:2]]
    workers = {one: worker(fleet, one) for one in MACHINES}
    for one in workers.values():
        one.says("ready.")

    for number in count():
        if number >= LEAST_ROUNDS and fleet.cut_off():
            break  # at least one of them was killed at its work
        fleet.buys(range(number * 12, number * 12 + 9), times=3)
        fleet.buys(range(number * 12 + 9, number * 12 + 12))
        time.sleep(ROUND_SECONDS)
        struck = chance.choice(MACHINES)
        ended(workers[struck])
        workers[struck] = worker(fleet, struck)
    took = fleet.comes_to_rest()

    fleet.nothing_is_lost_or_doubled()
    assert all(one.process.poll() is None for one in (*beats, *workers.values()))
    fleet.logs_are_clean()
    fleet.tells(f"{took:.1f} s after the last of {number} kills; {fleet.cut_off()} runs cut off")
