from __future__ import annotations

import json
import socket
from pathlib import Path

from command_desk import APP, INSTANCE, SECRET, SITE, Desk, LiveWix

from badgejobs.sandbox.server import running
from badgejobs.sandbox.settings import Installation, Options
from badgejobs.sandbox.world import World
from badgejobs.wix import wire

pytest_plugins = ["cli_fixtures"]


def test_sync_gives_what_was_earned_and_a_second_one_creates_nothing(
    desk: Desk, live_wix: LiveWix
) -> None:
    live_wix.buys(1, 3)
    live_wix.buys(2, 1)
    first = desk.run("sync", "shop", "--json")
    assert first.code == 0, first.err
    told = json.loads(first.out)
    assert told["awards"]["created"] == live_wix.given() == 3
    assert told["activities"]["new"] == 4
    assert told["calls"]["by_path"][wire.ORDERS_SEARCH] >= 1
    assert told["calls"]["total"] == sum(told["calls"]["by_path"].values())
    assert told["complete"]
    creates = live_wix.creates()

    live_wix.buys(2, 2)  # reads anew though not due by the clock, and finds nothing to give
    second = desk.run("sync", "--json")
    assert second.code == 0, second.err
    assert json.loads(second.out)["awards"]["created"] == 0
    assert json.loads(second.out)["activities"]["new"] == 1
    assert live_wix.creates() == creates


def test_sync_with_a_wrong_secret_is_one_sentence_and_code_5(desk: Desk) -> None:
    desk.write("app.secret", "another-secret")
    ended = desk.run("sync", "shop")
    assert ended.code == 5
    sentences = [line for line in ended.err.splitlines() if line.startswith("badgejobs:")]
    assert len(sentences) == 1
    assert "another-secret" not in ended.out + ended.err


def test_sync_with_broken_rules_asks_wix_nothing(desk: Desk, live_wix: LiveWix) -> None:
    desk.write(
        "rules.yaml", "version: 1\nbadges:\n  - id: a\n    badge: {titel: A}\n    when: {}\n"
    )
    ended = desk.run("sync", "shop")
    assert ended.code == 4
    assert "rules.yaml:4:" in ended.err
    assert not live_wix.world.journal.counts


def test_sync_leaves_the_rest_when_its_time_is_up(lonely_desk: Desk) -> None:
    ended = lonely_desk.run("sync", "shop", "--max-seconds", "1", "--json")
    assert ended.code == 3, ended.err
    assert not json.loads(ended.out)["complete"]


def test_doctor_finds_nothing_wrong_where_nothing_is(desk: Desk) -> None:
    ended = desk.run("doctor", "--json")
    assert ended.code == 0, ended.out
    told = json.loads(ended.out)
    assert told["ok"]
    names = {one["check"] for one in told["checks"]}
    assert {"settings", "state folder", "broker", "database", "shop: clock"} <= names
    assert any(wire.SCOPE_READ_ORDERS in name for name in names)


def test_doctor_finds_a_sandbox_that_is_down(lonely_desk: Desk) -> None:
    ended = lonely_desk.run("doctor")
    assert ended.code != 0
    assert "failed" in ended.out
    assert "Wix" in ended.out


def test_doctor_finds_a_wrong_secret(desk: Desk) -> None:
    desk.write("app.secret", "another-secret")
    ended = desk.run("doctor", "--json")
    assert ended.code == 5
    wrong = [one for one in json.loads(ended.out)["checks"] if not one["ok"]]
    assert [one["check"] for one in wrong] == ["shop: credentials"]
    assert "app secret" in wrong[0]["finding"] + wrong[0]["cure"]


def test_doctor_finds_that_badges_may_not_be_managed(tmp_path: Path) -> None:
    reading = (wire.SCOPE_READ_BADGES, wire.SCOPE_READ_ORDERS, wire.SCOPE_READ_COMMENTS)
    site = Installation(
        site_id=SITE, instance_id=INSTANCE, app_id=APP, app_secret=SECRET,
        scopes=frozenset(reading),
    )  # fmt: skip
    with running(World([site], Options(query_lag_seconds=0))) as url:
        ended = Desk(tmp_path, url).run("doctor")
    assert ended.code != 0
    assert f"{wire.SCOPE_MANAGE_BADGES}: failed" in ended.err


def test_doctor_finds_a_state_folder_that_cannot_be_used(desk: Desk) -> None:
    ended = desk.run("doctor", "--json", BADGEJOBS_STATE_DIR=str(desk.write("file", "")))
    assert ended.code == 1
    wrong = {one["check"] for one in json.loads(ended.out)["checks"] if not one["ok"]}
    assert "state folder" in wrong


def test_doctor_finds_a_redis_that_is_away(desk: Desk) -> None:
    ended = desk.run("doctor", "--json", BADGEJOBS_REDIS_URL="redis://:hunter2@127.0.0.1:9/0")
    assert ended.code == 6
    assert "hunter2" not in ended.out + ended.err
    assert "broker" in {one["check"] for one in json.loads(ended.out)["checks"] if not one["ok"]}


def test_scan_without_a_broker_leaves_the_wish_in_the_database(desk: Desk) -> None:
    ended = desk.run("scan", "shop", "orders", "--json")
    assert ended.code == 0, ended.err
    assert json.loads(ended.out) == {
        "site": "shop",
        "sources": ["orders"],
        "rung": False,
        "tasks": [],
    }
    told = json.loads(desk.run("status", "shop", "--json").out)
    assert "orders" in {one["source"] for one in told["sources"]}
    assert told["services"]["broker"].startswith("away")


def test_scan_and_assign_in_the_foreground_do_what_workers_do(
    desk: Desk, live_wix: LiveWix
) -> None:
    live_wix.buys(1, 1)
    assert desk.run("sync", "shop").code == 0
    live_wix.buys(1, 3)
    scanned = desk.run("scan", "--foreground", "--json")
    assert scanned.code == 0, scanned.err
    assert json.loads(scanned.out)["awards"]["opened"] == 1
    assigned = desk.run("assign", "--foreground", "--json")
    assert assigned.code == 0, assigned.err
    assert live_wix.given() == 2


def test_a_member_check_is_a_row_and_a_bell(desk: Desk) -> None:
    ended = desk.run("check", "shop", "bbbbbbbb-0000-4000-8000-000000000001", "--json")
    assert ended.code == 0, ended.err
    assert json.loads(ended.out)["request"] == 1


def test_a_port_in_use_is_one_sentence(desk: Desk) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        for command in (["sandbox", "serve"], ["flower"]):
            ended = desk.run(*command, "--port", str(port))
            assert ended.code == 1
            assert str(port) in ended.err
