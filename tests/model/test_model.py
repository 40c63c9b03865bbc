"""A live site, read with all that goes wrong: nothing missed, nothing stale, nothing counted twice.

The oracle is the site's true history. One seed is one run, and plays the same each time; a failure
names its seed, and ``pytest tests/model -k twice --seed N`` plays it again, alone.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

import pytest
from databases import Clock
from model_laws import Kind
from model_run import play

from badgejobs.store import SqlStore, open_store

#: Seeds of each kind: in every run of the suite, and in its long step.
SHORT = 12
LONG = 64
ON_POSTGRES = 8
CHUNKS = 1

KINDS = pytest.mark.parametrize("kind", ["orders", "comments"])


@pytest.fixture(scope="module")
def arena() -> Iterator[tuple[SqlStore, Clock]]:
    """A store in memory that many seeds share, each with a site of its own."""
    clock = Clock()
    store = open_store("sqlite://", clock=clock)
    store.migrate()
    yield store, clock
    store.dispose()


def play_some(kind: Kind, seeds: range, store: SqlStore, clock: Clock) -> None:
    counts = Counter[str]()
    for seed in seeds:
        run = play(seed, kind, store, clock)
        counts += run.counts + Counter(records=len(run.source.records))
    assert counts["records"] > 10 * len(seeds), "or the site does not live"
    for trouble in ("faults", "crashes", "pauses"):
        assert counts[trouble], "or nothing goes wrong"


@KINDS
@pytest.mark.parametrize("chunk", range(CHUNKS))
def test_whatever_goes_wrong_what_is_stored_is_the_site(
    arena: tuple[SqlStore, Clock], kind: Kind, chunk: int
) -> None:
    play_some(kind, range(chunk, SHORT, CHUNKS), *arena)


@pytest.mark.slow
@KINDS
@pytest.mark.parametrize("chunk", range(CHUNKS))
def test_in_hundreds_of_histories_what_is_stored_is_the_site(
    arena: tuple[SqlStore, Clock], kind: Kind, chunk: int
) -> None:
    play_some(kind, range(SHORT + chunk, LONG, CHUNKS), *arena)


@pytest.mark.slow
@KINDS
@pytest.mark.parametrize("database_url", ["postgres"], indirect=True)
def test_on_postgres_what_is_stored_is_the_site(store: SqlStore, clock: Clock, kind: Kind) -> None:
    play_some(kind, range(ON_POSTGRES), store, clock)


@KINDS
def test_a_seed_plays_the_same_twice(
    arena: tuple[SqlStore, Clock], kind: Kind, chosen_seed: int | None
) -> None:
    seed = 3 if chosen_seed is None else chosen_seed
    first, second = (play(seed, kind, *arena, site=f"{kind}-{name}") for name in "ab")

    assert first.source.calls == second.source.calls
    assert first.counts == second.counts
    assert list(first.source.records) == list(second.source.records)
