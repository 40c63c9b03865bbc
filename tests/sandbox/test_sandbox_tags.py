from __future__ import annotations

from typing import Any

import pytest
from sandbox_caller import ONE, Caller, guid, sandbox, site

CREATE = "/badges/v4/assignments"
BULK = "/badges/v4/bulk/assignments/create"
TAGS = "/badges/v4/bulk/assignments/bulk-update-tags"
BY_FILTER = "/badges/v4/bulk/assignments/update-tags-by-filter"


def tags(public: list[str] | None = None, private: list[str] | None = None) -> dict[str, Any]:
    lists = {"privateTags": private, "tags": public}
    return {name: {"tagIds": ids} for name, ids in lists.items() if ids is not None}


def assign(wix: Caller, members: int, **more: Any) -> list[str]:
    badge_id = wix.badge()
    pairs = [{"badgeId": badge_id, "memberId": guid(0xB1, n)} | more for n in range(members)]
    answer = wix.post(BULK, {"badgeAssignments": pairs})
    return [one["itemMetadata"]["id"] for one in answer["results"]]


def stored(wix: Caller) -> list[Any]:
    return [one.get("tags") for one in wix.state()["badgeAssignments"]]


def test_tags_and_extended_fields_of_a_create_are_kept() -> None:
    more = {"tags": tags(["11"], ["33", "44"]), "extendedFields": {"namespaces": {"@a/b": {}}}}
    with sandbox(members=2) as wix:
        pair = {"badgeId": wix.badge(), "memberId": guid(0xB1, 0)}
        made = wix.post(CREATE, {"badgeAssignment": pair | more})["badgeAssignment"]
        assert {name: made[name] for name in more} == more
        bulk = {"badgeAssignments": [pair | more | {"memberId": guid(0xB1, 1)}]}
        wix.post(BULK, bulk | {"returnEntity": True})
        found = wix.post(f"{CREATE}/query", {})["badgeAssignments"]
        assert [{name: one[name] for name in more} for one in found] == [more, more]


def test_a_tag_in_both_lists_ends_assigned_and_the_others_go_and_stay() -> None:
    with sandbox(members=2) as wix:
        first, second = assign(wix, 2, tags=tags(["a", "b"], ["x"]))
        change = {"assignTags": tags(["c", "b", "c"]), "unassignTags": tags(["b", "a"], ["y"])}
        answer = wix.post(TAGS, {"ids": [first]} | change)
        assert answer["bulkActionMetadata"]["totalSuccesses"] == 1
        assert stored(wix) == [tags(["c", "b"], ["x"]), tags(["a", "b"], ["x"])]
        wix.post(TAGS, {"ids": [second], "assignTags": {}, "unassignTags": tags(None, ["x"])})
        assert stored(wix)[1] == tags(["a", "b"], [])


def test_tags_change_when_the_assignment_was_changed() -> None:
    with sandbox(members=1) as wix:
        (one,) = assign(wix, 1)
        before = wix.state()["badgeAssignments"][0]
        wix.post(TAGS, {"ids": [one], "assignTags": tags(["a"])})
        after = wix.state()["badgeAssignments"][0]
        assert after["updatedDate"] >= before["updatedDate"]
        assert after == before | {"tags": tags(["a"]), "updatedDate": after["updatedDate"]}


def test_an_unknown_assignment_fails_alone() -> None:
    with sandbox(members=1) as wix:
        (one,) = assign(wix, 1)
        answer = wix.post(TAGS, {"ids": [guid(0, 9), one], "assignTags": tags(["a"])})
        told = [one["itemMetadata"] for one in answer["results"]]
        assert [(item["originalIndex"], item["success"]) for item in told] == [
            (0, False),
            (1, True),
        ]
        assert told[0]["error"]["code"] == "BADGE_ASSIGNMENT_NOT_FOUND"
        totals = {"totalSuccesses": 1, "totalFailures": 1, "undetailedFailures": 0}
        assert answer["bulkActionMetadata"] == totals
        assert stored(wix) == [tags(["a"])]


def test_more_tags_than_a_list_holds_fail_and_change_nothing() -> None:
    full = [f"{number}" for number in range(100)]
    with sandbox(members=2) as wix:
        first, _ = assign(wix, 2, tags=tags(full))
        failed = wix.post(TAGS, {"ids": [first], "assignTags": tags(["one"])})["results"][0]
        assert failed["itemMetadata"]["error"]["code"] == "INVALID_ARGUMENT"
        wix.post(BY_FILTER, {"filter": {}, "assignTags": tags(["one"])})
        assert stored(wix) == [tags(full), tags(full)]
        change = {"assignTags": tags(["one"]), "unassignTags": tags(["0"])}
        wix.post(TAGS, {"ids": [first]} | change)
        assert stored(wix)[0] == tags([*full[1:], "one"])


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"ids": []}, "ids"),
        ({"ids": [guid(0, 1)] * 101}, "ids"),
        ({"ids": ["x"]}, "ids[0]"),
        ({"assignTags": None}, "assignTags"),
        ({"assignTags": tags(["a"] * 101)}, "assignTags.tags.tagIds"),
        ({"assignTags": tags(None, ["a", ""])}, "assignTags.privateTags.tagIds[1]"),
        ({"unassignTags": tags(["longer"])}, "unassignTags.tags.tagIds[0]"),
        ({"unassignTags": {"tags": ["a"]}}, "unassignTags.tags"),
    ],
)
def test_tags_that_break_a_rule_refuse_the_whole(change: dict[str, Any], field: str) -> None:
    with sandbox(members=1) as wix:
        (one,) = assign(wix, 1)
        body = {"ids": [one], "assignTags": tags(["a"])} | change
        assert wix.call("POST", TAGS, body).violation["field"] == field
        if "ids" not in change:
            by_filter: dict[str, Any] = {"filter": {}} | body
            assert wix.call("POST", BY_FILTER, by_filter).violation["field"] == field
        assert stored(wix) == [None]


def test_a_filter_chooses_the_assignments_and_sees_what_lists_show() -> None:
    with sandbox(members=3, queryLagSeconds=2) as wix:
        wix.clock.seconds += 2
        assign(wix, 2)
        everyone = {"filter": {}, "assignTags": tags(["a"])}
        wix.post(BY_FILTER, everyone)
        assert stored(wix) == [None, None]
        wix.clock.seconds += 2
        one = {"filter": {"memberId": {"$in": [guid(0xB1, 1)]}}, "assignTags": tags(["b"])}
        assert len(wix.post(BY_FILTER, one)["jobId"]) == 36
        assert stored(wix) == [None, tags(["b"])]
        wix.clock.seconds += 2
        wix.post(BY_FILTER, everyone)
        assert stored(wix) == [tags(["a"]), tags(["b", "a"])]


def test_a_filter_must_be_sent_and_must_be_one() -> None:
    with sandbox() as wix:
        body: dict[str, Any] = {"assignTags": {}}
        assert wix.call("POST", BY_FILTER, body).violation["field"] == "filter"
        body["filter"] = {"createdDate": "2026-01-01T00:00:00Z"}
        refused = wix.call("POST", BY_FILTER, body).violation
        assert refused["description"] == "Field 'createdDate' is not declared as filterable"


def test_tags_are_changed_by_those_who_may_manage_badges() -> None:
    with sandbox() as wix:
        wix.reset(site(1, scopes=["SCOPE.DC-MEMBERS.READ-BADGES"]))
        wix.log_in(ONE)
        for path in (TAGS, BY_FILTER, "/badges/v4/badges/order"):
            assert wix.call("POST", path, {}).code == "PERMISSION_DENIED"


def test_badges_put_in_order_come_first_and_a_wrong_id_changes_nothing() -> None:
    order = "/badges/v4/badges/order"
    with sandbox() as wix:
        one, two, three = (wix.badge(title) for title in ("One", "Two", "Three"))
        answer = wix.post(order, {"ids": [three, one]})
        assert [badge["id"] for badge in answer["badges"]] == [three, one, two]
        assert wix.state()["badges"] == answer["badges"]
        assert wix.call("POST", order, {"ids": [two, guid(0, 9)]}).code == "BADGE_NOT_FOUND"
        for wrong in ([], [one, one], [one] * 101, "all"):
            assert wix.call("POST", order, {"ids": wrong}).violation["field"] == "ids"
        assert wix.call("POST", order, {"ids": [one, "x"]}).violation["field"] == "ids[1]"
        assert wix.state()["badges"] == answer["badges"]
