from __future__ import annotations

import gzip
import json
import logging
import multiprocessing
import threading
import tracemalloc
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
from scripted_wix import (
    REQUEST_ID,
    TOKEN,
    Handler,
    Reply,
    ScriptedWix,
    bomb,
    dripping_body,
    dripping_headers,
    error,
    hang_up,
    reset,
    scripted_wix,
    token,
    truncated,
)

from badgejobs import errors
from badgejobs.core.milestone import Look
from badgejobs.wix import wire
from badgejobs.wix.auth import ApiKeyCredentials, AppCredentials
from badgejobs.wix.client import WixClient

BADGE = "3f0a9d5e-5f4d-4f2b-9a57-1f2b7a0c1101"
ADA = "c2b7a6d4-0d3f-4a4e-9f10-6f5a2c9e2201"
BEN = "c2b7a6d4-0d3f-4a4e-9f10-6f5a2c9e2202"
SECRET = "canary-app-secret"
KEY = "IST.canary-api-key"
APP = AppCredentials(
    app_id="7d0c3a51-2f68-4e0b-9d0e-51a6f0b8c001",
    app_secret=SECRET,
    instance_id="b6e1f2a0-9f44-4b2e-8a55-0c4c4a1d7e10",
)
API_KEY = ApiKeyCredentials(api_key=KEY, site_id="2f0a9d5e-5f4d-4f2b-9a57-1f2b7a0c1199")
EMPTY_PAGE = Reply(body={"badges": [], "pagingMetadata": {"count": 0, "hasNext": False}})


@pytest.fixture
def wix() -> Iterator[ScriptedWix]:
    with scripted_wix() as server:
        yield server


Connect = Callable[..., WixClient]


@pytest.fixture
def connect(wix: ScriptedWix) -> Iterator[Connect]:
    opened = []

    def client(**settings: Any) -> WixClient:
        given: dict[str, Any] = {
            "base_url": wix.url,
            "credentials": APP,
            "pace": lambda: None,
            "request_deadline": timedelta(seconds=5),
        }
        opened.append(WixClient(**(given | settings)))
        return opened[-1]

    yield client
    for one in opened:
        one.close()


def never_called() -> None:
    raise AssertionError


def no_fence() -> None:
    pass


def assignment(number: int = 1, member: str = ADA, badge: str = BADGE) -> dict[str, Any]:
    return {
        "id": f"91d5b3aa-2b61-4a0c-8e0d-3b1f5d7e33{number:02}",
        "badgeId": badge,
        "memberId": member,
        "createdDate": "2026-02-03T08:30:00.000Z",
    }


def assignments_page(*rows: object, cursor: str | None = None) -> Reply:
    paging = {"count": len(rows), "cursors": {"next": cursor}, "hasNext": cursor is not None}
    return Reply(body={"badgeAssignments": rows, "pagingMetadata": paging})


def created(number: int = 1, member: str = ADA) -> Reply:
    return Reply(body={"badgeAssignment": assignment(number, member)})


# ---------------------------------------------------------------- tokens


def test_one_token_serves_many_calls_bare_in_the_header(wix: ScriptedWix, connect: Connect) -> None:
    wix.expect(wire.BADGES_QUERY, EMPTY_PAGE, EMPTY_PAGE)
    client = connect()
    client.badges()
    client.badges()
    [asked] = wix.seen(wire.TOKEN)
    assert asked.body == {
        "grant_type": "client_credentials",
        "client_id": APP.app_id,
        "client_secret": SECRET,
        "instance_id": APP.instance_id,
    }
    assert "authorization" not in asked.headers
    first, second = wix.seen(wire.BADGES_QUERY)
    assert first.headers["authorization"] == second.headers["authorization"] == TOKEN
    assert first.headers["accept-encoding"] == "gzip"
    assert client.calls == 2
    assert client.calls_by_path == {wire.BADGES_QUERY: 2}


def test_a_token_is_renewed_at_four_fifths_of_its_life(wix: ScriptedWix, connect: Connect) -> None:
    now = [1000.0]
    wix.expect(wire.BADGES_QUERY, *[EMPTY_PAGE] * 3)
    wix.expect(wire.TOKEN, token("first", expires_in=100), token("second", expires_in=100))
    client = connect(monotonic=lambda: now[0])
    client.badges()
    now[0] += 79
    client.badges()
    now[0] += 2
    client.badges()
    used = [one.headers["authorization"] for one in wix.seen(wire.BADGES_QUERY)]
    assert used == ["first", "first", "second"]


def test_threads_that_start_together_ask_for_one_token(wix: ScriptedWix, connect: Connect) -> None:
    wix.expect(wire.BADGES_QUERY, *[EMPTY_PAGE] * 8)
    client = connect()
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda _: client.badges(), range(8)))
    assert len(wix.seen(wire.TOKEN)) == 1
    assert client.calls == 8


def test_a_401_costs_one_new_token_and_the_same_request_again(
    wix: ScriptedWix, connect: Connect
) -> None:
    paces, fences = [], []
    wix.expect(wire.TOKEN, token("old"), token("new"))
    wix.expect(wire.ASSIGNMENTS, error(401, "UNAUTHENTICATED"), created())
    client = connect(pace=lambda: paces.append(1))
    given = client.create_assignment(BADGE, ADA, fence=lambda: fences.append(1))
    assert given.member_id == ADA
    first, second = wix.seen(wire.ASSIGNMENTS)
    assert first.body == second.body
    assert [first.headers["authorization"], second.headers["authorization"]] == ["old", "new"]
    assert (len(paces), len(fences)) == (2, 2)


def test_a_second_401_is_about_the_credentials(wix: ScriptedWix, connect: Connect) -> None:
    wix.expect(wire.BADGES_QUERY, *[error(401, "UNAUTHENTICATED")] * 2)
    with pytest.raises(errors.CredentialsRefused, match="still installed"):
        connect().badges()
    assert len(wix.seen(wire.BADGES_QUERY)) == 2


def test_an_api_key_comes_with_its_site_and_a_401_ends_it_at_once(
    wix: ScriptedWix, connect: Connect
) -> None:
    wix.expect(wire.BADGES_QUERY, EMPTY_PAGE, error(401, "UNAUTHENTICATED"))
    client = connect(credentials=API_KEY)
    client.badges()
    with pytest.raises(errors.CredentialsRefused, match="API Keys Manager"):
        client.badges()
    assert wix.seen(wire.TOKEN) == []
    for one in wix.seen(wire.BADGES_QUERY):
        assert one.headers["authorization"] == KEY
        assert one.headers["wix-site-id"] == API_KEY.site_id
    assert len(wix.seen(wire.BADGES_QUERY)) == 2


@pytest.mark.parametrize("status", [400, 401, 403, 404])
def test_a_refused_secret_names_the_cure(wix: ScriptedWix, connect: Connect, status: int) -> None:
    body = {"error": "invalid_client", "error_description": "no such client"}
    wix.expect(wire.TOKEN, Reply(status=status, body=body))
    with pytest.raises(errors.CredentialsRefused, match=r"invalid_client.*check app id"):
        connect().badges()
    assert wix.seen(wire.BADGES_QUERY) == []


@pytest.mark.parametrize(
    "reply",
    [
        Reply(status=503),
        Reply(body=b"<html>"),
        Reply(body={}),
        Reply(body={"access_token": "a\nb", "expires_in": 5}),
        Reply(body={"access_token": "t", "expires_in": -1}),
        Reply(act=reset),
        Reply(act=truncated),
    ],
)
def test_no_token_means_that_the_create_was_surely_not_sent(
    wix: ScriptedWix, connect: Connect, reply: Reply
) -> None:
    wix.expect(wire.TOKEN, reply)
    with pytest.raises(errors.NotSent) as caught:
        connect().create_assignment(BADGE, ADA, fence=never_called)
    assert not caught.value.may_have_happened
    assert wix.seen(wire.ASSIGNMENTS) == []


def test_a_429_shuts_the_gate_also_at_the_token(wix: ScriptedWix, connect: Connect) -> None:
    shut: list[float] = []
    client = connect(on_rate_limited=shut.append)
    wix.expect(wire.TOKEN, error(429, headers={"Retry-After": "9"}))
    with pytest.raises(errors.RateLimited):
        client.badges()
    wix.expect(wire.BADGES_QUERY, error(429))
    with pytest.raises(errors.RateLimited) as caught:
        client.badges()
    assert caught.value.seconds == 60
    assert shut == [9, 60]
    assert len(wix.seen(wire.BADGES_QUERY)) == 1


# ---------------------------------------------------------------- order of things


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

    with httpx.Client(transport=httpx.MockTransport(lambda _: httpx.Response(200))) as http:
        client = WixClient(
            base_url=wire.BASE_URL,
            credentials=API_KEY,
            pace=no_fence,
            request_deadline=timedelta(seconds=1),
            http=http,
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


# ---------------------------------------------------------------- faults of the way


def stalled(handler: Handler) -> None:
    handler.close_connection = True
    handler.server.stopping.wait(5)


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
    try:
        client.badges()
    except errors.StateError as error:
        told.put(str(error))


def test_a_client_that_crossed_a_fork_says_so_and_sends_nothing(
    wix: ScriptedWix, connect: Connect
) -> None:
    client = connect(credentials=API_KEY)
    fork = multiprocessing.get_context("fork")
    told = fork.SimpleQueue()
    child = fork.Process(target=_use, args=(client, told))
    child.start()
    child.join(20)
    assert "fork" in told.get()
    told.close()
    assert wix.requests == []


# ---------------------------------------------------------------- badges and assignments


def test_badges_are_read_to_the_last_page(wix: ScriptedWix, connect: Connect) -> None:
    first = {"id": BADGE, "revision": "3", "title": "Loyal", "backgroundColor": "#1B4D3E"}
    second = {"id": ADA, "revision": 1, "title": "First", "icon": {"url": "https://x/y.png"}}
    more = {"count": 1, "cursors": {"next": "c2"}, "hasNext": True}
    wix.expect(
        wire.BADGES_QUERY,
        Reply(body={"badges": [first], "pagingMetadata": more}),
        Reply(body={"badges": [second], "pagingMetadata": {"hasNext": False}}),
    )
    loyal, first_one = connect(credentials=API_KEY).badges()
    assert (loyal.id, loyal.revision, loyal.look.background) == (BADGE, "3", "#1B4D3E")
    assert (first_one.revision, first_one.look.icon) == ("1", "https://x/y.png")
    bodies = [one.body for one in wix.seen(wire.BADGES_QUERY)]
    assert bodies[0] == {"query": {"cursorPaging": {"limit": 100}}}
    assert bodies[1] == {"query": {"cursorPaging": {"limit": 100, "cursor": "c2"}}}


def test_a_badge_is_created_as_it_shall_look(wix: ScriptedWix, connect: Connect) -> None:
    wix.expect(wire.BADGES, Reply(body={"badge": {"id": BADGE, "revision": "1", "title": "Loyal"}}))
    made = connect(credentials=API_KEY).create_badge(Look(title="Loyal", description="Ten"))
    assert made.id == BADGE
    assert wix.requests[0].body == {
        "badge": {
            "title": "Loyal",
            "description": "Ten",
            "backgroundColor": "#796EFF",
            "textColor": "#FFFFFF",
        }
    }


def test_assignments_are_asked_for_by_both_lists_and_read_to_the_end(
    wix: ScriptedWix, connect: Connect
) -> None:
    foreign = assignment(9, badge="3f0a9d5e-5f4d-4f2b-9a57-1f2b7a0c1999")
    wix.expect(
        wire.ASSIGNMENTS_QUERY,
        assignments_page(assignment(1), foreign, cursor="c2"),
        assignments_page(assignment(2, BEN.upper()), assignment(1)),
    )
    found = connect(credentials=API_KEY).assignments([BADGE], [ADA, BEN])
    assert [(one.badge_id, one.member_id) for one in found] == [(BADGE, ADA), (BADGE, BEN)]
    assert found[0].created_at == datetime(2026, 2, 3, 8, 30, tzinfo=UTC)
    first, second = (one.body for one in wix.requests)
    assert first == {
        "query": {
            "filter": {"badgeId": {"$in": [BADGE]}, "memberId": {"$in": [ADA, BEN]}},
            "cursorPaging": {"limit": 100},
        }
    }
    assert second == {"query": {"cursorPaging": {"limit": 100, "cursor": "c2"}}}


def test_more_badges_than_a_list_takes_cost_more_calls(wix: ScriptedWix, connect: Connect) -> None:
    badges = [f"3f0a9d5e-5f4d-4f2b-9a57-1f2b7a0c{number:04}" for number in range(250)]
    wix.expect(wire.ASSIGNMENTS_QUERY, *[assignments_page()] * 3)
    client = connect(credentials=API_KEY)
    assert client.assignments(badges) == []
    asked = [one.body["query"]["filter"] for one in wix.requests]
    assert [one["badgeId"]["$in"] for one in asked] == [badges[:100], badges[100:200], badges[200:]]
    assert all("memberId" not in one for one in asked)
    assert client.assignments([BADGE], []) == client.assignments([]) == []
    assert client.calls == 3


def test_a_cursor_that_comes_again_ends_the_reading(wix: ScriptedWix, connect: Connect) -> None:
    pages = [assignments_page(cursor=cursor) for cursor in ("a", "b", "a")]
    wix.expect(wire.ASSIGNMENTS_QUERY, *pages)
    with pytest.raises(errors.Ambiguous, match="never end"):
        connect(credentials=API_KEY).assignments([BADGE], [ADA])


def test_an_assignment_that_cannot_be_read_is_not_taken_for_absent(
    wix: ScriptedWix, connect: Connect
) -> None:
    wix.expect(wire.ASSIGNMENTS_QUERY, assignments_page({"id": "?", "memberId": "Ana"}))
    with pytest.raises(errors.Ambiguous) as caught:
        connect(credentials=API_KEY).assignments([BADGE], [ADA])
    assert "Ana" not in str(caught.value)


@pytest.mark.parametrize(
    ("status", "code", "expected"),
    [
        (409, "ALREADY_EXISTS", errors.AlreadyExists),
        (404, "MEMBER_NOT_FOUND", errors.NotFound),
        (400, "INVALID_ARGUMENT", errors.Refused),
        (403, "PERMISSION_DENIED", errors.PermissionMissing),
    ],
)
def test_a_create_that_wix_refuses_did_not_happen(
    wix: ScriptedWix,
    connect: Connect,
    status: int,
    code: str,
    expected: type[errors.BadgeJobsError],
) -> None:
    wix.expect(wire.ASSIGNMENTS, error(status, code))
    with pytest.raises(expected) as caught:
        connect(credentials=API_KEY).create_assignment(BADGE, ADA, fence=no_fence)
    assert not caught.value.may_have_happened
    assert REQUEST_ID in str(caught.value)


def row(index: int, member: str | None = None, code: str | None = None) -> dict[str, Any]:
    meta: dict[str, Any] = {"originalIndex": index, "success": code is None}
    if code is not None:
        return {"itemMetadata": meta | {"error": {"code": code, "description": "x"}}}
    if member is None:
        return {"itemMetadata": meta | {"id": assignment(index)["id"]}}
    return {"itemMetadata": meta, "item": assignment(index, member)}


def member(number: int) -> str:
    return f"c2b7a6d4-0d3f-4a4e-9f10-6f5a2c9e22{number:02}"


def test_bulk_results_go_by_their_index_and_what_is_not_told_is_unknown(
    wix: ScriptedWix, connect: Connect
) -> None:
    pairs = [(BADGE, member(number)) for number in range(9)]
    rows: list[Any] = [
        row(6, code="SOMETHING_ELSE"),
        row(3, code="INVALID_ARGUMENT"),
        row(2, code="MEMBER_NOT_FOUND"),
        row(1, code="ALREADY_EXISTS"),
        row(0, member(0)),
        row(4),  # success without entity
        row(5, member(7)),  # says it is about someone else
        row(7, member(7)),
        row(7, member(7)),  # twice: which is true?
        row(99, member(1)),
        "nonsense",
        {"itemMetadata": {"success": True}},
    ]
    answer = {
        "results": rows,
        "bulkActionMetadata": {"totalSuccesses": 3, "totalFailures": 6, "undetailedFailures": 1},
    }
    wix.expect(wire.ASSIGNMENTS_BULK_CREATE, Reply(body=answer))
    told = connect(credentials=API_KEY).create_assignments(pairs, fence=no_fence)
    assert [type(one.error) for one in told] == [
        type(None),
        errors.AlreadyExists,
        errors.NotFound,
        errors.Refused,
        type(None),
        errors.Ambiguous,
        errors.Ambiguous,
        errors.Ambiguous,
        errors.Ambiguous,  # no row: one of the undetailed failures
    ]
    assert all((one.assignment is None) == (one.error is not None) for one in told)
    assert told[0].assignment is not None
    assert told[0].assignment.member_id == member(0)
    [sent] = wix.requests
    assert sent.body["returnEntity"] is True
    assert [one["memberId"] for one in sent.body["badgeAssignments"]] == [m for _, m in pairs]


def test_a_malformed_id_does_not_cost_the_others_their_badge(
    wix: ScriptedWix, connect: Connect
) -> None:
    wix.expect(wire.ASSIGNMENTS_BULK_CREATE, Reply(body={"results": [row(0, ADA), row(1, BEN)]}))
    client = connect(credentials=API_KEY)
    told = client.create_assignments(
        [(BADGE, ADA), (BADGE, "../orders"), (BADGE, BEN)], fence=no_fence
    )
    assert [one.assignment and one.assignment.member_id for one in told] == [ADA, None, BEN]
    assert isinstance(told[1].error, errors.Refused)
    with pytest.raises(errors.Refused):
        client.create_assignment(BADGE, "../orders", fence=no_fence)
    [none] = client.create_assignments([("x", "y")], fence=never_called)
    assert isinstance(none.error, errors.Refused)
    assert client.calls == 1


def test_a_bulk_answer_that_is_lost_leaves_all_unknown(wix: ScriptedWix, connect: Connect) -> None:
    wix.expect(wire.ASSIGNMENTS_BULK_CREATE, Reply(act=reset), Reply(body={"results": 3}))
    client = connect(credentials=API_KEY)
    for _ in range(2):
        with pytest.raises(errors.Ambiguous):
            client.create_assignments([(BADGE, ADA), (BADGE, BEN)], fence=no_fence)


# ---------------------------------------------------------------- activities and health


def test_a_page_comes_with_wixs_own_time(wix: ScriptedWix, connect: Connect) -> None:
    def dated(handler: Handler) -> None:
        body = b'{"orders": [], "metadata": {"hasNext": false}}'
        handler.send_response_only(200)
        handler.send_header("Date", "Tue, 03 Feb 2026 08:15:00 GMT")
        handler.send_header("Content-Length", str(len(body)))
        handler.end_headers()
        handler.wfile.write(body)

    wix.expect(wire.ORDERS_SEARCH, Reply(act=dated))
    found = connect(credentials=API_KEY).search_orders(None, None)
    assert found.answered_at == datetime(2026, 2, 3, 8, 15, tzinfo=UTC)


def test_a_refused_cursor_says_so(wix: ScriptedWix, connect: Connect) -> None:
    wix.expect(wire.ORDERS_SEARCH, error(400, "INVALID_CURSOR"))
    with pytest.raises(errors.CursorRefused):
        connect(credentials=API_KEY).search_orders(None, "old")


def test_a_page_that_leads_to_itself_is_not_followed(wix: ScriptedWix, connect: Connect) -> None:
    paging = {"cursors": {"next": "same"}, "hasNext": True}
    wix.expect(wire.ORDERS_SEARCH, Reply(body={"orders": [], "metadata": paging}))
    with pytest.raises(errors.Ambiguous, match="never end"):
        connect(credentials=API_KEY).search_orders(None, "same")


def test_a_probe_tells_which_permission_is_missing(wix: ScriptedWix, connect: Connect) -> None:
    wix.expect(wire.BADGES_QUERY, EMPTY_PAGE)
    wix.expect(wire.ORDERS_SEARCH, error(403, "PERMISSION_DENIED"))
    wix.expect(wire.COMMENTS_COUNT, Reply(body={"count": 3}))
    wix.expect(wire.ASSIGNMENTS_BULK_DELETE, error(403, "PERMISSION_DENIED"))
    found = connect().probe(comment_app=wire.COMMENT_APPS["blog"])
    assert found[wire.SCOPE_READ_BADGES] is None
    assert found[wire.SCOPE_READ_COMMENTS] is None
    assert wire.SCOPE_READ_ORDERS in str(found[wire.SCOPE_READ_ORDERS])
    assert wire.SCOPE_MANAGE_BADGES in str(found[wire.SCOPE_MANAGE_BADGES])


@pytest.mark.parametrize("text", ["", "two words", "line\nbreak", "ключ"])
def test_a_key_that_no_header_can_carry_is_refused_by_name(text: str) -> None:
    with pytest.raises(errors.SettingsError, match="api_key"):
        ApiKeyCredentials(api_key=text, site_id="s")


def test_no_secret_and_no_token_shows_anywhere(
    wix: ScriptedWix, connect: Connect, caplog: pytest.LogCaptureFixture
) -> None:
    shown: list[str] = [repr(APP), str(APP), repr(API_KEY), str(API_KEY)]
    with caplog.at_level(logging.DEBUG):
        for credentials in (APP, API_KEY):
            client = connect(credentials=credentials, request_deadline=timedelta(seconds=0.3))
            shown += [repr(client), str(vars(client))]
            for reply in (EMPTY_PAGE, error(401), error(403), error(503), Reply(act=reset)):
                wix.expect(wire.BADGES_QUERY, reply, reply)
                try:
                    client.badges()
                except errors.BadgeJobsError as caught:
                    shown += _said(caught)
                wix.script[wire.BADGES_QUERY].clear()
        for reply in (error(401), error(429), Reply(body={"access_token": 7}), Reply(act=reset)):
            wix.expect(wire.TOKEN, reply)
            try:
                connect().badges()
            except errors.BadgeJobsError as caught:
                shown += _said(caught)
    assert len(caplog.records) > 20
    everything = "\n".join([*shown, caplog.text])
    for canary in (SECRET, KEY, TOKEN):
        assert canary not in everything


def _said(error: BaseException | None) -> list[str]:
    said = []
    while error is not None:
        said += [str(error), repr(error), repr(vars(error))]
        error = error.__cause__ or error.__context__
    return said


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
