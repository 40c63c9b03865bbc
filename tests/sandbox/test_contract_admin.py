"""The admin interface: setting up, filling, and looking at what stands."""

from __future__ import annotations

import asyncio
import json
import random
from collections.abc import Callable
from typing import Any

import pytest
from contract_calls import (
    ASSIGNMENTS,
    BADGE_LIST,
    BADGES,
    BADGES_QUERY,
    COMMENT_LIST,
    LISTS,
    MEMBER_LIST,
    MEMBERS,
    ORDER_LIST,
    ORDERS,
    SEARCH,
    pair_body,
)
from sandbox_caller import (
    KEY,
    ONE,
    OTHER,
    Caller,
    comment,
    guid,
    member,
    order,
    sandbox,
    site,
    token_request,
)

from badgejobs.sandbox import admin
from badgejobs.sandbox.settings import parse_installations
from badgejobs.sandbox.world import World

RESET = "/_sandbox/reset"
KINDS: dict[str, Callable[[int], dict[str, Any]]] = {
    "orders": order,
    "comments": comment,
    "members": member,
}
#: What a test may change of a reset that is refused, and must find unchanged.
SITE_FIELDS = ("siteId", "instanceId", "appId", "appSecret")


def refused(wix: Caller, path: str, body: Any, status: int = 400) -> None:
    """A call is refused with an error in JSON, and everything stays as it was."""
    before = (wix.state(), wix.good("GET", "/_sandbox/log"))
    reply = wix.call("POST", f"/_sandbox/{path}", body)
    assert reply.status == status, (path, body)
    assert isinstance(reply.body["message"], str)
    assert (wix.state(), wix.good("GET", "/_sandbox/log")) == before, (path, body)


def test_admin_reset_forgets_everything() -> None:
    with sandbox(members=1, rateLimitRequests=8) as wix:
        wix.post(ASSIGNMENTS, pair_body(wix.badge(), 0))
        wix.store("orders", order(1))
        wix.store("comments", comment(1))
        wix.post("/_sandbox/faults", {"faults": [{"path": "*", "kind": "status", "count": 99}]})
        token = wix.headers["Authorization"]
        assert wix.post(RESET, {"sites": [ONE], "options": {"queryLagSeconds": 0}}) == {}
        assert wix.good("GET", "/_sandbox/log") == {"requests": []}
        assert wix.call("POST", BADGES_QUERY, {}).code == "UNAUTHENTICATED"
        assert wix.call("POST", "/oauth2/token", token_request(OTHER)).status == 400
        wix.log_in(ONE)
        assert wix.headers["Authorization"] != token
        assert wix.state() == {"badges": [], "badgeAssignments": []}
        for listing in LISTS:
            assert listing.ids(wix) == []
        assert wix.call("GET", f"{MEMBERS}/{guid(0xB1, 0)}").status == 404
        wix.reset(ONE, rateLimitRequests=1)
        wix.log_in(ONE)
        for _ in range(2):
            assert wix.call("POST", BADGES_QUERY, {}).status in (200, 429)
        wix.reset(ONE, rateLimitRequests=1)
        wix.log_in(ONE)
        assert wix.call("POST", BADGES_QUERY, {}).status == 200
        assert wix.post(RESET, {}) == {}
        assert wix.call("POST", "/oauth2/token", token_request(ONE)).status == 400


def test_admin_reset_has_the_defaults_that_are_written_down() -> None:
    plain = {name: ONE[name] for name in SITE_FIELDS}
    with sandbox() as wix:
        wix.post(RESET, {"sites": [plain]})
        answer = wix.post("/oauth2/token", token_request(ONE))
        assert answer["expires_in"] == 14_400
        wix.headers["Authorization"] = answer["access_token"]
        wix.store("members", member(0))
        pair = pair_body(wix.badge(), 0)
        wix.post(ASSIGNMENTS, pair)
        assert wix.call("POST", ASSIGNMENTS, pair).status == 409
        wix.clock.seconds += 1.875
        assert BADGE_LIST.ids(wix) == []
        wix.clock.seconds += 0.125
        assert len(BADGE_LIST.ids(wix)) == 1
        for _ in range(195):
            wix.post(SEARCH, {})
        assert wix.call("POST", SEARCH, {}).status == 429
        wix.clock.seconds += 57.875
        assert wix.call("POST", SEARCH, {}).status == 429
        wix.clock.seconds += 0.125
        assert wix.call("POST", SEARCH, {}).status == 200
        wix.headers |= {"Authorization": KEY, "wix-site-id": str(ONE["siteId"])}
        assert wix.call("POST", SEARCH, {}).status == 401, "no key"


def without(given: dict[str, Any], name: str) -> dict[str, Any]:
    return {one: value for one, value in given.items() if one != name}


def test_admin_reset_refuses_a_site_that_cannot_be_and_changes_nothing() -> None:
    wrong_guids: list[Any] = ["", "x", f"{guid(1, 1)}\n", guid(1, 1)[:-1], 7, None, [], {}]
    no_texts: list[Any] = [7, [], True, {}]
    no_lists: list[Any] = ["SCOPE.X", 7, {}, [7], [None], True]
    wrongs: list[Any] = [
        [ONE | {"appSecret": None}],
        *([without(ONE, name)] for name in SITE_FIELDS),
        *([OTHER, ONE | {name: one}] for name in SITE_FIELDS[:3] for one in wrong_guids),
        *([ONE | {name: one}] for name in ("appSecret", "apiKey") for one in no_texts),
        *([ONE | {"scopes": one}] for one in no_lists),
        *([ONE | {name: "x"}] for name in ("", "secret", "siteid", "options", "instance_id")),
        [ONE, site(1, instanceId=guid(0xA2, 9))],
        [ONE, site(9, instanceId=ONE["instanceId"])],
        [ONE, None],
        [ONE, []],
        ONE,
        None,
        "sites",
    ]
    with sandbox() as wix:
        wix.badge("Kept")
        for wrong in wrongs:
            refused(wix, "reset", {"sites": wrong})
        bodies: list[Any] = [[], None, "x", {"site": []}, {"options": {}, "faults": []}]
        for body in bodies:
            refused(wix, "reset", body)
        assert wix.send("POST", RESET, b"not json").status == 400
        assert wix.send("POST", RESET, b"").status == 400
        assert len(wix.post(BADGES_QUERY, {})["badges"]) == 1


OPTIONS: dict[str, tuple[list[Any], list[Any]]] = {
    "tokenLifetimeSeconds": ([0.001, 1, 1e9], [0, -1, 0.0, "1", None, True, [], 1e999]),
    "rateLimitRequests": ([0, 1, 10**9], [-1, 0.5, 1.5, "1", None, True, []]),
    "rateLimitWindowSeconds": ([0.001, 60, 1e9], [0, -0.001, "1", None, False, {}]),
    "queryLagSeconds": ([0, 0.001, 30], [-0.001, -1, "0", None, True, []]),
    "duplicateMode": (
        ["conflict", "return-existing", "second-row"],
        ["Conflict", "ignore", "", None, 1, [], {}],
    ),
}


@pytest.mark.parametrize("name", OPTIONS)
def test_admin_reset_takes_an_option_up_to_its_bounds_and_not_beyond(name: str) -> None:
    good, wrong = OPTIONS[name]
    with sandbox() as wix:
        wix.badge("Kept")
        for value in wrong:
            refused(wix, "reset", {"sites": [ONE], "options": {name: value}})
        no_options: list[Any] = [[], "x", None, {name.lower(): good[0]}, {name: good[0], "x": 1}]
        for wrong_options in no_options:
            refused(wix, "reset", {"sites": [ONE], "options": wrong_options})
        for value in good:
            assert wix.post(RESET, {"sites": [ONE], "options": {name: value}}) == {}
            assert wix.state() == {"badges": [], "badgeAssignments": []}


def test_admin_many_sites_may_share_app_and_key() -> None:
    with sandbox() as wix:
        wix.reset(*(site(number) for number in range(20)), queryLagSeconds=0)
        for number in range(20):
            wix.headers.clear()
            wix.log_in(site(number))
            wix.badge(f"Of {number}")
            wix.headers |= {"Authorization": KEY, "wix-site-id": guid(0xA1, number)}
            titles = [one["title"] for one in BADGE_LIST.page(wix)[0]]
            assert titles == [f"Of {number}"]


@pytest.mark.parametrize("kind", KINDS)
def test_admin_records_are_counted_kept_as_given_and_replaced_as_a_whole(kind: str) -> None:
    make = KINDS[kind]
    listing = {"orders": ORDER_LIST, "comments": COMMENT_LIST, "members": MEMBER_LIST}[kind]
    path = f"/_sandbox/{kind}"
    where = {"orders": ORDERS, "comments": "/comments/v1/comments", "members": MEMBERS}[kind]
    with sandbox() as wix:
        wix.headers["Content-Type"] = "application/json"

        def stored(*records: dict[str, Any]) -> Any:
            body = {"instanceId": ONE["instanceId"], kind: list(records)}
            return wix.post(path, body)

        assert stored() == {"stored": 0}
        odd = make(1) | {"odd": {"": [None, 1.5, 10**20, "\U0001f3c5"]}, "updatedDate": "never"}
        assert stored(odd, make(2), make(3), make(2)) == {"stored": 4}
        assert len(listing.ids(wix)) == 3
        one = f"{where}/{odd['id']}?fieldsets=FULL"
        assert wix.good("GET", one) == {kind[:-1]: odd}
        assert stored(make(1)) == {"stored": 1}
        assert wix.good("GET", one) == {kind[:-1]: make(1)}
        bare = {"id": odd["id"]}
        assert stored(bare) == {"stored": 1}
        assert wix.good("GET", one) == {kind[:-1]: bare}
        other = {"instanceId": OTHER["instanceId"], kind: [odd]}
        assert wix.post(path, other) == {"stored": 1}
        assert wix.good("GET", one) == {kind[:-1]: bare}


@pytest.mark.parametrize("kind", KINDS)
def test_admin_one_bad_record_stores_none(kind: str) -> None:
    good = KINDS[kind](1)
    here = {"instanceId": ONE["instanceId"]}
    deep: Any = []
    for _ in range(400):
        deep = [deep]
    wrongs: list[Any] = [{}, good | {"id": None}, good | {"id": 7}, good | {"id": ""}]
    wrongs += [None, [], "x", [good], good | {"deep": deep}]
    with sandbox() as wix:
        for wrong in wrongs:
            refused(wix, kind, here | {kind: [good, wrong, KINDS[kind](2)]})
        refused(wix, kind, here)
        refused(wix, kind, {kind: [good]})
        refused(wix, kind, here | {kind: [good], "more": 1})
        other = next(one for one in KINDS if one != kind)
        refused(wix, kind, here | {kind: [good], other: []})
        for value in (None, {}, "x", good):
            refused(wix, kind, here | {kind: value})
        no_texts: list[Any] = [None, 7, [], {}]
        for instance in no_texts:
            refused(wix, kind, {"instanceId": instance, kind: [good]})
        for instance in (guid(0xA2, 9), "x", ONE["siteId"]):
            refused(wix, kind, {"instanceId": instance, kind: [good]}, 404)
        nan = json.dumps(here | {kind: [good | {"odd": 7.25}]}).replace("7.25", "1e999")
        assert wix.send("POST", f"/_sandbox/{kind}", nan.encode()).status == 400
        for listing in LISTS:
            assert listing.ids(wix) == []
        assert wix.call("GET", f"{MEMBERS}/{guid(0xB1, 1)}").status == 404


def test_admin_state_is_current_and_in_order_of_display_and_of_creation() -> None:
    chance = random.Random(3)
    with sandbox(members=8, queryLagSeconds=30) as wix:
        badges = [wix.badge(f"Badge {number}") for number in range(4)]
        wix.post(f"{BADGES}/{badges[3]}/move", {"position": "FIRST"})
        pairs = [(badge_id, number) for badge_id in badges for number in range(8)]
        chance.shuffle(pairs)
        made = [wix.post(ASSIGNMENTS, pair_body(*pair))["badgeAssignment"] for pair in pairs]
        state = wix.state()
        assert state.keys() == {"badges", "badgeAssignments"}
        assert [one["id"] for one in state["badges"]] == [badges[3], *badges[:3]]
        assert state["badges"] == [
            wix.good("GET", f"{BADGES}/{one['id']}")["badge"] for one in state["badges"]
        ]
        assert state["badgeAssignments"] == made
        gone = made.pop(5)
        wix.good("DELETE", f"{ASSIGNMENTS}/{gone['id']}")
        again = {"badgeAssignment": {name: gone[name] for name in ("badgeId", "memberId")}}
        made.append(wix.post(ASSIGNMENTS, again)["badgeAssignment"])
        assert wix.state()["badgeAssignments"] == made
        for query, status in (
            ("", 400),
            ("?instanceId=", 400),
            ("?instanceId=x", 404),
            (f"?instanceId={guid(0xA2, 9)}", 404),
            (f"?instanceId={OTHER['instanceId']}", 200),
        ):
            assert wix.call("GET", f"/_sandbox/state{query}").status == status


def test_admin_calls_need_no_authorization_and_are_not_limited_logged_or_disturbed() -> None:
    with sandbox(rateLimitRequests=1, queryLagSeconds=30) as wix:
        wix.post("/_sandbox/faults", {"faults": [{"path": "*", "kind": "status", "count": 99}]})
        wix.headers.clear()
        before = wix.good("GET", "/_sandbox/log")
        for _ in range(3):
            wix.store("orders", order(1))
            wix.post("/_sandbox/faults", {"faults": []})
            assert wix.state() == {"badges": [], "badgeAssignments": []}
        assert wix.call("GET", "/_sandbox/reset").status == 404
        assert wix.call("POST", "/_sandbox/log", {}).status == 404
        assert wix.call("GET", "/_sandbox/nothing").status == 404
        assert wix.good("GET", "/_sandbox/log") == before


def test_admin_storing_many_records_does_not_hold_other_requests_up() -> None:
    """Between a hundred records and the next, whatever else waits has its turn."""
    world = World(parse_installations([ONE]))
    store = {name: handler for _, name, handler in admin.ROUTES}["orders"]
    body = {"instanceId": ONE["instanceId"], "orders": [order(number) for number in range(5_000)]}

    async def turns_of_others() -> int:
        storing = asyncio.ensure_future(store(world, {}, body))
        turns = 0
        while not storing.done():
            await asyncio.sleep(0)
            turns += 1
        assert storing.result() == {"stored": 5_000}
        return turns

    assert asyncio.run(turns_of_others()) >= 50
