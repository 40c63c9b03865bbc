from __future__ import annotations

import gzip
import json
import multiprocessing
import socket
import threading
import tracemalloc
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import httpx
import pytest
from scripted_wix import (
    Handler,
    Reply,
    ScriptedWix,
    bomb,
    dripping_body,
    dripping_headers,
    hang_up,
    raw,
    reset,
    scripted_wix,
    stalled,
    truncated,
)
from wix_facts import (
    ADA,
    API_KEY,
    BADGE,
    BEN,
    EMPTY_PAGE,
    Connect,
    assignment,
    created,
    member,
    never_called,
    no_fence,
)

from badgejobs import errors
from badgejobs.wix import wire
from badgejobs.wix.addresses import addresses_of
from badgejobs.wix.client import WixClient
from badgejobs.wix.deadline import DeadlineTransport, deadline
from badgejobs.wix.reading import LARGEST_BODY

pytest_plugins = ["wix_fixtures"]


def test_pace_then_token_then_fence_then_the_bytes(wix: ScriptedWix, connect: Connect) -> None:
    order: list[object] = []
    wix.expect(wire.ASSIGNMENTS, created())
    connect(pace=lambda: order.append(("pace", len(wix.requests)))).create_assignment(
        BADGE,
        ADA,
        fence=lambda: order.append(("fence", [one.path for one in wix.requests])),
    )
    assert order == [("pace", 0), ("fence", [wire.TOKEN])]


def test_no_slot_sends_nothing_not_even_for_a_token(wix: ScriptedWix, connect: Connect) -> None:
    def full() -> None:
        raise errors.Paced("no slot", seconds=3)

    with pytest.raises(errors.Paced):
        connect(pace=full).create_assignment(BADGE, ADA, fence=never_called)
    assert wix.requests == []


def test_a_fence_that_says_no_leaves_wix_untouched(wix: ScriptedWix, connect: Connect) -> None:
    def shut() -> None:
        raise errors.Fenced("the claim ran out")

    wix.expect(wire.ASSIGNMENTS, created())
    client = connect()
    for create in (
        lambda: client.create_assignment(BADGE, ADA, fence=shut),
        lambda: client.create_assignments([(BADGE, ADA)], fence=shut),
    ):
        with pytest.raises(errors.Fenced):
            create()
    assert [one.path for one in wix.requests] == [wire.TOKEN]
    assert client.calls == 0
    assert client.create_assignment(BADGE, ADA, fence=no_fence).member_id == ADA


def test_the_fence_is_asked_only_when_the_connection_stands(connect: Connect) -> None:
    client = connect(credentials=API_KEY, base_url=f"http://127.0.0.1:{closed_port()}")
    with pytest.raises(errors.NotSent):
        client.create_assignment(BADGE, ADA, fence=never_called)
    assert client.calls == 0


def test_a_borrowed_client_is_fenced_too() -> None:
    def shut() -> None:
        raise errors.Fenced("the claim ran out")

    client = WixClient(
        base_url=wire.BASE_URL,
        credentials=API_KEY,
        pace=no_fence,
        request_deadline=timedelta(seconds=1),
        transport=httpx.MockTransport(lambda _: httpx.Response(200)),
    )
    with pytest.raises(errors.Fenced):
        client.create_assignment(BADGE, ADA, fence=shut)


def closed_port() -> int:
    with scripted_wix() as server:
        return server.server_port


def test_every_create_has_its_own_connection_and_reads_share_one(
    wix: ScriptedWix, connect: Connect
) -> None:
    wix.expect(wire.ASSIGNMENTS, created(), created())
    wix.expect(wire.BADGES_QUERY, EMPTY_PAGE, EMPTY_PAGE)
    client = connect(credentials=API_KEY)
    for _ in range(2):
        client.create_assignment(BADGE, ADA, fence=no_fence)
        client.badges()
    assert len({one.connection for one in wix.seen(wire.ASSIGNMENTS)}) == 2
    assert len({one.connection for one in wix.seen(wire.BADGES_QUERY)}) == 1


@pytest.mark.parametrize(
    "reply",
    [
        Reply(act=reset),
        Reply(act=hang_up),
        Reply(act=truncated),
        Reply(act=stalled),
        Reply(act=dripping_body),
        Reply(act=dripping_headers),
        Reply(status=500),
        Reply(status=503, body=b"<html>"),
        Reply(body=b"not json"),
        Reply(body=b'{"badgeAssignment":{}}', headers={"Content-Encoding": "br"}),
        Reply(body=b"not gzip", headers={"Content-Encoding": "gzip"}),
        Reply(body=bomb(1000).body[:-8], headers={"Content-Encoding": "gzip"}),
        Reply(body={"badgeAssignment": {}}),
        Reply(body={"badgeAssignment": assignment(member=BEN)}),
        Reply(status=302, headers={"Location": "http://127.0.0.1:9/"}),
        bomb(9 * 1024 * 1024),
    ],
)
def test_a_create_without_a_readable_answer_may_have_happened_and_is_sent_once(
    wix: ScriptedWix, connect: Connect, reply: Reply
) -> None:
    wix.expect(wire.ASSIGNMENTS, reply)
    client = connect(credentials=API_KEY, request_deadline=timedelta(seconds=0.3))
    with pytest.raises(errors.Ambiguous) as caught:
        client.create_assignment(BADGE, ADA, fence=no_fence)
    assert caught.value.may_have_happened
    assert len(wix.seen(wire.ASSIGNMENTS)) == 1
    assert client.calls == 1


def test_a_read_without_an_answer_is_transient(wix: ScriptedWix, connect: Connect) -> None:
    client = connect(credentials=API_KEY)
    for act in (reset, truncated):
        wix.expect(wire.BADGES_QUERY, Reply(act=act))
        with pytest.raises(errors.Transient):
            client.badges()
    wix.expect(wire.BADGES_QUERY, EMPTY_PAGE)
    assert client.badges() == []


def test_a_429_is_understood_although_its_body_never_ends(
    wix: ScriptedWix, connect: Connect
) -> None:
    def endless(handler: Handler) -> None:
        handler.send_response(429)
        handler.send_header("Retry-After", "5")
        handler.send_header("Content-Length", "1000")
        handler.end_headers()
        handler.close_connection = True

    wix.expect(wire.ASSIGNMENTS, Reply(act=endless))
    client = connect(credentials=API_KEY)
    with pytest.raises(errors.RateLimited) as caught:
        client.create_assignment(BADGE, ADA, fence=no_fence)
    assert caught.value.seconds == 5


def test_a_gzip_bomb_does_not_grow_memory(wix: ScriptedWix, connect: Connect) -> None:
    wix.expect(wire.BADGES_QUERY, bomb(200 * 1024 * 1024))
    client = connect(credentials=API_KEY)
    tracemalloc.start()
    try:
        with pytest.raises(errors.Ambiguous, match="larger than"):
            client.badges()
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 40 * 1024 * 1024


def test_a_gzipped_page_is_read(wix: ScriptedWix, connect: Connect) -> None:
    body = json.dumps(EMPTY_PAGE.body) + " " * 1000

    packed = gzip.compress(body.encode())
    wix.expect(wire.BADGES_QUERY, Reply(body=packed, headers={"Content-Encoding": "gzip"}))
    assert connect(credentials=API_KEY).badges() == []


def test_cookies_are_not_kept(wix: ScriptedWix, connect: Connect) -> None:
    baked = Reply(body=EMPTY_PAGE.body, headers={"Set-Cookie": "XSRF-TOKEN=1; Path=/"})
    wix.expect(wire.BADGES_QUERY, baked, EMPTY_PAGE)
    client = connect(credentials=API_KEY)
    client.badges()
    client.badges()
    assert all("cookie" not in one.headers for one in wix.requests)


def test_a_proxy_of_the_environment_is_not_used(
    wix: ScriptedWix, connect: Connect, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("ALL_PROXY", "http://127.0.0.1:9")
    wix.expect(wire.BADGES_QUERY, EMPTY_PAGE)
    assert connect(credentials=API_KEY).badges() == []


@pytest.mark.parametrize(
    "url",
    [
        "http://www.wixapis.com",
        "https://www.wixapis.com.example.org",
        "https://example.org",
        "https://www.wixapis.com@example.org",
        "https://user:pass@www.wixapis.com",
        "https://www.wixapis.com:8443",
        "https://www.wixapis.com/path",
        "https://www.wixapis.com?x=1",
        "http://10.0.0.1",
        "http://0.0.0.0",
        "http://127.0.0.1.example.org",
        "http://[::ffff:127.0.0.1]",
        "http://[",
        "http://127.0.0.1:99999",
        "https://127.0.0.1",
        "file:///etc/passwd",
        "",
    ],
)
def test_no_other_host_can_be_set(connect: Connect, url: str) -> None:
    with pytest.raises(errors.SettingsError, match=r"www\.wixapis\.com") as caught:
        connect(base_url=url)
    assert "pass@" not in str(caught.value)


@pytest.mark.parametrize(
    "url",
    ["https://www.wixapis.com", "http://localhost:8099/", "http://[::1]:8099", "http://127.9.9.9"],
)
def test_wix_and_this_machine_can_be_set(connect: Connect, url: str) -> None:
    connect(base_url=url)


def _use(client: WixClient, told: Any) -> None:
    for use in (client.badges, client.token_info):
        try:
            use()
        except errors.BadgeJobsError as error:
            told.put(f"{type(error).__name__}: {error}")


@pytest.mark.parametrize("warm", [True, False])
def test_a_client_that_crossed_a_fork_says_so_and_sends_nothing(
    wix: ScriptedWix, connect: Connect, warm: bool
) -> None:
    client = connect()
    if warm:
        wix.expect(wire.BADGES_QUERY, EMPTY_PAGE)
        client.badges()
    before = len(wix.requests)
    fork = multiprocessing.get_context("fork")
    told = fork.SimpleQueue()
    child = fork.Process(target=_use, args=(client, told))
    child.start()
    child.join(20)
    for _ in range(2):
        assert told.get().startswith("StateError: a Wix client crossed a fork")
    told.close()
    assert len(wix.requests) == before
    wix.expect(wire.BADGES_QUERY, EMPTY_PAGE)
    assert client.badges() == []  # the child broke nothing of its parent's


def test_the_clients_threads_do_not_mix_answers(wix: ScriptedWix, connect: Connect) -> None:
    def echo(handler: Handler) -> None:
        sent = handler.server.requests
        mine = next(one for one in reversed(sent) if one.connection == handler.number)
        pair = mine.body["badgeAssignment"]
        handler.answer(
            Reply(body={"badgeAssignment": assignment(1, pair["memberId"], pair["badgeId"])})
        )

    wix.expect(wire.ASSIGNMENTS, *[Reply(act=echo)] * 40)
    client = connect()
    start = threading.Barrier(4)

    def run(number: int) -> list[str]:
        start.wait(10)
        return [
            client.create_assignment(BADGE, member(number * 10 + n), fence=no_fence).member_id
            for n in range(10)
        ]

    with ThreadPoolExecutor(4) as pool:
        found = [one for some in pool.map(run, range(4)) for one in some]
    assert found == [member(number) for number in range(40)]


# ---------------------------------------------------------------- what HTTP allows, and what not

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
    client = connect(request_deadline=timedelta(seconds=0.3))
    with pytest.raises(errors.NotSent if path == wire.TOKEN else errors.Ambiguous):
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
