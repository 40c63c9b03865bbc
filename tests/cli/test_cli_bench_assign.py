"""`badgejobs bench assign`: calls and duplicates as the sandbox counted them; times never."""

from __future__ import annotations

import json
from math import ceil

import pytest
from typer.testing import CliRunner

from badgejobs.cli import application

pytestmark = pytest.mark.slow


def test_our_calls_keep_their_bounds_and_only_the_literal_flow_gives_a_badge_twice() -> None:
    line = ["bench", "assign", "--awards", "250", "--literal", "40", "--faulty", "60"]

    ended = CliRunner().invoke(application("bench"), [*line, "--json"], catch_exceptions=False)

    assert ended.exit_code == 0, ended.output
    told = json.loads(ended.stdout)
    ours, literal, bounds = told["ours"], told["literal"], told["bounds"]
    batches = ceil(250 / 100)
    assert ours["calls_by_path"] == {
        "/badges/v4/assignments/query": batches,
        "/badges/v4/bulk/assignments/create": batches,
    }
    assert ours["calls_an_award"] <= bounds["calls_an_award"] == 0.03
    assert ours["calls_live"] == bounds["calls_live"] == 2
    assert ours["calls_idle"] == bounds["calls_idle"] == 0
    assert literal["awards"] == 40
    assert literal["calls_an_award"] == 2
    assert told["literal_to_ours"]["calls_an_award"] > 2 / 0.03

    faults = told["under_faults"]
    assert faults["answers_lost"] > 0
    assert faults["duplicates"] == bounds["duplicates"] == 0
    assert 0 < faults["literal_duplicates"] <= faults["literal_answers_lost"]
    assert faults["missing"] == faults["literal_missing"] == 0


@pytest.mark.slow
def test_what_is_told_holds_each_figure_against_its_bound() -> None:
    line = ["bench", "assign", "--awards", "200", "--literal", "10", "--faulty", "30"]

    ended = CliRunner().invoke(application("bench"), line, catch_exceptions=False)

    assert ended.exit_code == 0, ended.output
    rows = dict(one.split("\t", 1) for one in ended.stdout.splitlines())
    assert rows["calls an award"].endswith("0.03 at most: reached")
    assert rows["calls for one award that arrives live"].endswith("2 at most: reached")
    assert rows["calls while there is nothing to do"].endswith("0 at most: reached")
    assert rows["members who have the badge twice"].endswith("0 at most: reached")
