"""`badgejobs rules test`, as people type it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from command_desk import Desk

from badgejobs import rules as room

SHIPPED = Path(room.__file__).parent / "examples" / "twelve.cases.yaml"

CASES = """\
rules: rules.yaml
cases:
  - name: one order is no third
    activities:
      - {order: o1, member: ada, at: 2026-03-05T12:00Z}
    expect:
      - as_of: 2026-03-06T12:00Z
        badges:
          ada: [first-purchase, third-purchase]
  - name: nobody has anything
    expect:
      - {as_of: 2026-03-06T12:00Z, badges: {}}
"""


@pytest.fixture
def folder(tmp_path: Path) -> Desk:
    return Desk(tmp_path, "http://127.0.0.1:9")


def test_the_shipped_cases_pass(folder: Desk) -> None:
    ended = folder.run("rules", "test", str(SHIPPED))

    assert ended.code == 0, ended.out
    assert {line.split("\t")[2] for line in ended.out.splitlines()} == {"ok"}
    assert ended.err.endswith(", 0 failed\n")


def test_a_failure_is_a_diff_with_its_place_and_proof_and_ends_with_1(folder: Desk) -> None:
    folder.write("shop.cases.yaml", CASES)

    ended = folder.run("rules", "test", "shop.cases.yaml")

    assert ended.code == 1
    assert ended.out == (
        "shop.cases.yaml:3\tone order is no third\tfailed\n"
        "shop.cases.yaml:10\tnobody has anything\tok\n"
        "\n"
        "shop.cases.yaml:9: one order is no third\n"
        "  ada, third-purchase, as of 2026-03-06T12:00:00+00:00\n"
        "  - expected: has it\n"
        "  + got:      has it not\n"
        "      not met: 3 or more paid orders; 1 of 3\n"
        "        missing: 2 more\n"
        "        counted: o1 of 2026-03-05 12:00:00+00:00\n"
    )
    assert ended.err == "2 case(s), 1 failed\n"


def test_json_holds_every_case_of_every_file(folder: Desk) -> None:
    folder.write("shop.cases.yaml", CASES)

    ended = folder.run("rules", "test", "shop.cases.yaml", str(SHIPPED), "--json")

    told = json.loads(ended.out)
    shop, shipped = told["files"]
    assert (ended.code, told["failed"]) == (1, 1)
    assert told["passed"] == 1 + len(shipped["cases"])
    assert [(one["name"], one["ok"]) for one in shop["cases"]] == [
        ("one order is no third", False), ("nobody has anything", True),
    ]  # fmt: skip
    [mismatch] = shop["cases"][0]["mismatches"]
    assert (mismatch["line"], mismatch["member"], mismatch["badge"], mismatch["got"]) == (
        9, "ada", "third-purchase", "has it not",
    )  # fmt: skip


def test_a_file_that_holds_no_cases_ends_with_4_and_one_sentence(folder: Desk) -> None:
    folder.write("shop.cases.yaml", CASES.replace("as_of", "asof", 1))

    ended = folder.run("rules", "test", "shop.cases.yaml")

    assert (ended.code, ended.out) == (4, "")
    assert ended.err == (
        "badgejobs: shop.cases.yaml:7:9: expect: 'asof' is not known here; did you mean 'as_of'?\n"
    )
