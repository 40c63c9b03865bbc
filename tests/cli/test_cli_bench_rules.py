"""`badgejobs bench rules`: that all do the same work; how fast is printed and never asserted."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from contextlib import closing

import pytest
from typer.testing import CliRunner

from badgejobs.cli import application
from badgejobs.cli.rulebench import rounds
from badgejobs.cli.rulebench.folding import Earned, folded
from badgejobs.cli.rulebench.rounds import GOALS, OURS, measured
from badgejobs.cli.rulebench.setwise import Tables
from badgejobs.cli.rulebench.twelve import all_twelve
from badgejobs.cli.rulebench.workload import AS_OF, made_up
from badgejobs.core.activity import Activity
from badgejobs.core.evaluate import Evaluator
from badgejobs.errors import StateError


def ours(members: dict[str, list[Activity]]) -> Iterator[Earned]:
    evaluator = Evaluator(all_twelve())
    for member, facts in members.items():
        for answer in evaluator.answers(facts, AS_OF):
            if answer.earned_at:
                yield member, answer.milestone.badge, answer.earned_at


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_badgejobs_plain_loops_and_sql_come_to_the_same_awards(seed: int) -> None:
    workload = made_up(members=60, activities=6_000, seed=seed)

    earned = set(ours(workload.members))

    assert earned == set(folded(workload.members, everything=True))
    with closing(Tables(workload)) as tables:
        assert earned == set(tables.earned(everything=True))
    # each of the rules is earned by somebody and missed by somebody else, so all were asked
    by_badge = Counter(badge for _, badge, _ in earned)
    assert by_badge.keys() == {one.badge for one in all_twelve()}
    assert min(by_badge.values()) < len(workload.members)


def test_the_same_numbers_make_up_the_same_site_and_another_seed_another() -> None:
    first = made_up(members=20, activities=300, seed=7)

    assert made_up(members=20, activities=300, seed=7) == first
    assert made_up(members=20, activities=300, seed=8) != first
    assert sum(len(theirs) for theirs in first.members.values()) == first.activities == 300
    assert len([*first.of("orders")]) == 150


def test_it_prints_the_figures_of_all_three_in_one_json_object() -> None:
    line = ["bench", "rules", "--members", "30", "--activities", "900", "--rounds", "2", "--json"]

    ended = CliRunner().invoke(application("bench"), line, catch_exceptions=False)

    told = json.loads(ended.stdout)
    assert ended.exit_code == 0
    assert told["goals_in_activities_a_second"] == GOALS
    assert len(told["figures"]) == 6
    for work in GOALS:
        theirs = [one for one in told["figures"] if one["work"] == work]
        assert len({one["by"] for one in theirs}) == 3
        assert len({one["awards"] for one in theirs}) == 1
        for one in theirs:
            rates = one["activities_a_second"]
            assert 0 < rates["least"] <= rates["median"] <= rates["most"]


def test_an_answer_that_differs_is_an_error_and_no_figure(monkeypatch: pytest.MonkeyPatch) -> None:
    def forgetful(members: dict[str, list[Activity]], *, everything: bool) -> Iterator[Earned]:
        earned = sorted(folded(members, everything=everything))
        yield from earned[1:]

    monkeypatch.setattr(rounds, "folded", forgetful)

    with pytest.raises(StateError, match=f"plain loops and {OURS} differ at counts and sums: 1 a"):
        measured(made_up(members=10, activities=200, seed=1), rounds=1)
