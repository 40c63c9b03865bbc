"""A plan that is left to the workers is done by them, exactly as it was planned."""

from __future__ import annotations

import json
from typing import Any

import pytest
from jobs_stage import NORTH, LiveShops, member_id
from jobs_yard import PATIENCE_SECONDS, Started, Yard, eventually

from badgejobs.bootstrap import open_house
from badgejobs.config import Settings
from badgejobs.store.runs import Run

pytest_plugins = ["jobs_fixtures"]

pytestmark = [pytest.mark.slow, pytest.mark.timeout(200)]

YES = "--yes-this-removes-access"
NEW = """\
version: 1
badges:
  - id: first-purchase
    badge: {title: First Purchase}
    when: {count: orders, gte: 2}
    lifecycle: {revoke: when_unmet, on_rule_change: reevaluate}
  - id: third-purchase
    badge: {title: Third Purchase}
    when: {count: orders, gte: 3}
  - id: second-purchase
    badge: {title: Second Purchase}
    when: {count: orders, gte: 2}
"""
TITLES = {
    "first-purchase": "First Purchase", "second-purchase": "Second Purchase",
    "third-purchase": "Third Purchase",
}  # fmt: skip


def ended(yard: Yard, *arguments: str) -> tuple[int, Started]:
    """A command that ran to its end, and its exit code."""
    started = yard.start("badgejobs", *arguments)
    return started.process.wait(PATIENCE_SECONDS), started


def told(started: Started) -> dict[str, Any]:
    """The JSON object among the lines that it wrote."""
    text = started.said()
    found: dict[str, Any] = json.loads(text[text.index("{") : text.rindex("}") + 1])
    return found


def runs_of(yard: Yard) -> list[Run]:
    house = open_house(Settings(state_dir=yard.state), redis_url=None)
    try:
        with house.store.read() as tx:
            return tx.runs.recent(NORTH, 1000)
    finally:
        house.close()


def test_a_plan_left_to_the_workers_is_done_by_them_row_by_row_and_told_by_a_second_call(
    yard: Yard, shops: LiveShops
) -> None:
    for member in (1, 2, 3):
        shops.buys(member, member)
    yard.command("sync", NORTH)
    before = set(shops.given())
    assert len(before) == 3 + 1
    (yard.folder / "new.yaml").write_text(NEW, encoding="utf-8")
    yard.command("plan", NORTH, "--rules", "new.yaml", "--out", "plan.json")
    plan = json.loads((yard.folder / "plan.json").read_text("utf-8"))
    known = {one.id for one in runs_of(yard)}
    worker = yard.start("badgejobs", "worker", "--pool", "prefork", "--concurrency", "2")
    worker.says("ready.")

    code, left = ended(yard, "apply", "plan.json", YES, "--background", "--json")
    assert code == 0, left.said()
    answer = told(left)
    assert (answer["site"], answer["applied"], answer["background"]) == (NORTH, True, True)
    assert answer["rung"], "the workers were told"
    assert "apply plan.json` once more tells what was done" in left.said()

    by_kind = {
        kind: {
            (one["member_id"], TITLES[one["badge"]]) for one in plan["rows"] if one["kind"] == kind
        }
        for kind in ("award", "revocation")
    }
    assert by_kind == {
        "award": {(member_id(number), "Second Purchase") for number in (2, 3)},
        "revocation": {(member_id(1), "First Purchase")},
    }
    wanted = (before - by_kind["revocation"]) | by_kind["award"]
    eventually(lambda: set(shops.given()) == wanted or None)

    def is_told() -> dict[str, Any] | None:
        code, again = ended(yard, "apply", "plan.json", YES, "--background", "--json")
        assert code == 0, again.said()
        found = told(again)
        return found if found.get("complete") else None

    creates = shops.creates()
    done = eventually(is_told)
    assert not done["otherwise"]
    assert done["rows"] == [
        {"badge": "first-purchase", "kind": "taken now", "planned": 1, "done": 1},
        {"badge": "second-purchase", "kind": "award", "planned": 2, "done": 2},
    ]
    assert shops.creates() == creates, "nothing is done twice"
    assert len(shops.given()) == len(wanted)
    ran = [one for one in runs_of(yard) if one.id not in known]
    assert {one.kind for one in ran} >= {"provision", "assign"}
    assert all(one.started_by.startswith("worker") for one in ran), "the command did none of it"
    assert worker.stop() == 0, worker.said()
    assert "Traceback" not in worker.said()
