"""What comes over the wire when a fault spoils an answer, byte by byte."""

from __future__ import annotations

import json
import socket
import threading
import zlib
from contextlib import suppress
from typing import Any

import pytest
from sandbox_caller import KEY, ONE, OTHER, sandbox
from sandbox_wire import Wire, exchange, last_entry, quiet, script, sent, until

from badgejobs.wix import wire

QUERY = wire.BADGES_QUERY
EMPTY_LIST = {
    "badges": [],
    "pagingMetadata": {"count": 0, "cursors": {}, "hasNext": False},
}

_quiet = pytest.fixture(autouse=True)(quiet)


def asked_with(kind: str, **more: Any) -> Wire:
    """The answer to a query of no badges that a fault hits."""
    with sandbox() as wix:
        script(wix, QUERY, kind, **more)
        came = exchange(wix, "POST", QUERY, {})
        assert last_entry(wix)["fault"] == kind
        assert wix.post(QUERY, {}) == EMPTY_LIST, "the next request is answered as ever"
        return came


def test_status_has_the_empty_envelope_and_the_pause_that_was_asked_for() -> None:
    came = asked_with("status", status=429, retryAfterSeconds=7)
    assert (came.status, came.json()) == (429, {"message": "", "details": {}})
    assert came.headers["retry-after"] == "7"
    assert "retry-after" not in asked_with("status").headers


@pytest.mark.parametrize(
    "raw", ["Wed, 21 Oct 2015 07:28:00 GMT", "soon", "-5", "9" * 300, "1.5", ""]
)
def test_retry_after_is_sent_as_it_was_given(raw: str) -> None:
    for kind in ("status", "html"):
        assert asked_with(kind, retryAfter=raw).headers["retry-after"].strip() == raw


@pytest.mark.parametrize("body", [{"message": "x", "details": {}}, [], None, "text", 0])
def test_status_can_have_a_body_of_ones_own(body: Any) -> None:
    came = asked_with("status", status=409, body=body)
    assert (came.status, came.json()) == (409, body)


def test_html_is_a_page_of_a_gateway() -> None:
    came = asked_with("html")
    assert came.status == 502
    assert came.headers["content-type"].startswith("text/html")
    assert b"<h1>502 Bad Gateway</h1>" in came.body
    assert asked_with("html", status=503).status == 503


def test_error_body_is_an_error_that_calls_itself_a_success() -> None:
    came = asked_with("error-body")
    assert came.status == 200
    assert came.json()["details"]["applicationError"]["code"]
    assert asked_with("error-body", body={"details": {}}).json() == {"details": {}}


def test_bad_json_wrong_type_empty_body_and_no_content_are_what_they_say() -> None:
    broken = asked_with("bad-json")
    assert (broken.status, broken.headers["content-type"]) == (200, "application/json")
    with pytest.raises(ValueError, match="Unterminated string"):
        json.loads(broken.body)
    wrong = asked_with("wrong-type")
    assert wrong.headers["content-type"].startswith("text/plain")
    assert (wrong.status, wrong.json()) == (200, EMPTY_LIST)
    empty = asked_with("empty-body")
    assert (empty.status, empty.headers["content-length"], empty.body) == (200, "0", b"")
    none = asked_with("no-content")
    assert (none.status, none.body) == (204, b"")


@pytest.mark.parametrize("body", [[], [{"badges": []}], None, 17, "text", False])
def test_not_an_object_is_any_other_json(body: Any) -> None:
    came = asked_with("not-an-object", body=body)
    assert (came.status, came.json()) == (200, body)


def test_not_an_object_is_a_list_when_nothing_is_said() -> None:
    assert asked_with("not-an-object").json() == []


def test_a_refused_request_keeps_its_refusal_where_the_kind_spoils_the_way_only() -> None:
    with sandbox() as wix:
        for kind in ("slow", "drip", "drip-headers", "wrong-type"):
            script(wix, QUERY, kind, delaySeconds=0.05)
            came = exchange(wix, "POST", QUERY, {"query": {"filter": {"x": 1}}})
            assert came.status == 400, kind
            assert came.json()["details"]["validationError"]


def test_a_redirect_leads_to_this_machine_and_is_not_processed() -> None:
    with sandbox() as wix:
        script(wix, wire.BADGES, "redirect")
        badge = {"title": "A", "backgroundColor": "#1B4D3E", "textColor": "#FFFFFF"}
        came = exchange(wix, "POST", wire.BADGES, {"badge": badge})
        assert (came.status, came.headers["location"]) == (302, f"http://{wix.address}/elsewhere")
        assert wix.state()["badges"] == []


def test_resets_and_a_late_write_send_not_one_byte() -> None:
    for kind in ("reset-before-write", "reset-after-write", "late-write"):
        assert asked_with(kind).raw == b""


def test_a_half_status_line_is_all_that_comes() -> None:
    assert asked_with("half-status-line").raw == b"HTTP/1.1 20"


def test_truncated_promises_the_whole_and_sends_half() -> None:
    came = asked_with("truncated")
    whole = json.dumps(EMPTY_LIST, separators=(",", ":")).encode()
    assert int(came.headers["content-length"]) == len(whole)
    assert came.body == whole[: len(whole) // 2]


def test_drip_sends_the_header_at_once_and_the_body_in_pieces() -> None:
    came = asked_with("drip", delaySeconds=0.3)
    assert came.json() == EMPTY_LIST
    assert came.reads[0].endswith(b"\r\n\r\n"), "the header came alone"
    assert len(came.reads) > 3


def test_drip_headers_sends_the_header_in_pieces_and_the_body_at_once() -> None:
    came = asked_with("drip-headers", delaySeconds=0.3)
    assert came.json() == EMPTY_LIST
    assert b"\r\n\r\n" not in came.reads[0] + came.reads[1]
    assert came.reads[-1].endswith(came.body)
    assert {"date", "content-type", "x-wix-request-id"} <= came.headers.keys()


def test_drops_fall_at_once_where_there_is_no_delay() -> None:
    for kind in ("drip", "drip-headers", "slow"):
        assert asked_with(kind, delaySeconds=0).json() == EMPTY_LIST


@pytest.mark.parametrize("size", [2, 3, 70_000, 3_000_001])
def test_huge_has_the_size_that_was_asked_for_and_is_json(size: int) -> None:
    came = asked_with("huge", bytes=size)
    assert (came.status, len(came.body)) == (200, size)
    assert came.json() == {}


@pytest.mark.parametrize("size", [2, 3, 70_000, 5_000_001])
def test_a_gzip_bomb_is_small_on_the_wire_and_large_when_unpacked(size: int) -> None:
    came = asked_with("gzip-bomb", bytes=size)
    assert came.headers["content-encoding"] == "gzip"
    assert came.is_whole
    assert len(came.body) < 100 + size / 500
    unpacked = zlib.decompress(came.body, wbits=31)
    assert (len(unpacked), json.loads(unpacked)) == (size, {})


def test_floods_have_their_documented_size_when_nothing_is_said() -> None:
    with sandbox() as wix:
        for kind, size in (("huge", 64 * 1024**2), ("gzip-bomb", 256 * 1024**2)):
            script(wix, QUERY, kind)
            came = exchange(wix, "POST", QUERY, {})
            unpacking = zlib.decompressobj(wbits=31)
            if kind == "huge":
                assert len(came.body) == size
                continue
            assert len(came.body) < 1024**2
            packed, found = came.body, 0
            while packed:
                found += len(unpacking.decompress(packed, 1024**2))
                packed = unpacking.unconsumed_tail
            assert found == size
            assert unpacking.eof


# -- others meanwhile, and callers that go away


@pytest.mark.parametrize(
    "fault",
    [
        {"kind": "slow", "delaySeconds": 60},
        {"kind": "drip", "delaySeconds": 60},
        {"kind": "drip-headers", "delaySeconds": 60},
        {"kind": "late-write", "delaySeconds": 60},
        {"kind": "huge", "bytes": 1024**3},
        {"kind": "gzip-bomb", "bytes": 1024**3},
    ],
)
def test_others_are_served_while_one_waits_and_it_may_hang_up_or_see_the_server_stop(
    fault: dict[str, Any],
) -> None:
    with sandbox() as wix:
        script(wix, QUERY, **fault, count=2)
        with sent(wix, "POST", QUERY, {}):
            until(lambda: bool(last_entry(wix)["fault"] == fault["kind"]))
            assert wix.post(wire.ORDERS_SEARCH, {})["orders"] == []
        wix.post(wire.ORDERS_SEARCH, {})  # after the first has hung up
        with sent(wix, "POST", QUERY, {}):
            until(lambda: bool(last_entry(wix)["fault"] == fault["kind"]))
            wix.post("/_sandbox/reset", {})
    # Leaving the sandbox stopped it with a request under way, and nobody complained.


def test_a_flood_that_is_read_as_fast_as_it_comes_leaves_others_their_turn() -> None:
    with sandbox() as wix:
        script(wix, QUERY, "gzip-bomb", bytes=16 * 1024**3)
        with sent(wix, "POST", QUERY, {}) as flooded:
            head = flooded.recv(65_536)
            length = int(head.split(b"Content-Length: ")[1].split(b"\r\n")[0])
            received: list[int] = []
            is_read = threading.Event()

            def read() -> None:
                with suppress(ConnectionError):  # the end of it is not what is looked at
                    while piece := flooded.recv(1024**2):
                        received.append(len(piece))
                        is_read.set()

            reader = threading.Thread(target=read)
            reader.start()
            is_read.wait()
            wix.post(wire.ORDERS_SEARCH, {})
            assert sum(received) < length, "served while the flood went on"
            flooded.shutdown(socket.SHUT_RDWR)
            reader.join()


def test_a_caller_that_is_gone_when_a_slow_answer_is_due_got_none() -> None:
    with sandbox() as wix:
        for kind in ("slow", "drip-headers"):
            script(wix, QUERY, kind, delaySeconds=0.2)
            with sent(wix, "POST", QUERY, {}):
                until(lambda: last_entry(wix)["fault"] is not None)
            script(wix, QUERY, "slow", delaySeconds=0.3)  # a wait longer than the first one's
            exchange(wix, "POST", QUERY, {})
            log = wix.good("GET", "/_sandbox/log")["requests"]
            assert [(one["fault"], one["status"]) for one in log[-2:]] == [
                (kind, None),
                ("slow", 200),
            ]


# -- the end of a token


def test_an_expired_token_is_dead_from_then_on_and_others_are_not() -> None:
    with sandbox() as wix:
        other_site, second = wix.token(OTHER), wix.token(ONE)
        script(wix, QUERY, "expired-token")
        reply = wix.call("POST", QUERY, {})
        assert (reply.status, reply.code) == (401, "UNAUTHENTICATED")
        assert last_entry(wix)["instanceId"] == ONE["instanceId"]
        assert [wix.call("POST", QUERY, {}).status for _ in range(2)] == [401, 401]
        for good in (second, f"Bearer {other_site}"):
            wix.headers["Authorization"] = good
            wix.post(QUERY, {})


def test_an_api_key_is_refused_once_and_lives_on() -> None:
    with sandbox() as wix:
        wix.headers |= {"Authorization": KEY, "wix-site-id": ONE["siteId"]}
        script(wix, QUERY, "expired-token")
        assert wix.call("POST", QUERY, {}).code == "UNAUTHENTICATED"
        assert last_entry(wix)["instanceId"] == ONE["instanceId"]
        wix.post(QUERY, {})


def test_a_request_without_token_or_key_does_not_use_the_end_of_a_token_up() -> None:
    with sandbox() as wix:
        script(wix, "*", "expired-token")
        token = wix.headers.pop("Authorization")
        wix.token(ONE)
        wix.headers["Authorization"] = token
        assert wix.call("POST", QUERY, {}).status == 401
        assert last_entry(wix)["fault"] == "expired-token"
