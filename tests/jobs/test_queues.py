"""Each message goes to the queue of its lane, and ticks need no slot of a worker."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest
from celery.schedules import schedule
from jobs_stage import NORTH, SOUTH, Configure, MakeSettings
from kombu.exceptions import OperationalError
from redis import Redis

from badgejobs.bootstrap import open_house
from badgejobs.config import HeartbeatFile, Settings
from badgejobs.core.lane import Lane
from badgejobs.errors import SettingsError
from badgejobs.jobs import dispatching, ringing
from badgejobs.jobs.app import app, house
from badgejobs.jobs.beating import Ticking
from badgejobs.jobs.heart import beating
from badgejobs.jobs.queues import LANES, OLDER, lanes_in, queues_of
from badgejobs.jobs.rooms import bounds
from badgejobs.service.broker import EmbeddedBroker
from badgejobs.store.processes import Process

pytest_plugins = ["jobs_fixtures"]

QUEUES = (*LANES, OLDER)


@pytest.fixture
def settings(
    shop_settings: MakeSettings, valkey: EmbeddedBroker, celery_app: Configure
) -> Settings:
    """The application of this process on the broker, with both shops."""
    told = shop_settings(sites=(NORTH, SOUTH))
    celery_app(told, valkey.celery_url, valkey.redis_url)
    return told


def waiting(redis: Redis) -> dict[str, int]:
    """How many messages wait, by queue."""
    lengths = {queue: len(redis.lrange(f"badgejobs:{queue}", 0, -1)) for queue in QUEUES}
    return {queue: length for queue, length in lengths.items() if length}


@pytest.mark.parametrize(
    ("name", "arguments", "queue"),
    [
        ("assign", {"site": "a"}, "assign"),
        ("scan", {"site": "a", "source": "orders"}, "scan"),
        ("scan", {"site": "a", "source": "orders", "track": "full"}, "walk"),
        ("scan", {"site": "a", "source": "orders", "track": "recent"}, "walk"),
        ("provision", {"site": "a"}, "scan"),
        ("check_member", {"request": 3}, "scan"),
        ("reconcile", {"site": "a"}, "walk"),
        ("reconcile", {"by_beat": True}, "tick"),
        ("quarantine", {"site": "a"}, "walk"),
        ("notify", {"site": "a"}, "scan"),
        ("tick", {}, "tick"),
    ],
)
def test_a_message_goes_to_the_queue_of_its_lane(
    settings: Settings, redis: Redis, name: str, arguments: dict[str, str | int], queue: str
) -> None:
    app.send_task(f"badgejobs.{name}", kwargs=arguments, ignore_result=True)

    assert waiting(redis) == {queue: 1}


def test_a_worker_empties_the_queue_of_older_ones_whatever_its_lanes() -> None:
    assert queues_of("walk") == ["walk", "celery"]
    assert queues_of("tick,scan,assign") == ["assign", "scan", "tick", "celery"]
    assert lanes_in(queues_of("tick,scan,assign")) == {Lane.ASSIGN, Lane.SCAN}


@pytest.mark.parametrize("lanes", ["", ",", "celery", "scan,walks"])
def test_a_lane_that_there_is_not_is_refused_with_those_that_there_are(lanes: str) -> None:
    with pytest.raises(SettingsError, match="a list of assign, scan, walk, tick"):
        queues_of(lanes)


def test_a_beat_ticks_by_itself_where_every_slot_is_taken_or_no_worker_runs(
    settings: Settings, redis: Redis, tmp_path: Path
) -> None:
    beats = [Ticking(app=app, schedule_filename=str(tmp_path / str(n))) for n in range(2)]
    for beat in beats:
        for entry in beat.schedule.values():
            if entry.task == "badgejobs.tick":
                beat.apply_entry(entry)

    assert waiting(redis) == {"assign": 2, "scan": 4}, "two beats, one tick"
    for beat in beats:
        beat.close()


def test_a_beat_sends_what_is_no_tick(settings: Settings, redis: Redis, tmp_path: Path) -> None:
    beat = Ticking(app=app, schedule_filename=str(tmp_path / "schedule"))
    beat.apply_entry(
        beat.Entry(task="badgejobs.reconcile", schedule=schedule(timedelta(days=1)), app=app)
    )
    beat.close()

    assert waiting(redis) == {"tick": 1}


def test_a_beat_that_ticks_tells_that_it_lives(settings: Settings, tmp_path: Path) -> None:
    with beating(app, settings, "beat"):
        beat = Ticking(app=app, schedule_filename=str(tmp_path / "schedule"))
        beat.tick()
        beat.close()
        assert len(HeartbeatFile.found(settings.state_dir, "beat")) == 1
        with house().store.read() as tx:
            assert [one.kind for one in tx.processes.alive()] == ["beat"]


@pytest.fixture
def _soon_given_up() -> Iterator[None]:
    before = app.conf.broker_connection_max_retries
    app.conf.broker_connection_max_retries = 1
    yield
    app.conf.broker_connection_max_retries = before


@pytest.mark.usefixtures("_soon_given_up")
def test_a_beat_that_waits_for_a_broker_tells_that_it_lives(
    shop_settings: MakeSettings, celery_app: Configure, tmp_path: Path
) -> None:
    told = shop_settings()
    socket = told.state_dir / "nobody.sock"
    celery_app(told, f"redis+socket://{socket}?virtual_host=0", f"unix://{socket}")

    with beating(app, told, "beat"):
        beat = Ticking(app=app, schedule_filename=str(tmp_path / "schedule"))
        with pytest.raises(OperationalError):
            _ = beat.producer
        assert len(HeartbeatFile.found(told.state_dir, "beat")) == 1
        beat.close()


def test_beats_of_other_configurations_tick_for_their_own_sites(
    settings: Settings, shop_settings: MakeSettings, valkey: EmbeddedBroker, celery_app: Configure
) -> None:
    every = timedelta(days=300)
    assert dispatching.is_our_turn(house(), "tick", every)
    assert not dispatching.is_our_turn(house(), "tick", every)
    with closing(open_house(shop_settings(sites=(SOUTH,)), redis_url=None)) as other:
        assert dispatching.is_our_turn(other, "tick", every)
        assert not dispatching.is_our_turn(other, "tick", every)


def test_a_queue_tells_whether_messages_wait_in_it(settings: Settings, redis: Redis) -> None:
    assert ringing.waiting(Lane.SCAN) == 0
    ringing.ring("badgejobs.scan", site=NORTH, source="orders")
    assert ringing.waiting(Lane.SCAN) == 1


def test_a_broker_that_is_away_cannot_tell(
    shop_settings: MakeSettings, celery_app: Configure
) -> None:
    told = shop_settings()
    socket = told.state_dir / "nobody.sock"
    celery_app(told, f"redis+socket://{socket}?virtual_host=0", f"unix://{socket}")

    assert ringing.waiting(Lane.SCAN) is None


def worker(name: str, lanes: frozenset[Lane], slots: int, settings: Settings) -> Process:
    with house().store.read() as tx:
        now = tx.now
    return Process(name=name, kind="worker", lanes=lanes, slots=slots, began_at=now, seen_at=now)


def test_walks_have_a_share_of_shared_slots_and_all_of_their_own(settings: Settings) -> None:
    every = frozenset(Lane)
    shared = [worker(str(n), every, 8, settings) for n in range(4)]
    assert bounds(shared, tick_seconds=10)[Lane.WALK] == 6
    own = worker("w", frozenset({Lane.WALK}), 4, settings)
    short = worker("s", frozenset({Lane.ASSIGN, Lane.SCAN}), 4, settings)
    both = bounds([own, short], tick_seconds=10)
    assert both == {Lane.ASSIGN: 400, Lane.SCAN: 400, Lane.WALK: 4}
    assert bounds([short], tick_seconds=10)[Lane.WALK] == 1, "rung for, and waits"
    assert bounds(shared, tick_seconds=10, walks_at_once=1)[Lane.WALK] == 1
