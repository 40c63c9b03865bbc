"""The pace of each site over all workers: one script in Redis, one round trip a request.

What holds, whatever happens to Redis: of one site no 60 s see more requests than Wix allows.
Slots of the shared store never exceed the pace. Whoever cannot trust the store (it is away, it
is younger than what was taken before, its clock jumped) knows nothing of the others, so it lives
off its part of the headroom between the pace and Wix's limit, which the store never gives out.
So both may go on side by side for as long as they like, and no moment of changing over is
special. Three things bound this:

* The parts add up while no more processes are cut off than twice those that each one knew of
  (four at least). One that starts without ever seeing the store counts as one of four.
* A process that is new takes the store as it is, so that a first start is not slowed down.
  Where data are lost or the clock jumps, and within a minute a new process comes before any
  that was there, it may take the pace again until one of those comes. Where Redis keeps no
  data and restarts together with all processes within a minute, that minute may see the pace
  twice; an append-only file, as our own broker has, prevents it.
* A pace of 200 leaves no headroom: then nothing is sent until the store can be trusted.
"""

from __future__ import annotations

import os
import time
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import structlog
from redis import Redis
from redis.backoff import NoBackoff
from redis.exceptions import RedisError
from redis.retry import Retry

from badgejobs.coordination.adaptive import shut_for
from badgejobs.coordination.lanes import PERCENT, headroom
from badgejobs.coordination.local import LocalThrottle
from badgejobs.coordination.pace import Pace
from badgejobs.coordination.scripts import CAREFUL, MICROSECONDS, Scripts, scripts
from badgejobs.coordination.seen import Seen
from badgejobs.core.lane import Lane
from badgejobs.errors import SettingsError

#: The door of this room: what others need is imported from here.
__all__ = ["Lane", "LocalThrottle", "Pace", "Seen", "Throttle", "connected"]

log = structlog.get_logger(__name__)

#: A Redis on the way to a request must answer within this, or it counts as away.
SOCKET_TIMEOUT_SECONDS = 2.0
#: How long a Redis that was away is not asked again: not every request waits for a time-out.
ASK_AGAIN_SECONDS = 5.0
#: Without Redis nobody knows how many processes there are; each takes its part of so many ...
ASSUMED_PROCESSES = 4
#: ... or of so many times those that it knew of last: more may have come since.
MORE_MAY_HAVE_COME = 2
#: How much a clock may seem to jump by what is no jump: a little, and 0.1 % of the time between.
_JUMP_SECONDS, _DRIFT = 0.05, 0.001

_PREFIX = "badgejobs:pace:"
_STORE, _PROCESSES = f"{_PREFIX}store", f"{_PREFIX}processes"
#: So many sites are looked at in one script, which all others wait for: some milliseconds.
_LOOKED_AT_ONCE = 50


def connected(redis_url: str, *, timeout: float = SOCKET_TIMEOUT_SECONDS) -> Redis:
    """A client that connects when it is first used, waits shortly and never repeats a command.

    redis-py by itself tries ten times, which takes seconds where Redis is away, and would
    take a second slot where only the answer was lost.

    Raises:
        SettingsError: this is no address of a Redis server. The text does not repeat it.
    """
    try:
        return Redis.from_url(
            redis_url,
            socket_timeout=timeout,
            socket_connect_timeout=timeout,
            retry=Retry(NoBackoff(), 0),
        )
    except ValueError:
        raise SettingsError(
            "the Redis address is not one: write redis://HOST:PORT/0, rediss://... or unix://PATH"
        ) from None


@dataclass(frozen=True, slots=True)
class _Contact:
    """When this process last spoke with the store: by its own clock, and by the store's."""

    birth: bytes
    sent: float
    store_time: int


class Throttle:
    """The pace of sites, shared by every process that talks to the same Redis.

    In no 60 s are more than ``per_minute`` slots of one site taken. Where the store is away or
    cannot be trusted each process takes its part of the headroom on its own; Redis is asked
    again every few seconds. Threads and forked children may share it.
    """

    def __init__(
        self,
        redis_url: str,
        *,
        connect: Callable[[str], Redis] = connected,
        clock: Callable[[], float] = time.monotonic,
        texts: Scripts | None = None,
    ) -> None:
        """``texts`` are the scripts over another clock than the server's."""
        self._redis = connect(redis_url)
        texts = texts or scripts()
        self._take = self._redis.register_script(texts.take)
        self._shut = self._redis.register_script(texts.shut)
        self._doubt = self._redis.register_script(texts.doubt)
        self._overview = self._redis.register_script(texts.overview)
        self._clock = clock
        self._local = LocalThrottle(clock=clock)
        self._away_until = float("-inf")
        self._name = uuid.uuid4().hex[:12]
        self._last: _Contact | None = None
        #: The most that it ever heard of.
        self._processes = 0
        #: Sites whose gate was shut while Redis was away.
        self._untold = set[str]()

    def take(self, site: str, lane: Lane, *, per_minute: int) -> float:
        """Take a slot: 0.0, or the seconds until one is likely free (then none is taken).

        Never raises for a Redis that is away or refuses.
        """
        if self._asks_redis():
            try:
                if site in self._untold:
                    self._tell(site, self._local.shut_for(site))
                wait = self._shared(site, lane, per_minute)
            except RedisError as error:
                self._away(error)
            else:
                if wait is not None:
                    return wait
        return self._alone(site, lane, per_minute)

    def shut(self, site: str, seconds: float) -> None:
        """Wix asked for a pause: no slot in any lane for so long, then half the pace at first.

        ``seconds`` is kept between 1 s and 15 min; a longer pause that stands is not shortened.
        """
        self._local.shut(site, seconds)
        self._untold.add(site)
        if self._asks_redis():
            try:
                self._tell(site, seconds)
            except RedisError as error:
                self._away(error)

    def overview(self, sites: Mapping[str, int]) -> dict[str, Seen]:
        """How it stands with these sites, given with their whole pace; nothing is changed.

        Without Redis that is what this process took and saw by itself.
        """
        if self._asks_redis():
            try:
                return self._looked_at(sites)
            except RedisError as error:
                self._away(error)
        return self._local.overview(sites)

    def close(self) -> None:
        """Say goodbye and close the connections; a later call opens new ones."""
        if self._last is not None and self._asks_redis():
            try:
                self._redis.zrem(_PROCESSES, self._me())
            except RedisError as error:
                self._away(error)
        self._redis.close()

    def _shared(self, site: str, lane: Lane, per_minute: int) -> float | None:
        """The store's answer, or None where it cannot be trusted."""
        last, sent = self._last, self._clock()
        told: list[Any] = self._take(
            keys=[_STORE, _PROCESSES, *_keys(site)],
            args=[per_minute, PERCENT[lane], self._me(), "1" if last else "0"],
        )
        received = self._clock()
        wait, store_time, birth, latest, processes = told
        self._processes = max(self._processes, processes)
        doubted = False
        if last is not None:
            anew = birth == last.birth and (
                latest < last.store_time or _jumped(last, store_time, received)
            )
            doubted = anew or birth != last.birth
            if doubted:
                if wait != CAREFUL:
                    log.warning("redis has lost the slots that were taken, or its clock jumped")
                birth = self._doubt(keys=[_STORE], args=[birth, "1" if anew else "0", self._me()])
        # only now: a doubt that the store did not hear is raised again at the next call
        self._last = _Contact(birth=birth, sent=sent, store_time=store_time)
        if doubted:
            return None
        return None if wait == CAREFUL else wait / MICROSECONDS

    def _alone(self, site: str, lane: Lane, per_minute: int) -> float:
        parts = max(ASSUMED_PROCESSES, MORE_MAY_HAVE_COME * self._processes)
        share = headroom(per_minute) // parts
        if share == 0:
            return max(ASK_AGAIN_SECONDS, self._local.shut_for(site))
        wait = self._local.take(site, lane, per_minute=share)
        # by then Redis may be there again
        return max(min(wait, ASK_AGAIN_SECONDS), self._local.shut_for(site)) if wait else 0.0

    def _tell(self, site: str, seconds: float) -> None:
        if seconds > 0:
            self._shut(keys=_keys(site), args=[int(shut_for(seconds) * MICROSECONDS)])
        self._untold.discard(site)

    def _looked_at(self, sites: Mapping[str, int]) -> dict[str, Seen]:
        found = dict[str, Seen]()
        names = list(sites)
        for start in range(0, len(names), _LOOKED_AT_ONCE):
            some = names[start : start + _LOOKED_AT_ONCE]
            told = self._overview(keys=[key for site in some for key in _keys(site)])
            for site, (taken, millionths, shut) in zip(some, told, strict=True):
                found[site] = Seen(
                    taken=taken,
                    per_minute=max(1, sites[site] * millionths // MICROSECONDS),
                    shut_seconds=shut / MICROSECONDS,
                )
        return found

    def _me(self) -> str:
        """The name of this process: a forked child is another one."""
        return f"{self._name}-{os.getpid()}"

    def _asks_redis(self) -> bool:
        return self._clock() >= self._away_until

    def _away(self, error: RedisError) -> None:
        # the error's class and not its text: that may quote an address with a password
        log.warning("redis is away, keeping to our part of the headroom",
                    error=type(error).__name__)  # fmt: skip
        self._away_until = self._clock() + ASK_AGAIN_SECONDS


def _jumped(last: _Contact, store_time: int, received: float) -> bool:
    """Whether more time has passed for the store than can have passed.

    A clock that is set back only makes slots last longer, and the scripts see to it.
    """
    passed = received - last.sent
    return (store_time - last.store_time) / MICROSECONDS > passed * (1 + _DRIFT) + _JUMP_SECONDS


def _keys(site: str) -> list[str]:
    """Both keys of a site."""
    return [f"{_PREFIX}{site}:taken", f"{_PREFIX}{site}:gate"]
