"""The rate limit: so many requests of one site in any window of time, and not one more."""

from __future__ import annotations

from collections import deque


class RollingWindow:
    """Counts admitted requests; those older than the window no longer count."""

    def __init__(self, requests: int, seconds: float) -> None:
        self._requests, self._seconds = requests, seconds
        self._admitted: deque[float] = deque()

    def admits(self, now: float) -> bool:
        """Whether a request at ``now`` is within the limit; if so it is counted.

        A limit of 0 requests means no limit. A refused request does not count.
        """
        if self._requests == 0:
            return True
        while self._admitted and self._admitted[0] <= now - self._seconds:
            self._admitted.popleft()
        if len(self._admitted) >= self._requests:
            return False
        self._admitted.append(now)
        return True

    def wait(self, now: float) -> float:
        """Seconds from ``now`` until the oldest request that counts no longer does."""
        return self._admitted[0] + self._seconds - now if self._admitted else 0.0

    def take_back(self) -> None:
        """Forget the request that was admitted last."""
        if self._admitted:
            self._admitted.pop()
