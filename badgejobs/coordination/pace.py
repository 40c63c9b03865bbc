"""What a client calls before each request: a slot soon, or an error that says when."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from badgejobs.coordination.lanes import SLOT_LIFE_SECONDS
from badgejobs.core.lane import Lane
from badgejobs.errors import Paced

#: A worker waits so long for its slot and no longer: then its place is better used by others.
PATIENCE_SECONDS = 2.0

#: The shortest single wait; workers that hoped for the same slot do not crowd at the door.
_STEP_SECONDS = 0.01

#: A slot that grows old while it is taken: so often another one is tried, each from the pace.
_MOST_SLOTS = 3


class TakesSlots(Protocol):
    """A throttle, shared or local."""

    def take(self, site: str, lane: Lane, *, per_minute: int) -> float:
        """Take a slot: 0.0, or the seconds until one is likely free."""
        ...


@dataclass(frozen=True, slots=True)
class Pace:
    """The pace of one site in one lane; call it before each request."""

    throttle: TakesSlots
    site: str
    lane: Lane
    per_minute: int
    patience: float = PATIENCE_SECONDS
    sleep: Callable[[float], None] = time.sleep
    clock: Callable[[], float] = time.monotonic

    def __call__(self) -> Callable[[], None]:
        """Take a slot, after at most ``patience`` seconds of waiting in all.

        What comes back is to be called right before the bytes leave: where the slot has grown
        old by then it takes another, so that a late request is counted when it is sent.

        Raises:
            Paced: no slot is free that soon; nothing was taken. Carries the seconds to wait.
                What comes back raises it too.
        """
        taken_at = self._taken()

        def renew() -> None:
            nonlocal taken_at
            for _ in range(_MOST_SLOTS):
                if self.clock() - taken_at <= SLOT_LIFE_SECONDS:
                    return
                taken_at = self._taken()
            if self.clock() - taken_at <= SLOT_LIFE_SECONDS:
                return
            raise Paced(f"slots of site {self.site} come too late to be used", seconds=1.0)

        return renew

    def _taken(self) -> float:
        """Take a slot; a moment that is no later than when it was counted."""
        left = self.patience
        while True:
            asked_at = self.clock()
            wait = self.throttle.take(self.site, self.lane, per_minute=self.per_minute)
            if wait == 0.0:
                return asked_at
            step = max(wait, _STEP_SECONDS)
            if step > left:
                raise Paced(f"the pace of site {self.site} is used up for now", seconds=wait)
            self.sleep(step)
            left -= step
