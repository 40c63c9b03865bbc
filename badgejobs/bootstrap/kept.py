"""What took long to find is not looked for again at once."""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable, Hashable
from threading import Lock
from typing import Any, Final, TypeVar

T = TypeVar("T")

#: What is found sooner is looked for each time, so that it is always as it stands.
_QUICK_SECONDS: Final = 0.05
#: What is found is kept so many times as long as it took to find, and no longer than that.
_TIMES: Final = 100.0
_LONGEST_SECONDS: Final = 10.0
_MOST: Final = 500


class Kept:
    """Answers by what was asked, each for a while that depends on what it cost.

    So a small site is shown as it stands at this moment, and a large one as it stood some seconds
    ago; of many who ask for the same only one looks.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._found = OrderedDict[Hashable, tuple[float, Any]]()
        self._turns = dict[Hashable, Lock]()
        self._lock = Lock()
        #: How often all was forgotten.
        self._era = 0

    def get(self, asked: Hashable, look: Callable[[], T]) -> T:
        """What was found before, if that may be told still, or what is found now."""
        with self._lock:
            turn = self._turns.setdefault(asked, Lock())
        with turn:
            if (found := self.known(asked)) is not None:
                return found  # type: ignore[no-any-return]
            began, era = self._clock(), self._era
            answer = look()
            self._keep(asked, answer, took=self._clock() - began, era=era)
            return answer

    def known(self, asked: Hashable) -> Any | None:
        """What was found before, if that may be told still."""
        with self._lock:
            until, found = self._found.get(asked, (float("-inf"), None))
        return found if self._clock() < until else None

    def forget(self) -> None:
        """Look for everything anew; what is being looked for just now is not kept either."""
        with self._lock:
            self._found.clear()
            self._era += 1

    def _keep(self, asked: Hashable, answer: object, *, took: float, era: int) -> None:
        with self._lock:
            self._found.pop(asked, None)
            if took >= _QUICK_SECONDS and era == self._era:
                lasts = min(took * _TIMES, _LONGEST_SECONDS)
                self._found[asked] = (self._clock() + lasts, answer)
            while len(self._found) > _MOST:
                self._found.popitem(last=False)
            if len(self._turns) > 2 * _MOST:
                self._turns = {one: self._turns[one] for one in self._found if one in self._turns}
