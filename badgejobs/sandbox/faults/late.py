"""Requests that take effect after their caller has given up on them."""

from __future__ import annotations

import asyncio
from collections.abc import Callable


class LateWrites:
    """What is still to be done; it runs on the server's own loop and holds nobody up."""

    def __init__(self) -> None:
        self._waiting: set[asyncio.TimerHandle] = set()

    def __len__(self) -> int:
        """How many are still to be done."""
        return len(self._waiting)

    def after(self, seconds: float, write: Callable[[], None]) -> None:
        """Do something so many seconds from now, unless it is cancelled before."""

        def run() -> None:
            self._waiting.discard(handle)
            write()

        handle = asyncio.get_running_loop().call_later(seconds, run)
        self._waiting.add(handle)

    def cancel(self) -> None:
        """Let nothing of it happen any more."""
        for handle in self._waiting:
            handle.cancel()
        self._waiting.clear()
