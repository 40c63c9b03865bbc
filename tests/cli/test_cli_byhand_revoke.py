"""Badges taken by command, from the wish to what stands at a sandbox that answers."""

from __future__ import annotations

import json
from typing import Any

import pytest
from command_desk import INSTANCE, Desk, LiveWix, member_id

pytestmark = pytest.mark.slow

pytest_plugins = ["cli_fixtures"]

ADA, BOB = member_id(1), member_id(2)
BADGE = "first-purchase"
OPENS = """\
version: 1
badges:
  - id: first-purchase
    badge: {title: First Purchase, permissions: true}
    when: {count: orders, gte: 1}
    lifecycle: {revoke: never}
"""


def set_up(desk: Desk) -> None:
    ended = desk.run("sync", "shop")
    assert ended.code == 0, ended.err


def changes(desk: Desk, member: str) -> list[dict[str, Any]]:
    ended = desk.run("history", "shop", member, "--json")
    assert ended.code == 0, ended.err
    found: list[dict[str, Any]] = json.loads(ended.out)["changes"]
    return found


def test_a_badge_is_taken_at_once_and_no_rule_gives_it_again(desk: Desk, live_wix: LiveWix) -> None:
    live_wix.buys(1, 1)
    live_wix.buys(2, 1)
    set_up(desk)
    assert live_wix.given() == 2
    line = ("revoke", "shop", ADA, BADGE, "--note", "spam", "--as", "mara", "--json")
    ended = desk.run(*line)
    assert ended.code == 0, ended.err
    told = json.loads(ended.out)
    assert (told["state"], told["outcome"]) == ("taken", "taken away; no rule gives it again")
    assert live_wix.given() == 1
    set_up(desk)
    live_wix.buys(1, 3)
    set_up(desk)
    # one badge of ada's for three orders, and none of the first again
    assert [one["to_state"] for one in changes(desk, ADA) if one["badge"] == BADGE][-1] == "taken"
    again = desk.run(*line)
    assert (again.code, json.loads(again.out)["outcome"]) == (0, "already so")
    taking = [one for one in changes(desk, ADA) if one["to_state"] in {"revoking", "taken"}]
    assert [(one["actor"], one["note"], one["reason"]) for one in taking] == [
        ("mara", "spam", "revoked by hand"),
        ("a person by command", "", "revoked by hand"),
    ]


@pytest.mark.slow
def test_a_badge_that_the_owner_gave_is_taken_by_command_too(desk: Desk, live_wix: LiveWix) -> None:
    live_wix.buys(1, 1)
    set_up(desk)
    assert desk.run("grant", "shop", ADA, BADGE, "--note", "keep").code == 0
    ended = desk.run("revoke", "shop", ADA, BADGE, "--note", "spam")
    assert ended.code == 0, ended.err
    assert live_wix.given() == 0


@pytest.mark.slow
def test_access_is_taken_where_that_is_said(desk: Desk, live_wix: LiveWix) -> None:
    desk.write("rules.yaml", OPENS)
    live_wix.buys(1, 1)
    set_up(desk)
    line = ("revoke", "shop", ADA, BADGE, "--note", "spam")
    assert desk.run(*line).code == 1
    assert live_wix.given() == 1
    assert desk.run(*line, "--yes-this-removes-access").code == 0
    assert live_wix.given() == 0
    assert live_wix.world.sites[INSTANCE].assignments.current == {}


@pytest.mark.slow
def test_left_to_the_workers_it_is_taken_by_the_next_run(desk: Desk, live_wix: LiveWix) -> None:
    live_wix.buys(1, 1)
    set_up(desk)
    ended = desk.run("revoke", "shop", ADA, BADGE, "--note", "spam", "--later", "--json")
    assert json.loads(ended.out)["state"] == "revoking"
    assert live_wix.given() == 1
    assert desk.run("assign", "shop", "--foreground").code == 0
    assert live_wix.given() == 0
