"""The pace of each site over all workers: one script in Redis, one round trip a request."""

from __future__ import annotations

import time
from collections.abc import Callable

import structlog
from redis import Redis
from redis.backoff import NoBackoff
from redis.exceptions import RedisError
from redis.retry import Retry

from badgejobs.coordination.lanes import (
    PACE_AFTER_SHUT,
    PERCENT,
    RECOVERY_SECONDS,
    WINDOW_SECONDS,
    shut_for,
)
from badgejobs.coordination.local import LocalThrottle
from badgejobs.coordination.pace import Pace
from badgejobs.core.lane import Lane
from badgejobs.errors import SettingsError

#: The door of this room: what others need is imported from here.
__all__ = ["Lane", "LocalThrottle", "Pace", "Throttle", "connected"]

log = structlog.get_logger(__name__)

#: A Redis on the way to a request must answer within this, or it counts as away.
SOCKET_TIMEOUT_SECONDS = 2.0
#: How long a Redis that was away is not asked again: not every request waits for a time-out.
ASK_AGAIN_SECONDS = 5.0
#: Without Redis nobody knows how many workers there are; each takes its part of so many.
ASSUMED_WORKERS = 4

_PREFIX = "badgejobs:pace:"
_MICROSECONDS = 1_000_000

# Why an own script and not the `limits` library: its moving window gives the same protection
# at the same price (about 0.1 ms a decision), but it knows neither lanes nor a gate, and the
# wait is a second call. Here one round trip answers all three by the server's own clock, and
# two workers never see them differ. A token bucket would be shorter and lets twice the budget
# through within the worst minute; a rolling window of exact stamps (at most `per_minute` of
# them a site) cannot.
#
# KEYS: stamps of the slots taken (list, oldest first), moment at which the gate opens.
# ARGV: per_minute, percentage of the lane. Times are microseconds; the answer is the wait.
_TAKE = f"""
local clock = redis.call('TIME')
local now = clock[1] * {_MICROSECONDS} + clock[2]
local window = {int(WINDOW_SECONDS * _MICROSECONDS)}
local allowed = tonumber(ARGV[1])

-- the server's clock was set back: what stands in its future counts as taken now
local last = tonumber(redis.call('LINDEX', KEYS[1], -1) or 0)
if last > now then
  for place, stamp in ipairs(redis.call('LRANGE', KEYS[1], 0, -1)) do
    if tonumber(stamp) > now then
      redis.call('LSET', KEYS[1], place - 1, string.format('%.0f', now))
    end
  end
end

while true do
  local oldest = redis.call('LINDEX', KEYS[1], 0)
  if not oldest or now - tonumber(oldest) < window then break end
  redis.call('LPOP', KEYS[1])
end

local gate = 0
local opens = tonumber(redis.call('GET', KEYS[2]) or 0)
if opens > 0 then
  gate = opens - now
  local share = math.min(1, math.max(0, -gate / {RECOVERY_SECONDS * _MICROSECONDS:.0f}))
  allowed = math.max(1, math.floor(allowed * ({PACE_AFTER_SHUT} + {1 - PACE_AFTER_SHUT} * share)))
end

local limit = math.max(1, math.floor(allowed * tonumber(ARGV[2]) / 100))
local taken = redis.call('LLEN', KEYS[1])
if gate <= 0 and taken < limit then
  redis.call('RPUSH', KEYS[1], string.format('%.0f', now))
  redis.call('PEXPIRE', KEYS[1], {int(WINDOW_SECONDS * 1000)} + 1000)
  return 0
end
local slot = 0
if taken >= limit then
  slot = tonumber(redis.call('LINDEX', KEYS[1], taken - limit)) + window - now
end
return math.max(gate, slot, 1000)
"""

# KEYS: moment at which the gate opens. ARGV: microseconds. A longer pause that stands is kept.
_SHUT = f"""
local clock = redis.call('TIME')
local now = clock[1] * {_MICROSECONDS} + clock[2]
local opens = math.max(now + tonumber(ARGV[1]), tonumber(redis.call('GET', KEYS[1]) or 0))
local lasts = math.ceil((opens - now) / 1000) + {RECOVERY_SECONDS * 1000:.0f}
redis.call('SET', KEYS[1], string.format('%.0f', opens), 'PX', lasts)
return 0
"""


def connected(redis_url: str) -> Redis:
    """A client that connects when it is first used, waits shortly and never repeats a command.

    redis-py by itself tries ten times, which takes seconds where Redis is away, and would
    take a second slot where only the answer was lost.

    Raises:
        SettingsError: this is no address of a Redis server. The text does not repeat it.
    """
    try:
        return Redis.from_url(
            redis_url,
            socket_timeout=SOCKET_TIMEOUT_SECONDS,
            socket_connect_timeout=SOCKET_TIMEOUT_SECONDS,
            retry=Retry(NoBackoff(), 0),
        )
    except ValueError:
        raise SettingsError(
            "the Redis address is not one: write redis://HOST:PORT/0, rediss://... or unix://PATH"
        ) from None


class Throttle:
    """The pace of sites, shared by every process that talks to the same Redis.

    In no 60 s are more than ``per_minute`` slots of one site taken. Without Redis each process
    keeps to a quarter of that on its own, counting what it took before; Redis is asked again
    every few seconds. Threads and forked children may share it.
    """

    def __init__(
        self,
        redis_url: str,
        *,
        connect: Callable[[str], Redis] = connected,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._redis = connect(redis_url)
        self._take = self._redis.register_script(_TAKE)
        self._shut = self._redis.register_script(_SHUT)
        self._clock = clock
        self._local = LocalThrottle(clock=clock)
        self._away_until = float("-inf")

    def take(self, site: str, lane: Lane, *, per_minute: int) -> float:
        """Take a slot: 0.0, or the seconds until one is likely free (then none is taken).

        Never raises for a Redis that is away or refuses.
        """
        if self._asks_redis():
            try:
                wait = int(self._take(keys=_keys(site), args=[per_minute, PERCENT[lane]]))
            except RedisError as error:
                self._away(error)
            else:
                if wait == 0:
                    self._local.note(site)
                return wait / _MICROSECONDS
        alone = max(1, per_minute // ASSUMED_WORKERS)
        return self._local.take(site, lane, per_minute=alone)

    def shut(self, site: str, seconds: float) -> None:
        """Wix asked for a pause: no slot in any lane for so long, then a lower pace at first.

        ``seconds`` is kept between 1 s and 15 min; a longer pause that stands is not shortened.
        """
        self._local.shut(site, seconds)
        if self._asks_redis():
            try:
                self._shut(keys=_keys(site)[1:], args=[int(shut_for(seconds) * _MICROSECONDS)])
            except RedisError as error:
                self._away(error)

    def close(self) -> None:
        """Close the connections; a later call opens new ones."""
        self._redis.close()

    def _asks_redis(self) -> bool:
        return self._clock() >= self._away_until

    def _away(self, error: RedisError) -> None:
        # the error's class and not its text: that may quote an address with a password
        log.warning("redis is away, keeping a pace of our own", error=type(error).__name__)
        self._away_until = self._clock() + ASK_AGAIN_SECONDS


def _keys(site: str) -> list[str]:
    """Both keys of a site; the braces keep them on one node of a Redis cluster."""
    return [f"{_PREFIX}{{{site}}}:taken", f"{_PREFIX}{{{site}}}:opens"]
