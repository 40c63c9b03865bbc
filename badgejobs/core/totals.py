"""Totals that only grow: counted in this process, and taken out to be added to the record's."""

from __future__ import annotations

import threading
from bisect import bisect_left
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

#: A total by its name and its labels, sorted; its value is a whole number.
Key = tuple[str, tuple[tuple[str, str], ...]]

#: Requests to Wix that left, by ``lane`` and ``answer``; token requests are none.
CALLS: Final = "api_calls"
#: How often a request waited for its slot of the pace, by ``lane``, and how long in all.
WAITS: Final = "throttle_waits"
WAITED_MS: Final = "throttle_wait_ms"
#: How often a job gave up its turn since no slot came soon enough, by ``lane``.
PACED: Final = "throttle_refusals"
#: Runs that ended, by ``kind`` and ``outcome``, and those that failed, by ``kind`` and ``error``.
RUNS: Final = "runs"
FAILED: Final = "runs_failed"

#: The last step of every spread.
ABOVE_ALL: Final = "+Inf"


@dataclass(frozen=True, slots=True, kw_only=True)
class Spread:
    """How durations are spread: how many lie within each step, and their sum.

    Each observation is counted in one step alone, the first that holds it.
    """

    name: str
    #: The upper ends of the steps, in seconds, rising.
    steps: tuple[float, ...]

    @property
    def within(self) -> str:
        """The total of how many lie within a step, which the label ``le`` names."""
        return f"{self.name}_within"

    @property
    def sum_ms(self) -> str:
        """The total of all durations, in milliseconds."""
        return f"{self.name}_sum_ms"

    def step(self, seconds: float) -> str:
        """The step that a duration lies in.

        >>> spread = Spread(name="s", steps=(0.5, 10))
        >>> spread.step(0.5), spread.step(3), spread.step(11)
        ('0.5', '10', '+Inf')
        """
        place = bisect_left(self.steps, seconds)
        return self.labels[place]

    @property
    def labels(self) -> tuple[str, ...]:
        """Each step as its label says it."""
        return (*(f"{step:g}" for step in self.steps), ABOVE_ALL)


#: How long a run took, by ``kind``.
RUN_SECONDS: Final = Spread(
    name="run_seconds", steps=(0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 20, 30, 60, 120)
)
#: From when a badge was earned to when it was given; what was found in the past is left out.
AWARD_LAG: Final = Spread(
    name="award_lag_seconds",
    steps=(5, 15, 30, 60, 120, 300, 600, 1800, 3600, 21_600, 86_400, 604_800),
)
#: From when we knew that a badge was earned to when it was given.
DELIVERY: Final = Spread(
    name="award_delivery_seconds", steps=(1, 2, 5, 10, 30, 60, 120, 300, 600, 1800, 3600, 86_400)
)
SPREADS: Final = (RUN_SECONDS, AWARD_LAG, DELIVERY)


def observed(spread: Spread, seconds: float, **labels: str) -> dict[Key, int]:
    """What one observation adds.

    >>> sorted(observed(Spread(name="s", steps=(1,)), 0.25, kind="scan").items())
    [(('s_sum_ms', (('kind', 'scan'),)), 250), (('s_within', (('kind', 'scan'), ('le', '1'))), 1)]
    """
    # two clocks may differ a little: nothing takes less than no time
    seconds = max(seconds, 0.0)
    return {
        key(spread.within, le=spread.step(seconds), **labels): 1,
        key(spread.sum_ms, **labels): round(1000 * seconds),
    }


def key(name: str, /, **labels: str) -> Key:
    """The key of a total."""
    return name, tuple(sorted(labels.items()))


class Totals:
    """What this process counted since it was last taken out; threads may share it."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._counts = Counter[Key]()

    def add(self, name: str, number: int = 1, /, **labels: str) -> None:
        """Count something."""
        self.add_all({key(name, **labels): number})

    def observe(self, spread: Spread, seconds: float, /, **labels: str) -> None:
        """Count a duration."""
        self.add_all(observed(spread, seconds, **labels))

    def add_all(self, counts: Mapping[Key, int]) -> None:
        """Count many; also what was taken out and could not be written."""
        with self._lock:
            self._counts.update(counts)

    def take(self) -> dict[Key, int]:
        """All that was counted, which is forgotten here."""
        with self._lock:
            counts, self._counts = self._counts, Counter[Key]()
        return dict(counts)

    def forget(self) -> None:
        """In a forked child: what was counted is the parent's to tell."""
        self._lock = threading.Lock()
        self._counts = Counter[Key]()
