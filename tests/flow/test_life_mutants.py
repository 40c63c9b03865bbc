"""Lives are worth their time: they catch the mistakes that taking back is known for."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from databases import Clock
from life_mutants import Mutant, all_of_them, planted
from test_life import live

from badgejobs.store import SqlStore, open_store

#: Each mistake shows within so many seeds of so many steps.
ENOUGH, STEPS = 160, 12


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
    for seed in range(mutant.seed, mutant.seed + ENOUGH):
        try:
            with planted(mutant):
                live(seed, STEPS, store, clock, site=f"{mutant.name}-{seed}")
        except AssertionError as broken:
            return seed, str(broken)
    raise AssertionError(f"{ENOUGH} seeds did not catch it: {mutant.name}")


@pytest.mark.slow
@pytest.mark.parametrize("mutant", all_of_them(), ids=lambda one: one.name)
def test_a_planted_mistake_is_caught_and_without_it_the_same_seed_is_right(
    arena: tuple[SqlStore, Clock], mutant: Mutant
) -> None:
    caught, says = first_caught(mutant, *arena)

    assert re.search(mutant.says, says), says
    live(caught, STEPS, *arena, site=f"without-{mutant.name}")
