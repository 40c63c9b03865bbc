"""How many events of one site are acted on in a minute."""

from __future__ import annotations

import time
from collections.abc import Callable
from threading import Lock
from typing import Final

_MINUTE: Final = 60.0


class Flood:
    """Counts by site and minute; ``clock`` tells seconds. May be asked by several threads."""

    def __init__(self, most: int, clock: Callable[[], float] = time.monotonic) -> None:
        self._most, self._clock = most, clock
        self._counted = dict[str, tuple[float, int]]()
        self._lock = Lock()

    def admits(self, site: str) -> bool:
        """Whether one more may be acted on now; it counts if so."""
        with self._lock:
            now = self._clock()
            began, number = self._counted.get(site, (now, 0))
            if now - began >= _MINUTE:
                began, number = now, 0
            if number >= self._most:
                return False
            self._counted[site] = began, number + 1
            return True
