"""Badges are given exactly once, whatever goes wrong: real code on a virtual clock.

Each run prints its seed and what it came to. ``pytest tests/faultmodel -m slow -k every_profile
--awards 20000 --timeout 7200 -s`` plays each profile at length, ``--seed N`` another seed of it.
"""

from __future__ import annotations

import pytest
from giving import play
from giving_laws import Report
from profiles import CALM, FAULTS, MORE, OWNER, SEVEN, STALLS, Profile

#: Awards of a profile: in every run of the suite, and in its long step.
SHORT = 60
LONG = 2000
SEED = 1


def played(profile: Profile, seed: int | None, awards: int) -> Report:
    report = play(profile, SEED if seed is None else seed, awards=awards)
    print(report)  # noqa: T201 - the figures are what one comes for
    return report


@pytest.mark.parametrize("profile", SEVEN, ids=lambda one: one.name)
def test_every_badge_is_given_once_and_nothing_else_is_touched(
    profile: Profile, chosen_seed: int | None, chosen_awards: int | None
) -> None:
    report = played(profile, chosen_seed, chosen_awards or SHORT)

    assert report.counts["creates"], "or nothing was given"


@pytest.mark.slow
@pytest.mark.parametrize("profile", [*SEVEN, *MORE], ids=lambda one: one.name)
def test_in_every_profile_thousands_of_badges_are_given_once(
    profile: Profile, chosen_seed: int | None, chosen_awards: int | None
) -> None:
    report = played(profile, chosen_seed, chosen_awards or LONG)

    counts = report.counts
    if profile is CALM:
        assert (report.posts, report.for_a_person) == (1.0, 0)
        return
    for trouble in ("lost before", "lost after", "workers that died"):
        assert counts[trouble], "or nothing goes wrong"
    assert bool(counts["stalls"]) == bool(profile.stall)
    assert bool(counts["taken by the owner"]) == bool(profile.owner)


@pytest.mark.parametrize("profile", [STALLS, OWNER], ids=lambda one: one.name)
def test_a_seed_is_one_run_and_plays_the_same_twice(profile: Profile) -> None:
    first, second = (str(play(profile, 3, awards=100)) for _ in range(2))

    assert first == second


def test_another_seed_is_another_run() -> None:
    first, second = (str(play(FAULTS, seed, awards=100)) for seed in (1, 2))

    assert first.partition(":")[2] != second.partition(":")[2]
