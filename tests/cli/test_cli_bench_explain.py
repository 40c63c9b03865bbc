"""`badgejobs bench explain`: whom it explains is asserted; how long it took never."""

from __future__ import annotations

import json

from typer.testing import CliRunner

from badgejobs.cli import application
from badgejobs.cli.bench_explain import GOAL_MS
from badgejobs.cli.rulebench.twelve import all_twelve


def test_twelve_badges_of_ordinary_and_of_the_busiest_members_are_explained() -> None:
    line = ["bench", "explain", "--members", "30", "--activities", "600", "--of", "3", "--json"]

    ended = CliRunner().invoke(application("bench"), line, catch_exceptions=False)

    assert ended.exit_code == 0, ended.output
    told = json.loads(ended.stdout)
    assert (told["members"], told["activities"], told["goal_ms"]) == (30, 600, GOAL_MS)
    ordinary, busiest = told["figures"]
    assert (ordinary["members"], busiest["members"]) == ("ordinary", "busiest")
    assert ordinary["activities"][1] <= busiest["activities"][0]
    for one in (ordinary, busiest):
        assert one["explained"] == 3 * len(all_twelve())
        assert 0 < one["median_ms"] <= one["ms_of_95_percent"]
        assert one["median_ms"] <= one["most_ms"]
