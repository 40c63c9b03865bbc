from __future__ import annotations

import gzip
import json
import multiprocessing
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
from badgejobs.wix.client import WixClient

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


def test_a_slot_is_looked_at_again_when_token_and_connection_are_there_and_before_the_claim(
    wix: ScriptedWix, connect: Connect
) -> None:
    order: list[object] = []

    def slot() -> Callable[[], None]:
        order.append("slot")
        return lambda: order.append(("again", [one.path for one in wix.requests]))

    wix.expect(wire.ASSIGNMENTS, created())
    wix.expect(wire.BADGES_QUERY, EMPTY_PAGE)
    client = connect(pace=slot)
    client.create_assignment(BADGE, ADA, fence=lambda: order.append("claim"))
    assert order == ["slot", ("again", [wire.TOKEN]), "claim"]
    order.clear()
    client.badges()
    assert order == ["slot", ("again", [wire.TOKEN, wire.ASSIGNMENTS])]


def test_a_slot_that_grew_old_and_has_no_follower_leaves_wix_untouched(
    wix: ScriptedWix, connect: Connect
) -> None:
    def gone() -> None:
        raise errors.Paced("no slot", seconds=3)

    wix.expect(wire.ASSIGNMENTS, created())
    wix.expect(wire.BADGES_QUERY, EMPTY_PAGE)
    slots = [gone, gone, no_fence, no_fence]
    client = connect(pace=lambda: slots.pop(0))
    with pytest.raises(errors.Paced) as caught:
        client.create_assignment(BADGE, ADA, fence=never_called)
    assert not caught.value.may_have_happened
    with pytest.raises(errors.Paced):
        client.badges()
    assert [one.path for one in wix.requests] == [wire.TOKEN]
    assert client.calls == 0
    assert client.badges() == []  # and the connection is of use
    assert client.create_assignment(BADGE, ADA, fence=no_fence).member_id == ADA
    assert client.calls == 2


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
    wix.expect(wire.BADGES_QUERY, bomb(100 * 1024 * 1024))
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


def test_nothing_that_an_answer_asks_for_is_sent_with_the_next_request(
    wix: ScriptedWix, connect: Connect
) -> None:
    asking = {"Set-Cookie": "XSRF-TOKEN=1; Path=/", "X-Wix-Consistent": "a mark"}
    baked = Reply(body=EMPTY_PAGE.body, headers=asking)
    wix.expect(wire.BADGES_QUERY, baked, EMPTY_PAGE)
    client = connect(credentials=API_KEY)
    client.badges()
    client.badges()
    assert len(wix.requests) == 2
    for one in wix.requests:
        assert one.headers.keys().isdisjoint({"cookie", "x-wix-consistent"})


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
