"""`badgejobs bench scan`: calls are asserted, as the sandbox counted them; times never."""

from __future__ import annotations

import json
from math import ceil, log2
from typing import Any

import pytest
from typer.testing import CliRunner

from badgejobs.cli import application

pytestmark = pytest.mark.slow


def measured(*options: str) -> dict[str, Any]:
    line = ["bench", "scan", "--json", *options]
    ended = CliRunner().invoke(application("bench"), line, catch_exceptions=False)
    assert ended.exit_code == 0, ended.output
    told: dict[str, Any] = json.loads(ended.stdout)
    return told


def test_a_steady_tick_is_one_call_and_changed_posts_are_found_within_the_bound() -> None:
    posts, number = 100, 4_000

    told = measured(
        "--comments", str(number), "--posts", str(posts), "--changed", "1", "--changed", "3"
    )

    assert told["calls_of_a_steady_tick"] == told["apps"] == 1
    assert told["walk_pages"] == ceil(number / 100)
    assert [one["changed_posts"] for one in told["found"]] == [1, 3]
    for one in told["found"]:
        k = one["changed_posts"]
        assert one["counts_bound"] == ceil(1 + 2 * k * (1 + log2(posts / k)))
        assert 1 < one["counts"] <= one["counts_bound"]
        assert one["pages"] == one["pages_of_these_posts"] <= k
        assert not one["by_walk"]
    worst = told["worst_case_seconds"]
    assert worst["change"] < worst["on_new_resource"] < worst["unseen_by_numbers"]


def test_where_a_walk_is_cheaper_it_is_the_walk_that_finds_them() -> None:
    told = measured("--comments", "1500", "--posts", "150", "--changed", "60")
    (one,) = told["found"]
    assert one["by_walk"]
    assert one["pages"] == ceil(1_560 / 100)
    assert one["counts"] <= 1 + told["walk_pages"] < one["counts_bound"]


@pytest.mark.parametrize(
    "options", [["--posts", "11", "--comments", "10"], ["--posts", "5", "--changed", "6"]]
)
def test_figures_that_cannot_be_measured_are_refused_by_name(options: list[str]) -> None:
    ended = CliRunner().invoke(application("bench"), ["bench", "scan", *options])
    assert "--posts is at most --comments, and --changed at most --posts" in str(ended.exception)
