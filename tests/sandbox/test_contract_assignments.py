from __future__ import annotations

import random
import re
from typing import Any

import pytest
from contract_calls import (
    ASSIGNMENTS,
    BADGES,
    BULK_CREATE,
    BULK_DELETE,
    pair_body,
    statuses,
    together,
)
from sandbox_caller import Caller, Reply, guid, member, sandbox

NOBODY = guid(0xDD, 1)


def rows(wix: Caller) -> list[tuple[str, str]]:
    """Badge and member of what stands, oldest first."""
    return [(one["badgeId"], one["memberId"]) for one in wix.state()["badgeAssignments"]]


def test_a1_an_assignment_comes_back_with_id_and_dates() -> None:
    with sandbox(members=1) as wix:
        body = pair_body(wix.badge(), 0)
        mine = {"id": NOBODY, "createdDate": "2001-01-01T00:00:00Z"}
        sent = {"badgeAssignment": body["badgeAssignment"] | mine}
        made = wix.post(ASSIGNMENTS, sent)["badgeAssignment"]
        assert made.items() >= body["badgeAssignment"].items()
        assert made.keys() == {"id", "badgeId", "memberId", "createdDate", "updatedDate"}
        assert re.fullmatch(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", made["id"])
        assert made["id"] != NOBODY
        for name in ("createdDate", "updatedDate"):
            assert re.fullmatch(r"20[0-9-]{8}T[0-9:]{8}\.[0-9]{3}Z", made[name])
        assert wix.state()["badgeAssignments"] == [made]


def test_a1_badge_and_member_must_be_known() -> None:
    with sandbox(members=2) as wix:
        kept, deleted = wix.badge("Kept"), wix.badge("Deleted")
        wix.good("DELETE", f"{BADGES}/{deleted}")
        for badge_id, number in ((NOBODY, 0), (deleted, 0), (kept, 9)):
            reply = wix.call("POST", ASSIGNMENTS, pair_body(badge_id, number))
            assert reply.status == 404
            assert "NOT_FOUND" in reply.code
        nothing: list[Any] = [None, [], "x", {}, {"badgeId": kept}, {"memberId": guid(0xB1, 0)}]
        for wrong in nothing:
            body = {"badgeAssignment": wrong}
            assert wix.call("POST", ASSIGNMENTS, body).violation["field"].startswith("badgeAssign")
        assert rows(wix) == []
        wix.store("members", member(9))
        wix.post(ASSIGNMENTS, pair_body(kept, 9))


MODES = [("conflict", 1, 1), ("return-existing", 24, 1), ("second-row", 24, 24)]


@pytest.mark.parametrize(("mode", "succeed", "standing"), MODES)
def test_a2_the_mode_holds_for_creates_at_the_same_time(
    mode: str, succeed: int, standing: int
) -> None:
    with sandbox(members=2, duplicateMode=mode) as wix:
        badge_id = wix.badge()
        body = pair_body(badge_id, 0)
        bulk = {"badgeAssignments": [pair_body(badge_id, 1)["badgeAssignment"]] * 8}
        single: list[Any] = [lambda caller: caller.call("POST", ASSIGNMENTS, body)] * 24
        replies = together(
            wix, single + [lambda caller: caller.call("POST", BULK_CREATE, bulk)] * 3
        )
        assert statuses(replies[:24]) == [200] * succeed + [409] * (24 - succeed)
        assert all("ALREADY_EXISTS" in one.code for one in replies[:24] if one.status == 409)
        ids = {one.body["badgeAssignment"]["id"] for one in replies[:24] if one.status == 200}
        assert len(ids) == standing
        found = [one["id"] for one in wix.state()["badgeAssignments"]]
        assert ids <= set(found)
        assert len(found) == 2 * standing
        good = sum(one.body["bulkActionMetadata"]["totalSuccesses"] for one in replies[24:])
        assert good == succeed


@pytest.mark.parametrize(("mode", "succeed", "standing"), MODES)
def test_a2_an_existing_pair_in_each_mode_and_its_life_afterwards(
    mode: str, succeed: int, standing: int
) -> None:
    with sandbox(members=1, duplicateMode=mode) as wix:
        body = pair_body(wix.badge(), 0)
        first = wix.post(ASSIGNMENTS, body)
        again = wix.call("POST", ASSIGNMENTS, body)
        assert (again.status == 200) is (succeed > 1)
        assert (again.body == first) is (mode == "return-existing")
        bulk = {"badgeAssignments": [body["badgeAssignment"]], "returnEntity": True}
        (result,) = wix.post(BULK_CREATE, bulk)["results"]
        assert (result.get("item") == first["badgeAssignment"]) is (mode == "return-existing")
        for one in wix.state()["badgeAssignments"]:
            wix.good("DELETE", f"{ASSIGNMENTS}/{one['id']}")
        anew = wix.post(ASSIGNMENTS, body)["badgeAssignment"]
        assert anew["id"] != first["badgeAssignment"]["id"]
        assert len(rows(wix)) == 1


def check_bulk(answer: dict[str, Any], size: int) -> list[dict[str, Any]]:
    """The metadata of each item of a bulk answer that says what every bulk answer must say."""
    assert answer.keys() == {"results", "bulkActionMetadata"}
    items: list[dict[str, Any]] = [one["itemMetadata"] for one in answer["results"]]
    assert [one["originalIndex"] for one in items] == list(range(size))
    for item in items:
        more = {"id"} if item["success"] else {"error"}
        assert item.keys() == {"originalIndex", "success"} | more
        if not item["success"]:
            assert item["error"].keys() == {"code", "description", "data"}
            assert item["error"]["code"]
    good = sum(one["success"] for one in items)
    totals = {"totalSuccesses": good, "totalFailures": size - good, "undetailedFailures": 0}
    assert answer["bulkActionMetadata"] == totals
    return items


@pytest.mark.parametrize("mode", [one for one, _, _ in MODES])
def test_a3_items_are_handled_in_order_each_like_a_single_create(mode: str) -> None:
    chance = random.Random(7)
    with sandbox(members=6, duplicateMode=mode) as wix:
        badges = [wix.badge("One"), wix.badge("Two"), NOBODY]
        pairs = [pair_body(chance.choice(badges), chance.randrange(8)) for _ in range(100)]
        asked = [one["badgeAssignment"] for one in pairs]
        answer = wix.post(BULK_CREATE, {"badgeAssignments": asked, "returnEntity": True})
        items = check_bulk(answer, 100)
        standing: dict[tuple[str, str], list[str]] = {}
        for item, result, pair in zip(items, answer["results"], asked, strict=True):
            key = pair["badgeId"], pair["memberId"]
            known = key[0] != NOBODY and key[1] in {guid(0xB1, n) for n in range(6)}
            conflict = mode == "conflict" and key in standing
            assert item["success"] is (known and not conflict)
            assert ("item" in result) is item["success"]
            if item["success"]:
                assert result["item"].items() >= (pair | {"id": item["id"]}).items()
                if mode == "return-existing" and key in standing:
                    assert item["id"] == standing[key][0]
                else:
                    standing.setdefault(key, []).append(item["id"])
            else:
                assert ("ALREADY_EXISTS" if known else "NOT_FOUND") in item["error"]["code"]
        found = [one["id"] for one in wix.state()["badgeAssignments"]]
        made = [one["id"] for one in items if one["success"]]
        assert found == list(dict.fromkeys(made))


@pytest.mark.parametrize("wanted", [False, None, "left out"])
def test_a3_entities_come_only_when_asked_for(wanted: Any) -> None:
    with sandbox(members=1) as wix:
        bulk = {"badgeAssignments": [pair_body(wix.badge(), 0)["badgeAssignment"]]}
        more = {} if wanted == "left out" else {"returnEntity": wanted}
        answer = wix.post(BULK_CREATE, bulk | more)
        check_bulk(answer, 1)
        assert all(one.keys() == {"itemMetadata"} for one in answer["results"])


def test_a3_a_malformed_item_or_a_wrong_size_refuses_the_whole() -> None:
    with sandbox(members=101) as wix:
        badge_id = wix.badge()
        good = [pair_body(badge_id, number)["badgeAssignment"] for number in range(101)]
        wrong_items: list[Any] = [
            None,
            "x",
            [],
            {},
            {"badgeId": badge_id},
            good[0] | {"badgeId": 7},
        ]
        wrongs: list[Any] = [[*good[:50], wrong, *good[50:60]] for wrong in wrong_items]
        wrongs += [[], good, None, "all", {}, 7]
        for wrong in wrongs:
            reply = wix.call("POST", BULK_CREATE, {"badgeAssignments": wrong})
            assert reply.violation["field"].startswith("badgeAssignments"), wrong
        assert wix.call("POST", BULK_CREATE, {}).status == 400
        body = {"badgeAssignments": good[:1], "returnEntity": "yes"}
        assert wix.call("POST", BULK_CREATE, body).violation["field"] == "returnEntity"
        assert rows(wix) == []
        check_bulk(wix.post(BULK_CREATE, {"badgeAssignments": good[:100]}), 100)
        assert len(rows(wix)) == 100


def test_a4_bulk_delete_reports_every_item_and_an_unknown_one_fails_alone() -> None:
    with sandbox(members=100) as wix:
        badge_id = wix.badge()
        pairs = [pair_body(badge_id, number)["badgeAssignment"] for number in range(100)]
        made = check_bulk(wix.post(BULK_CREATE, {"badgeAssignments": pairs}), 100)
        ids = [one["id"] for one in made]
        asked = [ids[0], NOBODY, ids[1], ids[0], *ids[2:5]]
        answer = wix.post(BULK_DELETE, {"badgeAssignmentIds": asked})
        items = check_bulk(answer, 7)
        assert all(one.keys() == {"itemMetadata"} for one in answer["results"])
        assert [one["success"] for one in items] == [True, False, True, False, True, True, True]
        assert all("NOT_FOUND" in one["error"]["code"] for one in (items[1], items[3]))
        assert [one.get("id") for one in items if one["success"]] == ids[:5]
        assert [one["id"] for one in wix.state()["badgeAssignments"]] == ids[5:]
        wrongs: list[Any] = [[], [NOBODY] * 101, [*ids[5:9], "x"], [*ids[5:9], None], None, "x", {}]
        for wrong in wrongs:
            reply = wix.call("POST", BULK_DELETE, {"badgeAssignmentIds": wrong})
            assert reply.violation["field"].startswith("badgeAssignmentIds"), wrong
        assert wix.call("POST", BULK_DELETE, {}).status == 400
        assert len(rows(wix)) == 95
        check_bulk(wix.post(BULK_DELETE, {"badgeAssignmentIds": [*ids[5:], *ids[:5]]}), 100)
        assert rows(wix) == []


def test_a5_of_deletes_at_the_same_time_exactly_one_succeeds() -> None:
    with sandbox(members=3) as wix:
        badge_id = wix.badge()
        ids = [
            wix.post(ASSIGNMENTS, pair_body(badge_id, number))["badgeAssignment"]["id"]
            for number in range(3)
        ]

        def single(caller: Caller) -> Reply:
            return caller.call("DELETE", f"{ASSIGNMENTS}/{ids[0]}")

        def bulk(caller: Caller) -> Reply:
            return caller.call("POST", BULK_DELETE, {"badgeAssignmentIds": ids[1:]})

        replies = together(wix, [single, bulk] * 12)
        singles, bulks = replies[::2], replies[1::2]
        assert statuses(singles) == [200] + [404] * 11
        assert [one.body for one in singles if one.status == 200] == [{}]
        assert all("NOT_FOUND" in one.code for one in singles if one.status == 404)
        good = [one.body["bulkActionMetadata"]["totalSuccesses"] for one in bulks]
        assert sorted(good) == [0] * 11 + [2]
        assert rows(wix) == []
