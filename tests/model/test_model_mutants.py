"""The model is worth its time: it catches each mistake that scans of this kind are known for."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from databases import Clock
from model_laws import Wrong
from model_run import play
from mutants import Mutant, all_of_them, planted

from badgejobs.store import SqlStore, open_store

#: Each mistake shows within so many seeds.
ENOUGH = 60


@pytest.fixture(scope="module")
def arena() -> Iterator[tuple[SqlStore, Clock]]:
    """A store in memory that many seeds share, each with a site of its own."""
    clock = Clock()
    store = open_store("sqlite://", clock=clock)
    store.migrate()
    yield store, clock
    store.dispose()


def first_caught(mutant: Mutant, store: SqlStore, clock: Clock) -> tuple[int, str]:
    """The first seed that catches a planted mistake, and what it says."""
    for seed in range(ENOUGH):
        try:
            with planted(mutant):
                play(seed, mutant.kind, store, clock, site=f"{mutant.name}-{seed}")
        except Wrong as wrong:
            return seed, str(wrong)
    raise AssertionError(f"{ENOUGH} seeds did not catch it: {mutant.name}")


@pytest.mark.slow
@pytest.mark.parametrize("mutant", all_of_them(), ids=lambda one: one.name)
def test_a_planted_mistake_is_caught_and_without_it_the_same_seeds_are_right(
    arena: tuple[SqlStore, Clock], mutant: Mutant
) -> None:
    caught, says = first_caught(mutant, *arena)

    assert re.search(mutant.says, says)
    play(caught, mutant.kind, *arena, site=f"without-{mutant.name}")
