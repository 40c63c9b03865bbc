from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
from bound import Bound

from badgejobs.core.activity import Activity, Mark
from badgejobs.core.milestone import Wants
from badgejobs.core.site import Site
from badgejobs.core.source import Counting, Page, Probing, Resources, Walk
from badgejobs.errors import Ambiguous, CursorRefused, Refused, SettingsError
from badgejobs.sources.comments import Comments
from badgejobs.wix import wire
from badgejobs.wix.auth import ApiKeyCredentials
from badgejobs.wix.client import WixClient

MEMBER = "c2b7a6d4-0d3f-4a4e-9f10-6f5a2c9e2201"
BLOG, FORUM = wire.COMMENT_APPS["blog"], wire.COMMENT_APPS["forum"]
WALK = Walk(generation=3)
OTHER = "c2b7a6d4-0d3f-4a4e-9f10-6f5a2c9e2202"
NO_WANTS = Wants()

Answer = Callable[[str, dict[str, Any]], httpx.Response]


def comment(name: str = "c1", **fields: Any) -> dict[str, Any]:
    plain = {
        "id": name,
        "revision": "2",
        "createdDate": "2026-02-01T12:00:00.000Z",
        "updatedDate": "2026-02-01T12:05:00.000Z",
        "author": {"memberId": MEMBER},
        "status": "PUBLISHED",
        "content": {"richContent": {}},
    }
    return {**plain, **fields}


@contextmanager
def comments_of(answer: Answer, *apps: str) -> Iterator[Bound]:
    def handle(request: httpx.Request) -> httpx.Response:
        return answer(request.url.path, json.loads(request.content))

    wix = WixClient(
        base_url=wire.BASE_URL,
        credentials=ApiKeyCredentials(api_key="k", site_id="s"),
        pace=lambda: None,
        request_deadline=timedelta(seconds=1),
        transport=httpx.MockTransport(handle),
    )
    yield Bound(Comments(Site(name="shop", comment_apps=apps)), wix)


def listed(*records: object, cursor: str | None = None) -> httpx.Response:
    paging = {"cursors": {"next": cursor}, "hasNext": cursor is not None}
    return httpx.Response(200, json={"comments": records, "pagingMetadata": paging})


def read(record: dict[str, Any]) -> Activity:
    with comments_of(lambda *_: listed(record), BLOG) as source:
        [one] = source.fetch(WALK, None).activities
    return one


def test_a_comment_is_read_as_an_activity() -> None:
    one = read(comment(commentDate="2019-02-01T12:00:00.000Z"))
    assert (one.site, one.source, one.activity_id, one.part) == ("shop", "comments", "c1", BLOG)
    assert one.member_id == MEMBER
    assert one.occurred_at == datetime(2019, 2, 1, 12, tzinfo=UTC)
    assert one.updated_at == datetime(2026, 2, 1, 12, 5, tzinfo=UTC)
    assert one.revision == 2
    assert one.marks == {Mark.PUBLISHED}
    assert read(comment()).occurred_at == datetime(2026, 2, 1, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("fields", "member", "expected"),
    [
        ({"status": "HIDDEN"}, MEMBER, {Mark.HIDDEN}),
        ({"status": "PENDING", "revision": 7}, MEMBER, {Mark.PENDING}),
        ({"status": "DELETED", "author": None}, None, {Mark.DELETED}),
        ({"author": {"userId": MEMBER}}, None, {Mark.PUBLISHED, Mark.STAFF}),
        ({"author": {"visitorId": MEMBER}}, None, {Mark.PUBLISHED}),
    ],
)
def test_marks_say_what_is_true_of_the_comment_now(
    fields: dict[str, Any], member: str | None, expected: set[Mark]
) -> None:
    one = read(comment(**fields))
    assert one.marks == expected
    assert one.member_id == member


def rich(*texts: str) -> dict[str, Any]:
    """Rich content with one paragraph for each text."""
    nodes = [
        {"type": "PARAGRAPH", "nodes": [{"type": "TEXT", "textData": {"text": text}}]}
        for text in texts
    ]
    return {"richContent": {"nodes": nodes}}


@pytest.mark.parametrize(
    ("content", "length"),
    [
        (rich("Well said"), 9),
        (rich("Well", "said"), 9),
        (rich("  Well \n\t said  "), 9),
        (rich(" " * 400), 0),
        (rich("\N{PERSON BOWING DEEPLY}"), 1),
        ({"richContent": {"nodes": [{"type": "IMAGE"}, *rich("so")["richContent"]["nodes"]]}}, 2),
        ({"richContent": {"nodes": [{"textData": {"text": 7}}, "text", None]}}, 0),
        ({"richContent": None}, 0),
        ("a plain text", 0),
        (None, 0),
    ],
)
def test_of_a_text_only_its_length_is_read(content: object, length: int) -> None:
    assert read(comment(content=content)).length == length


def test_parts_of_one_paragraph_belong_together() -> None:
    parts = [{"type": "TEXT", "textData": {"text": text}} for text in ("un", "like", "ly")]
    quote = {"type": "BLOCKQUOTE", "nodes": [{"type": "PARAGRAPH", "nodes": parts}]}
    assert read(comment(content={"richContent": {"nodes": [quote]}})).length == 8


@pytest.mark.parametrize(
    ("parent", "parent_id", "own"),
    [
        (None, None, False),
        ({"id": "c0", "author": {"memberId": MEMBER}, "status": "PUBLISHED"}, "c0", True),
        ({"id": "c0", "author": {"memberId": OTHER}}, "c0", False),
        ({"id": "c0", "author": {"visitorId": MEMBER}}, "c0", False),
        ({"id": "c0", "status": "DELETED"}, "c0", False),
        ({"id": None}, None, False),
    ],
)
def test_a_reply_is_on_own_content_where_its_parent_is_the_members(
    parent: object, parent_id: str | None, own: bool
) -> None:
    one = read(comment(resourceId="post-1", parentComment=parent))
    assert (one.post, one.parent, one.own) == ("post-1", parent_id, own)
    by_visitor = comment(author={"visitorId": MEMBER}, parentComment=parent)
    assert read(by_visitor).own is False


@pytest.mark.parametrize(
    "fields", [{"status": "UNKNOWN"}, {"status": "SHADOWED"}, {"revision": "x"}, {"id": None}]
)
def test_what_is_not_known_is_unreadable_and_never_guessed(fields: dict[str, Any]) -> None:
    with comments_of(lambda *_: listed(comment(**fields), comment("c2")), BLOG) as source:
        page = source.fetch(WALK, None)
    assert [one.activity_id for one in page.activities] == ["c2"]
    [bad] = page.unreadable
    assert bad.source == "comments"
    assert bad.reason.startswith(next(iter(fields)))


def walked(source: Bound) -> list[Page]:
    pages = [source.fetch(WALK, None)]
    while (cursor := pages[-1].next_cursor) is not None:
        pages.append(source.fetch(WALK, cursor))
    return pages


def test_a_walk_goes_through_every_app_page_by_page_once() -> None:
    asked: list[tuple[str, Any]] = []
    lists = {
        (BLOG, None): listed(comment("b1"), cursor="n:1"),
        (BLOG, "n:1"): listed(comment("b2")),
        (FORUM, None): listed(comment("f1"), cursor="x"),
        (FORUM, "x"): listed(),
    }

    def answer(path: str, body: dict[str, Any]) -> httpx.Response:
        assert path == wire.COMMENTS_QUERY
        asked.append((body["appId"], body["query"]["cursorPaging"].get("cursor")))
        return lists[asked[-1]]

    with comments_of(answer, BLOG, FORUM, BLOG) as source:
        pages = walked(source)
    assert asked == list(lists)
    found = [(one.activity_id, one.part) for page in pages for one in page.activities]
    assert found == [("b1", BLOG), ("b2", BLOG), ("f1", FORUM)]


def test_an_app_that_wix_does_not_know_is_an_error_that_names_it() -> None:
    for status in (404, 400):

        def answer(*_: object, status: int = status) -> httpx.Response:
            return httpx.Response(status, json={"message": "", "details": {}})

        with comments_of(answer, BLOG) as source:
            assert BLOG in source.fetch(WALK, None).refused[BLOG]
            assert BLOG in source.probe({}).refused


def test_a_refused_cursor_passes_on_and_one_of_a_dropped_app_is_refused() -> None:
    with comments_of(lambda *_: httpx.Response(400, json={}), BLOG) as source:
        for cursor in (f"{BLOG}:old", f"{FORUM}:old", "nonsense"):
            with pytest.raises(CursorRefused):
                source.fetch(WALK, cursor)


def test_settings_that_make_no_sense_are_named() -> None:
    with (
        pytest.raises(SettingsError, match="comment_apps of site shop: 'blog'"),
        comments_of(lambda *_: listed(), "blog"),
    ):
        pass
    with comments_of(lambda *_: listed()) as source, pytest.raises(SettingsError, match="shop"):
        source.fetch(WALK, None)


@pytest.mark.parametrize(
    ("known", "changed", "unexplained"),
    [
        ({BLOG: {"p1": 5, "p2": 3}, FORUM: {"t1": 2}}, [], {}),
        ({BLOG: {"p1": 5, "p2": 3}, FORUM: {"t1": 3}}, [(FORUM, ("t1",))], {}),
        ({BLOG: {"p1": 5, "p2": 2}, FORUM: {"t1": 2}}, [(BLOG, ("p1", "p2"))], {}),
        ({BLOG: {"p1": 5}, FORUM: {"t1": 2}}, [], {BLOG: 3}),
        ({BLOG: {"p1": 5, "": 2}, FORUM: {"t1": 2}}, [], {BLOG: 1}),
        ({}, [], {BLOG: 8, FORUM: 2}),
    ],
)
def test_a_probe_holds_each_apps_published_comments_against_the_known_ones(
    known: Mapping[str, Mapping[str, int]],
    changed: list[tuple[str, tuple[str, ...]]],
    unexplained: dict[str, int],
) -> None:
    live = {BLOG: {"p1": 5, "p2": 3}, FORUM: {"t1": 2}}

    def answer(path: str, body: dict[str, Any]) -> httpx.Response:
        assert path == wire.COMMENTS_COUNT
        wanted, here = dict(body["filter"]), live[body["appId"]]
        assert wanted.pop("status") == "PUBLISHED"
        ids = wanted.pop("resourceId", {"$in": [*here]})["$in"]
        assert not wanted
        return httpx.Response(200, json={"count": sum(here.get(one, 0) for one in ids)})

    with comments_of(answer, BLOG, FORUM) as source:
        assert isinstance(source.source, Probing)
        found = source.probe(known)
    assert dict(found.live) == {BLOG: 8, FORUM: 2}
    assert [(one.part, one.ids) for one in found.changed] == changed
    assert dict(found.unexplained) == unexplained
    assert not found.to_walk


def test_where_no_number_is_told_a_walk_is_due() -> None:
    body = {"message": "", "details": {"applicationError": {"code": "TOO_MANY_TO_COUNT"}}}
    with comments_of(lambda *_: httpx.Response(428, json=body), BLOG) as source:
        found = source.probe({BLOG: {"p1": 5}})
        assert isinstance(source.source, Counting)
        assert source.source.count(source.client) is None
    assert not found.live
    assert found.to_walk == {BLOG}


def test_the_number_of_all_is_that_of_every_app() -> None:
    with comments_of(lambda *_: httpx.Response(200, json={"count": 7}), BLOG, FORUM) as source:
        assert isinstance(source.source, Counting)
        assert source.source.count(source.client) == 14


def test_resources_are_read_in_every_status_page_by_page() -> None:
    asked = list[Any]()
    pages = [listed(comment("c1", resourceId="p1"), cursor="n:1"), listed(comment("c2"))]

    def answer(path: str, body: dict[str, Any]) -> httpx.Response:
        assert (path, body["appId"]) == (wire.COMMENTS_QUERY, FORUM)
        asked.append(body["query"])
        return pages[len(asked) - 1]

    some = Resources(part=FORUM, ids=("p1", "p2"))
    with comments_of(answer, BLOG, FORUM) as source:
        first = source.fetch(some, None)
        second = source.fetch(some, first.next_cursor)

    assert asked[0]["filter"] == {
        "status": {"$in": list(wire.COMMENT_STATUSES)},
        "resourceId": {"$in": ["p1", "p2"]},
    }
    assert asked[1] == {"cursorPaging": {"limit": 100, "cursor": "n:1"}}
    assert [one.activity_id for one in first.activities + second.activities] == ["c1", "c2"]
    assert second.next_cursor is None
    assert {one.part for one in first.activities} == {FORUM}


def test_resources_that_cannot_be_asked_for_are_no_requests() -> None:
    def answer(*_: object) -> httpx.Response:
        raise AssertionError("nothing is to be sent")

    with comments_of(answer, BLOG) as source:
        for some in (
            Resources(part=FORUM, ids=("p1",)),
            Resources(part=BLOG, ids=("", "x" * 129)),
        ):
            assert source.fetch(some, None) == Page(activities=())


@pytest.mark.parametrize(
    ("listed_now", "is_away"), [([], True), ([comment(status="DELETED", author=None)], False)]
)
def test_an_app_that_lists_none_of_its_many_comments_is_an_error_that_names_it(
    listed_now: list[dict[str, Any]], is_away: bool
) -> None:
    def answer(path: str, _: dict[str, Any]) -> httpx.Response:
        if path == wire.COMMENTS_COUNT:
            return httpx.Response(200, json={"count": 0})
        return listed(*listed_now)

    with comments_of(answer, BLOG) as source:
        if is_away:
            refused = source.probe({BLOG: {"p1": 10}}).refused
            assert re.search(f"{BLOG}.*install that app or take it out", refused)
            page = source.fetch(Walk(generation=2, expected=frozenset({BLOG})), None)
            assert page.refused == {BLOG: refused}
            with pytest.raises(Refused, match="install that app or take it out"):
                source.fetch(Resources(part=BLOG, ids=("p1",), expected=True), None)
            assert source.fetch(WALK, None).activities == ()
            assert source.probe({BLOG: {"p1": 9}}).changed == (Resources(part=BLOG, ids=("p1",)),)
        else:
            assert source.probe({BLOG: {"p1": 10}}).changed


@pytest.mark.parametrize(
    "too_long",
    [
        httpx.Response(400, json={"message": "", "details": {"validationError": {}}}),
        httpx.Response(413, text="<h1>Payload Too Large</h1>"),
    ],
)
def test_a_list_that_wix_finds_too_long_is_cut_into_lists_of_100_from_then_on(
    too_long: httpx.Response,
) -> None:
    known = {BLOG: {f"p{number:03d}": 9 for number in range(250)}}
    lists = list[int]()

    def answer(_: str, body: dict[str, Any]) -> httpx.Response:
        ids = body["filter"].get("resourceId", {"$in": None})["$in"]
        if ids is None:
            return httpx.Response(200, json={"count": 250 * 9 + 1})
        lists.append(len(ids))
        if len(ids) > 100:
            return too_long
        return httpx.Response(200, json={"count": len(ids) * 9 + ("p204" in ids)})

    with comments_of(answer, BLOG) as source:
        first, second = source.probe(known), source.probe(known)
    assert first.changed == second.changed == (Resources(part=BLOG, ids=("p204",)),)
    assert lists[:4] == [250, 100, 100, 50]
    assert len(lists) == 1 + 2 * (3 + 6)


def test_a_lost_answer_is_no_answer() -> None:
    lists = list[int]()

    def answer(_: str, body: dict[str, Any]) -> httpx.Response:
        if "resourceId" not in body["filter"]:
            return httpx.Response(200, json={"count": 7})
        lists.append(len(body["filter"]["resourceId"]["$in"]))
        return httpx.Response(503)

    with comments_of(answer, BLOG) as source, pytest.raises(Ambiguous):
        source.probe({BLOG: {"p1": 5}})
    assert lists == [1]
