"""Work that a command leaves to the workers: what it says where none comes, or none is told."""

from __future__ import annotations

import json

import pytest
from command_desk import Desk, LiveWix

from badgejobs.service.broker import ensure_broker

pytestmark = pytest.mark.slow

pytest_plugins = ["cli_fixtures"]


def test_where_no_worker_comes_the_wait_ends_and_the_task_stays(
    desk: Desk, live_wix: LiveWix
) -> None:
    with ensure_broker(desk.folder / "state") as broker:
        told = desk.run_apart("scan", "shop", "--json")
        waited = desk.run_apart("scan", "shop", "orders", "--wait", "--max-seconds", "0", "--json")

    assert told.code == 0, told.err
    [task] = json.loads(told.out)["tasks"]
    assert f"badgejobs: task {task}" in told.err
    assert waited.code == 3, waited.err
    assert json.loads(waited.out)["rung"] is True
    assert [set(one) for one in json.loads(waited.out)["tasks"]] == [{"task"}]
    assert "the time is up" in waited.err
    assert live_wix.world.journal.counts == {}
    assert broker.wait_until_stopped(15)


def test_without_a_broker_nobody_is_waited_for_and_the_work_stays_due(lonely_desk: Desk) -> None:
    waited = lonely_desk.run("scan", "shop", "--wait", "--json")

    assert waited.code == 6
    assert json.loads(waited.out) == {
        "site": "shop", "sources": ["orders"], "rung": False, "tasks": []
    }  # fmt: skip
    assert "due; the broker is away" in waited.err


def test_what_is_for_the_eyes_is_not_left_to_the_workers(lonely_desk: Desk) -> None:
    for line in (
        ["reconcile", "shop", "--dry-run", "--wait"],
        ["provision", "shop", "--recreate", "first-purchase", "--background"],
    ):
        ended = lonely_desk.run(*line)
        assert ended.code == 4
        assert "leave out --background and --wait" in ended.err


def test_a_run_that_there_is_not_is_told_with_how_long_runs_are_kept(lonely_desk: Desk) -> None:
    ended = lonely_desk.run("runs", "--id", "99")
    assert ended.code == 4
    assert "--id: there is no run 99; runs are kept for 30 days" in ended.err
