from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from contract_calls import (
    ASSIGNMENTS_QUERY,
    BADGES,
    BADGES_QUERY,
    BULK_CREATE,
    badge_body,
    pair_body,
    statuses,
    together,
)
from sandbox_caller import Caller, Reply, guid, sandbox

MEDAL = "\U0001f3c5"
READ_ONLY = {
    "id": guid(1, 1),
    "revision": "41",
    "slug": "mine",
    "createdDate": "2001-01-01T00:00:00.000Z",
    "updatedDate": "2001-01-01T00:00:00.000Z",
}
ICON = {"id": "a.png", "url": "wix:image://v1/a.png", "height": 2, "width": 1, "filename": "a"}

NO_COLOURS = ["white", "#12345", "#1234567", "123456", "#12345g", "#123456\n", "", None, 7]
WRONG: dict[str, list[Any]] = {
    "title": ["", "x" * 51, MEDAL * 51, None, 5, ["x"], True],
    "description": ["x" * 1501, MEDAL * 1501, 5, ["x"], {}],
    "backgroundColor": NO_COLOURS,
    "textColor": NO_COLOURS,
    "icon": ["wix:image://v1/a.png", 5, []],
    "permissionsEnabled": ["true", 1, []],
}


@pytest.mark.parametrize("name", WRONG)
def test_b1_b3_a_field_that_breaks_a_rule_is_named_on_create_and_on_update(name: str) -> None:
    with sandbox() as wix:
        path = f"{BADGES}/{wix.badge()}"
        before = wix.good("GET", path)
        for wrong in WRONG[name]:
            refused = wix.call("POST", BADGES, badge_body(**{name: wrong}))
            assert refused.violation["field"] == f"badge.{name}", wrong
            refused = wix.call("PATCH", path, {"badge": {"revision": "1", name: wrong}})
            assert refused.violation["field"] == f"badge.{name}", wrong
        assert wix.state()["badges"] == [wix.good("GET", path)["badge"]] == [before["badge"]]


@pytest.mark.parametrize("name", ["title", "backgroundColor", "textColor"])
def test_b1_a_required_field_cannot_be_left_out(name: str) -> None:
    body = badge_body()
    del body["badge"][name]
    with sandbox() as wix:
        assert wix.call("POST", BADGES, body).violation["field"] == f"badge.{name}"
        no_badges: list[Any] = [None, [], "badge", 7]
        for no_badge in no_badges:
            reply = wix.call("POST", BADGES, {"badge": no_badge})
            assert reply.violation["field"] == "badge"
        assert wix.call("POST", BADGES, body["badge"]).violation["field"] == "badge"


@pytest.mark.parametrize(
    "good",
    [
        {"title": "x"},
        {"title": "Ü" * 50},
        {"title": MEDAL * 50},
        {"description": ""},
        {"description": MEDAL * 1500},
        {"backgroundColor": "#aBcDeF", "textColor": "#000000"},
        {"icon": ICON},
        {"icon": {}},
    ],
)
def test_b1_a_badge_comes_out_as_it_went_in(good: dict[str, Any]) -> None:
    with sandbox() as wix:
        made = wix.post(BADGES, badge_body(**good))
        assert made["badge"].items() >= badge_body(**good)["badge"].items()
        assert wix.good("GET", f"{BADGES}/{made['badge']['id']}") == made
        assert wix.post(BADGES_QUERY, {})["badges"] == wix.state()["badges"] == [made["badge"]]


def test_b2_the_server_fills_in_what_is_its_own() -> None:
    with sandbox() as wix:
        for sent in (
            {},
            READ_ONLY,
            dict.fromkeys(READ_ONLY) | {"permissionsEnabled": None},
        ):
            before = datetime.now(UTC)
            made = wix.post(BADGES, badge_body(title="Loyal Great  Buyer", **sent))["badge"]
            assert re.fullmatch(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", made["id"])
            assert made["id"] != READ_ONLY["id"]
            assert (made["revision"], made["slug"]) == ("1", "loyal-great--buyer")
            assert made["permissionsEnabled"] is False
            assert made["createdDate"] == made["updatedDate"]
            assert made["createdDate"].endswith("Z")
            made_at = datetime.fromisoformat(made["createdDate"])
            assert before - timedelta(seconds=1) < made_at <= datetime.now(UTC)
        assert wix.post(BADGES, badge_body(permissionsEnabled=True))["badge"]["permissionsEnabled"]
        assert len({one["id"] for one in wix.state()["badges"]}) == 4


CHANGES: list[dict[str, Any]] = [
    {},
    {"title": "Brand New"},
    {"description": "other"},
    {"backgroundColor": "#ffffff"},
    {"textColor": "#123456"},
    {"icon": ICON},
    {"permissionsEnabled": True},
    {"description": ""},
    {"permissionsEnabled": False, "title": "X Y"},
    READ_ONLY | {"revision": "10"},
]


def test_b3_an_update_changes_what_was_sent_and_nothing_else() -> None:
    with sandbox() as wix:
        bystander = wix.badge("Bystander")
        badge = wix.post(BADGES, badge_body(description="first"))["badge"]
        path = f"{BADGES}/{badge['id']}"
        for change in CHANGES:
            sent = change | {"revision": badge["revision"]}
            changed = wix.good("PATCH", path, {"badge": sent})["badge"]
            writable = {one: value for one, value in change.items() if one not in READ_ONLY}
            expected = badge | writable
            expected["revision"] = str(int(badge["revision"]) + 1)
            expected["slug"] = expected["title"].lower().replace(" ", "-")
            expected["updatedDate"] = changed["updatedDate"]
            assert changed == expected
            assert changed["updatedDate"] > badge["updatedDate"], "renewed, be it within a tick"
            assert wix.good("GET", path) == {"badge": changed}
            badge = changed
        assert badge["revision"] == "11"
        assert wix.good("GET", f"{BADGES}/{bystander}")["badge"]["revision"] == "1"


def test_b3_null_takes_an_optional_field_away() -> None:
    with sandbox() as wix:
        made = wix.post(BADGES, badge_body(description="x", icon=ICON, permissionsEnabled=True))
        path = f"{BADGES}/{made['badge']['id']}"
        nothing = {"description": None, "icon": None, "permissionsEnabled": None, "revision": "1"}
        changed = wix.good("PATCH", path, {"badge": nothing})["badge"]
        assert changed.keys().isdisjoint({"description", "icon"})
        assert changed["permissionsEnabled"] is False
        assert changed["title"] == made["badge"]["title"]


def test_b3_any_revision_but_the_current_one_is_a_conflict_and_changes_nothing() -> None:
    with sandbox() as wix:
        path = f"{BADGES}/{wix.badge()}"
        for revision in ("1", "2"):
            wix.good("PATCH", path, {"badge": {"revision": revision}})
        before = wix.good("GET", path)
        wrongs: list[Any] = ["1", "2", "4", "", "x", "03", "3.0", "3 ", "-3", 7, 3.5, True, [], {}]
        for wrong in wrongs:
            stale = wix.call("PATCH", path, {"badge": {"revision": wrong, "title": "Lost"}})
            assert stale.status == 409, wrong
            assert stale.code
            assert wix.good("GET", path) == before
        for nothing in ({}, {"revision": None}):
            refused = wix.call("PATCH", path, {"badge": nothing | {"title": "Lost"}})
            assert refused.violation["field"] == "badge.revision"
        assert wix.good("GET", path) == before


def test_b3_of_updates_at_the_same_time_exactly_one_succeeds() -> None:
    with sandbox() as wix:
        path = f"{BADGES}/{wix.badge()}"

        def update(number: int, revision: str) -> Any:
            body = {"badge": {"revision": revision, "title": f"Title {number}"}}
            return lambda caller: caller.call("PATCH", path, body)

        for revision in ("1", "2", "3"):
            replies = together(wix, [update(number, revision) for number in range(16)])
            assert statuses(replies) == [200] + [409] * 15
            (winner,) = (one.body for one in replies if one.status == 200)
            assert wix.good("GET", path) == winner


def test_b4_of_two_deletes_the_second_finds_nothing_and_others_keep_their_assignments() -> None:
    with sandbox(members=3) as wix:
        doomed, kept = wix.badge("Doomed"), wix.badge("Kept")
        for badge_id in (doomed, kept):
            pairs = [pair_body(badge_id, number)["badgeAssignment"] for number in range(3)]
            wix.post(BULK_CREATE, {"badgeAssignments": pairs})

        def delete(caller: Caller) -> Reply:
            return caller.call("DELETE", f"{BADGES}/{doomed}")

        replies = together(wix, [delete] * 8)
        assert statuses(replies) == [200] + [404] * 7
        assert [one.body for one in replies if one.status == 200] == [{}]
        rows = wix.post(ASSIGNMENTS_QUERY, {})["badgeAssignments"]
        assert [one["badgeId"] for one in rows] == [kept] * 3
        assert sorted(rows, key=str) == sorted(wix.state()["badgeAssignments"], key=str)
        assert [one["id"] for one in wix.state()["badges"]] == [kept]
        assert wix.call("POST", f"{BADGES}/{kept}/move", after(doomed)).status == 404


def after(anchor: Any) -> dict[str, Any]:
    return {"position": "AFTER", "moveAfterBadgeId": anchor}


def test_b5_every_move_leads_to_the_order_that_it_says() -> None:
    with sandbox() as wix:
        ids = {title: wix.badge(title) for title in "abcd"}

        def shown() -> str:
            return "".join(badge["title"] for badge in wix.state()["badges"])

        assert shown() == "abcd", "a new badge goes last"
        for title, body, expected in (
            ("c", {"position": "FIRST"}, "cabd"),
            ("c", {"position": "FIRST"}, "cabd"),
            ("a", {"position": "LAST"}, "cbda"),
            ("a", {"position": "LAST"}, "cbda"),
            ("c", after(ids["a"]), "bdac"),
            ("a", after(ids["b"]), "badc"),
            ("d", after(ids["a"]), "badc"),
            ("d", after(ids["d"]), "badc"),
            ("b", after(ids["c"]), "adcb"),
            ("a", {"position": "LAST", "moveAfterBadgeId": ids["d"]}, "dcba"),
        ):
            before = wix.good("GET", f"{BADGES}/{ids[title]}")
            assert wix.post(f"{BADGES}/{ids[title]}/move", body) == {}
            assert shown() == expected
            assert wix.good("GET", f"{BADGES}/{ids[title]}") == before
        wix.good("DELETE", f"{BADGES}/{ids['c']}")
        wix.badge("e")
        assert shown() == "dbae"


def test_b5_a_move_that_cannot_be_leaves_the_order() -> None:
    with sandbox() as wix:
        one, two = wix.badge("One"), wix.badge("Two")
        wrongs: list[Any] = ["first", "BEFORE", "", None, 1, ["FIRST"]]
        for body, allowed in (
            ({}, {400}),
            *(({"position": wrong}, {400}) for wrong in wrongs),
            ({"position": "AFTER"}, {400, 404}),
            (after(None), {400, 404}),
            (after("nope"), {400, 404}),
            (after(guid(0, 9)), {400, 404}),
        ):
            assert wix.call("POST", f"{BADGES}/{two}/move", body).status in allowed
            assert [badge["id"] for badge in wix.state()["badges"]] == [one, two]


def test_b5_moves_at_the_same_time_lose_no_badge() -> None:
    with sandbox() as wix:
        ids = [wix.badge(f"Badge {number}") for number in range(6)]

        def move(number: int) -> Any:
            body = ({"position": "FIRST"}, {"position": "LAST"}, after(ids[number * 5 % 6]))
            path = f"{BADGES}/{ids[number % 6]}/move"
            return lambda caller: caller.call("POST", path, body[number % 3])

        assert statuses(together(wix, [move(number) for number in range(36)])) == [200] * 36
        assert sorted(badge["id"] for badge in wix.state()["badges"]) == sorted(ids)
