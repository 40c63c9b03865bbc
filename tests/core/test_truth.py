"""The evaluation against real activity, with awards that other programs computed."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path

import pytest
import real_log

from badgejobs.core.activity import Activity
from badgejobs.core.evaluate import Evaluator

EXTRACT = Path(str(files("badgejobs.sandbox.history") / "data"))
FACTS: dict[str, list[Activity]] = real_log.orders(EXTRACT) | real_log.comments(
    EXTRACT / "comments.csv.gz"
)
EXPECTED = real_log.truth([EXTRACT / "expected.csv.gz"])
RULES = sorted(EXPECTED)


def test_the_shipped_truth_asks_for_counts_sums_windows_different_things_and_composites() -> None:
    assert {rule.rpartition("_")[0] for rule in RULES} == {
        "comments_count",
        "distinct_products",
        "distinct_products_5",
        "loyal_10_orders_or",
        "orders_3_in",
        "orders_count",
        "spent_gross",
        "spent_net_ever",
    }
    assert all(EXPECTED[rule] for rule in RULES)
    assert sum(len(EXPECTED[rule]) for rule in RULES) > 5_000


@pytest.mark.parametrize("rule", RULES)
def test_every_award_of_the_real_data_is_found_to_the_second_and_no_other(rule: str) -> None:
    assert real_log.differences(FACTS, rule, EXPECTED[rule]) == ([], [])


def test_many_rules_at_once_answer_as_each_alone() -> None:
    milestones = [real_log.milestone_of(rule) for rule in RULES]
    together, alone = Evaluator(milestones), [Evaluator([one]) for one in milestones]

    for facts in list(FACTS.values())[:200]:
        answers = together.answers(facts, real_log.AS_OF)
        singly = [one.answers(facts, real_log.AS_OF)[0] for one in alone]
        assert [(a.met, a.earned_at, a.crossed_by) for a in answers] == [
            (a.met, a.earned_at, a.crossed_by) for a in singly
        ]
