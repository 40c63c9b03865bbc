"""Seeded lives in which badges are given and taken back, by rules and by persons."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from databases import Clock
from life_end import check_at_rest
from life_play import Life

from badgejobs.store import SqlStore, open_store

#: Seeds and steps of each: in every run of the suite, and in its long step.
SHORT = (4, 6)
LONG = (40, 10)
CHUNKS = 4
#: Some of so many lives lose a badge.
ENOUGH_TO_TAKE = 40


@pytest.fixture
def arena() -> Iterator[tuple[SqlStore, Clock]]:
    """A store in memory that many seeds share, each with a site of its own."""
    clock = Clock()
    store = open_store("sqlite://", clock=clock)
    store.migrate()
    yield store, clock
    store.dispose()


def live(seed: int, steps: int, store: SqlStore, clock: Clock, *, site: str = "") -> Life:
    """Play one seed by its laws."""
    life = Life(seed, store, clock, site=site)
    life.play(steps)
    check_at_rest(life)
    return life


def live_all(chunk: int, seeds: int, steps: int, arena: tuple[SqlStore, Clock]) -> None:
    given = taken = 0
    for seed in range(chunk, seeds, CHUNKS):
        print(f"seed {seed}, {steps} steps")  # noqa: T201 - shown where it fails
        wix = live(seed, steps, *arena).wix
        given += len(wix.named("create", "create_many"))
        taken += len(wix.named("delete_many"))
    assert given, "or nothing happened"
    assert taken or seeds < ENOUGH_TO_TAKE, "or nothing was taken"


@pytest.mark.parametrize("chunk", range(CHUNKS))
def test_whatever_goes_wrong_what_stands_is_what_persons_and_facts_say(
    arena: tuple[SqlStore, Clock], chunk: int
) -> None:
    live_all(chunk, *SHORT, arena)


@pytest.mark.slow
@pytest.mark.parametrize("chunk", range(CHUNKS))
def test_in_longer_lives_what_stands_is_what_persons_and_facts_say_too(
    arena: tuple[SqlStore, Clock], chunk: int
) -> None:
    live_all(chunk, *LONG, arena)


def test_a_life_is_lived_the_same_twice() -> None:
    calls = []
    for _ in range(2):
        clock = Clock()
        store = open_store("sqlite://", clock=clock)
        store.migrate()
        calls.append(live(5, 4, store, clock).wix.calls)
        store.dispose()

    assert calls[0] == calls[1]
