"""Requests that have their effect after the caller gave up."""

from __future__ import annotations

from typing import Any

import pytest
from sandbox_caller import ONE, Caller, Clock, member, sandbox, token_request
from sandbox_wire import exchange, last_entry, quiet, script, until

from badgejobs.sandbox.server import running
from badgejobs.sandbox.world import World
from badgejobs.wix import wire

FAR = 60.0
NEAR = 0.05

_quiet = pytest.fixture(autouse=True)(quiet)


def assign_late(wix: Caller, badge: str, number: int, delay: float) -> None:
    pair = {"badgeId": badge, "memberId": member(number)["id"]}
    script(wix, wire.ASSIGNMENTS, "late-write", delaySeconds=delay)
    assert exchange(wix, "POST", wire.ASSIGNMENTS, {"badgeAssignment": pair}).raw == b""


def holders(wix: Caller) -> list[str]:
    return [one["memberId"] for one in wix.state()["badgeAssignments"]]


def test_a_late_write_is_applied_when_its_delay_is_over_and_not_before() -> None:
    with sandbox(members=3) as wix:
        badge = wix.badge()
        assign_late(wix, badge, 1, FAR)
        assign_late(wix, badge, 2, NEAR)
        until(lambda: bool(holders(wix)))
        assert holders(wix) == [member(2)["id"]], "the one sent before is still under way"
        query = wix.post(wire.ASSIGNMENTS_QUERY, {})
        assert [one["memberId"] for one in query["badgeAssignments"]] == [member(2)["id"]]
        again = {"badgeAssignment": {"badgeId": badge, "memberId": member(2)["id"]}}
        assert wix.call("POST", wire.ASSIGNMENTS, again).code == "ALREADY_EXISTS"


def test_what_came_meanwhile_is_found_by_the_late_write() -> None:
    with sandbox(members=1) as wix:
        badge = wix.badge()
        assign_late(wix, badge, 0, 0.3)
        pair = {"badgeId": badge, "memberId": member(0)["id"]}
        wix.post(wire.ASSIGNMENTS, {"badgeAssignment": pair})
        until(lambda: stats(wix)["createsRefused"] == 1)
        assert holders(wix) == [member(0)["id"]]


def stats(wix: Caller) -> dict[str, Any]:
    found: dict[str, Any] = wix.good("GET", f"/_sandbox/stats?instanceId={ONE['instanceId']}")
    return found


def test_the_log_knows_the_site_of_a_late_write_once_it_is_applied() -> None:
    with sandbox(members=1) as wix:
        badge = wix.badge()
        assign_late(wix, badge, 0, NEAR)
        until(lambda: bool(holders(wix)))
        entry = last_entry(wix)
        assert (entry["fault"], entry["status"]) == ("late-write", None)
        assert entry["instanceId"] == ONE["instanceId"]
        counted = [one for one in stats(wix)["requests"] if one["path"] == wire.ASSIGNMENTS]
        assert [(one["status"], one["count"]) for one in counted] == [(None, 1)]


def test_a_late_write_counts_for_the_rate_limit_when_it_is_applied() -> None:
    with sandbox(members=1, rateLimitRequests=2) as wix:
        badge = wix.badge()
        assign_late(wix, badge, 0, NEAR)
        until(lambda: bool(holders(wix)))
        assert wix.call("POST", wire.BADGES_QUERY, {}).status == 429


def test_a_late_write_may_be_refused_and_nobody_hears_of_it() -> None:
    with sandbox() as wix:
        badge = wix.badge()
        assign_late(wix, badge, 0, NEAR)  # of a member that is not there
        until(lambda: last_entry(wix)["instanceId"] is not None)
        assert holders(wix) == []


def test_reset_cancels_late_writes() -> None:
    world = World(clock=Clock())
    with running(world) as url:
        wix = Caller(url, Clock())
        wix.reset(ONE)
        wix.log_in(ONE)
        assign_late(wix, wix.badge(), 0, FAR)
        assert len(world.late) == 1
        wix.reset(ONE)
        assert len(world.late) == 0
        wix.close()


def test_a_late_write_is_not_applied_to_the_world_after_a_reset() -> None:
    with sandbox(members=1) as wix:
        # Without ids of the world before: the token request of a site that is there again.
        script(wix, wire.TOKEN, "late-write", delaySeconds=0.1)
        exchange(wix, "POST", wire.TOKEN, token_request(ONE))
        wix.reset(ONE)
        script(wix, wire.TOKEN, "late-write", delaySeconds=0.2)
        exchange(wix, "POST", wire.TOKEN, token_request(ONE))
        until(lambda: last_entry(wix)["instanceId"] is not None)
        log = wix.good("GET", "/_sandbox/log")["requests"]
        assert len(log) == 1


def test_the_end_of_the_server_cancels_late_writes() -> None:
    world = World(clock=Clock())
    with running(world) as url:
        wix = Caller(url, Clock())
        wix.reset(ONE)
        wix.log_in(ONE)
        assign_late(wix, wix.badge(), 0, FAR)
        wix.close()
        assert len(world.late) == 1
    assert len(world.late) == 0
