"""The owner's hand at a real sandbox, and what the commands make of it."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from command_desk import INSTANCE, Desk, LiveWix, member_id
from sqlalchemy import update

from badgejobs.core.award import State
from badgejobs.sandbox.records.collection import Record
from badgejobs.sandbox.records.kinds import ASSIGNMENTS
from badgejobs.store import SqlStore, open_store
from badgejobs.store.tables import award

pytest_plugins = ["cli_fixtures"]

BADGE = "first-purchase"


def store_of(desk: Desk) -> SqlStore:
    return open_store(f"sqlite:///{desk.folder}/state/badgejobs.db")


def an_hour_passes(desk: Desk) -> None:
    """All that the ledger knows happened an hour earlier."""
    store = store_of(desk)
    with store.begin() as tx:
        for row in tx._connection.execute(award.select()).all():
            earlier = {
                name: getattr(row, name) and getattr(row, name) - timedelta(hours=1)
                for name in ("changed_at", "missed_at", "sent_at")
            }
            tx._connection.execute(
                update(award)
                .where(award.c.member_id == row.member_id, award.c.badge == row.badge)
                .values(earlier)
            )
    store.dispose()


def takes(wix: LiveWix, member: int) -> None:
    """The owner takes all badges from a member, in the dashboard."""
    site = wix.world.sites[INSTANCE]
    for one in list(site.assignments.current.values()):
        if one.values["memberId"] == member_id(member):
            site.assignments.remove(one.id, wix.world.clock())
            site.pairs.pop((one.values["badgeId"], one.values["memberId"]), None)


def gives(wix: LiveWix, member: int, number: int = 1) -> None:
    """The owner gives the badge for a first purchase, in the dashboard."""
    site = wix.world.sites[INSTANCE]
    badge = next(one.id for one in site.badges.current.values() if "First" in one.body["title"])
    for one in range(number):
        body = {
            "id": f"dddddddd-0000-4000-8000-{member:06d}{one:06d}",
            "badgeId": badge,
            "memberId": member_id(member),
            "createdDate": f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%S.000Z}",
        }
        site.assignments.put(Record(body, ASSIGNMENTS), wix.world.clock())
        site.pairs.setdefault((badge, member_id(member)), []).append(str(body["id"]))


def reconciled(desk: Desk, *options: str, code: int = 0) -> dict[str, Any]:
    ended = desk.run("reconcile", "shop", "--json", *options)
    assert ended.code == code, ended.err
    told: dict[str, Any] = json.loads(ended.out)
    return told


def rows(desk: Desk) -> dict[tuple[str, str], State]:
    store = store_of(desk)
    with store.read() as tx:
        found = tx.awards.of_members("shop", [member_id(n) for n in range(1, 60)])
    store.dispose()
    return {pair: one.state for pair, one in found.items()}


@pytest.mark.slow
def test_what_the_owner_takes_and_gives_counts_and_an_override_can_be_cleared(
    desk: Desk, live_wix: LiveWix
) -> None:
    live_wix.buys(1, 1)
    live_wix.buys(2, 1)
    assert desk.run("sync", "shop").code == 0
    an_hour_passes(desk)
    takes(live_wix, 1)
    gives(live_wix, 3)
    before = rows(desk)

    tried = reconciled(desk, "--dry-run")
    assert tried["dry_run"]
    assert rows(desk) == before
    assert json.loads(desk.run("runs", "shop", "--json").out)["runs"][0]["kind"] != "reconcile"

    first = reconciled(desk)
    assert first["numbers"] == tried["numbers"]
    numbers = first["numbers"]
    assert (numbers["agreed"], numbers["missing"], numbers["extra"]) == (1, 1, 1)
    assert first["badges"][BADGE] == {"agreed": 1, "missing": 1, "extra": 1}
    an_hour_passes(desk)
    assert reconciled(desk)["numbers"]["taken"] == 1
    live_wix.buys(1, 2)
    assert desk.run("sync", "shop").code == 0
    assert rows(desk)[member_id(1), BADGE] is State.TAKEN

    listed = json.loads(desk.run("drift", "shop", "--json").out)
    assert listed["numbers"] == {"given by a person": 1, "taken by a person": 1}
    taken = json.loads(desk.run("drift", "shop", "--kind", "taken", "--json").out)["drift"]
    assert [(one["member_id"], one["kind"]) for one in taken] == [
        (member_id(1), "taken by a person")
    ]
    assert "clear-override" in taken[0]["cure"]
    plain = desk.run("drift", "shop")
    assert member_id(1) in plain.out
    assert member_id(1) not in plain.err
    status = json.loads(desk.run("status", "shop", "--json").out)
    assert {one["kind"]: one["number"] for one in status["drift"]} == listed["numbers"]
    assert "taken by a person" in desk.run("status", "shop").out

    cleared = desk.run("clear-override", "shop", member_id(1), BADGE, "--json")
    assert cleared.code == 0, cleared.err
    told = json.loads(cleared.out)
    assert (told["cleared"], told["given_again"], told["rung"]) == (1, 1, False)
    assert desk.run("sync", "shop").code == 0
    assert rows(desk)[member_id(1), BADGE] is State.ASSIGNED
    again = desk.run("clear-override", "shop", "--all", "--badge", BADGE)
    assert again.code == 0
    assert "nothing was taken" in again.err


@pytest.mark.slow
def test_a_site_that_seems_empty_is_not_believed_and_the_sentence_says_how_it_is(
    desk: Desk, live_wix: LiveWix
) -> None:
    many = range(1, 23)
    for one in many:
        live_wix.buys(one, 1)
    assert desk.run("sync", "shop").code == 0
    an_hour_passes(desk)
    for one in many:
        takes(live_wix, one)

    told = reconciled(desk, code=1)
    assert "22 stood" in told["error"]
    assert "--yes-they-were-taken" in told["error"]
    alerts = json.loads(desk.run("status", "shop", "--json").out)["alerts"]
    assert [one["kind"] for one in alerts] == ["drift"]
    assert reconciled(desk, "--yes-they-were-taken")["numbers"]["missing"] == 22
    an_hour_passes(desk)
    assert reconciled(desk, "--yes-they-were-taken")["numbers"]["taken"] == 22
    assert not json.loads(desk.run("status", "shop", "--json").out)["alerts"]
    store = store_of(desk)
    with store.read() as tx:
        last = tx.awards.history("shop", member_id(1))[-1]
    store.dispose()
    assert last.actor == "a person at Wix"
    assert last.note.startswith("accepted by ")
    assert last.run is not None


@pytest.mark.slow
def test_what_stands_twice_is_told_with_its_cure(desk: Desk, live_wix: LiveWix) -> None:
    live_wix.buys(1, 1)
    assert desk.run("sync", "shop").code == 0
    gives(live_wix, 1, number=2)
    assert reconciled(desk)["numbers"]["duplicate"] == 1
    plain = desk.run("drift", "shop", "--kind", "duplicate").out
    assert "more than once at Wix" in plain
    assert "assign.repair_duplicates" in plain


@pytest.mark.slow
def test_commands_that_cannot_be_meant_say_what_is_missing(desk: Desk, live_wix: LiveWix) -> None:
    for wrong in (["x"], ["--all"], ["--badge", BADGE], [member_id(1), BADGE, "--all"]):
        ended = desk.run("clear-override", "shop", *wrong)
        assert ended.code == 4
        assert "MEMBER and a BADGE" in ended.err
    ended = desk.run("clear-override", "shop", member_id(1), "no-such")
    assert ended.code == 4
    assert BADGE in ended.err


@pytest.mark.slow
def test_drift_says_agreed_only_of_a_reading_that_was_and_of_all_kinds(
    desk: Desk, live_wix: LiveWix
) -> None:
    live_wix.buys(1, 1)
    assert desk.run("sync", "shop").code == 0
    reconciled(desk, "--dry-run")
    never = desk.run("drift", "shop").err
    assert "`badgejobs reconcile shop`" in never
    assert "agreed" not in never

    reconciled(desk)
    assert "agreed" in desk.run("drift", "shop").err

    gives(live_wix, 3)
    reconciled(desk)
    other = desk.run("drift", "shop", "--kind", "duplicate").err
    assert "none of this kind" in other
    assert "agreed" not in other


@pytest.mark.slow
def test_a_wix_that_does_not_answer_changes_nothing(lonely_desk: Desk) -> None:
    ended = lonely_desk.run("reconcile", "shop", "--dry-run")
    assert ended.code == 0, "without a badge there is nothing to ask"
