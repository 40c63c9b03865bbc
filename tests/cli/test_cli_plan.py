"""Plans made and carried out by command, at a sandbox that answers and beside scans that go on."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor, wait
from pathlib import Path
from typing import Any

import pytest
from command_desk import INSTANCE, RULES, SITE, Desk, Ended, LiveWix, member_id

from badgejobs.cli.plan_file import read_plan
from badgejobs.core.allowance import Kind as Allowed
from badgejobs.core.plan import PlanError
from badgejobs.sandbox.faults.kinds import FaultKind
from badgejobs.sandbox.faults.scripted import Fault
from badgejobs.sandbox.records.collection import Record
from badgejobs.store import SqlStore, open_store
from badgejobs.store.runs import Run
from badgejobs.wix import wire

pytest_plugins = ["cli_fixtures"]

#: Members with so many orders: as many as their number says.
MEMBERS = range(1, 7)
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
  - id: fifth-purchase
    badge: {title: Fifth Purchase}
    when: {count: orders, gte: 5}
  - id: early
    badge: {title: Early}
    when: {count: orders, gte: 4}
    limit: {first: 2}
"""
TITLES = {
    "first-purchase": "First Purchase", "third-purchase": "Third Purchase",
    "fifth-purchase": "Fifth Purchase", "early": "Early",
}  # fmt: skip
YES = "--yes-this-removes-access"


def told(ended: Ended) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(ended.out)
    return found


def set_up(desk: Desk, live_wix: LiveWix) -> None:
    for number in MEMBERS:
        live_wix.buys(number, number)
    ended = desk.run("sync", "shop")
    assert ended.code == 0, ended.err
    desk.write("new.yaml", NEW)


def planned(desk: Desk) -> dict[str, Any]:
    ended = desk.run("plan", "shop", "--rules", "new.yaml", "--out", "plan.json", "--json")
    assert ended.code == 0, ended.err
    file = desk.folder / "plan.json"
    assert file.read_text(encoding="utf-8") == ended.out
    assert file.stat().st_mode & 0o777 == 0o600
    return told(ended)


def at_wix(live_wix: LiveWix) -> set[tuple[str, str]]:
    """Which member has which badge, by its title."""
    site = live_wix.world.sites[INSTANCE]
    titles = {one.body["id"]: one.body["title"] for one in site.badges.current.values()}
    return {
        (one.body["memberId"], titles[one.body["badgeId"]])
        for one in site.assignments.current.values()
    }


def by_kind(plan: dict[str, Any], kind: str) -> set[tuple[str, str]]:
    rows = [one for one in plan["rows"] if one["kind"] == kind]
    return {(one["member_id"], TITLES[one["badge"]]) for one in rows}


def applied_beside_scans(desk: Desk, live_wix: LiveWix, store: SqlStore) -> tuple[Ended, list[Run]]:
    """The plan carried out, while others and one of the planned members go on buying.

    Wix is slow with badges until one scan was made beside it. All that ran from then on.
    """
    slow = Fault(path=f"{wire.BADGES}*", kind=FaultKind.SLOW, count=None, delay_seconds=3)
    live_wix.world.faults.add([slow])
    with store.read() as tx:
        known = {one.id for one in tx.runs.recent("shop", 1000)}
    with ThreadPoolExecutor(1) as pool:
        # within one process two commands would write to the same place
        arguments = ("apply", "plan.json", YES, "--json", "--as", "mara")
        applying = pool.submit(desk.run_apart, *arguments)
        while not is_at_work(store) and not applying.done():
            wait([applying], timeout=0.05)
        # of what is planned for them nothing is otherwise by that
        live_wix.buys(max(MEMBERS), max(MEMBERS) + 1)
        number = 100
        while not applying.done():
            live_wix.buys(number, 3)
            scanned = desk.run("scan", "shop", "orders", "--foreground")
            assert scanned.code == 0, scanned.err
            number, slow.delay_seconds = number + 1, 0
    with store.read() as tx:
        return applying.result(), [
            one for one in tx.runs.recent("shop", 1000) if one.id not in known
        ]


def is_at_work(store: SqlStore) -> bool:
    with store.read() as tx:
        return tx.runs.at_work("shop", "provision") is not None


@pytest.mark.slow
def test_what_was_done_is_what_was_planned_row_by_row_while_scans_go_on_and_once_only(
    desk: Desk, live_wix: LiveWix, database_url: str
) -> None:
    settings = (desk.folder / "badgejobs.toml").read_text(encoding="utf-8")
    desk.write("url.secret", database_url)
    desk.write("badgejobs.toml", f'database_url_file = "url.secret"\n{settings}')
    set_up(desk, live_wix)
    before, plan = at_wix(live_wix), planned(desk)
    assert at_wix(live_wix) == before
    assert len(by_kind(plan, "award")) == 2 + 2
    assert by_kind(plan, "revocation") == {(member_id(1), "First Purchase")}
    assert len(by_kind(plan, "hold")) == 1

    without = desk.run("apply", "plan.json")
    assert without.code == 1
    assert YES in without.err
    assert at_wix(live_wix) == before

    store = open_store(database_url)
    done, runs = applied_beside_scans(desk, live_wix, store)
    assert done.code == 0, done.out + done.err
    applying = [one for one in runs if one.kind in {"provision", "assign"}]
    begins = min(one.started_at for one in applying)
    ends = max(one.ended_at for one in applying if one.ended_at)
    beside = [
        one for one in runs
        if one.kind == "scan orders" and one.ended_at and begins < one.started_at
        and one.ended_at < ends
    ]  # fmt: skip
    assert sum(one.numbers["new"] for one in beside) >= 1 + 3, "read while it was carried out"

    assert all(one["planned"] == one["done"] for one in told(done)["rows"])
    assert not told(done)["otherwise"]
    after = at_wix(live_wix)
    stands = {"award": True, "revocation": False, "hold": False}
    for row in plan["rows"]:
        pair = (row["member_id"], TITLES[row["badge"]])
        assert (pair in after) is stands.get(row["kind"], pair in before), row
    ours = {pair for pair in after if pair[0] in set(map(member_id, MEMBERS))}
    gone, given = by_kind(plan, "revocation"), by_kind(plan, "award")
    assert ours == (before - gone) | given, "nothing else was done to those who are planned"

    assert (desk.folder / "rules.yaml").read_text(encoding="utf-8") == NEW
    (kept,) = desk.folder.glob("rules.before-*.yaml")
    assert kept.read_text(encoding="utf-8") == RULES
    with store.read() as tx:
        assert [tx.allowances.left("shop", kind) for kind in Allowed] == [0, 0], "all is used up"
    store.dispose()
    requests = live_wix.creates()
    again = desk.run("apply", "plan.json", YES, "--json")
    assert again.code == 0, again.err
    assert told(again)["rows"] == told(done)["rows"]
    assert live_wix.creates() == requests


@pytest.mark.slow
def test_a_plan_says_how_many_calls_it_costs_and_how_long_they_take_at_the_sites_pace(
    desk: Desk, live_wix: LiveWix
) -> None:
    settings = (desk.folder / "badgejobs.toml").read_text(encoding="utf-8")
    set_up(desk, live_wix)
    desk.write("badgejobs.toml", f"requests_per_minute = 20\n{settings}")
    plan = planned(desk)
    # four awards, one removal; the list of badges, and two that are made and put in their place
    assert plan["calls"] == {"queries": 1, "creates": 1, "deletes": 1, "badges": 5, "total": 8}
    assert (plan["requests_per_minute"], plan["seconds"]) == (20, 24)
    shown = desk.run("plan", "shop", "--rules", "new.yaml")
    assert (
        "about 8 calls of Wix (1 queries, 1 creates, 1 deletes, 5 about badges), "
        "at least 24 s at 20 a minute"
    ) in shown.err
    desk.write("badgejobs.toml", settings)
    assert planned(desk)["seconds"] == 3, "8 of 180 a minute"


@pytest.mark.slow
def test_a_new_order_or_other_rules_make_a_plan_stale_and_nothing_is_done(
    desk: Desk, live_wix: LiveWix
) -> None:
    set_up(desk, live_wix)
    planned(desk)
    before = at_wix(live_wix)
    live_wix.buys(4, 5)
    assert desk.run("scan", "shop", "orders", "--foreground").code == 0
    refused = desk.run("apply", "plan.json", YES, "--json")
    assert refused.code == 1
    found = {(one["badge"], one["was"], one["now"]): one["named"] for one in told(refused)["moved"]}
    assert found["fifth-purchase", "nothing", "award"] == [member_id(4)]
    assert at_wix(live_wix) == before
    assert (desk.folder / "rules.yaml").read_text(encoding="utf-8") == RULES

    desk.write("rules.yaml", RULES.replace("gte: 3", "gte: 4"))
    other = desk.run("apply", "plan.json", YES)
    assert other.code == 1
    assert "the rules of shop were changed since" in other.err


@pytest.mark.slow
def test_what_is_left_of_a_plan_is_done_by_a_second_call_and_nothing_twice(
    desk: Desk, live_wix: LiveWix
) -> None:
    set_up(desk, live_wix)
    plan = planned(desk)
    cut = desk.run("apply", "plan.json", YES, "--json", "--max-seconds", "0")
    assert cut.code in {0, 3}, cut.err
    # what is bought meanwhile is not the plan's, and does not keep it from its end
    live_wix.buys(50, 2)
    assert desk.run("scan", "shop", "orders", "--foreground").code == 0
    done = desk.run("apply", "plan.json", YES, "--json")
    assert done.code == 0, done.out + done.err
    assert all(one["planned"] == one["done"] for one in told(done)["rows"])
    assert by_kind(plan, "award") <= at_wix(live_wix)
    assert not by_kind(plan, "revocation") & at_wix(live_wix)


@pytest.mark.slow
def test_a_rules_file_that_other_sites_go_by_too_is_not_replaced_for_one_of_them(
    desk: Desk, live_wix: LiveWix
) -> None:
    live_wix.buys(3, 3)
    assert desk.run("sync", "shop").code == 0
    settings = (desk.folder / "badgejobs.toml").read_text(encoding="utf-8")
    other = settings[settings.index("[sites.shop]") :].replace("sites.shop", "sites.other")
    desk.write("badgejobs.toml", f"{settings}\n{other.replace(INSTANCE, SITE)}")
    desk.write("new.yaml", NEW)
    ended = desk.run("plan", "shop", "--rules", "new.yaml", "--out", "plan.json")
    assert (ended.code, "is that of other too" in ended.err) == (0, True)
    refused = desk.run("apply", "plan.json", YES)
    assert refused.code == 1
    assert "give shop a copy of its own" in refused.err
    assert (desk.folder / "rules.yaml").read_text(encoding="utf-8") == RULES


@pytest.mark.slow
def test_rules_that_only_state_what_they_meant_are_planned_and_taken_up(
    desk: Desk, live_wix: LiveWix
) -> None:
    set_up(desk, live_wix)
    badges = live_wix.world.sites[INSTANCE].badges
    for one in list(badges.current.values()):
        opens = Record(one.body | {"permissionsEnabled": True}, badges.fields)
        badges.put(opens, live_wix.world.clock())
    assert desk.run("provision", "shop").code == 0
    live_wix.buys(50, 3)
    assert desk.run("scan", "shop", "orders", "--foreground").code == 0
    # as an editor of another system saves it
    stated = RULES.replace("}\n", "}\n    lifecycle: {revoke: never}\n").replace("\n", "\r\n")
    stated = stated.replace("}\r\n    lifecycle: {revoke: never}\r\n    when", "}\r\n    when")
    (desk.folder / "new.yaml").write_bytes(f"\ufeff{stated}".encode())
    held = {(member_id(50), "First Purchase"), (member_id(50), "Third Purchase")}
    assert by_kind(planned(desk), "award") == held
    (desk.folder / "plan.json.begun").mkdir()
    unnoted = desk.run("apply", "plan.json")
    assert (unnoted.code, "is no plain file" in unnoted.err) == (4, True)
    assert (desk.folder / "rules.yaml").read_text(encoding="utf-8") == RULES
    (desk.folder / "plan.json.begun").rmdir()
    done = desk.run("apply", "plan.json", "--json")
    assert done.code == 0, done.out + done.err
    assert held <= at_wix(live_wix)
    assert (desk.folder / "rules.yaml").read_bytes().decode() == stated


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("[", "is no plan"),
        ("[]", "is no plan"),
        ("{}", "'plan' must be 1"),
        ('{"plan": 1}', "'rows' is missing"),
        ('{"plan": 1, "rows": [{"kind": "gift", "member_id": "ana"}]}', "is no plan"),
        ('{"plan": 1, "rows": [{"kind": "award", "member_id": 1, "badge": "b"}]}', "is no plan"),
        ("[" * 100_000, "is no plan"),
    ],
)
def test_a_file_that_is_no_plan_is_refused_with_the_cure(
    tmp_path: Path, text: str, why: str
) -> None:
    file = tmp_path / "plan.json"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(PlanError, match=why) as caught:
        read_plan(file)
    assert "ana" not in str(caught.value)
    assert "plan" in str(caught.value)
