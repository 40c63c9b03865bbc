"""The throttle's scripts, each one round trip. Times are microseconds of the server's clock.

Keys of all sites: the store (hash: ``birth``, ``careful``, ``latest``) and the processes (sorted
by when each was last heard of). Of one site: stamps of the slots taken (list, oldest first), and
its gate after a 429 (hash: when it ``opens``, the ``share`` of the pace then, the last ``cut``).
Both go by themselves soon after their last use. 10,000 sites take 2 MB with a few requests a minute
each and 19 MB with 180, and 2 MB more where all have a gate.
"""

from __future__ import annotations

from dataclasses import dataclass

from badgejobs.coordination.adaptive import (
    CUT,
    LEAST_SHARE,
    LONGEST_SHUT_SECONDS,
    REGAINED_A_SECOND,
)
from badgejobs.coordination.lanes import SHORTEST_WAIT_SECONDS, WINDOW_SECONDS

MICROSECONDS = 1_000_000

#: A process that was not heard of for so long does not count; killed ones say no goodbye.
PROCESS_KEPT_SECONDS = 900

#: Where a script has its time from; a test that moves the time writes another expression.
SERVER_CLOCK = "redis.call('TIME')"

#: Answers of ``take`` that are no wait.
CAREFUL = -1


@dataclass(frozen=True, slots=True)
class Scripts:
    """Their text."""

    take: str
    shut: str
    doubt: str
    overview: str


def scripts(clock: str = SERVER_CLOCK) -> Scripts:
    """The scripts over a clock: an expression that is seconds and microseconds in a table."""
    begin = f"""
local clock = {clock}
local now = clock[1] * {MICROSECONDS} + clock[2]
local window = {WINDOW_SECONDS * MICROSECONDS:.0f}
local function share_of(gate)
  local open = math.max(0, now - tonumber(gate[1]))
  return math.min(1, tonumber(gate[2]) + {REGAINED_A_SECOND / MICROSECONDS!r} * open)
end
"""
    return Scripts(
        take=begin + _TAKE, shut=begin + _SHUT, doubt=begin + _DOUBT, overview=begin + _OVERVIEW
    )


# Why scripts of our own and not a library. Measured on Valkey 9.1 over a Unix socket with 4 greedy
# processes, 50 slots in 2 s, on two busy cores; counted where the answer arrived, so even an exact
# window shows answers that came late (for which slots have a life, see `lanes`):
#
#                                us a decision   worst window   lanes, gate   says when
#   ours                               78            54             yes          yes
#   limits 5.8 moving window           49            51             no         2nd call
#   limits 5.8 sliding counter         48            57             no         2nd call
#   limits 5.8 fixed window            44            65             no         2nd call
#   pyrate-limiter 4.5                 73            54             no         blocks
#   throttled-py 3.5 sliding          125            78             no           yes
#   throttled-py 3.5 GCRA, bucket   67, 55        99, 100           no           yes
#
# Only moving windows of exact stamps hold a limit in any window: `limits` and pyrate have one. But
# none knows lanes, a gate and a pace that falls at a 429; none sees that the store has lost its
# data or that its clock jumped; and with each of these beside it a decision is several round
# trips, between which workers see them differ. The difference in cost is nothing beside a request.

# KEYS: store, processes, stamps, gate.
# ARGV: per_minute, percentage of the lane, who asks, whether it knew another store ('1').
# The answer: the wait (0: taken, CAREFUL: nobody may), the time, the store's birth, the time of
# the call before, how many processes there are.
_TAKE = f"""
local store = redis.call('HMGET', KEYS[1], 'birth', 'careful', 'latest')
local birth, careful = store[1], tonumber(store[2] or 0)
local latest = tonumber(store[3] or 0)
if not birth then
  -- newborn: what was taken before is forgotten, unless there was nothing before
  birth = string.format('%.0f:%s', now, ARGV[3])
  careful = ARGV[4] == '1' and now + window or 0
  redis.call('HSET', KEYS[1], 'birth', birth, 'careful', string.format('%.0f', careful))
elseif careful > now + window then -- the clock was set back
  careful = now + window
  redis.call('HSET', KEYS[1], 'careful', string.format('%.0f', careful))
end
redis.call('HSET', KEYS[1], 'latest', string.format('%.0f', math.max(latest, now)))

redis.call('ZADD', KEYS[2], string.format('%.0f', now), ARGV[3])
redis.call('ZREMRANGEBYSCORE', KEYS[2], '-inf',
  string.format('%.0f', now - {PROCESS_KEPT_SECONDS * MICROSECONDS}))
local told = {{0, now, birth, latest, redis.call('ZCARD', KEYS[2])}}
if careful > now then told[1] = {CAREFUL} return told end

-- the clock was set back: what stands in its future counts as taken now
local last = tonumber(redis.call('LINDEX', KEYS[3], -1) or 0)
if last > now then
  for place, stamp in ipairs(redis.call('LRANGE', KEYS[3], 0, -1)) do
    if tonumber(stamp) > now then
      redis.call('LSET', KEYS[3], place - 1, string.format('%.0f', now))
    end
  end
end

while true do
  local oldest = redis.call('LINDEX', KEYS[3], 0)
  if not oldest or now - tonumber(oldest) < window then break end
  redis.call('LPOP', KEYS[3])
end

local allowed, shut = tonumber(ARGV[1]), 0
local gate = redis.call('HMGET', KEYS[4], 'opens', 'share')
if gate[1] then
  shut = tonumber(gate[1]) - now
  local longest = {LONGEST_SHUT_SECONDS * MICROSECONDS:.0f}
  if shut > longest then -- the clock was set back
    shut = longest
    redis.call('HSET', KEYS[4], 'opens', string.format('%.0f', now + longest), 'cut', 0)
  end
  allowed = math.max(1, math.floor(allowed * share_of(gate)))
end

local limit = math.max(1, math.floor(allowed * tonumber(ARGV[2]) / 100))
local taken = redis.call('LLEN', KEYS[3])
if shut <= 0 and taken < limit then
  redis.call('RPUSH', KEYS[3], string.format('%.0f', now))
  redis.call('PEXPIRE', KEYS[3], {WINDOW_SECONDS * 1000:.0f} + 1000)
  return told
end
local slot = 0
if taken >= limit then
  slot = tonumber(redis.call('LINDEX', KEYS[3], taken - limit)) + window - now
end
told[1] = math.ceil(math.max(shut, slot, {SHORTEST_WAIT_SECONDS * MICROSECONDS:.0f}))
return told
"""

# KEYS: stamps, gate. ARGV: microseconds. As `adaptive.shut`.
_SHUT = f"""
local opens, share, cut = now + tonumber(ARGV[1]), {CUT}, now
local gate = redis.call('HMGET', KEYS[2], 'opens', 'share', 'cut')
if gate[1] then
  local last = tonumber(redis.call('LINDEX', KEYS[1], -1) or 0)
  share = share_of(gate)
  if now < tonumber(gate[1]) or last <= tonumber(gate[3]) then
    cut = tonumber(gate[3])
  else
    share = math.max({LEAST_SHARE!r}, share * {CUT})
  end
  opens = math.max(opens, tonumber(gate[1]))
end
redis.call('HSET', KEYS[2], 'opens', string.format('%.0f', opens),
  'share', string.format('%.6f', share), 'cut', string.format('%.0f', cut))
redis.call('PEXPIRE', KEYS[2],
  math.ceil((opens - now) / 1000 + (1 - share) / {REGAINED_A_SECOND / 1000!r}) + 1000)
return 0
"""

# Somebody found that this store is not the one that it knew, or lost some of it, or that its
# clock jumped ahead: for a window from then nobody may believe it.
# KEYS: store. ARGV: the birth that was seen, whether it must be born again ('1'), who asks.
# The answer: the birth.
_DOUBT = """
local birth = redis.call('HGET', KEYS[1], 'birth')
if birth ~= ARGV[1] then return birth end -- somebody was faster
local since = tonumber(string.match(birth, '^%d+'))
if ARGV[2] == '1' then
  since = now
  birth = string.format('%.0f:%s', now, ARGV[3])
  redis.call('HSET', KEYS[1], 'birth', birth, 'latest', string.format('%.0f', now))
end
local careful = math.max(tonumber(redis.call('HGET', KEYS[1], 'careful') or 0), since + window)
redis.call('HSET', KEYS[1], 'careful', string.format('%.0f', careful))
return birth
"""

# KEYS: stamps and gate of each site in turn.
# The answer, for each in turn: slots taken, the share of the pace in millionths, the wait.
_OVERVIEW = f"""
local told = {{}}
for place = 1, #KEYS, 2 do
  local share, shut = 1, 0
  -- the first that is within the window, by halving
  local length = redis.call('LLEN', KEYS[place])
  local first, behind = 0, length
  while first < behind do
    local middle = math.floor((first + behind) / 2)
    if now - tonumber(redis.call('LINDEX', KEYS[place], middle)) < window then
      behind = middle
    else
      first = middle + 1
    end
  end
  local gate = redis.call('HMGET', KEYS[place + 1], 'opens', 'share')
  if gate[1] then
    share, shut = share_of(gate), math.max(0, tonumber(gate[1]) - now)
  end
  table.insert(told, {{length - first, math.floor(share * {MICROSECONDS} + 0.5), math.ceil(shut)}})
end
return told
"""
