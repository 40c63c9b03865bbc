from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from sandbox_caller import Caller, guid, sandbox

BADGES = "/badges/v4/badges"
CREATE = "/badges/v4/assignments"
BULK = "/badges/v4/bulk/assignments/create"


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"title": ""}, "badge.title"),
        ({"title": "x" * 51}, "badge.title"),
        ({"title": None}, "badge.title"),
        ({"description": "x" * 1501}, "badge.description"),
        ({"textColor": "white"}, "badge.textColor"),
        ({"backgroundColor": "#12345"}, "badge.backgroundColor"),
        ({"permissionsEnabled": "no"}, "badge.permissionsEnabled"),
    ],
)
def test_a_badge_that_breaks_a_rule_is_refused_by_the_name_of_the_field(
    change: dict[str, Any], field: str
) -> None:
    badge = {"title": "Ü" * 50, "backgroundColor": "#000000", "textColor": "#ffffff"}
    with sandbox() as wix:
        assert wix.call("POST", BADGES, {"badge": badge | change}).violation["field"] == field
        made = wix.post(BADGES, {"badge": badge | {"revision": "9", "id": "mine"}})["badge"]
        assert (made["title"], made["revision"]) == ("Ü" * 50, "1")


def test_only_the_current_revision_changes_a_badge() -> None:
    with sandbox() as wix:
        path = f"{BADGES}/{wix.badge('Old Name')}"
        changed = wix.good("PATCH", path, {"badge": {"revision": "1", "title": "New Name"}})
        assert (changed["badge"]["slug"], changed["badge"]["revision"]) == ("new-name", "2")
        stale = wix.call("PATCH", path, {"badge": {"revision": "1", "title": "Lost"}})
        assert stale.status == 409
        assert wix.good("GET", path) == changed


def test_moves_change_the_order_and_bad_anchors_do_not() -> None:
    with sandbox() as wix:
        one, two, three = (wix.badge(title) for title in ("One", "Two", "Three"))

        def order() -> list[str]:
            return [badge["id"] for badge in wix.state()["badges"]]

        wix.post(f"{BADGES}/{three}/move", {"position": "FIRST"})
        assert order() == [three, one, two]
        wix.post(f"{BADGES}/{three}/move", {"position": "AFTER", "moveAfterBadgeId": one})
        assert order() == [one, three, two]
        for body in ({"position": "UP"}, {"position": "AFTER"}):
            assert wix.call("POST", f"{BADGES}/{one}/move", body).status == 400
        body = {"position": "AFTER", "moveAfterBadgeId": guid(0, 9)}
        assert wix.call("POST", f"{BADGES}/{one}/move", body).status == 404
        assert order() == [one, three, two]


def test_a_deleted_badge_takes_its_assignments_along() -> None:
    with sandbox(members=2) as wix:
        badges = [wix.badge("Doomed"), wix.badge("Kept")]
        pairs = [{"badgeId": one, "memberId": guid(0xB1, n)} for one in badges for n in range(2)]
        wix.post(BULK, {"badgeAssignments": pairs})
        assert wix.good("DELETE", f"{BADGES}/{badges[0]}") == {}
        assert {row["badgeId"] for row in wix.state()["badgeAssignments"]} == {badges[1]}
        assert wix.call("DELETE", f"{BADGES}/{badges[0]}").code == "BADGE_NOT_FOUND"
        again = {"badgeAssignment": pairs[0]}
        assert wix.call("POST", CREATE, again).status == 404


def test_parallel_creates_of_one_pair_give_exactly_one_row() -> None:
    with sandbox(members=1) as wix:
        body = {"badgeAssignment": {"badgeId": wix.badge(), "memberId": guid(0xB1, 0)}}

        def create(_: int) -> int:
            caller = Caller(wix.address, wix.clock)
            caller.headers = dict(wix.headers)
            try:
                return caller.call("POST", CREATE, body).status
            finally:
                caller.close()

        with ThreadPoolExecutor(8) as pool:
            statuses = list(pool.map(create, range(24)))
        assert sorted(statuses) == [200] + [409] * 23
        assert len(wix.state()["badgeAssignments"]) == 1


@pytest.mark.parametrize(
    ("mode", "status", "rows"),
    [("conflict", 409, 1), ("return-existing", 200, 1), ("second-row", 200, 2)],
)
def test_a_second_create_does_what_the_mode_says(mode: str, status: int, rows: int) -> None:
    with sandbox(members=1, duplicateMode=mode) as wix:
        pair = {"badgeId": wix.badge(), "memberId": guid(0xB1, 0)}
        wix.post(CREATE, {"badgeAssignment": pair})
        assert wix.call("POST", CREATE, {"badgeAssignment": pair}).status == status
        bulk = wix.post(BULK, {"badgeAssignments": [pair]})
        assert bulk["results"][0]["itemMetadata"]["success"] is (mode != "conflict")
        assert len(wix.state()["badgeAssignments"]) == (3 if mode == "second-row" else rows)


def test_a_bulk_create_reports_every_item_and_a_malformed_one_refuses_all() -> None:
    with sandbox(members=3) as wix:
        badge_id = wix.badge()
        pairs = [{"badgeId": badge_id, "memberId": guid(0xB1, n)} for n in (0, 1, 0, 9)]
        malformed = {"badgeAssignments": [*pairs, {"badgeId": badge_id, "memberId": "m"}]}
        refused = wix.call("POST", BULK, malformed).violation
        assert refused["field"] == "badgeAssignments[4].memberId"
        for wrong in ([], [pairs[0]] * 101, "all"):
            body = {"badgeAssignments": wrong}
            assert wix.call("POST", BULK, body).violation["field"] == "badgeAssignments"
        assert wix.state()["badgeAssignments"] == []
        answer = wix.post(BULK, {"badgeAssignments": pairs, "returnEntity": True})
        results = answer["results"]
        assert [one["itemMetadata"]["originalIndex"] for one in results] == [0, 1, 2, 3]
        errors = [one["itemMetadata"].get("error", {}).get("code") for one in results]
        assert errors == [None, None, "ALREADY_EXISTS", "MEMBER_NOT_FOUND"]
        assert [one.get("item", {}).get("memberId") for one in results[:2]] == [
            guid(0xB1, 0),
            guid(0xB1, 1),
        ]
        totals = {"totalSuccesses": 2, "totalFailures": 2, "undetailedFailures": 0}
        assert answer["bulkActionMetadata"] == totals


def test_of_two_deletes_one_succeeds() -> None:
    with sandbox(members=1) as wix:
        pair = {"badgeId": wix.badge(), "memberId": guid(0xB1, 0)}
        made = wix.post(CREATE, {"badgeAssignment": pair})["badgeAssignment"]
        assert wix.good("DELETE", f"{CREATE}/{made['id']}") == {}
        assert wix.call("DELETE", f"{CREATE}/{made['id']}").status == 404
        again = wix.post(CREATE, {"badgeAssignment": pair})["badgeAssignment"]
        assert again["id"] != made["id"]
        body = {"badgeAssignmentIds": [again["id"], made["id"]]}
        answer = wix.post("/badges/v4/bulk/assignments/delete", body)
        assert [one["itemMetadata"]["success"] for one in answer["results"]] == [True, False]
        assert wix.state()["badgeAssignments"] == []


def test_faults_hit_the_requests_that_they_name_and_only_those() -> None:
    with sandbox(members=2) as wix:
        badge_id = wix.badge()
        pairs = [{"badgeId": badge_id, "memberId": guid(0xB1, n)} for n in range(2)]
        fault = {"path": CREATE, "method": "POST"}
        kinds = ("reset-before-write", "reset-after-write", "bad-json")
        wix.post("/_sandbox/faults", {"faults": [fault | {"kind": kind} for kind in kinds]})
        for rows in (0, 1):
            with pytest.raises(ConnectionError):
                wix.call("POST", CREATE, {"badgeAssignment": pairs[0]})
            wix.close()
            assert len(wix.state()["badgeAssignments"]) == rows
        with pytest.raises(json.JSONDecodeError):
            wix.call("POST", CREATE, {"badgeAssignment": pairs[1]})
        assert len(wix.state()["badgeAssignments"]) == 2
        body = {"path": "/badges/*", "kind": "status", "status": 503, "retryAfterSeconds": 7}
        wix.post("/_sandbox/faults", {"faults": [body | {"count": 2}]})
        for _ in range(2):
            down = wix.call("GET", f"{BADGES}/{badge_id}")
            assert (down.status, down.headers["retry-after"]) == (503, "7")
        wix.good("GET", f"{BADGES}/{badge_id}")
        log = wix.good("GET", "/_sandbox/log")["requests"]
        assert [(one["status"], one["fault"]) for one in log[2:7]] == [
            (None, "reset-before-write"),
            (None, "reset-after-write"),
            (200, "bad-json"),
            (503, "status"),
            (503, "status"),
        ]
        assert "secret-of-the-app" not in json.dumps(log)
