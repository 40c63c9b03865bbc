"""The admin interface: faults, and the log of what was asked and answered."""

from __future__ import annotations

import json
import random
import re
import time
from datetime import UTC, datetime
from typing import Any

import pytest
from bare_connection import connected, received, request
from contract_calls import ASSIGNMENTS, BADGES, BADGES_QUERY, badge_body, pair_body, together
from sandbox_caller import KEY, ONE, Caller, Reply, guid, order, sandbox, token_request

from badgejobs.sandbox.faults.fields import parse_fault

FAULTS = "/_sandbox/faults"
QUIET = {"message": "", "details": {}}


def disturb(wix: Caller, *faults: dict[str, Any]) -> None:
    assert wix.post(FAULTS, {"faults": list(faults)}) == {}


def log(wix: Caller) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = wix.good("GET", "/_sandbox/log")["requests"]
    return found


def outcome(wix: Caller, method: str, path: str, body: Any = None) -> int | str:
    """The status of an answer, or what came instead of one."""
    try:
        return wix.call(method, path, body).status
    except json.JSONDecodeError:
        return "no JSON"
    except ConnectionError:
        wix.close()
        return "no answer"


def test_admin_a_fault_has_the_defaults_that_are_written_down() -> None:
    fault = parse_fault({"path": "/x", "kind": "slow"}, "faults[0]")
    assert (fault.method, fault.count, fault.status) == ("*", 1, 503)
    assert (fault.retry_after, fault.delay_seconds) == (None, 2)


GOOD = {"path": "/x", "kind": "status"}
WRONG_FAULTS: dict[str, list[Any]] = {
    "path": [None, 7, [], True],
    "kind": [None, "", "Status", "explode", 7, [], ["slow"], {}],
    "method": [None, "", "get", "Get", "GET ", "G T", "**", 7, []],
    "count": [0, -1, 1.5, "1", None, True, []],
    "status": [None, 99, 600, 503.5, "503", True, 0, -503],
    "retryAfterSeconds": [1.5, "7", True, [], {}],
    "delaySeconds": [-0.001, "2", None, True, [], 1e999],
    "times": [1],
    "": [1],
    "retry_after_seconds": [1],
}


@pytest.mark.parametrize("name", WRONG_FAULTS)
def test_admin_a_fault_that_cannot_be_is_refused_with_all_that_came_with_it(name: str) -> None:
    with sandbox() as wix:
        for wrong in WRONG_FAULTS[name]:
            faults: list[Any] = [{"path": "*", "kind": "status"}, GOOD | {name: wrong}]
            assert wix.call("POST", FAULTS, {"faults": faults}).status == 400, wrong
        assert outcome(wix, "POST", BADGES_QUERY, {}) == 200


def test_admin_faults_need_a_list_and_a_fault_its_path_and_kind() -> None:
    bodies: list[Any] = [{}, {"faults": None}, {"faults": GOOD}, {"faults": [None]}, [], "x", None]
    bodies += [
        {"faults": [], "more": 1},
        {"faults": [{"path": "*"}]},
        {"faults": [{"kind": "slow"}]},
    ]
    good: list[Any] = [{"count": 1}, {"status": 200}, {"status": 599}, {"retryAfterSeconds": 0}]
    good += [{"delaySeconds": 0}, {"method": "PURGE"}, {"retryAfterSeconds": None}]
    with sandbox() as wix:
        for body in bodies:
            assert wix.call("POST", FAULTS, body).status == 400, body
        assert outcome(wix, "POST", BADGES_QUERY, {}) == 200
        disturb(wix, *(GOOD | one for one in good))


def test_admin_each_request_is_hit_by_the_oldest_fault_that_matches_and_is_not_used_up() -> None:
    one = f"{BADGES}/{guid(0, 1)}"
    with sandbox() as wix:
        disturb(
            wix,
            {"path": one, "method": "DELETE", "kind": "status", "status": 501},
            {"path": f"{BADGES}/*", "kind": "status", "status": 502, "count": 2},
            {"path": "*", "method": "GET", "kind": "status", "status": 504},
        )
        disturb(wix, {"path": one, "kind": "status", "status": 505})
        disturb(wix, {"path": f"{BADGES}*", "kind": "status", "status": 506})
        disturb(wix, {"path": f"{BADGES}/", "kind": "status", "status": 507})
        expected: list[tuple[str, str, int | str]] = [
            ("GET", f"/apps{one}", 504),
            ("GET", f"{one}?x={one}", 502),
            ("DELETE", one, 501),
            ("POST", BADGES_QUERY, 502),
            ("GET", one.upper(), 404),
            ("GET", one, 505),
            ("GET", "/nowhere", 404),
            ("POST", BADGES, 506),
            ("GET", one, 404),
            ("DELETE", f"{BADGES}/", 507),
            ("DELETE", f"{BADGES}/", 404),
        ]
        for method, path, status in expected:
            body: Any = {} if method == "POST" else None
            assert outcome(wix, method, path, body) == status, (method, path)
        hit = [entry["fault"] for entry in log(wix)[1:]]
        assert hit == [None if one[2] == 404 else "status" for one in expected]


def test_admin_a_star_alone_hits_every_path_and_only_reset_clears_what_waits() -> None:
    with sandbox() as wix:
        disturb(wix, {"path": "*", "kind": "status", "status": 500, "count": 3})
        assert outcome(wix, "POST", "/oauth2/token", token_request(ONE)) == 500
        assert outcome(wix, "GET", "/no/such/path") == 500
        disturb(wix)
        wix.reset(ONE)
        wix.log_in(ONE)
        wix.post(BADGES_QUERY, {})


@pytest.mark.parametrize(("pause", "header"), [(None, None), (0, "0"), (7, "7")])
@pytest.mark.parametrize("status", [200, 400, 401, 429, 500, 503, 599])
def test_admin_a_status_is_answered_without_processing(
    status: int, pause: int | None, header: str | None
) -> None:
    with sandbox() as wix:
        disturb(wix, GOOD | {"path": BADGES, "status": status, "retryAfterSeconds": pause})
        reply = wix.call("POST", BADGES, badge_body())
        assert (reply.status, reply.body, reply.headers.get("retry-after")) == (
            status,
            QUIET,
            header,
        )
        assert reply.headers["x-wix-request-id"] == log(wix)[-1]["requestId"]
        assert wix.state()["badges"] == []


@pytest.mark.parametrize(
    ("kind", "seen", "rows", "logged"),
    [
        ("status", 503, 0, 503),
        ("reset-before-write", "no answer", 0, None),
        ("reset-after-write", "no answer", 1, None),
        ("bad-json", "no JSON", 1, 200),
        ("slow", 200, 1, 200),
    ],
)
def test_admin_a_fault_does_what_its_kind_says_to_the_write_the_answer_and_the_log(
    kind: str, seen: int | str, rows: int, logged: int | None
) -> None:
    with sandbox(members=1) as wix:
        pair = pair_body(wix.badge(), 0)
        disturb(wix, {"path": ASSIGNMENTS, "kind": kind, "delaySeconds": 0.01})
        assert outcome(wix, "POST", ASSIGNMENTS, pair) == seen
        assert len(wix.state()["badgeAssignments"]) == rows
        entry = log(wix)[-1]
        assert (entry["fault"], entry["status"]) == (kind, logged)
        assert re.fullmatch(r"[0-9]{10}\.[0-9]+", entry["requestId"])
        assert entry["body"] == pair
        processed = ONE["instanceId"] if rows else None
        assert entry["instanceId"] == processed
        assert outcome(wix, "POST", ASSIGNMENTS, pair) == (409 if rows else 200)


@pytest.mark.parametrize("kind", ["reset-before-write", "reset-after-write"])
def test_admin_a_connection_that_is_closed_carries_no_byte_of_an_answer(kind: str) -> None:
    with sandbox() as wix:
        disturb(wix, {"path": BADGES, "kind": kind})
        with connected(wix) as sock:
            sock.sendall(request(wix, "POST", BADGES, badge_body()))
            assert received(sock) == b""


def test_admin_bad_json_is_200_and_calls_itself_json_also_where_the_call_failed() -> None:
    with sandbox() as wix:
        disturb(wix, {"path": BADGES, "kind": "bad-json"})
        with connected(wix) as sock:
            sock.sendall(request(wix, "POST", BADGES, {}))
            head, _, body = received(sock).partition(b"\r\n\r\n")
        assert head.startswith(b"HTTP/1.1 200 ")
        assert b"content-type: application/json" in head.lower()
        with pytest.raises(json.JSONDecodeError):
            json.loads(body)


def awaited(wix: Caller, condition: Any) -> None:
    """Wait until a condition holds, which it must before long."""
    until = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < until, "it did not come"
        time.sleep(0.01)


def test_admin_a_slow_request_is_processed_at_once_and_others_are_served_meanwhile() -> None:
    with sandbox() as wix:
        disturb(wix, {"path": BADGES, "kind": "slow", "delaySeconds": 600})
        with connected(wix) as sock:
            sock.sendall(request(wix, "POST", BADGES, badge_body()))
            awaited(wix, lambda: wix.state()["badges"])
            assert len(wix.post(BADGES_QUERY, {})["badges"]) == 1
            wix.badge("Another")
            assert [one["status"] for one in log(wix)[1:]] == [None, 200, 200]
            sock.setblocking(False)
            with pytest.raises(BlockingIOError):
                sock.recv(1)


def test_admin_an_answer_that_nobody_waited_for_was_not_sent() -> None:
    with sandbox() as wix:
        disturb(wix, {"path": BADGES, "kind": "slow", "delaySeconds": 0.2})
        with connected(wix) as sock:
            sock.sendall(request(wix, "POST", BADGES, badge_body()))
            awaited(wix, lambda: wix.state()["badges"])
        path = f"/_sandbox/stats?instanceId={ONE['instanceId']}"

        def ends() -> list[int | None]:
            counts = wix.good("GET", path)["requests"]
            return [one["status"] for one in counts if one["path"] == BADGES]

        awaited(wix, ends)
        assert ends() == [one["status"] for one in log(wix)[1:]] == [None]


def test_admin_the_log_tells_of_each_request_what_is_written_down() -> None:
    with sandbox() as wix:
        before = datetime.now(UTC)
        replies = [
            wix.call("POST", f"{BADGES_QUERY}?a=1&b=&a=2&%C3%BC=%C3%9F", {"x": [1, {"y": None}]}),
            wix.send("POST", BADGES_QUERY, b"not json"),
            wix.send("POST", BADGES_QUERY, b"[7]"),
            wix.call("GET", "/no/such%20path/?q=1"),
            wix.call("POST", "/oauth2/token", token_request(ONE)),
            wix.call("POST", "/oauth2/token", token_request(ONE, instance_id=guid(0, 9))),
        ]
        wix.headers |= {"Authorization": KEY, "wix-site-id": "x"}
        replies.append(wix.call("GET", "/nowhere"))
        wix.headers["wix-site-id"] = str(ONE["siteId"])
        replies.append(wix.call("GET", "/nowhere"))
        entries = log(wix)[1:]
        names = ("time", "method", "path", "query", "body")
        assert all(
            one.keys() == {*names, "instanceId", "status", "requestId", "fault"} for one in entries
        )
        here = ONE["instanceId"]
        secret = {"client_secret": "***"}
        assert [
            (one["method"], one["path"], one["query"], one["body"], one["instanceId"])
            for one in entries
        ] == [
            ("POST", BADGES_QUERY, {"a": "2", "b": "", "ü": "ß"}, {"x": [1, {"y": None}]}, here),
            ("POST", BADGES_QUERY, {}, None, here),
            ("POST", BADGES_QUERY, {}, [7], here),
            ("GET", "/no/such path/", {"q": "1"}, None, here),
            ("POST", "/oauth2/token", {}, token_request(ONE) | secret, here),
            (
                "POST",
                "/oauth2/token",
                {},
                token_request(ONE, instance_id=guid(0, 9)) | secret,
                None,
            ),
            ("GET", "/nowhere", {}, None, None),
            ("GET", "/nowhere", {}, None, here),
        ]
        assert [one["status"] for one in entries] == [reply.status for reply in replies]
        ids = [reply.headers["x-wix-request-id"] for reply in replies]
        assert [one["requestId"] for one in entries] == ids
        assert {one["fault"] for one in entries} == {None}
        times = [one["time"] for one in entries]
        assert all(re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z", one) for one in times)
        assert times == sorted(times)
        assert abs((datetime.fromisoformat(times[0]) - before).total_seconds()) < 60


def test_admin_no_secret_token_or_key_gets_into_the_log() -> None:
    with sandbox() as wix:
        secret = str(ONE["appSecret"])
        around: list[Any] = [token_request(ONE), [token_request(ONE)]]
        around += [{"a": [{"b": token_request(ONE)}]}, {"client_secret": {"deep": [secret]}}]
        for body in around:
            wix.call("POST", "/oauth2/token", body)
            wix.call("POST", BADGES_QUERY, {"query": body})
        wix.headers["Content-Type"] = "application/x-www-form-urlencoded"
        wix.send("POST", "/oauth2/token", f"client_secret={secret}".encode())
        wix.send("POST", "/oauth2/token", f'{{"client_secret": "{secret}"'.encode())
        escaped = json.dumps(token_request(ONE)).replace("client_s", "client\\u005fs")
        wix.send("POST", "/oauth2/token", escaped.encode())
        wix.call("GET", f"/oauth2/token?client_secret={secret}&client_secret={secret}")
        tokens = [wix.headers["Authorization"]]
        wix.headers |= {"Authorization": KEY, "wix-site-id": str(ONE["siteId"])}
        wix.call("GET", "/nowhere")
        text = json.dumps(log(wix))
        assert all(one not in text for one in (secret, KEY, *tokens))
        assert text.count('"***"') >= 10


def test_admin_the_log_of_requests_at_the_same_time_is_whole_and_keeps_each_ones_order() -> None:
    with sandbox() as wix:
        chance = random.Random(9)

        def several(worker: int) -> Any:
            pause = chance.random() / 1000

            def send(caller: Caller) -> Reply:
                replies = []
                for turn in range(25):
                    time.sleep(pause)
                    replies.append(caller.call("POST", BADGES_QUERY, {"n": [worker, turn]}))
                ids = [one.headers["x-wix-request-id"] for one in replies]
                return Reply(200, ids, {})

            return send

        answers = together(wix, [several(worker) for worker in range(12)], at_once=12)
        entries = log(wix)[1:]
        assert len(entries) == 300
        assert [one["time"] for one in entries] == sorted(one["time"] for one in entries)
        for worker, answer in enumerate(answers):
            own = [one for one in entries if one["body"]["n"][0] == worker]
            assert [one["body"]["n"][1] for one in own] == list(range(25))
            assert [one["requestId"] for one in own] == answer.body


def test_admin_a_request_is_logged_when_it_arrives_and_not_when_its_body_is_whole() -> None:
    with sandbox() as wix, connected(wix) as sock:
        raw = request(wix, "POST", BADGES, badge_body(title="Late"))
        sock.sendall(raw[:-5])
        awaited(wix, lambda: len(log(wix)) == 2)
        assert (log(wix)[-1]["body"], log(wix)[-1]["status"]) == (None, None)
        wix.badge("Early")
        sock.sendall(raw[-5:])
        assert received(sock).startswith(b"HTTP/1.1 200")
        titles = [one["body"]["badge"]["title"] for one in log(wix)[1:]]
        assert titles == ["Late", "Early"]
        assert [one["title"] for one in wix.state()["badges"]] == ["Early", "Late"]


def test_admin_a_refused_call_leaves_waiting_faults_alone() -> None:
    with sandbox() as wix:
        disturb(wix, {"path": BADGES_QUERY, "kind": "status", "status": 501})
        assert wix.call("POST", FAULTS, {"faults": [GOOD, {}]}).status == 400
        assert wix.call("POST", "/_sandbox/reset", {"sites": [{}]}).status == 400
        wix.store("orders", order(1))
        assert outcome(wix, "POST", BADGES_QUERY, {}) == 501
        assert outcome(wix, "POST", BADGES_QUERY, {}) == 200
