"""The pace of sites within one process, without a broker."""

from __future__ import annotations

import time
from collections import defaultdict, deque
from collections.abc import Callable
from dataclasses import dataclass, field
from threading import Lock

from badgejobs.coordination.lanes import (
    PACE_AFTER_SHUT,
    RECOVERY_SECONDS,
    SHORTEST_WAIT_SECONDS,
    WINDOW_SECONDS,
    ceiling,
    shut_for,
)
from badgejobs.core.lane import Lane


@dataclass(slots=True)
class _Site:
    """One site: when its slots were taken, oldest first, and when its gate opens again."""

    taken: deque[float] = field(default_factory=deque)
    opens_at: float | None = None


class LocalThrottle:
    """The same answers as :class:`badgejobs.coordination.throttle.Throttle`, in memory.

    For a command that works alone, and the safety net of a worker that cannot reach Redis.
    Threads may share it. ``clock`` returns seconds that never go back.
    """

    def __init__(self, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._guard = Lock()
        self._sites: defaultdict[str, _Site] = defaultdict(_Site)

    def take(self, site: str, lane: Lane, *, per_minute: int) -> float:
        """Take a slot: 0.0, or the seconds until one is likely free (then none is taken)."""
        with self._guard:
            now = self._clock()
            at = self._sites[site]
            while at.taken and now - at.taken[0] >= WINDOW_SECONDS:
                at.taken.popleft()
            allowed, gate = per_minute, 0.0
            if at.opens_at is not None:
                gate = at.opens_at - now
                allowed = _recovering(per_minute, since_open=-gate)
            limit = ceiling(lane, allowed)
            if gate <= 0 and len(at.taken) < limit:
                at.taken.append(now)
                return 0.0
            slot = 0.0
            if len(at.taken) >= limit:
                slot = at.taken[len(at.taken) - limit] + WINDOW_SECONDS - now
            return max(gate, slot, SHORTEST_WAIT_SECONDS)

    def shut(self, site: str, seconds: float) -> None:
        """Wix asked for a pause: no slot in any lane for so long, then a lower pace at first."""
        with self._guard:
            at = self._sites[site]
            until = self._clock() + shut_for(seconds)
            at.opens_at = until if at.opens_at is None else max(at.opens_at, until)

    def note(self, site: str) -> None:
        """Count a slot that was taken elsewhere, so that a later switch to here knows of it."""
        with self._guard:
            taken = self._sites[site].taken
            now = self._clock()
            taken.append(now)
            while now - taken[0] >= WINDOW_SECONDS:
                taken.popleft()

    def close(self) -> None:
        """Nothing to give back; here so that both throttles end alike."""


def _recovering(per_minute: int, *, since_open: float) -> int:
    """The pace of a site some seconds after its gate opened (before that, as if it did now)."""
    share = min(1.0, max(0.0, since_open / RECOVERY_SECONDS))
    return max(1, int(per_minute * (PACE_AFTER_SHUT + (1 - PACE_AFTER_SHUT) * share)))
