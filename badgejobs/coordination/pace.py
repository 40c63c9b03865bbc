"""What a client calls before each request: a slot soon, or an error that says when."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from badgejobs.core.lane import Lane
from badgejobs.errors import Paced

#: A worker waits so long for its slot and no longer: then its place is better used by others.
PATIENCE_SECONDS = 2.0

#: The shortest single wait; workers that hoped for the same slot do not crowd at the door.
_STEP_SECONDS = 0.01


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

    def __call__(self) -> None:
        """Take a slot, after at most ``patience`` seconds of waiting in all.

        Raises:
            Paced: no slot is free that soon; nothing was taken. Carries the seconds to wait.
        """
        left = self.patience
        while wait := self.throttle.take(self.site, self.lane, per_minute=self.per_minute):
            step = max(wait, _STEP_SECONDS)
            if step > left:
                raise Paced(f"the pace of site {self.site} is used up for now", seconds=wait)
            self.sleep(step)
            left -= step
