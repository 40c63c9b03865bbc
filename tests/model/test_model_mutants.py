"""The model is worth its time: it catches each mistake that scans of this kind are known for."""

from __future__ import annotations

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


@pytest.mark.slow
@pytest.mark.parametrize("mutant", all_of_them(), ids=lambda one: one.name)
def test_a_planted_mistake_is_caught_and_without_it_the_same_seed_is_right(
    arena: tuple[SqlStore, Clock], mutant: Mutant
) -> None:
    for seed in range(ENOUGH):
        try:
            with planted(mutant):
                play(seed, mutant.kind, *arena, site=f"{mutant.name}-{seed}")
        except Wrong as wrong:
            assert mutant.says in str(wrong), "caught, and for another reason"
            play(seed, mutant.kind, *arena, site=f"without-{mutant.name}-{seed}")
            return
    pytest.fail(f"{ENOUGH} seeds did not catch it: {mutant.name}")
