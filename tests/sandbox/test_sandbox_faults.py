"""Which request a fault hits, how it is scripted, and what is refused."""

from __future__ import annotations

import json
from random import Random
from typing import Any

import pytest
from sandbox_caller import ONE, Caller, member, order, sandbox, token_request
from sandbox_wire import exchange, last_entry, quiet, script

from badgejobs.sandbox.faults.kinds import EFFECTS, FaultKind, Processed
from badgejobs.wix import wire

QUERY = wire.BADGES_QUERY
#: What makes every kind quick and small.
SMALL = {"delaySeconds": 0.05}
FLOODS = frozenset({FaultKind.HUGE, FaultKind.GZIP_BOMB})
ALL = list(FaultKind)
LISTS = [kind for kind in ALL if EFFECTS[kind].of_lists]

_quiet = pytest.fixture(autouse=True)(quiet)


def statuses(wix: Caller, number: int, path: str = QUERY) -> list[int]:
    return [wix.call("POST", path, {}).status for _ in range(number)]


def small(kind: FaultKind) -> dict[str, Any]:
    return SMALL | ({"bytes": 1000} if kind in FLOODS else {})


# -- which request is hit


def test_a_fault_waits_for_its_call_number_and_hits_so_many_requests() -> None:
    with sandbox() as wix:
        script(wix, QUERY, "status", firstCall=3, count=2)
        assert statuses(wix, 6) == [200, 200, 503, 503, 200, 200]


def test_call_numbers_begin_when_the_fault_is_added_and_count_matching_requests_only() -> None:
    with sandbox() as wix:
        wix.post(QUERY, {})
        script(wix, QUERY, "status", method="POST", firstCall=2)
        wix.post(wire.ORDERS_SEARCH, {})
        assert wix.call("GET", QUERY).status == 400, "another method, and no id"
        assert statuses(wix, 3) == [200, 503, 200]


def test_requests_that_another_fault_hits_count_as_calls_all_the_same() -> None:
    with sandbox() as wix:
        script(wix, QUERY, "status", status=500)
        script(wix, QUERY, "status", status=502, firstCall=2)
        script(wix, "*", "status", status=504, firstCall=2)
        assert statuses(wix, 4) == [500, 502, 504, 200]


def test_the_oldest_fault_that_hits_is_the_one_used() -> None:
    with sandbox() as wix:
        script(wix, QUERY, "status", status=500, firstCall=2)
        script(wix, QUERY, "status", status=502, count=2)
        assert statuses(wix, 4) == [502, 500, 502, 200]


def test_a_fault_for_ever_ends_with_the_reset() -> None:
    with sandbox() as wix:
        script(wix, QUERY, "status", forever=True)
        assert statuses(wix, 5) == [503] * 5
        wix.reset(ONE)
        wix.log_in(ONE)
        assert statuses(wix, 1) == [200]


def drawn(seed: int, chance: float, number: int) -> list[bool]:
    luck = Random(seed)
    return [luck.random() < chance for _ in range(number)]


@pytest.mark.parametrize(("seed", "chance"), [(7, 0.5), (8, 0.5), (7, 0.1)])
def test_chance_is_drawn_from_the_seed_call_by_call(seed: int, chance: float) -> None:
    with sandbox() as wix:
        script(wix, QUERY, "status", probability=chance, seed=seed, forever=True)
        hits = [status == 503 for status in statuses(wix, 40)]
        assert hits == drawn(seed, chance, 40)
        assert set(hits) == {True, False}


def test_what_chance_hits_hangs_on_the_call_number_and_on_no_other_fault() -> None:
    expected = drawn(7, 0.5, 12)
    with sandbox() as wix:
        script(wix, QUERY, "status", status=500, firstCall=2, count=3)
        script(wix, QUERY, "status", probability=0.5, seed=7, forever=True)
        found = statuses(wix, 12)
        assert found[1:4] == [500] * 3
        del found[1:4], expected[1:4]
        assert [status == 503 for status in found] == expected


def test_chance_begins_at_the_call_number_and_counts_hits_only() -> None:
    hits = drawn(3, 0.5, 30)
    with sandbox() as wix:
        script(wix, QUERY, "status", probability=0.5, seed=3, firstCall=5, count=2)
        found = [status == 503 for status in statuses(wix, 30)]
        assert found[:4] == [False] * 4
        until = [place for place, hit in enumerate(hits) if hit][1]
        assert found[4:] == (hits[: until + 1] + [False] * 30)[:26]


@pytest.mark.parametrize("kind", LISTS)
def test_what_spoils_lists_lets_all_other_requests_pass_unused(kind: FaultKind) -> None:
    with sandbox() as wix:
        script(wix, "*", kind)
        wix.log_in(ONE)
        badge_id = wix.badge()
        wix.good("GET", f"/badges/v4/badges/{badge_id}")
        assert wix.call("POST", "/no/such/query", {}).status == 404
        assert wix.call("POST", QUERY, {"query": {"filter": {"x": 1}}}).status == 400
        log = wix.good("GET", "/_sandbox/log")["requests"]
        assert [one["fault"] for one in log] == [None] * len(log)
        wix.badge("Second")
        first = wix.post(wire.BADGES_QUERY, {"query": {"cursorPaging": {"limit": 1}}})
        cursor = first["pagingMetadata"]["cursors"]["next"]
        wix.call("POST", QUERY, {"query": {"cursorPaging": {"cursor": cursor}}})
        log = wix.good("GET", "/_sandbox/log")["requests"]
        hit = kind not in {FaultKind.EXPIRED_CURSOR, FaultKind.REORDERED_ROWS}
        assert log[-2]["fault"] == (kind if hit else None)


@pytest.mark.parametrize("kind", ["duplicated-rows", "unknown-enum", "broken-record"])
def test_what_spoils_records_waits_for_a_page_that_has_one(kind: str) -> None:
    with sandbox() as wix:
        script(wix, QUERY, kind)
        assert wix.post(QUERY, {})["badges"] == []
        assert last_entry(wix)["fault"] is None
        wix.badge()
        wix.post(QUERY, {})
        assert last_entry(wix)["fault"] == kind


def test_where_a_list_holds_nothing_to_spoil_the_next_fault_has_its_turn() -> None:
    with sandbox(rateLimitRequests=2) as wix:
        script(wix, QUERY, "broken-record")
        script(wix, QUERY, "status", count=3)
        script(wix, QUERY, "unknown-fields")
        assert statuses(wix, 4) == [503, 503, 503, 200]
        log = wix.good("GET", "/_sandbox/log")["requests"][-4:]
        assert [(one["fault"], one["instanceId"]) for one in log] == [
            *[("status", None)] * 3,
            ("unknown-fields", ONE["instanceId"]),
        ]
        assert statuses(wix, 2) == [200, 429], "what the status hit was not counted"


# -- processed or not, counted or not


@pytest.mark.parametrize("kind", [kind for kind in ALL if kind not in LISTS])
def test_a_write_has_its_effect_at_once_where_the_kind_says_so(kind: FaultKind) -> None:
    with sandbox(members=1) as wix:
        pair = {"badgeId": wix.badge(), "memberId": member(0)["id"]}
        delay = {"delaySeconds": 60} if kind is FaultKind.LATE_WRITE else {}
        script(wix, wire.ASSIGNMENTS, kind, **small(kind) | delay)
        exchange(wix, "POST", wire.ASSIGNMENTS, {"badgeAssignment": pair})
        rows = len(wix.state()["badgeAssignments"])
        assert rows == (EFFECTS[kind].processed is Processed.AT_ONCE)
        assert last_entry(wix)["fault"] == kind


@pytest.mark.parametrize("kind", ALL)
def test_the_rate_limit_counts_what_is_processed(kind: FaultKind) -> None:
    with sandbox(rateLimitRequests=2) as wix:
        wix.store("orders", *(order(number) for number in range(3)))
        page = {"search": {"cursorPaging": {"limit": 2}}}
        first = wix.post(wire.ORDERS_SEARCH, page)
        page["search"]["cursorPaging"]["cursor"] = first["metadata"]["cursors"]["next"]
        if kind is FaultKind.REORDERED_ROWS:
            del page["search"]["cursorPaging"]["cursor"]  # the second page has one row
        delay = {"delaySeconds": 60} if kind is FaultKind.LATE_WRITE else {}
        script(wix, wire.ORDERS_SEARCH, kind, **small(kind) | delay)
        exchange(wix, "POST", wire.ORDERS_SEARCH, page)
        assert last_entry(wix)["fault"] == kind
        wix.log_in(ONE)
        expected = 429 if EFFECTS[kind].processed is Processed.AT_ONCE else 200
        assert wix.call("POST", wire.ORDERS_SEARCH, {}).status == expected


# -- the log


SILENT = {"reset-before-write", "reset-after-write", "late-write", "half-status-line"}
OTHER_STATUS = {
    "status": 503,
    "html": 502,
    "expired-token": 401,
    "redirect": 302,
    "no-content": 204,
    "expired-cursor": 400,
}


@pytest.mark.parametrize("kind", ALL)
def test_the_log_tells_the_kind_and_the_status_that_was_sent(kind: FaultKind) -> None:
    with sandbox() as wix:
        wix.store("orders", *(order(number) for number in range(4)))
        first = wix.post(wire.ORDERS_SEARCH, {"search": {"cursorPaging": {"limit": 2}}})
        cursor = first["metadata"]["cursors"]["next"]
        script(wix, wire.ORDERS_SEARCH, kind, **small(kind))
        came = exchange(
            wix, "POST", wire.ORDERS_SEARCH, {"search": {"cursorPaging": {"cursor": cursor}}}
        )
        entry = last_entry(wix)
        expected = None if kind in SILENT else OTHER_STATUS.get(kind, 200)
        assert (entry["fault"], entry["status"]) == (kind, expected)
        if kind not in SILENT:
            assert came.status == expected
            assert came.headers["x-wix-request-id"] == entry["requestId"]


def test_no_secret_gets_into_the_log_wherever_a_request_holds_it() -> None:
    with sandbox() as wix:
        secret = ONE["appSecret"]
        token = wix.headers["Authorization"]
        wix.call("POST", "/oauth2/token", token_request(ONE))
        wix.call("POST", "/oauth2/token", [token_request(ONE)])
        wix.call("POST", f"/oauth2/token?client_secret={secret}", {"x": token_request(ONE)})
        wix.call("POST", "/oauth2/token-info", {"token": token})
        deep = b'{"a":' * 200 + json.dumps(token_request(ONE)).encode() + b"}" * 200
        wix.send("POST", QUERY, deep)
        script(wix, "*", "expired-token")
        wix.call("POST", QUERY, {})
        log = json.dumps(wix.good("GET", "/_sandbox/log"))
        assert secret not in log
        assert token not in log
        assert log.count("***") >= 5


def test_a_body_that_nests_deeper_than_any_query_does_not_spoil_the_log() -> None:
    with sandbox() as wix:
        deep = b'{"query":' + b'{"a":' * 600 + b"1" + b"}" * 601
        assert wix.send("POST", QUERY, deep).status == 200
        body = last_entry(wix)["body"]["query"]
        for _ in range(50):
            body = body["a"]
        assert "***" in json.dumps(body)


# -- how faults are scripted


def refusal(wix: Caller, **fault: Any) -> str:
    reply = wix.call("POST", "/_sandbox/faults", {"faults": [{"path": "*"} | fault]})
    return f"{reply.violation['field']} {reply.violation['description']}"


@pytest.mark.parametrize("kind", ALL)
def test_the_fields_of_the_contract_are_taken_with_every_kind(kind: FaultKind) -> None:
    with sandbox() as wix:
        script(
            wix, "/x", kind, method="GET", count=2, status=500, retryAfterSeconds=1, delaySeconds=0
        )
        script(wix, "/x", kind, retryAfterSeconds=None, firstCall=2, probability=0.5, seed=-3)


@pytest.mark.parametrize(
    ("fault", "told"),
    [
        ({"kind": "explode"}, "faults[0].kind must be one of status, html, error-body"),
        ({"kind": ["slow"]}, "faults[0].kind must be one of"),
        ({"kind": "slow", "times": 3}, "faults[0].times is not a field known here"),
        ({"kind": "slow", "count": 0}, "faults[0].count is 0, expected 1 or more"),
        ({"kind": "slow", "count": None}, "faults[0].count must be a whole number"),
        ({"kind": "slow", "count": 1.5}, "faults[0].count must be a whole number"),
        ({"kind": "slow", "forever": 1}, "faults[0].forever must be true or false"),
        ({"kind": "slow", "forever": True, "count": 2}, "faults[0].forever excludes count"),
        ({"kind": "slow", "firstCall": 0}, "faults[0].firstCall is 0, expected 1 or more"),
        ({"kind": "slow", "firstCall": True}, "faults[0].firstCall must be a whole number"),
        ({"kind": "slow", "probability": 0}, "faults[0].probability is out of range"),
        ({"kind": "slow", "probability": 1.01}, "faults[0].probability is out of range"),
        ({"kind": "slow", "probability": "1"}, "faults[0].probability must be a number"),
        ({"kind": "slow", "seed": "x"}, "faults[0].seed must be a whole number"),
        ({"kind": "slow", "delaySeconds": -1}, "faults[0].delaySeconds is out of range"),
        ({"kind": "slow", "method": "post"}, "faults[0].method must be a method in capitals"),
        ({"kind": "status", "status": 99}, "faults[0].status is 99, expected from 200 to 599"),
        ({"kind": "status", "retryAfterSeconds": -1}, "faults[0].retryAfterSeconds is -1"),
        (
            {"kind": "status", "retryAfterSeconds": 1, "retryAfter": "1"},
            "faults[0].retryAfter excludes retryAfterSeconds",
        ),
        ({"kind": "status", "retryAfter": 7}, "faults[0].retryAfter must be a text"),
        ({"kind": "status", "retryAfter": "1\r\nX: y"}, "faults[0].retryAfter must be of print"),
        ({"kind": "status", "retryAfter": "é"}, "faults[0].retryAfter must be of printable ASCII"),
        ({"kind": "status", "retryAfter": "9" * 1001}, "faults[0].retryAfter has size 1001"),
        ({"kind": "slow", "retryAfter": "7"}, "retryAfter belongs to status, html, not to slow"),
        ({"kind": "status", "bytes": 9}, "faults[0].bytes belongs to huge, gzip-bomb, not to stat"),
        ({"kind": "huge", "bytes": 1}, "faults[0].bytes is 1, expected from 2 to"),
        ({"kind": "huge", "bytes": None}, "faults[0].bytes must be a whole number"),
        ({"kind": "html", "body": 1}, "body belongs to status, error-body, not-an-object, not to"),
        ({"kind": "not-an-object", "body": {}}, "faults[0].body must not be an object"),
    ],
)
def test_a_fault_that_cannot_be_is_refused_with_the_field_named(
    fault: dict[str, Any], told: str
) -> None:
    with sandbox() as wix:
        assert told in refusal(wix, **fault)


def test_one_wrong_fault_refuses_all_of_them() -> None:
    with sandbox() as wix:
        faults = [{"path": "*", "kind": "status"}, {"path": "*", "kind": "slow", "count": 0}]
        assert wix.call("POST", "/_sandbox/faults", {"faults": faults}).status == 400
        assert statuses(wix, 1) == [200]
