"""Processes that want all the slots they can get of one site, while everything happens to Redis.

The scripts are the real ones in a real server, over a clock that the model moves.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from redis import Redis
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import TimeoutError as RedisTimeoutError

from badgejobs.coordination.lanes import SLOT_LIFE_SECONDS, WINDOW_SECONDS
from badgejobs.coordination.scripts import scripts
from badgejobs.coordination.throttle import Throttle
from badgejobs.core.lane import Lane

SITE = "shop"
CLOCK = "test:clock"
#: Over a key of the model, so that no argument of the real scripts can move the time.
TEXTS = scripts(f"redis.call('LRANGE', '{CLOCK}', 0, 1)")
#: What Wix documents, and over what.
LIMIT, MINUTE = 200, 60.0


class Line(Redis):
    """One process's connection, which can be cut, and can lose an answer."""

    def execute_command(self, *args: Any, **options: Any) -> Any:
        """Ask the server, if it can be reached."""
        world: World = self.world
        if world.is_away or self in world.cut:
            raise RedisConnectionError("cut")
        world.set_store_clock()
        told: Any = super().execute_command(*args, **options)  # type: ignore[no-untyped-call]
        world.now += world.latency()
        if world.chance.random() < world.loses:
            raise RedisTimeoutError("the answer was lost")
        return told

    world: World


@dataclass
class Worker:
    """A process: it tries again when it was told to."""

    throttle: Throttle
    line: Line
    next_at: float
    joined_at: float


@dataclass
class World:
    """Processes, a server, and a time of their own."""

    socket: str
    chance: random.Random
    per_minute: int
    #: How likely an answer is lost.
    loses: float = 0.0
    #: Whether Wix says 429 now and then, after which there are few requests.
    refuses: bool = False
    latency: Callable[[], float] = lambda: 0.0
    now: float = 1_000.0
    #: How far the server's clock is off.
    off: float = 1_800_000_000.0
    is_away: bool = False
    cut: set[Line] = field(default_factory=set)
    workers: list[Worker] = field(default_factory=list)
    granted: list[float] = field(default_factory=list)
    arrived: list[float] = field(default_factory=list)
    #: When the data were lost or the clock jumped.
    shaken_at: float = float("-inf")

    def __post_init__(self) -> None:
        """A server without anything but its clock."""
        self.server = Redis(unix_socket_path=self.socket)
        self.server.flushall()
        for text in (TEXTS.take, TEXTS.shut, TEXTS.doubt, TEXTS.overview):
            self.server.script_load(text)  # else the first to ask would ask more than once

    def set_store_clock(self) -> None:
        """What the scripts will read."""
        told = self.now + self.off
        with self.server.pipeline() as both:
            both.delete(CLOCK)
            both.rpush(CLOCK, int(told), int(told % 1 * 1e6))
            both.execute()

    def join(self) -> Worker:
        """One more process, which meets the store at once where it can."""
        line = Line(unix_socket_path=self.socket)
        line.world = self
        throttle = Throttle("model", connect=lambda _: line, clock=lambda: self.now, texts=TEXTS)
        worker = Worker(throttle, line, self.now, self.now)
        self.workers.append(worker)
        return worker

    def leave(self, worker: Worker) -> None:
        """One process ends, with or without a word."""
        if self.chance.random() < 0.5:
            worker.throttle.close()
        self.workers.remove(worker)
        self.cut.discard(worker.line)

    def flush(self) -> None:
        """All data are gone."""
        self.server.flushall()
        self.shaken_at = self.now

    def jump(self, seconds: float) -> None:
        """The server's clock is set."""
        self.off += seconds
        self.shaken_at = self.now

    def ask(self, worker: Worker, lane: Lane = Lane.ASSIGN) -> float:
        """One process asks; a slot that it gets is used within its life."""
        asked_at = self.now
        wait = worker.throttle.take(SITE, lane, per_minute=self.per_minute)
        if wait == 0.0:
            self.granted.append(self.now)
            dies_at = asked_at + SLOT_LIFE_SECONDS
            self.arrived.append(
                self.chance.choice([self.now, dies_at, self.chance.uniform(self.now, dies_at)])
            )
        return wait

    def play(
        self,
        seconds: float,
        happens: Callable[[World], None] = lambda _: None,
        *,
        lanes: Sequence[Lane] = (Lane.ASSIGN,),
    ) -> None:
        """Let so much time pass, while now and then something happens."""
        ends = self.now + seconds
        event_at = self.now
        while self.now < ends:
            if event_at <= self.now:
                happens(self)
                event_at = self.now + self.chance.choice([1.0, 5.0, 20.0, WINDOW_SECONDS])
            worker = min(self.workers, key=lambda one: one.next_at)
            if worker.next_at > self.now:
                self.now = min(worker.next_at, event_at, ends)
                continue
            wait = self.ask(worker, self.chance.choice(lanes))
            rest = self.chance.choice([0.0, 0.0, 0.01, 0.2]) if wait == 0.0 else 0.01
            worker.next_at = self.now + max(wait, 0.0) + rest

    def busiest(self) -> int:
        """The most requests that Wix saw within any minute."""
        stamps = sorted(self.arrived)
        most, first = 0, 0
        for place, stamp in enumerate(stamps):
            while stamp - stamps[first] >= MINUTE:
                first += 1
            most = max(most, place - first + 1)
        return most

    def close(self) -> None:
        """Close every connection."""
        for worker in self.workers:
            worker.throttle.close()
        self.server.close()


def anything(world: World) -> None:
    """One of all the things that can happen to a Redis and to processes.

    A process that never met the store takes it as it is: an empty one for a first start, its
    clock for right. So none is new while what was lost or is hidden by that could still count.
    """
    chance = world.chance
    all_met = all(one.joined_at < world.now and one.line not in world.cut for one in world.workers)
    match chance.randrange(8):
        case 0:
            world.is_away = True
        case 1 | 2:
            world.is_away = False
            world.cut.clear()
        case 3:
            world.cut = {one.line for one in world.workers if chance.random() < 0.5}
        case 4 if not world.is_away and all_met:
            world.flush()
        case 5:
            world.jump(chance.choice([-3600.0, -30.0, -1.0, 1.0, 30.0, 59.0, 3600.0]))
        case 6 if world.refuses:
            worker = chance.choice(world.workers)
            worker.throttle.shut(SITE, chance.choice([1.0, 5.0]))
        case 7 if world.now - world.shaken_at > WINDOW_SECONDS and not world.is_away:
            if len(world.workers) > 3:
                world.leave(chance.choice(world.workers))
            world.ask(world.join())
        case _:
            pass
