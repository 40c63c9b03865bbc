"""Every run can be looked up: who started it, what it read and called, what came of it."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest
from command_desk import Desk, LiveWix

from badgejobs.store import open_store
from badgejobs.store.runs import LOST_AFTER
from badgejobs.wix import wire

pytestmark = pytest.mark.slow

pytest_plugins = ["cli_fixtures"]


def told(desk: Desk, *arguments: str) -> list[dict[str, Any]]:
    ended = desk.run("runs", *arguments, "--json")
    assert ended.code == 0, ended.err
    found: list[dict[str, Any]] = json.loads(ended.out)["runs"]
    return found


def test_a_sync_leaves_a_row_for_each_unit_with_its_calls_and_numbers(
    desk: Desk, live_wix: LiveWix
) -> None:
    live_wix.buys(1, 3)
    live_wix.buys(2, 1)
    assert desk.run("sync", "shop").code == 0

    runs = told(desk, "shop")

    assert {one["kind"] for one in runs} >= {
        "provision", "backfill orders", "scan orders", "assign"
    }  # fmt: skip
    assert {one["started_by"] for one in runs} == {"cli"}
    made = sum(
        n for (*_, path, _), n in live_wix.world.journal.counts.items() if path != wire.TOKEN
    )
    assert sum(one["numbers"]["calls"] for one in runs) == made
    [backfill] = told(desk, "--source", "orders", "--limit", "1", "--since", "1h", "shop")[-1:]
    assert backfill["kind"].endswith(" orders")
    [first] = [one for one in runs if one["kind"] == "backfill orders"]
    assert {name: first["numbers"][name] for name in ("pages", "seen", "new", "calls")} == {
        "pages": 1, "seen": 4, "new": 4, "calls": 1
    }  # fmt: skip
    assert first["window_until"] is not None
    assert first["seconds"] >= 0
    assert first["error"] is None
    shown = desk.run("runs", "shop").out
    assert "4/4/0/0" in shown
    assert "the beginning to " in shown
    assert told(desk, "--failed") == []


def test_what_failed_and_what_never_ended_can_be_picked_out(desk: Desk) -> None:
    desk.write("app.secret", "another-secret")
    assert desk.run("sync", "shop").code == 5
    store = open_store(f"sqlite:///{desk.folder}/state/badgejobs.db")
    with store.begin() as tx:
        lost = tx.runs.start("shop", "scan orders", started_by="worker")
        tx.runs._connection.exec_driver_sql(
            "UPDATE run SET started_at = ? WHERE id = ?",
            (str((tx.now - LOST_AFTER - timedelta(minutes=1)).replace(tzinfo=None)), lost),
        )
        tx.runs.start("shop", "assign", started_by="worker")  # at work now
    store.dispose()

    failed = told(desk, "--failed")

    assert failed[-1]["id"] == lost
    assert (failed[-1]["ended_at"], failed[-1]["seconds"]) == (None, None)
    assert failed[0]["error"]
    assert len(failed) == len(told(desk)) - 1
    assert "not ended" in desk.run("runs", "--failed").out


@pytest.mark.parametrize("since", ["2", "h", "2w", "-2h", "999999d"])
def test_a_length_of_time_that_is_none_is_a_clear_error(lonely_desk: Desk, since: str) -> None:
    ended = lonely_desk.run("runs", f"--since={since}")
    assert ended.code == 4
    assert "write 90s, 30m, 2h or 7d" in ended.err
