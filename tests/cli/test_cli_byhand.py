"""Badges given and taken by command, at a sandbox that answers."""

from __future__ import annotations

import json
from typing import Any

import pytest
from command_desk import INSTANCE, Desk, Ended, LiveWix, member_id

from badgejobs.sandbox.records.collection import Record

pytest_plugins = ["cli_fixtures"]

ADA, BOB, CYD = (member_id(number) for number in (1, 2, 3))
BADGE = "first-purchase"
OPENS = """\
version: 1
badges:
  - id: first-purchase
    badge: {title: First Purchase, permissions: true}
    when: {count: orders, gte: 1}
    lifecycle: {revoke: never}
"""


def joins(live_wix: LiveWix, number: int, email: str = "", *, proved: bool = True) -> str:
    """A member of the site, who may log in with an address."""
    site, now = live_wix.world.sites[INSTANCE], live_wix.world.clock()
    body: dict[str, Any] = {
        "id": member_id(number), "status": "APPROVED", "privacyStatus": "PUBLIC",
        "createdDate": "2026-01-02T03:04:05.000Z",
    }  # fmt: skip
    if email:
        body |= {"loginEmail": email, "loginEmailVerified": proved}
    site.members.put(Record(body, site.members.fields), now)
    return member_id(number)


def told(ended: Ended) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(ended.out)
    return found


def set_up(desk: Desk) -> None:
    ended = desk.run("sync", "shop")
    assert ended.code == 0, ended.err


def history(desk: Desk, member: str) -> list[dict[str, Any]]:
    ended = desk.run("history", "shop", member, "--json")
    assert ended.code == 0, ended.err
    changes: list[dict[str, Any]] = told(ended)["changes"]
    return changes


def said_first(desk: Desk, member: str) -> tuple[str, str]:
    """Who began the history of a member, and their note."""
    first = history(desk, member)[0]
    return first["actor"], first["note"]


def test_a_badge_is_granted_at_once_and_only_once_and_its_history_says_who_and_why(
    desk: Desk, live_wix: LiveWix
) -> None:
    joins(live_wix, 1)
    set_up(desk)
    line = ("grant", "shop", ADA.upper(), BADGE, "--note", "fair 2026", "--as", "mara", "--json")
    first = desk.run(*line)
    assert first.code == 0, first.err
    assert told(first) == {
        "site": "shop", "member": ADA, "badge": BADGE, "state": "assigned",
        "outcome": "given; no rule takes it",
    }  # fmt: skip
    assert live_wix.given() == live_wix.creates() == 1
    again = desk.run(*line)
    assert (again.code, told(again)["outcome"]) == (0, "already so")
    assert live_wix.creates() == 1
    changes = history(desk, ADA)
    assert [(one["actor"], one["to_state"], one["note"]) for one in changes] == [
        ("mara", "pending", "fair 2026"),
        ("a person by command", "inflight", ""),
        ("a person by command", "assigned", ""),
    ]
    # nobody earned it, and no sync undoes it
    assert desk.run("sync", "shop").code == 0
    assert live_wix.given() == 1


@pytest.mark.slow
def test_what_a_rule_gave_is_kept_by_hand(desk: Desk, live_wix: LiveWix) -> None:
    live_wix.buys(1, 1)
    set_up(desk)
    ended = desk.run("grant", "shop", ADA, BADGE, "--note", "for good")
    assert ended.code == 0, ended.err
    assert "held already; no rule takes it from now on" in ended.out
    last = history(desk, ADA)[-1]
    assert (last["from_state"], last["to_state"], last["reason"]) == (
        "assigned", "assigned", "kept by hand"
    )  # fmt: skip
    assert live_wix.creates() == 1


@pytest.mark.slow
def test_left_to_the_workers_it_waits_in_the_database(desk: Desk, live_wix: LiveWix) -> None:
    joins(live_wix, 1)
    set_up(desk)
    ended = desk.run("grant", "shop", ADA, BADGE, "--note", "x", "--later", "--json")
    assert ended.code == 0, ended.err
    assert (told(ended)["state"], told(ended)["rung"]) == ("pending", False)
    assert live_wix.creates() == 0
    assert desk.run("assign", "shop", "--foreground").code == 0
    assert live_wix.given() == 1


@pytest.mark.slow
def test_what_cannot_be_granted_is_one_sentence_with_the_cure(
    desk: Desk, live_wix: LiveWix
) -> None:
    joins(live_wix, 1)
    set_up(desk)
    for arguments, code, words in (
        ((ADA, BADGE, "--note", "  "), 4, "--note: write in a few words why"),
        ((ADA, BADGE, "--note", "x", "--as", "rules"), 4, "is nobody's name"),
        (("ada", BADGE, "--note", "x"), 4, "MEMBER is a member's id at Wix"),
        ((ADA, "gold", "--note", "x"), 4, "they have: first-purchase, third-purchase"),
        ((BOB, BADGE, "--note", "x"), 1, "no member of shop has this id at Wix"),
        ((ADA, "--note", "x"), 4, "name MEMBER and BADGE"),
        ((ADA, BADGE, "--note", "x", "--yes"), 4, "are for a list"),
        ((ADA, BADGE), 2, "--note"),
    ):
        ended = desk.run("grant", "shop", *arguments)
        assert ended.code == code, ended.err
        assert words in ended.err
    assert history(desk, ADA) == []


@pytest.mark.slow
def test_a_badge_that_is_not_bound_yet_names_what_binds_it(desk: Desk, live_wix: LiveWix) -> None:
    joins(live_wix, 1)
    ended = desk.run("grant", "shop", ADA, BADGE, "--note", "x")
    assert ended.code == 4
    assert "`badgejobs sync shop` binds it" in ended.err


@pytest.mark.slow
def test_who_never_had_a_badge_is_not_to_be_given_it(desk: Desk, live_wix: LiveWix) -> None:
    joins(live_wix, 1)
    set_up(desk)
    ended = desk.run("revoke", "shop", ADA, BADGE, "--note", "spam", "--json")
    assert ended.code == 0, ended.err
    assert told(ended)["outcome"] == "not there; no rule gives it from now on"
    live_wix.buys(1, 1)
    set_up(desk)
    assert live_wix.given() == 0
    assert desk.run("grant", "shop", ADA, BADGE, "--note", "sorry").code == 0
    assert live_wix.given() == 1


def test_a_badge_that_opens_pages_is_taken_only_where_that_is_said(
    desk: Desk, live_wix: LiveWix
) -> None:
    desk.write("rules.yaml", OPENS)
    live_wix.buys(1, 1)
    set_up(desk)
    ended = desk.run("revoke", "shop", ADA, BADGE, "--note", "spam")
    assert ended.code == 1
    assert "opens pages" in ended.err
    assert "--yes-this-removes-access" in ended.err
    assert [one["to_state"] for one in history(desk, ADA)][-1] == "assigned"


@pytest.mark.slow
def test_history_tells_each_change_in_a_line_for_one_badge_or_for_all(
    desk: Desk, live_wix: LiveWix
) -> None:
    live_wix.buys(1, 3)
    set_up(desk)
    every = desk.run("history", "shop", ADA).out.splitlines()
    one = desk.run("history", "shop", ADA, BADGE).out.splitlines()
    assert len(every) == 6
    assert [line.split("\t")[1:4] for line in one] == [
        [BADGE, "pending", "rules"],
        [BADGE, "pending -> inflight", "rules"],
        [BADGE, "inflight -> assigned", "rules"],
    ]
    assert all(line.split("\t")[7].isdigit() for line in one)  # the run
    nobody = desk.run("history", "shop", BOB)
    assert (nobody.code, nobody.out) == (0, "nothing is recorded of this member\n")


# ---------------------------------------------------------------- lists


@pytest.mark.slow
def test_a_list_is_looked_at_first_then_granted_and_every_unused_line_is_told(
    desk: Desk, live_wix: LiveWix
) -> None:
    joins(live_wix, 1)
    joins(live_wix, 2, "bob@example.com")
    joins(live_wix, 3, "cyd@example.com", proved=False)
    joins(live_wix, 4, "twin@example.com")
    joins(live_wix, 5, "twin@example.com")
    set_up(desk)
    file = desk.write(
        "fair.csv",
        "\ufeffmember_id;email;badge;note\r\n"
        f"{ADA};;;first prize\r\n"
        ";BOB@example.com;;\r\n"
        ";cyd@example.com;;\r\n"
        ";twin@example.com;;\r\n"
        ";nobody@example.com;;\r\n"
        f"{member_id(9)};;;\r\n"
        f"{ADA};;gold;\r\n"
        "no-id;;;\r\n"
        f"{ADA};;;\r\n",
    )
    line = ("grant", "shop", "--csv", str(file), "--badge", BADGE, "--note", "fair", "--json")
    looked = desk.run(*line)
    assert looked.code == 3, looked.err
    assert (told(looked)["to_give"], told(looked)["not_used"]) == (2, 6)
    assert "add --yes" in looked.err
    assert live_wix.creates() == 0

    nobody = desk.write("nobody.csv", "member_id\nno-id\n")
    idle = desk.run("grant", "shop", "--csv", str(nobody), "--badge", BADGE, "--note", "fair")
    assert "there is nothing to grant" in idle.err
    assert "add --yes" not in idle.err

    rest = desk.folder / "rest.csv"
    done = desk.run(*line, "--yes", "--as", "mara", "--unmatched", str(rest))
    assert done.code == 3, done.err
    numbers = told(done)
    assert (numbers["given"], numbers["said_twice"], numbers["not_used"]) == (2, 1, 6)
    assert [(one["line"], one["why"].split(":")[0]) for one in numbers["lines_not_used"]] == [
        (4, "whoever logs in with this address has not proved that it is theirs"),
        (5, "more than one member logs in with this address"),
        (6, "no member logs in with this address"),
        (7, "no member of the site has this id"),
        (8, "the rules have no such badge, or it is bound to none at Wix"),
        (9, "member_id does not have the form of Wix's ids"),
    ]
    assert live_wix.given() == 2
    assert "example.com" not in done.out + done.err
    assert rest.stat().st_mode & 0o077 == 0
    written = rest.read_text().splitlines()
    assert written[0] == "member_id;email;badge;note;line;why"
    assert written[1].startswith(";cyd@example.com;;;4;whoever logs in")
    assert len(written) == 7
    assert said_first(desk, ADA) == ("mara", "first prize")
    assert said_first(desk, BOB) == ("mara", "fair")

    again = desk.run(*line, "--yes")
    assert (told(again)["given"], told(again)["held_already"]) == (0, 2)
    assert live_wix.given() == 2


@pytest.mark.slow
def test_a_list_of_which_all_is_used_ends_well(desk: Desk, live_wix: LiveWix) -> None:
    for number in range(1, 13):
        joins(live_wix, number)
    set_up(desk)
    rows = "".join(f"{member_id(number)},{BADGE}\n" for number in range(1, 13))
    file = desk.write("fair.csv", f"member_id,badge\n{rows}")
    ended = desk.run("grant", "shop", "--csv", str(file), "--note", "fair", "--yes", "--json")
    assert ended.code == 0, ended.err
    assert told(ended)["given"] == live_wix.given() == 12


@pytest.mark.slow
def test_a_list_that_cannot_be_used_is_one_sentence_and_code_4(lonely_desk: Desk) -> None:
    file = lonely_desk.write("fair.csv", "ada@example.com\n")
    for path, words in ((file, "first line must name"), (file.parent / "no.csv", "No such file")):
        ended = lonely_desk.run("grant", "shop", "--csv", str(path), "--note", "x")
        assert ended.code == 4
        assert words in ended.err
        assert "example.com" not in ended.err
    ended = lonely_desk.run(
        "grant", "shop", "--csv", str(file), "--note", "x", "--unmatched", str(file)
    )
    assert ended.code == 4
    assert file.read_text() == "ada@example.com\n"
