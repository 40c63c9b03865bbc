"""Time that passes only where somebody waits, and workers that wait side by side in one thread.

Each worker is a greenlet: real code runs in it until it comes to a place where time passes, such
as a socket, and there the next one whose moment has come goes on. So any order in which workers
can meet can happen, and one seed makes one order.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

from greenlet import getcurrent, greenlet

_BEGIN = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)


class Time:
    """The virtual clock, and what is to happen at which moment of it."""

    def __init__(self) -> None:
        #: Seconds since the beginning.
        self.seconds = 0.0
        self._plans: list[tuple[float, int, Callable[[], object]]] = []
        self._number = count()
        self._hub = getcurrent()

    def __call__(self) -> datetime:
        """The moment as the database and Wix read it off."""
        return self.moment(self.seconds)

    def moment(self, seconds: float) -> datetime:
        """A moment that is so many seconds from the beginning."""
        return _BEGIN + timedelta(seconds=seconds)

    def monotonic(self) -> float:
        """The same as seconds that never go back."""
        return self.seconds

    def at(self, seconds: float, action: Callable[[], object]) -> None:
        """Do something at a moment, in seconds since the beginning; now, where that is past."""
        heapq.heappush(self._plans, (max(seconds, self.seconds), next(self._number), action))

    def after(self, seconds: float, action: Callable[[], object]) -> None:
        """Do something so many seconds from now."""
        self.at(self.seconds + seconds, action)

    def start(self, work: Callable[[], object]) -> None:
        """Let a worker begin now; where it waits, others go on."""
        self.at(self.seconds, greenlet(work, self._hub).switch)

    def wait(self, seconds: float) -> None:
        """Let time pass for the worker that calls this; elsewhere it passes at once."""
        me: Any = getcurrent()
        if me is self._hub:
            self.seconds += seconds
            return
        self.after(seconds, me.switch)
        self._hub.switch()

    def run(self, *, until: float) -> None:
        """Let happen all that is planned up to a moment."""
        while self._plans and self._plans[0][0] <= until:
            self.seconds, _, action = heapq.heappop(self._plans)
            action()
        self.seconds = max(self.seconds, until)
