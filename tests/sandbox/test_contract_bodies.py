"""What a request may look like: ids, bodies, and the ways in which HTTP carries them."""

from __future__ import annotations

import gzip
import json
import re
from typing import Any
from urllib.parse import quote

import pytest
from bare_connection import answer, connected, head, received
from contract_calls import (
    ASSIGNMENTS,
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
    ORDERS,
    SEARCH,
    badge_body,
    pair_body,
)
from sandbox_caller import BLOG, guid, order, sandbox

GOOD = guid(1, 1)
WRONG_TEXTS = (
    "nope",
    GOOD[:-1],
    f"{GOOD}0",
    GOOD.replace("-", ""),
    GOOD.replace("-", "_"),
    f"{{{GOOD}}}",
    f"{GOOD[:-1]}g",
    f"{GOOD}\n",
    f" {GOOD}",
    f"{GOOD[:-1]}٣",
)
WRONG_VALUES = (*WRONG_TEXTS, "", 7, True, None, [GOOD], {"id": GOOD})


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("GET", f"{BADGES}/{{id}}", None),
        ("PATCH", f"{BADGES}/{{id}}", {"badge": {"revision": "1"}}),
        ("DELETE", f"{BADGES}/{{id}}", None),
        ("POST", f"{BADGES}/{{id}}/move", {"position": "FIRST"}),
        ("DELETE", f"{ASSIGNMENTS}/{{id}}", None),
        ("GET", f"{COMMENTS}/{{id}}", None),
        ("GET", f"{MEMBERS}/{{id}}", None),
    ],
)
def test_g10_a_malformed_guid_in_a_path_is_a_violation(method: str, path: str, body: Any) -> None:
    with sandbox() as wix:
        for wrong in WRONG_TEXTS:
            reply = wix.call(method, path.format(id=quote(wrong, safe="")), body)
            assert "GUID" in reply.violation["description"], wrong


@pytest.mark.parametrize(
    ("path", "make", "field"),
    [
        (
            ASSIGNMENTS,
            lambda one: {"badgeAssignment": {"badgeId": one, "memberId": GOOD}},
            "badgeAssignment.badgeId",
        ),
        (
            ASSIGNMENTS,
            lambda one: {"badgeAssignment": {"badgeId": GOOD, "memberId": one}},
            "badgeAssignment.memberId",
        ),
        (
            BULK_CREATE,
            lambda one: {"badgeAssignments": [{"badgeId": one, "memberId": GOOD}]},
            "badgeAssignments[0].badgeId",
        ),
        (BULK_DELETE, lambda one: {"badgeAssignmentIds": [one]}, "badgeAssignmentIds[0]"),
        (
            f"{BADGES}/{GOOD}/move",
            lambda one: {"position": "AFTER", "moveAfterBadgeId": one},
            "moveAfterBadgeId",
        ),
        (COMMENTS_QUERY, lambda one: {"appId": one}, "appId"),
        (COUNT, lambda one: {"appId": one}, "appId"),
    ],
)
def test_g10_a_malformed_guid_in_a_body_is_a_violation(path: str, make: Any, field: str) -> None:
    with sandbox() as wix:
        for wrong in WRONG_VALUES:
            assert wix.call("POST", path, make(wrong)).violation["field"] == field, wrong


def test_g10_an_anchor_that_is_not_needed_must_still_be_a_guid() -> None:
    with sandbox() as wix:
        path = f"{BADGES}/{wix.badge()}/move"
        wrong = {"position": "FIRST", "moveAfterBadgeId": "nope"}
        assert wix.call("POST", path, wrong).violation["field"] == "moveAfterBadgeId"
        wix.post(path, {"position": "FIRST", "moveAfterBadgeId": None})


def test_g10_a_guid_may_have_capitals_and_is_then_another_id() -> None:
    """Ids are text, compared like all text; no second row comes from another spelling."""
    with sandbox(members=1, duplicateMode="second-row") as wix:
        badge_id = wix.badge()
        wix.post(ASSIGNMENTS, pair_body(badge_id, 0))
        capital = {"badgeId": badge_id.upper(), "memberId": guid(0xB1, 0)}
        assert wix.call("GET", f"{BADGES}/{badge_id.upper()}").code == "BADGE_NOT_FOUND"
        assert wix.call("POST", ASSIGNMENTS, {"badgeAssignment": capital}).status == 404
        capital = {"badgeId": badge_id, "memberId": guid(0xB1, 0).upper()}
        assert wix.call("POST", ASSIGNMENTS, {"badgeAssignment": capital}).status == 404
        assert len(wix.state()["badgeAssignments"]) == 1


NO_OBJECT = (
    b"",
    b"[]",
    b"null",
    b'"text"',
    b"7",
    b"true",
    b"not json",
    b"{",
    b"{} {}",
    b"{'a': 1}",
    b'{"a": NaN}',
    b'{"a": -Infinity}',
    b'{"a": 1e999}',
    b'{"a": "\xff"}',
    b'{"a": ' + b"[" * 10_000 + b"]" * 10_000 + b"}",
    b'{"a": ' * 10_000 + b"1" + b"}" * 10_000,
    b'{"a": ' + b"9" * 5_000 + b"}",
)


@pytest.mark.parametrize(
    ("method", "path"), [one[:2] for one in ENDPOINTS if one[0] in ("POST", "PATCH")]
)
def test_g10_a_body_that_is_no_json_object_is_refused(method: str, path: str) -> None:
    with sandbox() as wix:
        for raw in NO_OBJECT:
            assert wix.send(method, path.format(id=GOOD), raw).violation["field"] == "body", raw[:9]


@pytest.mark.parametrize(
    ("method", "path"), [one[:2] for one in ENDPOINTS if one[0] in ("GET", "DELETE")]
)
def test_g10_a_call_without_need_of_a_body_refuses_one_that_is_no_object(
    method: str, path: str
) -> None:
    with sandbox() as wix:
        path = path.format(id=GOOD) if "{id}" in path else HERE
        for raw in (b"[]", b"not json"):
            assert wix.send(method, path, raw).violation["field"] == "body"
        expected = 200 if path == HERE else 404
        assert {wix.send(method, path, raw).status for raw in (None, b"", b"{}")} == {expected}


def test_g10_bodies_that_nest_deep_are_read_or_refused_and_the_log_stays_readable() -> None:
    with sandbox() as wix:
        for depth in range(1, 1100, 11):
            raw = b'{"a":' + b"[" * depth + b"]" * depth + b"}"
            assert wix.send("POST", BADGES_QUERY, raw).status == (200 if depth < 700 else 400)
        for depth in range(590, 1000, 3):
            icon = b'{"a":' + b"[" * depth + b"]" * depth + b"}"
            badge = json.dumps(badge_body(icon={})).replace("{}", icon.decode())
            assert wix.send("POST", BADGES, badge.encode()).status == (200 if depth < 698 else 400)
        assert len(wix.post(BADGES_QUERY, {})["badges"]) == len(wix.state()["badges"]) == 36
        log = wix.good("GET", "/_sandbox/log")["requests"][:101]
        assert [one["body"] is None for one in log[1:]] == [d >= 700 for d in range(1, 1100, 11)]


def test_g10_odd_but_valid_json_is_taken_at_its_word() -> None:
    with sandbox() as wix:
        twice = b'{"badge": 5, "badge": ' + json.dumps(badge_body()["badge"]).encode() + b"}"
        assert wix.send("POST", BADGES, twice).status == 200  # the last of two keys counts
        lone = badge_body(title="\ud800 \U0001f3c5")
        assert wix.call("POST", BADGES, lone).body["badge"]["title"] == "\ud800 \U0001f3c5"
        huge = {"search": {"filter": {"number": 10**400}}}
        assert wix.post(SEARCH, huge)["orders"] == []
        wix.store("orders", order(1, odd=[10**400, -0.5, 1e300, "\x00", "\ud800"]))
        found = wix.good("GET", f"{ORDERS}/{guid(0xB2, 1)}")["order"]["odd"]
        assert found == [10**400, -0.5, 1e300, "\x00", "\ud800"]


@pytest.mark.parametrize(
    "headers",
    [
        {"Content-Type": "application/json; charset=utf-8"},
        {"Content-Type": "text/plain"},
        {"Content-Type": "application/x-www-form-urlencoded"},
        {},
    ],
)
def test_g10_the_body_counts_and_not_its_content_type(headers: dict[str, str]) -> None:
    with sandbox() as wix:
        wix.headers |= headers
        assert wix.call("POST", BADGES, badge_body()).status == 200
        packed = gzip.compress(json.dumps(badge_body()).encode())
        wix.headers["Content-Encoding"] = "gzip"
        assert wix.send("POST", BADGES, packed).status == 200
        assert len(wix.state()["badges"]) == 2


def test_g1_a_head_request_is_answered_like_any_unknown_call_without_its_body() -> None:
    with sandbox() as wix, connected(wix) as sock:
        sock.sendall(head(wix, "HEAD", BADGES_QUERY, "Connection: close"))
        text = received(sock)
        assert text.startswith(b"HTTP/1.1 404 ")
        assert re.search(rb"(?i)x-wix-request-id: [0-9]{10}\.[0-9]+\r\n", text)
        assert re.search(rb"(?i)content-type: application/json", text)
        assert text.endswith(b"\r\n\r\n")


def test_g1_what_fits_no_route_at_all_is_answered_in_the_same_form() -> None:
    with sandbox() as wix:
        for method, path in (("OPTIONS", "*"), ("GET", "/a%0Ab"), ("GET", "//"), ("GET", "/%zz")):
            with connected(wix) as sock:
                sock.sendall(head(wix, method, path))
                status, headers, body = answer(sock)
            assert (status, headers["content-type"]) == (404, "application/json")
            assert re.fullmatch(r"[0-9]{10}\.[0-9]+", headers["x-wix-request-id"])
            assert json.loads(body)["details"]["applicationError"]["code"] == "NOT_FOUND"


def test_g1_a_body_may_come_in_chunks_and_after_a_go_ahead() -> None:
    with sandbox() as wix, connected(wix) as sock:
        body = json.dumps(badge_body()).encode()
        expect = (f"Content-Length: {len(body)}", "Expect: 100-continue")
        sock.sendall(head(wix, "POST", BADGES, *expect))
        assert answer(sock)[0] == 100
        sock.sendall(body)
        assert answer(sock)[0] == 200
        sock.sendall(head(wix, "POST", BADGES, "Transfer-Encoding: chunked"))
        for piece in (body[:7], body[7:], b""):
            sock.sendall(b"%x\r\n%b\r\n" % (len(piece), piece))
        assert answer(sock)[0] == 200
        assert len(wix.state()["badges"]) == 2


def test_g1_a_connection_lives_on_after_every_kind_of_refusal() -> None:
    with sandbox() as wix, connected(wix) as sock:
        for path, body, status in (
            (BADGES, b"not json", 400),
            ("/no/such/path", b"{}", 404),
            (f"{BADGES}/{GOOD}/move", b'{"position": "FIRST"}', 404),
            (f"{BADGES}/x/move", b"[" * 100_000, 400),
            ("/oauth2/token", b"{}", 400),
            ("/_sandbox/faults", b"{}", 400),
            (BADGES_QUERY, b"{}", 200),
        ):
            sock.sendall(head(wix, "POST", path, f"Content-Length: {len(body)}") + body)
            assert answer(sock)[0] == status


def test_g1_a_body_that_cannot_be_unpacked_is_refused_like_any_that_is_no_json() -> None:
    with sandbox() as wix:
        for path in (BADGES_QUERY, "/_sandbox/reset"):
            more = ("Content-Encoding: gzip", "Content-Length: 2", "Connection: close")
            with connected(wix) as sock:
                sock.sendall(head(wix, "POST", path, *more) + b"{}")
                status, headers, body = answer(sock)
            assert (status, headers["content-type"]) == (400, "application/json")
            violation = json.loads(body)["details"]["validationError"]["fieldViolations"][0]
            assert violation["field"] == "body"


def test_g1_a_url_may_be_as_long_as_the_longest_cursor() -> None:
    with sandbox() as wix:
        path = f"{HERE}&cursorPaging.cursor={'A' * 16_000}"
        assert wix.call("GET", path).violation["field"] == "cursorPaging.cursor"
        digits = f"{BY_RESOURCE}?appId={BLOG}&contextId=post&resourceId=post&cursorPaging.limit="
        assert wix.call("GET", digits + "9" * 5_000).violation["field"] == "cursorPaging.limit"
