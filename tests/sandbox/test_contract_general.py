from __future__ import annotations

import re
from typing import Any

import pytest
from contract_calls import (
    ASSIGNMENTS,
    ASSIGNMENTS_QUERY,
    BADGES,
    BADGES_QUERY,
    BULK_CREATE,
    BULK_DELETE,
    BY_RESOURCE,
    COMMENTS,
    COMMENTS_QUERY,
    COUNT,
    ENDPOINTS,
    HERE,
    MEMBERS,
    MEMBERS_QUERY,
    ORDERS,
    SEARCH,
    badge_body,
    pair_body,
)
from sandbox_caller import (
    BLOG,
    ONE,
    OTHER,
    Caller,
    Reply,
    comment,
    guid,
    member,
    order,
    sandbox,
    site,
    token_request,
)

NOBODY = guid(0xDD, 1)


def whole_tour(wix: Caller) -> list[Reply]:
    """One good request to every endpoint, the deletes last."""
    wix.store("members", member(0), member(1))
    wix.store("orders", order(0))
    wix.store("comments", comment(0))
    badge_id = wix.badge()
    given = wix.call("POST", ASSIGNMENTS, pair_body(badge_id, 0))
    pairs = [pair_body(badge_id, 1)["badgeAssignment"]]
    return [
        given,
        wix.call("POST", "/oauth2/token", token_request(ONE)),
        wix.call("POST", BADGES, badge_body()),
        wix.call("GET", f"{BADGES}/{badge_id}"),
        wix.call("PATCH", f"{BADGES}/{badge_id}", {"badge": {"revision": "1"}}),
        wix.call("POST", BADGES_QUERY, {}),
        wix.call("POST", BULK_CREATE, {"badgeAssignments": pairs}),
        wix.call("POST", BULK_DELETE, {"badgeAssignmentIds": [NOBODY]}),
        wix.call("POST", ASSIGNMENTS_QUERY, {}),
        wix.call("POST", SEARCH, {}),
        wix.call("GET", f"{ORDERS}/{guid(0xB2, 0)}"),
        wix.call("POST", COMMENTS_QUERY, {"appId": BLOG}),
        wix.call("POST", COUNT, {"appId": BLOG}),
        wix.call("GET", HERE),
        wix.call("GET", f"{COMMENTS}/{guid(0xB3, 0)}"),
        wix.call("POST", MEMBERS_QUERY, {}),
        wix.call("GET", f"{MEMBERS}/{guid(0xB1, 0)}"),
        wix.call("POST", f"{BADGES}/{badge_id}/move", {"position": "FIRST"}),
        wix.call("DELETE", f"{ASSIGNMENTS}/{given.body['badgeAssignment']['id']}"),
        wix.call("DELETE", f"{BADGES}/{badge_id}"),
    ]


def one_of_each_error(wix: Caller) -> list[Reply]:
    """Answers 400 (of the API and of the token call), 404, 409, 503, 429, 401, 403."""
    path = f"{BADGES}/{wix.badge()}"
    fault = {"path": BADGES_QUERY, "kind": "status"}
    wix.post("/_sandbox/faults", {"faults": [fault, fault | {"status": 429}]})
    replies = [
        wix.call("POST", "/oauth2/token", {}),
        wix.call("POST", BADGES, badge_body(title="")),
        wix.call("GET", f"{BADGES}/{NOBODY}"),
        wix.call("GET", "/no/such/path"),
        wix.call("PATCH", path, {"badge": {"revision": "7"}}),
        wix.call("POST", BADGES_QUERY, {}),
        wix.call("POST", BADGES_QUERY, {}),
    ]
    wix.headers["Authorization"] = "made-up"
    replies.append(wix.call("GET", path))
    wix.headers["Authorization"] = str(ONE["apiKey"])
    replies.append(wix.call("GET", path))
    assert [one.status for one in replies] == [400, 400, 404, 404, 409, 503, 429, 401, 403]
    return replies


def test_g1_every_good_answer_is_200_and_every_answer_is_json_with_an_id_of_its_own() -> None:
    with sandbox() as wix:
        good = whole_tour(wix)
        assert [one.status for one in good] == [200] * len(good)
        assert [one.body for one in good[-3:]] == [{}, {}, {}]
        replies = [*good, *one_of_each_error(wix)]
        assert all(isinstance(one.body, dict) for one in replies)
        assert all("date" in one.headers for one in replies)
        kinds = {one.headers["content-type"].partition(";")[0] for one in replies}
        assert kinds == {"application/json"}
        ids = [one.headers["x-wix-request-id"] for one in replies]
        assert all(re.fullmatch(r"[0-9]{10}\.[0-9]+", one) for one in ids)
        assert len(set(ids)) == len(ids)


def test_g2_an_error_has_one_of_the_documented_forms() -> None:
    with sandbox() as wix:
        token, invalid, unknown, path, stale, down, limited, nobody, lost = one_of_each_error(wix)
        assert token.body.keys() == {"error", "error_description"}
        assert (down.body, limited.body) == ({"message": "", "details": {}},) * 2
        for reply in (unknown, path, stale, nobody, lost):
            assert reply.body.keys() == {"message", "details"}
            assert isinstance(reply.body["message"], str)
            assert reply.body["details"].keys() == {"applicationError"}
            error = reply.body["details"]["applicationError"]
            assert error.keys() == {"code", "description", "data"}
            assert isinstance(error["code"], str)
            assert isinstance(error["description"], str)
            assert error["code"]
        assert invalid.body.keys() == {"message", "details"}
        assert invalid.body["details"].keys() == {"validationError"}
        (violation,) = invalid.body["details"]["validationError"]["fieldViolations"]
        assert violation.keys() == {"field", "description", "violatedRule"}
        assert all(isinstance(one, str) and one for one in violation.values())


GOOD_PAIR = {"badgeId": guid(1, 1), "memberId": guid(1, 2)}


@pytest.mark.parametrize(
    ("method", "path", "body", "field"),
    [
        ("POST", BADGES, badge_body(title=""), "badge.title"),
        ("POST", BADGES, {}, "badge"),
        ("PATCH", f"{BADGES}/{NOBODY}", {"badge": {"revision": "1", "title": 5}}, "badge.title"),
        ("PATCH", f"{BADGES}/{NOBODY}", {"badge": {"title": "New"}}, "badge.revision"),
        ("POST", f"{BADGES}/{NOBODY}/move", {"position": "UP"}, "position"),
        ("POST", ASSIGNMENTS, {"badgeAssignment": {}}, "badgeAssignment.badgeId"),
        (
            "POST",
            BULK_CREATE,
            {"badgeAssignments": [GOOD_PAIR, GOOD_PAIR, {"badgeId": guid(1, 1)}]},
            "badgeAssignments[2].memberId",
        ),
        ("POST", BULK_DELETE, {"badgeAssignmentIds": [NOBODY, "x"]}, "badgeAssignmentIds[1]"),
        (
            "POST",
            BADGES_QUERY,
            {"query": {"cursorPaging": {"limit": 0}}},
            "query.cursorPaging.limit",
        ),
        ("POST", MEMBERS_QUERY, {"query": {"paging": {"limit": 0}}}, "query.paging.limit"),
        (
            "POST",
            SEARCH,
            {"search": {"sort": [{"fieldName": "number"}, {"fieldName": "x"}]}},
            "search.sort[1].fieldName",
        ),
        ("POST", COMMENTS_QUERY, {"appId": "blog"}, "appId"),
        ("GET", f"{BY_RESOURCE}?appId={BLOG}&resourceId=post", None, "contextId"),
        ("GET", f"{HERE}&cursorPaging.limit=101", None, "cursorPaging.limit"),
    ],
)
def test_g2_a_violation_names_the_field_by_its_rest_path(
    method: str, path: str, body: Any, field: str
) -> None:
    with sandbox() as wix:
        assert wix.call(method, path, body).violation["field"] == field


def at_the_limit(wix: Caller, path: str) -> None:
    """One site that may only read badges, and whose one request in a while is used up."""
    wix.reset(site(1, scopes=["SCOPE.DC-MEMBERS.READ-BADGES"]), rateLimitRequests=1)
    wix.log_in(ONE)
    wix.call("GET", path)


def test_g3_a_fault_comes_before_everything() -> None:
    with sandbox() as wix:
        at_the_limit(wix, "/nowhere")
        wix.post("/_sandbox/faults", {"faults": [{"path": "*", "kind": "status", "count": 3}]})
        assert wix.call("POST", "/no/such/path", []).status == 503
        wix.headers.clear()
        assert wix.call("POST", BADGES, []).status == 503
        assert wix.call("POST", "/oauth2/token", []).status == 503
        assert wix.call("POST", BADGES, []).status == 401


def test_g3_authorization_comes_before_the_rate_limit_and_that_before_the_path_and_the_scope() -> (
    None
):
    with sandbox() as wix:
        at_the_limit(wix, "/nowhere")
        for path in ("/no/such/path", BADGES, f"{BADGES}/x/move", f"{BADGES}/{NOBODY}/move"):
            assert wix.call("POST", path, []).status == 429
        wix.headers["Authorization"] = str(ONE["apiKey"])
        assert wix.call("POST", "/no/such/path", []).status == 403
        wix.headers["Authorization"] = "made-up"
        assert wix.call("POST", "/no/such/path", []).status == 401


def test_g3_the_path_comes_before_the_body_and_the_scope_before_body_and_id() -> None:
    with sandbox() as wix:
        wix.reset(site(1, scopes=[]), rateLimitRequests=0)
        wix.log_in(ONE)
        assert wix.send("POST", "/no/such/path", b"not json").code == "NOT_FOUND"
        assert wix.send("POST", BADGES, b"not json").code == "PERMISSION_DENIED"
        assert wix.call("GET", f"{BADGES}/malformed").code == "PERMISSION_DENIED"
        assert wix.call("GET", f"{BADGES}/{NOBODY}").code == "PERMISSION_DENIED"


def test_g3_validation_comes_before_existence_and_existence_before_conflict() -> None:
    with sandbox(members=1) as wix:
        badge_id = wix.badge()
        wix.post(ASSIGNMENTS, pair_body(badge_id, 0))
        stale = {"revision": "7"}
        long = {"badge": stale | {"title": "x" * 51}}
        assert wix.call("PATCH", f"{BADGES}/{NOBODY}", long).status == 400
        assert wix.call("PATCH", f"{BADGES}/{NOBODY}", {"badge": stale}).status == 404
        assert wix.call("PATCH", f"{BADGES}/{badge_id}", long).status == 400
        assert wix.call("PATCH", f"{BADGES}/{badge_id}", {"badge": stale}).status == 409
        wrong_move = {"position": "AFTER", "moveAfterBadgeId": "x"}
        assert wix.call("POST", f"{BADGES}/{NOBODY}/move", wrong_move).status == 400
        wrong_pair = {"badgeAssignment": {"badgeId": NOBODY, "memberId": "x"}}
        assert wix.call("POST", ASSIGNMENTS, wrong_pair).status == 400
        assert wix.call("POST", ASSIGNMENTS, pair_body(badge_id, 9)).status == 404
        assert wix.call("POST", ASSIGNMENTS, pair_body(badge_id, 0)).status == 409
        assert wix.call("GET", f"{MEMBERS}/{NOBODY}?fieldsets=NONE").status == 400


def test_g7_a_caller_sees_one_site_only_and_ids_of_another_are_unknown() -> None:
    with sandbox(members=2) as wix:
        wix.store("orders", order(0))
        wix.store("comments", comment(0))
        badge_id = wix.badge("Only here")
        given = wix.post(ASSIGNMENTS, pair_body(badge_id, 0))["badgeAssignment"]["id"]
        before = wix.state()
        wix.log_in(OTHER)
        own = wix.badge("Only there")
        anchor = {"position": "AFTER", "moveAfterBadgeId": badge_id}
        change = {"badge": {"revision": "1", "title": "Taken"}}
        attempts = [
            wix.call("GET", f"{BADGES}/{badge_id}"),
            wix.call("PATCH", f"{BADGES}/{badge_id}", change),
            wix.call("DELETE", f"{BADGES}/{badge_id}"),
            wix.call("POST", f"{BADGES}/{badge_id}/move", {"position": "LAST"}),
            wix.call("POST", f"{BADGES}/{own}/move", anchor),
            wix.call("POST", ASSIGNMENTS, pair_body(badge_id, 1)),
            wix.call("POST", ASSIGNMENTS, pair_body(own, 1)),
            wix.call("DELETE", f"{ASSIGNMENTS}/{given}"),
            wix.call("GET", f"{ORDERS}/{guid(0xB2, 0)}"),
            wix.call("GET", f"{COMMENTS}/{guid(0xB3, 0)}"),
            wix.call("GET", f"{MEMBERS}/{guid(0xB1, 0)}"),
        ]
        assert all("NOT_FOUND" in one.code and one.status == 404 for one in attempts)
        bulk = wix.post(BULK_DELETE, {"badgeAssignmentIds": [given]})
        assert bulk["bulkActionMetadata"]["totalFailures"] == 1
        assert [one["id"] for one in wix.post(BADGES_QUERY, {})["badges"]] == [own]
        assert wix.post(ASSIGNMENTS_QUERY, {})["badgeAssignments"] == []
        assert wix.post(SEARCH, {})["orders"] == []
        assert wix.post(COMMENTS_QUERY, {"appId": BLOG})["comments"] == []
        assert wix.post(COUNT, {"appId": BLOG}) == {"count": 0}
        assert wix.good("GET", HERE)["comments"] == []
        assert wix.post(MEMBERS_QUERY, {})["members"] == []
        assert wix.state() == before


@pytest.mark.parametrize(("method", "path", "scope"), ENDPOINTS)
def test_g8_an_endpoint_is_open_with_its_scope_alone_and_closed_without_it(
    method: str, path: str, scope: str
) -> None:
    every = {one for _, _, one in ENDPOINTS}
    body: Any = {} if method in ("POST", "PATCH") else None
    with sandbox() as wix:
        wix.reset(site(1, scopes=sorted(every - {scope})), site(2, scopes=[scope]))
        wix.log_in(ONE)
        closed = wix.call(method, path.format(id=NOBODY), body)
        assert (closed.status, closed.code) == (403, "PERMISSION_DENIED")
        wix.log_in(OTHER)
        assert wix.call(method, path.format(id=NOBODY), body).status in (200, 400, 404)


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("GET", f"{BADGES}/{NOBODY}", None),
        ("PATCH", f"{BADGES}/{NOBODY}", {"badge": {"revision": "1"}}),
        ("DELETE", f"{BADGES}/{NOBODY}", None),
        ("POST", f"{BADGES}/{NOBODY}/move", {"position": "FIRST"}),
        ("DELETE", f"{ASSIGNMENTS}/{NOBODY}", None),
        ("GET", f"{ORDERS}/{NOBODY}", None),
        ("GET", f"{ORDERS}/no-guid-at-all", None),
        ("GET", f"{COMMENTS}/{NOBODY}", None),
        ("GET", f"{MEMBERS}/{NOBODY}", None),
    ],
)
def test_g8_an_unknown_id_is_not_found(method: str, path: str, body: Any) -> None:
    with sandbox() as wix:
        reply = wix.call(method, path, body)
        assert reply.status == 404
        assert "NOT_FOUND" in reply.code


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", f"{BADGES}/"),
        ("POST", f"/{BADGES}"),
        ("POST", BADGES.upper()),
        ("PUT", BADGES),
        ("GET", BADGES),
        ("PUT", f"{BADGES}/{NOBODY}"),
        ("OPTIONS", BADGES_QUERY),
        ("POST", f"{BADGES}/{NOBODY}"),
        ("GET", f"{BADGES}/{NOBODY}/move"),
        ("GET", f"{BADGES}/{NOBODY}%2Fmove/x"),
        ("GET", f"{ASSIGNMENTS}/{NOBODY}"),
        ("GET", SEARCH + "/x"),
        ("DELETE", f"{MEMBERS}/{NOBODY}"),
        ("GET", "/oauth2/token"),
        ("GET", "/no%0Asuch"),
        ("GET", "/_sandbox"),
    ],
)
def test_g8_what_is_no_endpoint_is_not_found_after_authorization(method: str, path: str) -> None:
    with sandbox() as wix:
        reply = wix.call(method, path)
        assert (reply.status, reply.code) == (404, "NOT_FOUND")
        assert reply.headers["x-wix-request-id"]
        wix.headers.clear()
        assert wix.call(method, path).code == "UNAUTHENTICATED"


def test_g11_parameters_of_the_path_may_be_repeated_in_query_and_body() -> None:
    with sandbox(members=1) as wix:
        badge_id = wix.badge()
        wix.store("orders", order(0))
        wix.store("comments", comment(0))
        path = f"{BADGES}/{badge_id}"
        words = f"id={badge_id}&badgeId={badge_id}&badge.id={badge_id}"
        wix.good("GET", f"{path}?{words}")
        repeated = {"badge": {"id": badge_id, "revision": "1"}, "badgeId": badge_id}
        wix.good("PATCH", f"{path}?{words}", repeated)
        move = {"position": "FIRST", "badgeId": badge_id, "id": badge_id}
        wix.good("POST", f"{path}/move?{words}", move)
        given = wix.post(ASSIGNMENTS, pair_body(badge_id, 0))["badgeAssignment"]["id"]
        wix.good("DELETE", f"{ASSIGNMENTS}/{given}?badgeAssignmentId={given}&id={given}")
        wix.good("DELETE", f"{path}?{words}")
        for kind, number in ((ORDERS, 0xB2), (COMMENTS, 0xB3), (MEMBERS, 0xB1)):
            one = guid(number, 0)
            wix.good("GET", f"{kind}/{one}?id={one}&commentId={one}")
