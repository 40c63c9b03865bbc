from __future__ import annotations

import gzip
import json
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import timedelta

import httpx
import pytest
from scripted_wix import (
    Handler,
    Reply,
    ScriptedWix,
    dripping_body,
    dripping_headers,
    raw,
    scripted_wix,
)
from wix_facts import (
    ADA,
    API_KEY,
    APP,
    BADGE,
    EMPTY_PAGE,
    Connect,
    created,
    never_called,
    no_fence,
)

from badgejobs import errors
from badgejobs.wix import wire
from badgejobs.wix.addresses import addresses_of
from badgejobs.wix.deadline import DeadlineTransport, deadline
from badgejobs.wix.reading import LARGEST_BODY

pytest_plugins = ["wix_fixtures"]


OK = b"HTTP/1.1 200 OK\r\n"
GIVEN = json.dumps(created().body).encode()
LENGTH = b"Content-Length: %d\r\n" % len(GIVEN)


@pytest.mark.parametrize(
    "reply",
    [
        # statuses that are no success, with a body that looks like one
        *[
            Reply(status=status, body=created().body)
            for status in (201, 202, 203, 206, 300, 301, 303, 307, 308, 500, 501, 504, 599)
        ],
        raw(b"HTTP/1.1 204 No Content\r\n\r\n"),
        raw(b"HTTP/1.1 304 Not Modified\r\n\r\n"),
        raw(b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\n"),
        raw(b"HTTP/1.1 999 Odd\r\nContent-Length: 0\r\n\r\n"),
        # clear noes by their status, but not by the application's word
        Reply(status=400, body=b"<html>Request Header Or Cookie Too Large</html>"),
        Reply(status=404, body=b"<html>no such route</html>"),
        Reply(status=413, body=b"<html>Request Entity Too Large</html>"),
        Reply(status=428, body=b""),
        # a body without an end, or with two
        raw(OK, b"Content-Length: 10\r\nContent-Length: 12\r\n\r\n", GIVEN),
        raw(OK, b"Content-Length: -1\r\n\r\n", GIVEN),
        raw(OK, b"Content-Length: 10000\r\n\r\n", GIVEN),
        raw(OK, b'Transfer-Encoding: chunked\r\n\r\n4\r\n{"ba\r\n'),
        raw(OK, b"Transfer-Encoding: chunked\r\n\r\nFFFFFFFFFFFFFFFFFFFF\r\n", GIVEN),
        raw(OK, b"Transfer-Encoding: chunked\r\n\r\nxyz\r\n", GIVEN),
        raw(OK, b"Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n"),
        # headers without an end, or that are none
        raw(OK, *[b"x-%d: %s\r\n" % (number, b"y" * 1000) for number in range(300)]),
        raw(OK, b"x-long: ", b"y" * 300_000),
        raw(OK, b"no colon here\r\n\r\n"),
        raw(OK[:-2]),
        raw(b"It works!\n"),
        raw(b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"),
        raw(b"HTTP/1.1 100 Continue\r\n\r\n" * 50),
        # packed wrongly
        Reply(body=gzip.compress(GIVEN) + b"more", headers={"Content-Encoding": "gzip"}),
        Reply(body=gzip.compress(GIVEN), headers={"Content-Encoding": "gzip, gzip"}),
        Reply(body=GIVEN, headers={"Content-Encoding": "gzip"}),
    ],
)
def test_whatever_else_comes_back_a_create_may_have_happened_and_is_not_repeated(
    wix: ScriptedWix, connect: Connect, reply: Reply
) -> None:
    wix.expect(wire.ASSIGNMENTS, reply)
    client = connect(credentials=API_KEY)
    with pytest.raises(errors.Ambiguous):
        client.create_assignment(BADGE, ADA, fence=no_fence)
    assert len(wix.seen(wire.ASSIGNMENTS)) == 1
    # and what is asked next is not harmed
    wix.expect(wire.ASSIGNMENTS, created())
    assert client.create_assignment(BADGE, ADA, fence=no_fence).member_id == ADA


@pytest.mark.parametrize(
    "reply",
    [
        raw(OK, LENGTH, LENGTH, b"\r\n", GIVEN),
        raw(OK, b"\r\n", GIVEN),  # its end is that of the connection
        raw(OK, b"Transfer-Encoding: chunked\r\n\r\n%x\r\n%s\r\n0\r\n\r\n" % (len(GIVEN), GIVEN)),
        raw(b"HTTP/1.1 100 Continue\r\n\r\n", OK, LENGTH, b"\r\n", GIVEN),
        raw(b"HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n", OK, LENGTH, b"\r\n", GIVEN),
        raw(b"HTTP/1.0 200 OK\r\n\r\n", GIVEN),
        Reply(body=b"\xef\xbb\xbf" + GIVEN, headers={"Content-Type": "text/html"}),
        Reply(body=gzip.compress(GIVEN), headers={"Content-Encoding": "GZIP"}),
        Reply(body={**created().body, "added since": [1, {"two": None}]}),
    ],
)
def test_an_odd_success_is_still_a_success(
    wix: ScriptedWix, connect: Connect, reply: Reply
) -> None:
    wix.expect(wire.ASSIGNMENTS, reply)
    client = connect(credentials=API_KEY)
    assert client.create_assignment(BADGE, ADA, fence=no_fence).member_id == ADA


def endless_hints(handler: Handler) -> None:
    handler.close_connection = True
    while not handler.server.stopping.wait(0.001):
        handler.wfile.write(b"HTTP/1.1 102 Processing\r\n\r\n")


def endless_chunks(handler: Handler) -> None:
    handler.close_connection = True
    handler.wfile.write(OK + b"Transfer-Encoding: chunked\r\n\r\n")
    while not handler.server.stopping.wait(0.001):
        handler.wfile.write(b"1\r\n \r\n")


@pytest.mark.parametrize("act", [endless_hints, endless_chunks, dripping_headers, dripping_body])
@pytest.mark.parametrize("path", [wire.TOKEN, wire.ASSIGNMENTS])
def test_what_never_ends_ends_with_the_deadline(
    wix: ScriptedWix, connect: Connect, act: Callable[[Handler], None], path: str
) -> None:
    """Of the request and of the token before it; without a deadline this test would hang."""
    wix.expect(path, Reply(act=act))
    credentials, expected = (
        (APP, errors.NotSent) if path == wire.TOKEN else (API_KEY, errors.Ambiguous)
    )
    client = connect(credentials=credentials, request_deadline=timedelta(seconds=0.3))
    with pytest.raises(expected):
        client.create_assignment(BADGE, ADA, fence=no_fence)


def test_a_deadline_that_is_over_before_the_write_means_that_nothing_was_sent(
    wix: ScriptedWix, connect: Connect
) -> None:
    client = connect(credentials=API_KEY)
    with deadline(0), pytest.raises(errors.NotSent):
        client.create_assignment(BADGE, ADA, fence=never_called)
    assert wix.requests == []


def test_a_redirect_is_not_followed_and_takes_no_key_along(
    wix: ScriptedWix, connect: Connect
) -> None:
    with scripted_wix() as elsewhere:
        for status in (301, 302, 307, 308):
            location = {"Location": f"{elsewhere.url}{wire.BADGES_QUERY}"}
            wix.expect(wire.BADGES_QUERY, Reply(status=status, headers=location))
            with pytest.raises(errors.Transient):
                connect(credentials=API_KEY).badges()
        assert elsewhere.requests == []


def test_a_connection_that_was_closed_while_idle_is_not_used_again(
    wix: ScriptedWix, connect: Connect
) -> None:
    closed = threading.Event()

    def then_close(handler: Handler) -> None:
        handler.answer(EMPTY_PAGE)
        handler.connection.shutdown(socket.SHUT_RDWR)
        handler.close_connection = True
        closed.set()

    wix.expect(wire.BADGES_QUERY, Reply(act=then_close), EMPTY_PAGE)
    client = connect(credentials=API_KEY)
    client.badges()
    assert closed.wait(10)
    assert client.badges() == []


def test_an_answer_too_many_is_not_taken_for_the_next_one(
    wix: ScriptedWix, connect: Connect
) -> None:
    """Wix says of nothing whose answer it is: order is all that tells."""

    def twice(handler: Handler) -> None:
        one = OK + b"Content-Length: 12\r\n\r\n"
        handler.wfile.write(one + b'{"count": 1}' + one + b'{"count":99}')

    wix.expect(wire.COMMENTS_COUNT, Reply(act=twice), *[Reply(body={"count": 2})] * 2)
    client = connect(credentials=API_KEY)
    assert client.count_comments(wire.COMMENT_APPS["blog"]) == 1
    with pytest.raises(errors.Ambiguous, match="before its request"):
        client.count_comments(wire.COMMENT_APPS["blog"])
    assert client.count_comments(wire.COMMENT_APPS["blog"]) == 2


def test_a_body_of_exactly_the_cap_is_taken_and_a_byte_more_is_not(
    wix: ScriptedWix, connect: Connect
) -> None:
    page = json.dumps(EMPTY_PAGE.body).encode()
    full = page + b" " * (LARGEST_BODY - len(page))
    client = connect(credentials=API_KEY)
    for body in (full, gzip.compress(full)):
        packed = {"Content-Encoding": "gzip"} if body is not full else {}
        wix.expect(wire.BADGES_QUERY, Reply(body=body, headers=packed))
        assert client.badges() == []
    for body in (full + b" ", gzip.compress(full + b" ")):
        packed = {"Content-Encoding": "gzip"} if len(body) < LARGEST_BODY else {}
        wix.expect(wire.BADGES_QUERY, Reply(body=body, headers=packed))
        with pytest.raises(errors.Ambiguous, match="larger than"):
            client.badges()


@contextmanager
def listening(backlog: int) -> Iterator[socket.socket]:
    """A socket that takes connections and never says a word."""
    with socket.create_server(("127.0.0.1", 0), backlog=backlog) as server:
        yield server


def test_a_connection_that_is_never_taken_ends_with_the_deadline(connect: Connect) -> None:
    with listening(backlog=0) as server, ExitStack() as crowd:
        address = server.getsockname()
        for _ in range(8):  # until the queue before the door is full
            one = crowd.enter_context(socket.socket())
            one.setblocking(False)
            one.connect_ex(address)
        client = connect(
            credentials=API_KEY,
            base_url=f"http://127.0.0.1:{address[1]}",
            request_deadline=timedelta(seconds=0.3),
        )
        with pytest.raises(errors.NotSent):
            client.create_assignment(BADGE, ADA, fence=never_called)


def test_a_handshake_that_is_never_answered_ends_with_the_deadline() -> None:
    with listening(backlog=8) as server:
        url = f"https://127.0.0.1:{server.getsockname()[1]}"
        asked = httpx.Request("POST", url, json={}, extensions={"timeout": {}})
        context = httpx.create_ssl_context(trust_env=False)
        with (
            DeadlineTransport(context, keep_alive=False) as transport,
            deadline(0.3),
            pytest.raises(httpx.ConnectTimeout),
        ):
            transport.handle_request(asked)


# ---------------------------------------------------------------- addresses


def through(resolve: Callable[[str, int], list[str]], url: str) -> httpx.Response:
    """One request over a transport that looks hosts up in this way."""
    asked = httpx.Request("POST", f"{url}{wire.TOKEN}", json={}, extensions={"timeout": {}})
    context = httpx.create_ssl_context(trust_env=False)
    with DeadlineTransport(context, keep_alive=False, resolve=resolve) as transport:
        with deadline(5):
            response = transport.handle_request(asked)
            response.read()
        return response


def test_an_address_that_does_not_answer_leaves_the_next_one_to_try(wix: ScriptedWix) -> None:
    url = wix.url.replace("127.0.0.1", "wix.example")
    assert through(lambda *_: ["127.0.0.9", "127.0.0.1"], url).status_code == 200
    with pytest.raises(httpx.ConnectError):
        through(lambda *_: ["127.0.0.9", "127.0.0.8"], url)
    with pytest.raises(httpx.ConnectError):
        through(lambda *_: [], url)


def test_a_name_that_nobody_knows_is_a_connection_that_could_not_be_made(wix: ScriptedWix) -> None:
    def unknown(*_: object) -> list[str]:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    with pytest.raises(httpx.ConnectError, match="not known"):
        through(unknown, wix.url.replace("127.0.0.1", "wix.example"))


def test_a_look_up_that_never_ends_is_given_up() -> None:
    over = threading.Event()

    def hangs(*_: object) -> list[str]:
        over.wait(20)
        return []

    try:
        with pytest.raises(TimeoutError, match="looked up"):
            addresses_of("wix.example", 443, 0.05, using=hangs)
    finally:
        over.set()


def test_an_address_is_not_looked_up() -> None:
    def never(*_: object) -> list[str]:
        raise AssertionError

    assert addresses_of("127.0.0.1", 80, 1, using=never) == ["127.0.0.1"]
    assert addresses_of("::1", 80, 1, using=never) == ["::1"]
    assert "127.0.0.1" in addresses_of("localhost", 80, 5)
