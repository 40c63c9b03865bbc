"""A program that was there before the broker joins the pace of the workers that came with it."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import ExitStack
from threading import Lock
from types import TracebackType
from typing import Final, Self

import structlog

from badgejobs.bootstrap import House
from badgejobs.cli.opening import standing
from badgejobs.config import Settings
from badgejobs.coordination.local import LocalThrottle
from badgejobs.errors import BrokerUnavailable, StateError

log = structlog.get_logger(__name__)

#: A broker that was not there is looked for again so often.
_EVERY_SECONDS: Final = 5.0


class Sharing:
    """Called now and then, it lets a house share the pace of workers as soon as they share one.

    One of many threads looks, and the others go on meanwhile. A broker that was found is held
    until the end, as by whoever finds it at once.
    """

    def __init__(
        self, settings: Settings, house: House, *, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._settings, self._house, self._clock = settings, house, clock
        self._held, self._turn = ExitStack(), Lock()
        self._next = clock() + _EVERY_SECONDS

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._held.close()

    def __call__(self) -> None:
        """Look for the broker, unless that was done just now or it is known."""
        if not self._is_to_be_looked() or not self._turn.acquire(blocking=False):
            return
        try:
            if self._is_to_be_looked():
                self._look()
        finally:
            self._turn.release()

    def _is_to_be_looked(self) -> bool:
        return isinstance(self._house.throttle, LocalThrottle) and self._clock() >= self._next

    def _look(self) -> None:
        try:
            address = self._held.enter_context(standing(self._settings))
        except (BrokerUnavailable, StateError):
            self._next = self._clock() + _EVERY_SECONDS
            return
        self._house.share_pace(address.redis_url)
        log.info("the broker is there: the pace is shared with its workers from now on")
