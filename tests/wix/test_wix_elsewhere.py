"""Calls to endpoints that the client has no method for, as plug-ins make them."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from scripted_wix import Handler, Reply, ScriptedWix, error
from wix_facts import ADA, API_KEY, Connect, no_fence

from badgejobs.core.source import Client
from badgejobs.errors import Ambiguous, CursorRefused, NotFound, Paced, Refused
from badgejobs.wix import wire

pytest_plugins = ["wix_fixtures"]

REVIEWS = wire.REVIEWS_QUERY


def test_an_answer_is_a_json_object_and_the_time_of_wix(wix: ScriptedWix, connect: Connect) -> None:
    as_protocol: Client = connect(credentials=API_KEY)

    def act(handler: Handler) -> None:
        told = b'{"reviews": [{"id": "r", "price": 1.10, "big": %d}]}' % (10**30)
        handler.send_response_only(200)
        handler.send_header("Date", "Tue, 03 Feb 2026 08:15:00 GMT")
        handler.send_header("Content-Length", str(len(told)))
        handler.end_headers()
        handler.wfile.write(told)

    wix.expect(REVIEWS, Reply(act=act))
    wix.expect("/reviews/v1/reviews/r", Reply(body={}))
    answer = as_protocol.post(REVIEWS, {"query": {"filter": {"entityId": "é"}}})
    assert answer.body == {"reviews": [{"id": "r", "price": Decimal("1.1"), "big": 10**30}]}
    assert answer.answered_at == datetime(2026, 2, 3, 8, 15, tzinfo=UTC)
    assert as_protocol.get("/reviews/v1/reviews/r", {"a": "1 &b=2"}).body == {}
    sent, got = wix.requests
    assert (sent.method, sent.body) == ("POST", {"query": {"filter": {"entityId": "é"}}})
    assert (got.method, got.query, got.body) == ("GET", {"a": "1 &b=2"}, None)
    assert sent.headers["wix-site-id"] == API_KEY.site_id


@pytest.mark.parametrize("body", [b"[]", b"7", b"null", b'{"a": NaN}', b"<html>", b""])
def test_what_is_no_json_object_is_no_answer(
    wix: ScriptedWix, connect: Connect, body: bytes
) -> None:
    wix.expect(REVIEWS, Reply(body=body))
    with pytest.raises(Ambiguous):
        connect(credentials=API_KEY).post(REVIEWS, {})


def test_a_call_waits_for_its_turn_like_all_others(wix: ScriptedWix, connect: Connect) -> None:
    def pace() -> None:
        raise Paced("not now", seconds=3)

    with pytest.raises(Paced):
        connect(credentials=API_KEY, pace=pace).post(REVIEWS, {})
    assert wix.requests == []


@pytest.mark.parametrize(
    "path",
    [
        "/contacts/v4/contacts/search",
        "/wix-data/v2/items/count",
        "/wix-data/v2/items/aggregate",
        "/ecom/v1/payments/list-by-ids",
        "/comments/v1/comments/query-cursor",
        f"/events/v1/events/{ADA}/guests/query",
    ],
)
def test_what_reads_may_be_posted(wix: ScriptedWix, connect: Connect, path: str) -> None:
    wix.expect(path, Reply(body={}))
    connect(credentials=API_KEY).post(path, {})
    assert [one.path for one in wix.requests] == [path]


WRITES = [
    "/reviews/v1/reviews",
    "/reviews/v1/bulk/reviews/create",
    "/reviews/v1/reviews/delete",
    "/reviews/v1/reviews/query-and-delete",
    "/reviews/v1/reviews/query/moderate",
    "/loyalty-accounts/v1/accounts/list-by-ids-",
    "/members/v1/members/Query",
    "/wix-data/v2/items/query-or-save",
]
OURS = [
    "/badges/v4/badges/query",
    "/badges/v4/assignments/query",
    "/badges/v4/assignments",
    "/Badges/v4/badges/query",
    "/v4/badge-assignments/query",
    "/v4/bulk/badge-assignments/create",
    "/v4/BADGE-assignments/query",
    "/x/v1/badgesv4/query",
    "/oauth2/token",
    "/oauth2/token-info",
    "/oauth/v1/query",
    "/_sandbox/log",
    "/_api/reviews/query",
]
MALFORMED: list[Any] = [
    "",
    "/",
    "/reviews",
    "reviews/v1/reviews/query",
    "//evil.example/v1/query",
    "/reviews//v1/query",
    "/reviews/v1/reviews/query/",
    "/reviews/../badges/v4/query",
    "/reviews/./v1/query",
    "/reviews/v1/.../query",
    "/reviews/%2e%2e/badges/query",
    "/reviews%2fv1/query",
    "/reviews\\v1/query",
    "/reviews/v1/query?x=1",
    "/reviews/v1/query#x",
    "/reviews/v1/reviews/query\n",
    "/reviews/v1/ review/query",
    "/reviews/v1/ré/query",
    "/reviews/v1/b\u2024adges/query",
    "/reviews/v1/x@y.example/query",
    "https://evil.example/v1/query",
    "/a" * 13 + "/query",
    f"/reviews/v1/{'a' * 201}/query",
]


@pytest.mark.parametrize("path", [*WRITES, *OURS, *MALFORMED])
def test_what_writes_or_leads_elsewhere_is_never_posted(
    wix: ScriptedWix, connect: Connect, path: str
) -> None:
    with pytest.raises(Refused, match="nothing was sent"):
        connect(credentials=API_KEY).post(path, {})
    assert wix.requests == []


@pytest.mark.parametrize("path", [*OURS, *MALFORMED])
def test_badges_and_tokens_are_not_read_by_others(
    wix: ScriptedWix, connect: Connect, path: str
) -> None:
    with pytest.raises(Refused, match="nothing was sent"):
        connect(credentials=API_KEY).get(path)
    assert wix.requests == []


@pytest.mark.parametrize(
    ("path", "shown"),
    [
        (f"/reviews/v1/reviews/{ADA}", "/reviews/v1/reviews/{id}"),
        ("/members/v1/members/slug/ana-smith", "/members/v1/members/{id}/{id}"),
        ("/members/v1/members/v77", "/members/v1/members/{id}"),
        ("/blog/v3/posts/ana.smith_2019~x", "/blog/v3/posts/{id}"),
        ("/apps/v1/instance", "/apps/v1/instance"),
        ("/no-version/of/ana-smith", "/no-version/of/{id}"),
        (f"/{ADA}/v1/{ADA}", "/{id}/v1/{id}"),
    ],
)
def test_a_path_is_shown_and_counted_without_what_may_be_an_id(
    wix: ScriptedWix, connect: Connect, path: str, shown: str
) -> None:
    client = connect(credentials=API_KEY)
    wix.expect(path, error(404, "NOT_FOUND"))
    with pytest.raises(NotFound) as caught:
        client.get(path)
    assert str(caught.value).startswith(f"GET {shown} answered 404")
    assert client.calls_by_path == {shown: 1}


@pytest.mark.parametrize("path", [f"/events/v1/events/{ADA}/ana-smith/{ADA}", f"/{ADA}/ana-smith"])
def test_a_refusal_shows_no_id(connect: Connect, path: str) -> None:
    with pytest.raises(Refused) as caught:
        connect(credentials=API_KEY).post(path, {})
    assert ADA not in str(caught.value)


@pytest.mark.parametrize(
    "body",
    [
        {"cursorPaging": {"cursor": "c"}},
        {"query": {"cursorPaging": {"limit": 5, "cursor": "c"}}},
        {"search": {"cursorPaging": {"cursor": "c"}}},
    ],
)
def test_a_cursor_that_wix_no_longer_takes_is_told_as_such(
    wix: ScriptedWix, connect: Connect, body: dict[str, Any]
) -> None:
    client = connect(credentials=API_KEY)
    wix.expect(REVIEWS, error(400), error(400), error(400))
    with pytest.raises(CursorRefused):
        client.post(REVIEWS, body)
    for without in ({"query": {"cursorPaging": {"limit": 5}}}, {"query": None}):
        with pytest.raises(Refused) as caught:
            client.post(REVIEWS, without)
        assert not isinstance(caught.value, CursorRefused)


@pytest.mark.parametrize("name", ["cursor", "cursorPaging.cursor", "paging.cursor"])
def test_so_is_one_in_the_query_of_a_get(wix: ScriptedWix, connect: Connect, name: str) -> None:
    client = connect(credentials=API_KEY, pace=no_fence)
    path = "/reviews/v1/reviews"
    wix.expect(path, error(400), error(400))
    with pytest.raises(CursorRefused):
        client.get(path, {name: "c"})
    with pytest.raises(Refused) as caught:
        client.get(path, {name: ""})
    assert not isinstance(caught.value, CursorRefused)
