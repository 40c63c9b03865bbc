"""The pace of sites within one process, without a broker."""

from __future__ import annotations

import time
from collections import defaultdict, deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from threading import Lock

from badgejobs.coordination.adaptive import Gate, allowed, shut
from badgejobs.coordination.lanes import (
    SHORTEST_WAIT_SECONDS,
    WINDOW_SECONDS,
    ceiling,
    headroom,
)
from badgejobs.coordination.seen import Seen
from badgejobs.core.lane import Lane


@dataclass(slots=True)
class _Site:
    """One site: when its slots were taken, oldest first, and its gate after a 429."""

    taken: deque[float] = field(default_factory=deque)
    gate: Gate | None = None


class LocalThrottle:
    """The same answers as :class:`badgejobs.coordination.throttle.Throttle`, in memory.

    For a command that works alone, and the safety net of a worker that cannot reach Redis.
    Threads may share it. ``clock`` returns seconds that never go back.
    """

    def __init__(
        self, *, clock: Callable[[], float] = time.monotonic, after_others: bool = False
    ) -> None:
        """``after_others`` says that others may have been at work until now, out of our sight.

        Then the first window is for what they took, and only Wix's headroom for us.
        """
        self._clock = clock
        self._guard = Lock()
        self._sites: defaultdict[str, _Site] = defaultdict(_Site)
        self._alone_from = clock() + WINDOW_SECONDS if after_others else None

    def take(self, site: str, lane: Lane, *, per_minute: int) -> float:
        """Take a slot: 0.0, or the seconds until one is likely free (then none is taken)."""
        with self._guard:
            now = self._clock()
            if self._alone_from is not None and now < self._alone_from:
                per_minute = min(per_minute, headroom(per_minute))
                if per_minute == 0:
                    return self._alone_from - now
            at = self._sites[site]
            while at.taken and now - at.taken[0] >= WINDOW_SECONDS:
                at.taken.popleft()
            pace, shut_for = per_minute, 0.0
            if at.gate is not None:
                shut_for = at.gate.opens_at - now
                pace = allowed(per_minute, at.gate.share_at(now))
            limit = ceiling(lane, pace)
            if shut_for <= 0 and len(at.taken) < limit:
                at.taken.append(now)
                return 0.0
            slot = 0.0
            if len(at.taken) >= limit:
                slot = at.taken[len(at.taken) - limit] + WINDOW_SECONDS - now
            return max(shut_for, slot, SHORTEST_WAIT_SECONDS)

    def shut(self, site: str, seconds: float) -> None:
        """Wix asked for a pause: no slot in any lane for so long, then half the pace at first."""
        with self._guard:
            at = self._sites[site]
            last = at.taken[-1] if at.taken else None
            at.gate = shut(at.gate, self._clock(), seconds=seconds, last_taken=last)

    def shut_for(self, site: str) -> float:
        """Seconds until the gate of a site opens; 0 where it stands open."""
        with self._guard:
            gate = self._sites[site].gate if site in self._sites else None
            return max(0.0, gate.opens_at - self._clock()) if gate else 0.0

    def overview(self, sites: Mapping[str, int]) -> dict[str, Seen]:
        """How it stands with these sites, given with their whole pace."""
        with self._guard:
            now = self._clock()
            return {site: self._seen(site, pace, now) for site, pace in sites.items()}

    def _seen(self, site: str, per_minute: int, now: float) -> Seen:
        at = self._sites[site] if site in self._sites else _Site()
        return Seen(
            taken=sum(now - one < WINDOW_SECONDS for one in at.taken),
            per_minute=allowed(per_minute, at.gate.share_at(now)) if at.gate else per_minute,
            shut_seconds=max(0.0, at.gate.opens_at - now) if at.gate else 0.0,
        )

    def close(self) -> None:
        """Nothing to give back; here so that both throttles end alike."""
