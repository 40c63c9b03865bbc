"""explain, near, progress and diff, as a user calls them, at a sandbox that answers."""

from __future__ import annotations

import csv
import json

import pytest
from command_desk import RULES, Desk, Ended, LiveWix, member_id
from one_process import run_here

from badgejobs.cli.exits import Code

pytest_plugins = ["cli_fixtures"]
pytestmark = pytest.mark.slow


def run(desk: Desk, *arguments: str) -> Ended:
    return run_here(arguments, folder=desk.folder, environment={})


def test_a_member_is_explained_found_near_counted_and_compared(
    desk: Desk, live_wix: LiveWix
) -> None:
    for member in (1, 2, 3):
        live_wix.buys(member, member)
    assert run(desk, "sync", "shop").code == 0
    calls = sum(live_wix.world.journal.counts.values())
    two = member_id(2)

    told = run(desk, "explain", "shop", two, "Third Purchase")
    assert told.code == 0, told.err
    first, *_ = lines = told.out.splitlines()
    assert first == f"Third Purchase (third-purchase) of {two}: not earned"
    assert "    not met: 3 or more paid orders; 2 of 3" in lines
    assert "      missing: 1 more" in lines
    assert sum(line.startswith("      counted: cccccccc-") for line in lines) == 2
    data = json.loads(run(desk, "explain", "shop", two, "first-purchase", "--json").out)
    assert (data["met"], data["award"]["state"]) == (True, "assigned")
    before = run(desk, "explain", "shop", two, "first-purchase", "--as-of", "2001-01-01T00:00Z")
    assert "lies in the future" in before.out
    wrong = run(desk, "explain", "shop", two, "third-purchas")
    assert (wrong.code, wrong.out) == (4, "")
    assert "did you mean 'third-purchase'?" in wrong.err

    listed = run(desk, "near", "shop", "third-purchase", "--csv")
    assert list(csv.DictReader(listed.out.splitlines())) == [
        {"member": two, "has": "2", "of": "3", "missing": "1 more", "until": ""}
    ]
    [one] = [json.loads(line) for line in run(
        desk, "near", "shop", "third-purchase", "--json").out.splitlines()]  # fmt: skip
    assert (one["member"], one["number"], one["missing"]) == (two, 2, "1 more")
    counted = json.loads(run(desk, "progress", "shop", "--json").out)
    assert counted["badges"]["third-purchase"] == {"3": 1, "6": 1, "10": 1}

    desk.write("softer.yaml", RULES.replace("gte: 3", "gte: 2"))
    same = run(desk, "diff", "rules.yaml", "rules.yaml", "--site", "shop", "--check")
    assert (same.code, same.out) == (0, "nobody would gain, lose or change tier\n")
    changed = run(desk, "diff", "rules.yaml", "softer.yaml", "--markdown", "--check")
    assert changed.code == Code.CHANGED
    assert "| third-purchase | 1 | 0 |" in changed.out
    assert two not in changed.out
    named = run(desk, "diff", "rules.yaml", "softer.yaml", "--markdown", "--members")
    assert named.code == 0
    assert f"| {two} | gains third-purchase |" in named.out
    assert sum(live_wix.world.journal.counts.values()) == calls
