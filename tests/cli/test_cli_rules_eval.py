"""`badgejobs rules eval`, as people type it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from command_desk import Desk, Ended
from typer.testing import CliRunner

from badgejobs import rules as room
from badgejobs.cli import application

TWELVE = Path(room.__file__).parent / "examples" / "twelve.yaml"
HEAD = "member,source,id,at,amount,refunded,length"
SITE = ("--currency", "GBP", "--timezone", "Europe/London")
MARCH = ("--as-of", "2026-03-05T00:00Z")

LIMITED = """\
version: 1
badges:
  - id: early
    badge: {title: Early}
    when: {count: orders, gte: 1}
    limit: {first: 2}
"""

runner = CliRunner(env={"NO_COLOR": "1"})


@pytest.fixture
def folder(tmp_path: Path) -> Desk:
    return Desk(tmp_path, "http://127.0.0.1:9")


def evaluated(folder: Desk, rules: str | Path, *more: str) -> Any:
    """What the command prints, run in this process."""
    file = str(rules) if isinstance(rules, Path) else rules
    line = ["rules", "eval", file, "--activities", str(folder.folder / "facts.csv"), *more]
    return runner.invoke(application("rules"), line, catch_exceptions=False)


def objects(printed: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in printed.splitlines()]


def test_each_member_and_badge_has_a_row_with_what_stands_and_what_time_changes(
    folder: Desk,
) -> None:
    folder.write(
        "facts.csv",
        f"{HEAD}\n"
        "bob,orders,o2,2026-02-28T12:00Z,120,120,\n"
        "ada,orders,o1,2026-01-31T23:30:00+01:00,120.50,,\n",
    )

    ended: Ended = folder.run(
        "rules", "eval", str(TWELVE), "--activities", "facts.csv", *SITE, *MARCH
    )

    rows = [line.split("\t") for line in ended.out.splitlines()]
    assert ended.code == 0
    assert len(rows) == 2 * 14
    assert rows[0] == ["ada", "first-purchase", "yes", "2026-01-31T22:30:00+00:00", "", ""]
    # it leaves the 365 days on 31 January; 30 days later April is the next month to begin
    assert rows[11] == [
        "ada", "vip-bronze", "yes", "2026-02-14T22:30:00+00:00", "2027-03-31T23:00:00+00:00", "",
    ]  # fmt: skip
    assert [row[2] for row in rows if row[0] == "bob"] == ["no"] * 14
    assert "facts.csv: 2 activities" in ended.err
    assert "as of now" not in ended.err


def test_without_as_of_it_is_now_and_says_so(folder: Desk) -> None:
    folder.write("facts.csv", f"{HEAD}\nada,orders,o1,2026-01-31T23:30Z,1,,\n")

    ended = evaluated(folder, TWELVE, "--currency", "GBP")

    assert "as of now, 2" in ended.stderr
    assert "days and months are those of UTC; --timezone says" in ended.stderr


def test_rules_that_name_their_zone_are_not_said_to_leave_it_open(folder: Desk) -> None:
    rules = "version: 1\nsite: {timezone: UTC}\nbadges:\n- id: a\n  badge: A\n"
    folder.write("rules.yaml", rules + "  when: {distinct: orders.day, gte: 1}\n")
    folder.write("facts.csv", f"{HEAD},currency\nada,orders,o1,2026-01-31T23:30Z,1,,,EUR\n")

    ended = evaluated(folder, folder.folder / "rules.yaml")

    assert "as of now" in ended.stderr
    assert "--timezone" not in ended.stderr


def test_json_lines_hold_one_object_a_row_and_with_explain_the_proof(folder: Desk) -> None:
    folder.write(
        "facts.csv",
        f"{HEAD}\n"
        "ada,orders,o1,2026-01-31T23:30Z,120.50,,\n"
        "ada,orders,o2,2026-02-01T23:30Z,9,9,\n"
        "ada,comments,c1,2026-02-01T23:30Z,,,7\n",
    )

    ended = evaluated(folder, TWELVE, *SITE, *MARCH, "--json", "--explain")

    found = {one["badge"]: one for one in objects(ended.stdout)}
    assert found["first-purchase"] == {
        "member": "ada",
        "badge": "first-purchase",
        "met": True,
        "earned_at": "2026-01-31T23:30:00+00:00",
        "crossed_by": "o1",
        "next_change_at": None,
        "withheld": None,
        "proof": {
            "condition": "1 or more paid orders",
            "met": True,
            "number": 1,
            "earned_at": "2026-01-31T23:30:00+00:00",
            "next_change_at": None,
            "missing": None,
            "missing_by": None,
            "missing_by_because": None,
            "counted": ["o1"],
            "left_the_window": [],
            "fills_a_gap": [],
            "not_counted": [{"id": "o2", "reason": "refunded in full"}],
        },
    }
    parts = found["all-rounder"]["proof"]["parts"]
    assert [part["missing"] for part in parts] == ["2 more", "10 more", "the first one"]
    assert parts[1]["not_counted"] == [{"id": "c1", "reason": "shorter than the policy asks"}]


def test_explain_tells_each_activity_and_what_is_missing(folder: Desk) -> None:
    folder.write(
        "facts.csv",
        f"{HEAD}\n"
        "ada,orders,o1,2026-01-31T23:30Z,120.50,20,\n"
        "ada,orders,o2,2026-02-01T23:30Z,9,9,\n",
    )

    shown = evaluated(folder, TWELVE, *SITE, *MARCH, "--explain").stdout

    silver = shown[shown.index("ada  vip-silver") : shown.index("ada  vip-gold")]
    assert silver == (
        "ada  vip-silver  not met\n"
        "    not met: paid orders in the last 365 days worth 500.00 GBP or more in total; "
        "100.50 GBP of 500.00 GBP\n"
        "      missing: 399.50 GBP more by 2027-01-17 23:30:00+00:00, "
        "when the first of what counts leaves the window\n"
        "      counted: o1 of 2026-01-31 23:30:00+00:00\n"
        "      not counted: o2 of 2026-02-01 23:30:00+00:00: refunded in full\n"
    )


def test_places_go_over_all_members_by_crossing_then_activity_then_member(folder: Desk) -> None:
    rules = folder.write("limited.yaml", LIMITED)
    folder.write(
        "facts.csv",
        "member,source,id,at\n"
        "ada,orders,o9,2026-02-01T00:00:02Z\n"
        "bob,orders,o3,2026-02-01T00:00:01Z\n"
        "cyd,orders,o2,2026-02-01T00:00:01Z\n"
        "dan,orders,o2,2026-02-01T00:00:01Z\n",
    )

    everyone = objects(evaluated(folder, rules, *MARCH, "--json").stdout)
    bob = objects(evaluated(folder, rules, *MARCH, "--json", "--member", "bob").stdout)

    assert {one["member"] for one in everyone if one["met"]} == {"cyd", "dan"}
    assert {one["withheld"] for one in everyone if not one["met"]} == {"only for the first 2"}
    assert bob == [one for one in everyone if one["member"] == "bob"]


def test_the_order_of_the_rows_changes_nothing(folder: Desk) -> None:
    lines = [
        f"m{n % 7},orders,o{n},2026-0{1 + n % 3}-1{n % 9}T0{n % 8}:00Z,{n}.50,," for n in range(40)
    ]
    folder.write("facts.csv", "\n".join([HEAD, *lines]))
    forth = evaluated(folder, TWELVE, *SITE, *MARCH, "--explain").stdout
    folder.write("facts.csv", "\n".join([HEAD, *reversed(lines)]))

    assert evaluated(folder, TWELVE, *SITE, *MARCH, "--explain").stdout == forth


def test_met_and_member_narrow_what_is_shown(folder: Desk) -> None:
    folder.write(
        "facts.csv",
        f"{HEAD}\nada,orders,o1,2026-01-31T23:30Z,1,,\nbob,orders,o2,2026-01-31T23:30Z,1,,\n",
    )

    shown = evaluated(folder, TWELVE, *SITE, *MARCH, "--met", "--member", "bob")
    nobody = evaluated(folder, TWELVE, *SITE, *MARCH, "--member", "eve")

    assert [line.split("\t")[:3] for line in shown.stdout.splitlines()] == [
        ["bob", "first-purchase", "yes"],
        ["bob", "founding-customer", "yes"],
    ]
    assert (nobody.stdout, nobody.exit_code) == ("", 0)
    assert "has no activity of the member 'eve'" in nobody.stderr


def test_a_bad_row_ends_it_with_place_and_cure_and_without_output(folder: Desk) -> None:
    folder.write(
        "facts.csv", f"{HEAD}\nada,orders,o1,2026-01-31T23:30Z,1,,\nbob,orders,o2,31.1.2026,1,,\n"
    )

    ended = folder.run("rules", "eval", str(TWELVE), "--activities", "facts.csv", *SITE, *MARCH)

    assert (ended.code, ended.out) == (4, "")
    assert ended.err.splitlines()[-1] == (
        "badgejobs: facts.csv:3: at: '31.1.2026' is not a moment; "
        "write it as 2026-01-31T23:30:00+01:00"
    )


@pytest.mark.parametrize(
    ("option", "told"),
    [
        (("--as-of", "2026-01-31"), "add the time and the zone, such as 2026-01-31T12:00:00Z"),
        (("--as-of", "noon"), "'noon' is not a moment"),
        (("--timezone", "Mars/Base"), "'Mars/Base' is not a time zone"),
        (("--currency", "pounds"), "is not a currency's three-letter code"),
    ],
)
def test_wrong_options_are_wrong_usage(folder: Desk, option: tuple[str, str], told: str) -> None:
    folder.write("facts.csv", f"{HEAD}\n")

    ended = evaluated(folder, TWELVE, *option)

    assert ended.exit_code == 2
    assert told in " ".join(ended.stderr.replace("│", " ").split())
