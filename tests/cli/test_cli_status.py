"""What status tells of awards that wait, of time, and of the rules that are in force."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

from command_desk import RULES, Desk, LiveWix, member_id

from badgejobs.core.award import Giver, Timing, Unmet
from badgejobs.core.ledger import Earned, Lapse, WakeUp
from badgejobs.store import SqlStore, open_store

pytest_plugins = ["cli_fixtures"]

BROKEN = RULES.replace("title", "titel")


def store_of(desk: Desk) -> SqlStore:
    return open_store(f"sqlite:///{desk.folder}/state/badgejobs.db")


def told(desk: Desk) -> dict[str, Any]:
    ended = desk.run("status", "shop", "--json")
    assert ended.code == 0, ended.err
    found: dict[str, Any] = json.loads(ended.out)
    return found


def test_status_tells_what_is_held_and_why_and_what_is_due_to_be_taken(
    desk: Desk, live_wix: LiveWix
) -> None:
    live_wix.buys(1, 1)
    assert desk.run("sync", "shop").code == 0
    store, now = store_of(desk), datetime.now(UTC)
    with store.begin() as tx:
        line = "limit: in line for the first 1"
        earned = [
            Earned(member_id=f"m{n}", badge="founder", earned_at=now, hold=hold)
            for n, hold in enumerate(["", line, line, "history incomplete"])
        ]
        tx.awards.open("shop", earned, rules_version="v1")
        tx.bindings.bind("shop", "founder", "wix-founder")
        claimed = tx.awards.claim("shop", limit=1, holds=timedelta(minutes=1))
        assert claimed
        sent = claimed.awards[0].sent(tx.now, Timing())
        tx.awards.settle([sent.given("a1", Giver.OURS)], claim=claimed.token)
        lapse = Lapse(
            member_id="m0", badge="founder", because=Unmet.EXPIRED, since=now, goes_at=now
        )
        tx.awards.mark("shop", [lapse])
        tx.wake_ups.replace(
            "shop",
            ["m1", "m2", "m3"],
            [
                WakeUp(member_id="m1", at=now - timedelta(hours=1)),
                WakeUp(member_id="m2", at=now, waits_for=frozenset({"orders"})),
                WakeUp(member_id="m3", at=now + timedelta(days=1)),
            ],
        )
    store.dispose()

    status, shown = told(desk), desk.run("status", "shop").out

    held = {(one["number"], one["why"]) for one in status["held"]}
    assert held == {(2, f"{line}, on place 3 to 4"), (1, "history incomplete")}
    (to_go,) = status["to_be_taken"]
    assert (to_go["badge"], to_go["number"], to_go["because"]) == ("founder", 1, "expired")
    assert to_go["next_at"] <= status["at"]
    assert status["wake_ups"]["shop"] == {
        "due": 1, "waiting": 1, "later": 1, "next_at": status["wake_ups"]["shop"]["next_at"]
    }  # fmt: skip
    assert status["wake_ups"]["shop"]["next_at"] > status["at"]
    for words in (
        line,
        "history incomplete",
        "due to be taken",
        "expired",
        "1 now, 1 when a source",
    ):
        assert words in " ".join(shown.split())


def test_status_says_that_old_rules_stay_in_force_while_their_file_is_broken(
    desk: Desk, live_wix: LiveWix
) -> None:
    before = told(desk)
    version = before["rules"]["shop"].removeprefix("version ")
    assert before["rules_in_force"] == {"shop": None}
    assert desk.run("sync", "shop").code == 0
    desk.write("rules.yaml", BROKEN)

    after = told(desk)

    assert after["rules_in_force"] == {"shop": version}
    assert after["rules"]["shop"].startswith(f"old rules (version {version}) stay in force: ")
    assert "rules.yaml:4:" in after["rules"]["shop"]


def test_status_says_which_version_waits_to_be_taken_up(desk: Desk, live_wix: LiveWix) -> None:
    assert desk.run("sync", "shop").code == 0
    old = told(desk)["rules_in_force"]["shop"]
    desk.write("rules.yaml", RULES.replace("gte: 3", "gte: 4"))

    rules = told(desk)["rules"]["shop"]

    assert rules.endswith(f"about to be taken up (until now: version {old})")


def test_sync_decides_those_whose_time_has_come_and_who_wait_for_a_decision(
    desk: Desk, live_wix: LiveWix
) -> None:
    live_wix.buys(1, 1)
    assert desk.run("sync", "shop").code == 0
    store = store_of(desk)
    with store.begin() as tx:
        past = tx.now - timedelta(hours=1)
        tx.wake_ups.replace("shop", [member_id(1)], [WakeUp(member_id=member_id(1), at=past)])
        tx.bindings.decide_anew("shop")
    store.dispose()
    assert told(desk)["wake_ups"]["shop"]["due"] == 1

    assert desk.run("sync", "shop").code == 0

    status = told(desk)
    assert status["wake_ups"]["shop"]["due"] == 0
    assert "flip" in {one["kind"] for one in status["runs"]}
