"""Two rules files held against the same facts: what CI reads of it, and what a person reads."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from command_desk import Desk, Ended, member_id
from one_process import run_here

from badgejobs.cli.exits import Code
from badgejobs.core.activity import Activity, Mark
from badgejobs.store import open_store

NOW = datetime(2026, 5, 1, 12, tzinfo=UTC)
LADDER = """\
version: 1
badges:
  - id: first-purchase
    badge: {{title: First Purchase}}
    when: {{count: orders, gte: 1}}
ladders:
  - id: vip
    measure: {{count: orders}}
    tiers:
      - {{id: silver, badge: {{title: Silver}}, gte: {silver}}}
      - {{id: gold, badge: {{title: Gold}}, gte: {gold}}}
"""
#: Four members have four orders: more than are named of one change unless that is asked for.
ORDERS = {1: 1, 2: 2, 3: 3, 4: 4, 5: 4, 6: 4, 7: 4, 8: 5}
FALLEN = [member_id(number) for number in (4, 5, 6, 7)]
LOST = member_id(2)


class Here(Desk):
    """A desk whose commands run within this process, and whose Wix is away."""

    def run(self, *arguments: str, **environment: str) -> Ended:
        return run_here(arguments, folder=self.folder, environment=environment)

    def diff(self, *more: str, old: str = "old.yaml", new: str = "new.yaml") -> Ended:
        return self.run("diff", old, new, "--site", "shop", *more)


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Here]:
    """A shop whose orders are recorded, and a ladder whose lines are to be raised."""
    made = Here(tmp_path, "http://127.0.0.1:9")
    made.write("old.yaml", LADDER.format(silver=2, gold=4))
    made.write("new.yaml", LADDER.format(silver=3, gold=5))
    assert made.run("migrate").code == 0
    store = open_store(f"sqlite:///{tmp_path}/state/badgejobs.db")
    with store.begin() as tx:
        orders = [
            Activity(
                site="shop", source="orders", activity_id=f"o{member}-{n}",
                member_id=member_id(member), occurred_at=NOW - timedelta(days=n), updated_at=NOW,
                marks=frozenset({Mark.APPROVED, Mark.PAID}),
            )
            for member, number in ORDERS.items()
            for n in range(number)
        ]  # fmt: skip
        tx.activities.record(orders, site="shop", source="orders", generation=0)
    yield made
    store.dispose()


def test_who_falls_to_a_lower_tier_is_told_as_a_change_and_not_as_a_loss(desk: Here) -> None:
    ended = desk.diff()
    assert ended.code == Code.OK, ended.err
    assert ended.out.splitlines() == [
        f"silver\t0\t1\tloses {LOST}",
        f"vip\tgold\tsilver\t4\t{', '.join(FALLEN[:3])}",
    ]
    everybody = desk.diff("--members").out.splitlines()
    assert everybody[1] == f"vip\tgold\tsilver\t4\t{', '.join(FALLEN)}"


def test_a_program_reads_each_change_of_tier_with_its_number_and_members(desk: Here) -> None:
    told = json.loads(desk.diff("--json", "--members").out)
    assert told.pop("as_of")
    assert told == {
        "site": "shop", "old": "old.yaml", "new": "new.yaml", "changes": True,
        "badges": {"silver": {"gains": 0, "loses": 1, "members": {"loses": [LOST]}}},
        "tiers": [
            {"ladder": "vip", "from": "gold", "to": "silver", "number": 4, "members": FALLEN}
        ],
    }  # fmt: skip
    [some] = json.loads(desk.diff("--json").out)["tiers"]
    assert (some["number"], some["members"]) == (4, FALLEN[:3])
    back = json.loads(desk.diff("--json", old="new.yaml", new="old.yaml").out)
    assert [(one["from"], one["to"], one["number"]) for one in back["tiers"]] == [
        ("silver", "gold", 4)
    ]
    assert back["badges"]["silver"]["gains"] == 1


def test_a_pull_request_shows_changes_of_tier_in_a_table_and_members_only_when_asked(
    desk: Here,
) -> None:
    head, *lines = desk.diff("--markdown").out.splitlines()
    assert re.fullmatch(
        r"\*\*old\.yaml → new\.yaml\*\* at shop, as of \d{4}-\d\d-\d\d \d\d:\d\d UTC", head
    )
    tables = [
        "",
        "| badge | gain | lose |",
        "| --- | ---: | ---: |",
        "| silver | 0 | 1 |",
        "",
        "| ladder | from | to | members |",
        "| --- | --- | --- | ---: |",
        "| vip | gold | silver | 4 |",
        "",
    ]
    assert lines == tables
    _, *named = desk.diff("--markdown", "--members").out.splitlines()
    assert named == [
        *tables,
        "| member | what |",
        "| --- | --- |",
        f"| {LOST} | loses silver |",
        *(f"| {member} | gold → silver |" for member in FALLEN),
    ]


@pytest.mark.parametrize("form", [(), ("--json",), ("--markdown",)])
def test_ci_can_tell_a_change_from_a_failure_by_the_exit_code(
    desk: Here, form: tuple[str, ...]
) -> None:
    assert Code.CHANGED.value == 7
    assert desk.diff("--check", *form).code == Code.CHANGED
    assert desk.diff("--check", *form, new="old.yaml").code == Code.OK
    assert desk.diff(*form).code == Code.OK
    desk.write("broken.yaml", LADDER.format(silver=3, gold="many"))
    for wrong in ("broken.yaml", "nowhere.yaml"):
        ended = desk.diff("--check", *form, new=wrong)
        assert (ended.code, ended.out) == (Code.SETTINGS, ""), wrong
    away = "postgresql://nobody@127.0.0.1:9/none"
    ended = desk.run("diff", "old.yaml", "new.yaml", "--check", *form, BADGEJOBS_DATABASE_URL=away)
    assert ended.code == Code.UNAVAILABLE, ended.err
