"""Changed rules, looked at and taken up by command, at a sandbox that answers."""

from __future__ import annotations

import json
from typing import Any

import pytest
from command_desk import RULES, Desk, Ended, LiveWix
from sqlalchemy import select

from badgejobs.cli.exits import Code
from badgejobs.core.allowance import Kind
from badgejobs.store import open_store
from badgejobs.store.tables import allowance

pytest_plugins = ["cli_fixtures"]

SOFTER = RULES.replace("gte: 3", "gte: 2")
LAPSES = """\
version: 1
badges:
  - id: first-purchase
    badge: {title: First Purchase}
    when: {count: orders, gte: 3}
    lifecycle: {revoke: when_unmet, on_rule_change: reevaluate}
"""
GRANDFATHERS = LAPSES.replace(", on_rule_change: reevaluate", "")


def told(ended: Ended) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(ended.out)
    return found


def left_of_what_was_declared(desk: Desk) -> tuple[int, str]:
    """The awards that pass the cap, and who said so."""
    store = open_store(f"sqlite:///{desk.folder}/state/badgejobs.db")
    with store.read() as tx:
        row = tx._connection.execute(select(allowance.c.left, allowance.c.declared_by)).one()
    store.dispose()
    return row.left, row.declared_by


def declared_removals(desk: Desk) -> int:
    """How many badges may be taken without the guard."""
    store = open_store(f"sqlite:///{desk.folder}/state/badgejobs.db")
    with store.read() as tx:
        number = tx.allowances.left("shop", Kind.REVOCATIONS)
    store.dispose()
    return number


def set_up(desk: Desk, live_wix: LiveWix) -> None:
    live_wix.buys(1, 1)
    live_wix.buys(2, 2)
    live_wix.buys(3, 3)
    ended = desk.run("sync", "shop")
    assert ended.code == 0, ended.err


def test_a_softer_rule_is_shown_first_and_taken_up_with_its_number_declared(
    desk: Desk, live_wix: LiveWix
) -> None:
    set_up(desk, live_wix)
    same = desk.run("rules", "apply", "shop", "--check", "--json")
    assert same.code == 0, same.err
    assert not told(same)["changes"]
    assert told(same)["in_force"] == told(same)["version"]

    desk.write("rules.yaml", SOFTER)
    looked = desk.run("rules", "apply", "shop", "--check", "--json")
    assert looked.code == Code.CHANGED, looked.err
    assert told(looked)["totals"]["awards"] == 1
    assert told(looked)["badges"]["third-purchase"]["awards"] == 1
    assert told(looked)["in_force"] == told(same)["version"] != told(looked)["version"]
    shown = desk.run("rules", "apply", "shop")
    assert shown.code == 0, shown.err
    assert shown.out.split("\t")[:2] == ["third-purchase", "1"]
    assert "add --yes" in shown.err
    still = desk.run("rules", "apply", "shop", "--json")
    assert told(still)["in_force"] == told(same)["version"]

    done = desk.run("rules", "apply", "shop", "--yes", "--as", "mara", "--json")
    assert done.code == 0, done.err
    assert told(done)["applied"]
    assert left_of_what_was_declared(desk) == (1, "mara")
    after = desk.run("rules", "apply", "shop", "--check", "--json")
    assert after.code == 0, after.out
    assert told(after)["in_force"] == told(looked)["version"]
    given = live_wix.given()
    assert desk.run("assign", "shop", "--foreground").code == 0
    assert live_wix.given() == given + 1


@pytest.mark.slow
def test_who_would_lose_a_badge_is_shown_and_nothing_is_declared_unless_that_is_said(
    desk: Desk, live_wix: LiveWix
) -> None:
    set_up(desk, live_wix)
    desk.write("rules.yaml", LAPSES)
    looked = desk.run("rules", "apply", "shop", "--json")
    assert looked.code == 0, looked.err
    badge = told(looked)["badges"]["first-purchase"]
    assert badge["taken_now"] + badge["taken_later"] == 2
    assert live_wix.given() == 4


@pytest.mark.slow
def test_who_keeps_a_badge_by_the_earlier_rule_is_not_told_and_not_declared_to_lose_it(
    desk: Desk, live_wix: LiveWix
) -> None:
    before = LAPSES.replace("gte: 3", "gte: 1").replace(", on_rule_change: reevaluate", "")
    desk.write("rules.yaml", before)
    set_up(desk, live_wix)
    desk.write("rules.yaml", before.replace("gte: 1", "gte: 3"))
    done = desk.run(
        "rules", "apply", "shop", "--yes", "--yes-this-removes-access", "--as", "mara", "--json"
    )
    assert done.code == 0, done.err
    badge = told(done)["badges"]["first-purchase"]
    assert (badge["grandfathered"], badge["taken_now"], badge["losing"]) == (3, 0, 0)
    store = open_store(f"sqlite:///{desk.folder}/state/badgejobs.db")
    with store.read() as tx:
        assert tx.allowances.left("shop", Kind.REVOCATIONS) == 0
    store.dispose()


@pytest.mark.slow
def test_who_is_to_lose_a_badge_is_told_with_the_command_that_works_at_that_time(
    desk: Desk, live_wix: LiveWix
) -> None:
    set_up(desk, live_wix)
    desk.write("rules.yaml", LAPSES)
    losing = told(desk.run("rules", "apply", "shop", "--json"))["totals"]["losing"]
    assert losing
    before = desk.run("rules", "apply", "shop").err
    assert f"{losing} are to be taken away" in before
    assert "--yes-this-removes-access beside --yes" in before

    taken_up = desk.run("rules", "apply", "shop", "--yes").err

    assert f"`badgejobs release shop --revocations {losing} --yes-this-removes-access`" in taken_up
    assert "beside --yes" not in taken_up


@pytest.mark.slow
def test_a_sync_ends_with_what_the_guard_holds_back_each_time_until_it_is_released(
    desk: Desk, live_wix: LiveWix
) -> None:
    for member in range(1, 13):
        live_wix.buys(member, 1)
    assert desk.run("sync", "shop").code == 0
    desk.write("rules.yaml", LAPSES)
    release = "badgejobs release shop --revocations 12 --yes-this-removes-access"

    for command in (["sync", "shop"], ["sync", "shop"], ["assign", "shop", "--foreground"]):
        held = desk.run(*command)
        assert held.code == 3
        assert release in held.err
    assert live_wix.given() == 12

    assert desk.run(*release.split()[1:]).code == 0
    assert desk.run("sync", "shop").code == 0
    assert live_wix.given() == 0


@pytest.mark.slow
def test_what_is_due_no_more_is_held_back_no_more(desk: Desk, live_wix: LiveWix) -> None:
    for member in range(1, 13):
        live_wix.buys(member, 1)
    assert desk.run("sync", "shop").code == 0
    desk.write("rules.yaml", LAPSES)
    assert desk.run("sync", "shop").code == 3

    desk.write("rules.yaml", LAPSES.replace("gte: 3", "gte: 1"))

    assert desk.run("sync", "shop").code == 0
    assert json.loads(desk.run("status", "shop", "--json").out)["alerts"] == []
    assert desk.run("release", "shop").out.strip() == "shop: nothing is held back"
    assert live_wix.given() == 12


@pytest.mark.slow
def test_what_excludes_each_other_is_one_sentence(lonely_desk: Desk) -> None:
    for options, words in (
        (("--check", "--yes"), "name one of them"),
        (("--yes-this-removes-access",), "beside --yes alone"),
    ):
        ended = lonely_desk.run("rules", "apply", "shop", *options)
        assert ended.code == 4
        assert words in ended.err


def test_broken_rules_change_nothing(desk: Desk, live_wix: LiveWix) -> None:
    desk.write("rules.yaml", "version: 1\nbadges: []\nbages: []\n")
    ended = desk.run("rules", "apply", "shop", "--yes")
    assert ended.code == 4
    assert "rules.yaml:" in ended.err
    assert live_wix.creates() == 0
