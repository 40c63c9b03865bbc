"""Rounds in which everyone takes a turn, so that a machine that slows down slows all.

Seconds are those of the processor: what other programs do meanwhile is not measured.
"""

from __future__ import annotations

import gc
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass, field
from statistics import median
from typing import Final

from badgejobs.cli.rulebench.folding import Earned, folded
from badgejobs.cli.rulebench.setwise import Tables
from badgejobs.cli.rulebench.twelve import all_twelve, counts_and_sums
from badgejobs.cli.rulebench.workload import AS_OF, Workload
from badgejobs.core.evaluate import Evaluator
from badgejobs.core.milestone import Milestone
from badgejobs.errors import StateError

#: The two amounts of work, and what we want to reach in activities a second of one core.
GOALS: Final = {"counts and sums": 300_000, "all twelve": 100_000}
#: Who does it.
OURS, LOOPS, SQL = "badgejobs", "plain loops", "SQL in SQLite"


@dataclass(slots=True)
class Figures:
    """What one contender reached at one amount of work, in activities a second, by round."""

    work: str
    who: str
    rates: list[float] = field(default_factory=list)
    earned: int = 0

    @property
    def spread(self) -> tuple[float, float, float]:
        """The least, the median, and the most."""
        return min(self.rates), median(self.rates), max(self.rates)


def measured(workload: Workload, *, rounds: int) -> list[Figures]:
    """Everyone's figures; ``StateError`` where not all come to the same."""
    with closing(Tables(workload)) as tables:
        contenders = _contenders(workload, tables)
        found = {key: Figures(*key) for key in contenders}
        # the workload would be looked through by every collection of garbage, of all alike
        gc.collect()
        gc.freeze()
        try:
            # the first round fills caches
            for number in range(rounds + 1):
                outcomes = dict[tuple[str, str], set[Earned]]()
                for key, contender in contenders.items():
                    began = time.process_time()
                    earned = set(contender())
                    seconds = time.process_time() - began
                    outcomes[key] = earned
                    if number:
                        found[key].rates.append(workload.activities / seconds)
                    found[key].earned = len(earned)
                _agree(outcomes)
        finally:
            gc.unfreeze()
    return list(found.values())


def _contenders(
    workload: Workload, tables: Tables
) -> dict[tuple[str, str], Callable[[], Iterable[Earned]]]:
    few, all_of_them = GOALS
    members = workload.members
    return {
        (few, OURS): lambda: _evaluated(workload, counts_and_sums()),
        (few, LOOPS): lambda: folded(members, everything=False),
        (few, SQL): lambda: tables.earned(everything=False),
        (all_of_them, OURS): lambda: _evaluated(workload, all_twelve()),
        (all_of_them, LOOPS): lambda: folded(members, everything=True),
        (all_of_them, SQL): lambda: tables.earned(everything=True),
    }


def _evaluated(workload: Workload, milestones: tuple[Milestone, ...]) -> Iterator[Earned]:
    evaluator = Evaluator(milestones)
    for member, facts in workload.members.items():
        for answer in evaluator.answers(facts, AS_OF):
            if answer.earned_at:
                yield member, answer.milestone.badge, answer.earned_at


def _agree(outcomes: dict[tuple[str, str], set[Earned]]) -> None:
    for (work, who), earned in outcomes.items():
        ours = outcomes[work, OURS]
        if earned != ours:
            member, badge, at = min(earned ^ ours)
            side = who if (member, badge, at) in earned else OURS
            raise StateError(
                f"{who} and {OURS} differ at {work}: {len(earned ^ ours)} answers, first {badge} "
                f"of {member} at {at.isoformat()}, which {side} alone gives"
            )
