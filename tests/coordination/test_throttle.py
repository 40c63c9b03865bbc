from __future__ import annotations

import random
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import fakeredis
import pytest
from redis import Redis

from badgejobs.coordination import throttle as under_test
from badgejobs.coordination.local import LocalThrottle
from badgejobs.coordination.throttle import Throttle
from badgejobs.core.lane import Lane
from badgejobs.errors import SettingsError

pytest_plugins = ["throttle_fixtures"]


@pytest.fixture
def throttle(redis_url: str) -> Iterator[Throttle]:
    made = Throttle(redis_url)
    yield made
    made.close()


def filled(throttle: Throttle | LocalThrottle, lane: Lane, *, per_minute: int) -> int:
    count = 0
    while throttle.take("shop", lane, per_minute=per_minute) == 0.0:
        count += 1
    return count


def test_walks_and_scans_leave_room_for_assignments(throttle: Throttle) -> None:
    counts = [filled(throttle, lane, per_minute=100) for lane in reversed(Lane)]
    assert counts == [70, 20, 10]
    assert 50 < throttle.take("shop", Lane.ASSIGN, per_minute=100) <= 61
    assert throttle.take("another shop", Lane.WALK, per_minute=100) == 0.0


def test_a_slot_is_free_again_after_a_window(throttle: Throttle, redis_url: str) -> None:
    with Redis.from_url(redis_url) as redis:
        seconds, micros = redis.time()
        now = seconds * 1_000_000 + micros
        for age in (61.0, 60.0, 30.0):
            redis.rpush("badgejobs:pace:shop:taken", now - int(age * 1e6))
        assert throttle.take("shop", Lane.ASSIGN, per_minute=3) == 0.0
        assert 0.001 <= throttle.take("shop", Lane.ASSIGN, per_minute=3) <= 1.0
        assert redis.llen("badgejobs:pace:shop:taken") == 3


def test_a_server_clock_set_back_costs_at_most_a_minute(throttle: Throttle, redis_url: str) -> None:
    with Redis.from_url(redis_url) as redis:
        tomorrow = (redis.time()[0] + 86_400) * 1_000_000
        redis.rpush("badgejobs:pace:shop:taken", tomorrow, tomorrow)
        assert 60 < throttle.take("shop", Lane.ASSIGN, per_minute=2) <= 61


def test_a_429_seen_by_one_worker_stops_all_of_them(throttle: Throttle, redis_url: str) -> None:
    other = Throttle(redis_url)
    throttle.shut("shop", 7)
    throttle.shut("shop", 3)
    for lane in Lane:
        assert 6 < other.take("shop", lane, per_minute=180) <= 7
    assert other.take("another shop", Lane.SCAN, per_minute=180) == 0.0
    other.close()


def test_every_key_of_a_site_expires_by_itself(throttle: Throttle, redis_url: str) -> None:
    throttle.take("shop", Lane.SCAN, per_minute=3)
    throttle.shut("shop", 900)
    with Redis.from_url(redis_url) as redis:
        lasts = {key: redis.ttl(key) for key in redis.scan_iter("*:shop:*")}
        assert redis.dbsize() == 4, "and the store's birth, and the processes"
    assert set(lasts) == {b"badgejobs:pace:shop:taken", b"badgejobs:pace:shop:gate"}
    assert all(0 < seconds <= 1502 for seconds in lasts.values())


_GREEDY = """
import sys
from badgejobs.core.lane import Lane
from badgejobs.coordination.throttle import Throttle
throttle = Throttle(sys.argv[1])
print("ready", flush=True)
sys.stdin.readline()
tries = [throttle.take("shop", Lane.ASSIGN, per_minute=150) for _ in range(100)]
throttle.close()
print(tries.count(0.0))
"""


def test_four_processes_together_never_exceed_the_budget(redis_url: str) -> None:
    crowd = [
        subprocess.Popen(
            [sys.executable, "-c", _GREEDY, redis_url],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for _ in range(4)
    ]
    for one in crowd:
        assert one.stdout is not None
        assert one.stdout.readline() == "ready\n"
    for one in crowd:
        assert one.stdin is not None
        one.stdin.write("go\n")
        one.stdin.flush()
    counts = [int(one.communicate(timeout=30)[0]) for one in crowd]
    assert sum(counts) == 150, counts


_FORKING = """
import os, sys
from badgejobs.core.lane import Lane
from badgejobs.coordination.throttle import Throttle
throttle = Throttle(sys.argv[1])
taken = int(throttle.take("shop", Lane.ASSIGN, per_minute=150) == 0.0)  # a warm connection
child = os.fork()
for _ in range(100):
    taken += throttle.take("shop", Lane.ASSIGN, per_minute=150) == 0.0
os.write(1, f"{taken}\\n".encode())  # a whole line at once: both write to one pipe
if child:
    os.waitpid(child, 0)
throttle.close()
"""


def test_a_forked_child_does_not_use_its_parents_connection(redis_url: str) -> None:
    done = subprocess.run(
        [sys.executable, "-c", _FORKING, redis_url], capture_output=True, check=True, timeout=30
    )
    counts = [int(line) for line in done.stdout.split()]
    assert sum(counts) - 1 == 150, counts  # the first slot is in the memory of both


def test_threads_of_one_process_share_the_budget(throttle: Throttle) -> None:
    counts: list[int] = []
    crowd = [
        threading.Thread(target=lambda: counts.append(filled(throttle, Lane.ASSIGN, per_minute=60)))
        for _ in range(6)
    ]
    for one in crowd:
        one.start()
    for one in crowd:
        one.join()
    assert sum(counts) == 60


def test_without_redis_each_process_keeps_to_its_part_of_the_headroom(tmp_path: Path) -> None:
    throttle = Throttle(f"unix://{tmp_path}/nobody", clock=lambda: 0.0)
    assert filled(throttle, Lane.ASSIGN, per_minute=180) == (200 - 180) // 4
    assert throttle.take("fast", Lane.ASSIGN, per_minute=200) == under_test.ASK_AGAIN_SECONDS
    throttle.shut("other", 30)
    assert throttle.take("other", Lane.ASSIGN, per_minute=180) == 30.0
    throttle.close()


def test_what_the_processes_take_when_redis_goes_away_is_within_the_headroom() -> None:
    server = fakeredis.FakeServer()
    crowd = [
        Throttle("fake", connect=lambda _: fakeredis.FakeRedis(server=server)) for _ in range(7)
    ]
    for one in (*crowd, *crowd):  # at the second time each knows of all others
        assert one.take("another shop", Lane.ASSIGN, per_minute=180) == 0.0
    assert sum(filled(one, Lane.ASSIGN, per_minute=180) for one in crowd) == 180
    server.connected = False
    assert 0 < sum(filled(one, Lane.ASSIGN, per_minute=180) for one in crowd) <= 20


def test_redis_is_asked_again_after_a_while(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [1_800_000_000.0]
    monkeypatch.setattr("time.time", lambda: now[0])
    server = fakeredis.FakeServer()
    throttle = Throttle(
        "fake", connect=lambda _: fakeredis.FakeRedis(server=server), clock=lambda: now[0]
    )
    server.connected = False
    assert filled(throttle, Lane.ASSIGN, per_minute=180) == 5
    server.connected = True
    assert throttle.take("shop", Lane.ASSIGN, per_minute=180) > 0.0
    now[0] += under_test.ASK_AGAIN_SECONDS
    assert filled(throttle, Lane.ASSIGN, per_minute=180) == 180


@pytest.mark.parametrize("seed", range(20))
def test_redis_and_memory_give_the_same_answers(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    chance = random.Random(seed)
    now = [1_800_000_000.0]
    monkeypatch.setattr("time.time", lambda: now[0])
    shared = Throttle("fake", connect=lambda _: fakeredis.FakeRedis(), clock=lambda: now[0])
    local = LocalThrottle(clock=lambda: now[0])
    per_minute = chance.randint(1, 15)
    for _ in range(150):
        now[0] += chance.choice([0, 0, 0.25, 1, 4, 20])
        if chance.random() < 0.03:
            seconds = chance.choice([0.5, 2, 30])
            shared.shut("shop", seconds)
            local.shut("shop", seconds)
        lane = chance.choice(list(Lane))
        answers = [each.take("shop", lane, per_minute=per_minute) for each in (shared, local)]
        assert answers[0] == pytest.approx(answers[1], abs=1e-5), answers


def test_a_wrong_address_is_refused_without_repeating_its_password() -> None:
    with pytest.raises(SettingsError) as caught:
        Throttle("http://user:hunter2@host")
    assert "hunter2" not in str(caught.value)
    assert caught.value.__cause__ is None
