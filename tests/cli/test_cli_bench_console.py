"""`badgejobs bench console`: what it looks at is asserted, and the sizes; times never."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from badgejobs.cli import application
from badgejobs.cli.bench_console import GOAL_MS, _Figures

SIZE = {"activities": 2_000, "members": 500, "awards": 1_000, "sites": 60, "runs": 200}
#: All that anybody can look at, with an operator's forms.
PAGES = {
    "overview", "overview, searched", "site", "lately", "badge", "badge, next holders", "member",
    "runs", "failed runs", "runs of the site", "drift", "quarantine", "explain a member", "log-in",
    "become an operator", "read now", "try again", "give", "take",
}  # fmt: skip


def measured(*options: str) -> dict[str, Any]:
    line = ["bench", "console", "--json", "--rounds", "2", *options]
    ended = CliRunner().invoke(application("bench"), line, catch_exceptions=False)
    assert ended.exit_code == 0, ended.output
    told: dict[str, Any] = json.loads(ended.stdout)
    return told


@pytest.mark.slow
def test_every_page_is_looked_at_over_a_record_of_the_size_asked_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    elsewhere = tmp_path / "real-work"
    monkeypatch.setenv("BADGEJOBS_STATE_DIR", str(elsewhere))
    monkeypatch.setenv("BADGEJOBS_DATABASE_URL", f"sqlite:///{elsewhere}.db")

    told = measured(*(f"--{name}={number}" for name, number in SIZE.items()))

    assert {name: told[name] for name in SIZE} == SIZE
    assert (told["database"], told["goal_ms"]) == ("sqlite", GOAL_MS)
    assert {one["name"] for one in told["pages"]} == PAGES
    views = {one["name"]: one for one in told["views"]}
    assert views["sites"]["rows"] == views["runs"]["rows"] == 50
    assert views["days"]["rows"] == 90
    assert all(0 < one["statements"] < 15 for one in views.values())
    for one in (*told["views"], *told["pages"]):
        assert one["reached"] == (max(one["first_ms"], one["ms_of_95_percent"]) <= GOAL_MS)
    assert list(tmp_path.iterdir()) == [], "the folder and the database of real work are let be"


def test_a_first_look_that_is_late_misses_the_goal_however_quick_all_others_are() -> None:
    late = _Figures(name="site", told={}, ms=[GOAL_MS + 1, *[1.0] * 99])
    assert not late.is_reached
    assert late.row()[-1].endswith("missed")
    assert _Figures(name="site", told={}, ms=[1.0] * 100).is_reached
