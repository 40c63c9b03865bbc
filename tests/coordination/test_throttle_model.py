from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path

import pytest
from throttle_model import LIMIT, SITE, World, anything

from badgejobs.coordination.lanes import SLOT_LIFE_SECONDS, WINDOW_SECONDS
from badgejobs.coordination.throttle import Throttle
from badgejobs.core.lane import Lane

pytest_plugins = ["throttle_fixtures"]

MINUTES = 8


def played(socket: Path, seed: int) -> World:
    """Some minutes in which anything happens."""
    print(f"seed {seed}")  # noqa: T201 - to play it again
    chance = random.Random(seed)
    world = World(
        str(socket),
        chance,
        per_minute=chance.choice([60, 180, 180, 190, 200]),
        loses=chance.choice([0.0, 0.02]),
        refuses=chance.random() < 0.25,
        latency=chance.choice([lambda: 0.0, lambda: chance.choice([0.0, 0.0, 0.0, 0.3])]),
    )
    for _ in range(chance.randint(1, 6)):
        world.ask(world.join())
    world.play(MINUTES * 60, anything, lanes=chance.choice([list(Lane), [Lane.ASSIGN]]))
    world.close()
    return world


@pytest.mark.parametrize("seed", range(4))
def test_whatever_happens_to_redis_no_minute_sees_more_than_wix_allows(
    valkey_socket: Path, seed: int, chosen_seed: int | None
) -> None:
    world = played(valkey_socket, seed if chosen_seed is None else chosen_seed)
    assert 0 < world.busiest() <= LIMIT


@pytest.mark.slow
def test_whatever_happens_to_redis_at_length(valkey_socket: Path) -> None:
    for seed in range(100, 120):
        assert played(valkey_socket, seed).busiest() <= LIMIT


@pytest.fixture
def world(valkey_socket: Path) -> Iterator[World]:
    """Four processes at the usual pace, which know of one another."""
    made = World(str(valkey_socket), random.Random(7), per_minute=180)
    for _ in range(4):
        made.join()
    for one in made.workers * 2:
        one.throttle.take("another shop", Lane.ASSIGN, per_minute=180)
    yield made
    made.close()


def test_while_redis_is_there_nearly_all_of_the_pace_is_used(world: World) -> None:
    world.play(10 * 60)
    assert len(world.granted) >= 0.9 * 180 * 10
    assert world.busiest() <= 180


def fill(world: World) -> int:
    """All slots that all processes get at this moment."""
    before = len(world.granted)
    for worker in world.workers:
        while world.ask(worker) == 0.0:
            pass
    return len(world.granted) - before


def test_a_first_start_is_not_slowed_down(world: World) -> None:
    assert fill(world) == 180


def test_after_a_flush_only_the_headroom_is_used_for_a_window(world: World) -> None:
    assert fill(world) == 180
    world.flush()
    assert 0 < fill(world) <= 20
    world.now += WINDOW_SECONDS - 0.5
    assert fill(world) == 0
    world.now += 0.5
    assert fill(world) >= 180
    assert world.busiest() <= LIMIT


def test_who_knew_another_store_makes_all_careful_though_it_comes_late(world: World) -> None:
    assert fill(world) == 180
    world.flush()
    fresh = world.join()
    assert world.ask(fresh) == 0.0  # it cannot know
    assert world.ask(world.workers[0]) == 0.0  # from its part of the headroom
    taken = fill(world)
    assert taken < 20
    assert world.busiest() <= LIMIT


def test_a_store_that_lost_its_last_moments_is_not_believed(world: World) -> None:
    world.now += 1
    for _ in range(100):
        world.ask(world.workers[0])
    world.set_store_clock()
    kept = {key: world.server.dump(key) for key in world.server.keys("badgejobs:*")}
    world.now += 0.5
    fill(world)
    assert len(world.granted) == 180
    world.server.flushall()  # and it comes back as it was half a second ago
    for key, value in kept.items():
        assert value is not None
        world.server.restore(key, 0, value)
    fill(world)
    assert 180 < len(world.granted) <= LIMIT


@pytest.mark.parametrize("jump", [0.5, 59.0, 3600.0])
def test_a_clock_that_jumps_ahead_frees_no_slot(world: World, jump: float) -> None:
    for _ in range(3):
        fill(world)
        world.now += 20
        world.off += jump
    fill(world)
    assert world.busiest() <= LIMIT
    world.now += WINDOW_SECONDS
    assert fill(world) >= 180


@pytest.mark.parametrize("jump", [-0.5, -59.0, -86_400.0])
def test_a_clock_that_is_set_back_costs_no_more_than_a_window(world: World, jump: float) -> None:
    fill(world)
    world.workers[0].throttle.shut(SITE, 1)
    world.off += jump
    world.now += 2
    fill(world)
    assert world.busiest() <= LIMIT
    # the longest pause that Wix may ask for, and the time in which the pace comes back
    world.now += 900 + 600
    fill(world)
    world.now += WINDOW_SECONDS
    assert fill(world) == 180


def test_a_partition_may_last(world: World) -> None:
    world.cut = {world.workers[0].line, world.workers[1].line}
    world.play(5 * 60)
    assert world.busiest() <= LIMIT
    assert len(world.granted) > 0.9 * 180 * 5


def test_a_429_seen_without_redis_is_told_when_it_is_back(world: World) -> None:
    world.is_away = True
    world.workers[0].throttle.shut(SITE, 60)
    world.is_away = False
    world.now += 10
    assert 49 < world.ask(world.workers[0]) <= 50
    assert 49 < world.ask(world.workers[1]) <= 50


def test_an_overview_is_the_same_for_all(world: World) -> None:
    fill(world)
    world.workers[0].throttle.shut(SITE, 30)
    world.now += 10
    told = [one.throttle.overview({SITE: 180, "quiet": 60}) for one in world.workers]
    assert told == [told[0]] * 4
    assert (told[0][SITE].taken, told[0][SITE].per_minute) == (180, 90)
    assert told[0][SITE].shut_seconds == pytest.approx(20, abs=0.01)
    assert (told[0]["quiet"].taken, told[0]["quiet"].per_minute) == (0, 60)
    many = {f"site {number}": 180 for number in range(1001)}
    assert list(world.workers[0].throttle.overview(many)) == list(many)


def test_whoever_ends_as_it_should_no_longer_counts(world: World) -> None:
    key = "badgejobs:pace:processes"
    assert world.server.zcard(key) == 4
    world.workers.pop().throttle.close()
    assert world.server.zcard(key) == 3
    ended: Throttle = world.workers[0].throttle
    ended.close()
    ended.close()
    assert world.server.zcard(key) == 2


def test_slots_that_are_used_at_the_end_of_their_life_do_not_meet_the_next_ones(
    world: World,
) -> None:
    assert fill(world) == 180
    world.arrived = [one + SLOT_LIFE_SECONDS for one in world.granted]
    world.now += 60
    assert fill(world) == 0
    world.now += SLOT_LIFE_SECONDS
    assert fill(world) == 180
    assert world.busiest() == 180
