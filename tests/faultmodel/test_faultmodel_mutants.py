"""The model of giving is worth its time: it catches each mistake that giving is known for."""

from __future__ import annotations

import re

import pytest
from giving import play
from giving_mutants import Mutant, all_of_them, planted
from model_wix import Wrong

#: Each mistake shows within so many runs of so many awards: the 2,000 of the long step.
RUNS = 4
AWARDS = 500


def first_caught(mutant: Mutant) -> tuple[int, str]:
    """The first seed that catches a planted mistake, and what it says."""
    for seed in range(1, RUNS + 1):
        try:
            with planted(mutant):
                play(mutant.profile, seed, awards=AWARDS, **mutant.timing)
        except Wrong as wrong:
            return seed, str(wrong)
    raise AssertionError(f"{RUNS} runs of {AWARDS} awards did not catch it: {mutant.name}")


@pytest.mark.slow
@pytest.mark.parametrize("mutant", all_of_them(), ids=lambda one: one.name)
def test_a_planted_mistake_is_caught_and_without_it_the_same_run_is_right(mutant: Mutant) -> None:
    caught, says = first_caught(mutant)

    assert re.search(mutant.says, says), says
    play(mutant.profile, caught, awards=AWARDS)
