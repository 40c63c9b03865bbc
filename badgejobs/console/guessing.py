"""Guessing a password is made slow: by address, and for all together."""

from __future__ import annotations

import time
from collections import OrderedDict, deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

#: Wrong answers of one address that cost nothing; each one more doubles its wait.
FREE: Final = 4
_LONGEST_SECONDS: Final = 900.0
#: So many doublings exceed the longest wait; a thousand would exceed what a float holds.
_DOUBLINGS: Final = 10
#: So many wrong answers of all addresses together within a minute make everybody wait.
_OF_ALL: Final = 60
_MINUTE: Final = 60.0
_ADDRESSES: Final = 4096


@dataclass(slots=True)
class _Tries:
    wrong: int = 0
    until: float = 0.0


class Guessing:
    """How long each address must wait before its next answer is looked at."""

    def __init__(self, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._tries = OrderedDict[str, _Tries]()
        self._lately = deque[float](maxlen=_OF_ALL)

    def wait_seconds(self, address: str) -> float:
        """0 where an answer is looked at now."""
        now, tries = self._clock(), self._tries.get(address)
        own = tries.until - now if tries else 0.0
        crowd = self._lately[0] + _MINUTE - now if len(self._lately) == _OF_ALL else 0.0
        return max(own, crowd, 0.0)

    def was_wrong(self, address: str) -> None:
        """Count a wrong answer."""
        now = self._clock()
        self._lately.append(now)
        tries = self._tries.setdefault(address, _Tries())
        self._tries.move_to_end(address)
        tries.wrong += 1
        if tries.wrong > FREE:
            doublings = min(tries.wrong - FREE, _DOUBLINGS)
            tries.until = now + min(2.0**doublings, _LONGEST_SECONDS)
        while len(self._tries) > _ADDRESSES:
            self._tries.popitem(last=False)

    def was_right(self, address: str) -> None:
        """Whoever knows it may mistype it again."""
        self._tries.pop(address, None)
