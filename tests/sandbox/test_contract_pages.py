from __future__ import annotations

import string
from typing import Any

import pytest
from contract_calls import (
    ASSIGNMENT_LIST,
    BADGE_LIST,
    BY_RESOURCE,
    COMMENT_LIST,
    LISTS,
    MEMBER_LIST,
    ORDER_LIST,
    RESOURCE_LIST,
    Listing,
    names,
)
from sandbox_caller import BLOG, KEY, ONE, OTHER, Caller, comment, guid, order, sandbox

every_list = pytest.mark.parametrize("listing", LISTS, ids=names)
#: Every list, with a field that it sorts by where there is one.
SORTS = ("title", "memberId", "number", "replyCount", None, None)


def cursor_of(wix: Caller, listing: Listing, limit: int = 2, **query: Any) -> str:
    _, metadata = listing.page(wix, cursorPaging={"limit": limit}, **query)
    return str(metadata["cursors"]["next"])


@every_list
def test_q4_a_limit_outside_1_to_100_is_a_violation_of_the_limit(listing: Listing) -> None:
    wrongs: list[Any] = [0, -1, 101, 1.5, 10**30, "", "x", "1.0"]
    wrongs += [] if listing.by_get else ["5", True, False, [], {}, [5]]
    with sandbox() as wix:
        listing.store(wix, 2)
        for wrong in wrongs:
            reply = listing.ask(wix, cursorPaging={"limit": wrong})
            assert reply.violation["field"].endswith("cursorPaging.limit"), wrong
        assert [len(listing.ids(wix, cursorPaging={"limit": one})) for one in (1, 100)] == [1, 2]


@every_list
def test_q4_without_a_limit_a_page_has_the_default_size(listing: Listing) -> None:
    with sandbox() as wix:
        listing.store(wix, 101)
        if listing is BADGE_LIST:
            assert len(wix.state()["badges"]) == 101
        items, metadata = listing.page(wix)
        assert (len(items), metadata["hasNext"]) == (listing.default_limit, True)
        rest, metadata = listing.page(wix, cursorPaging={"cursor": metadata["cursors"]["next"]})
        assert len(rest) == min(101 - listing.default_limit, listing.default_limit)
        assert len({one["id"] for one in (*items, *rest)}) == len(items) + len(rest)


@every_list
def test_q5_there_is_a_next_cursor_exactly_when_another_record_follows(listing: Listing) -> None:
    with sandbox() as wix:
        nothing = {"count": 0, "cursors": {}, "hasNext": False}
        assert listing.page(wix, cursorPaging={"limit": 1}) == ([], nothing)
        listing.store(wix, 6)
        for limit in range(1, 8):
            left, paging = 6, dict[str, Any](limit=limit)
            while left > 0:
                items, metadata = listing.page(wix, cursorPaging=paging)
                assert len(items) == min(limit, left)
                left -= len(items)
                assert metadata.keys() == {"count", "cursors", "hasNext"}
                assert (metadata["count"], metadata["hasNext"]) == (len(items), left > 0)
                assert metadata["cursors"].keys() == ({"next"} if left else set())
                if left:
                    assert isinstance(metadata["cursors"]["next"], str)
                    assert metadata["cursors"]["next"]
                    paging["cursor"] = metadata["cursors"]["next"]


def test_q5_paging_information_of_orders_stands_under_metadata_only() -> None:
    with sandbox() as wix:
        for listing in LISTS:
            listing.store(wix, 1)
            keys = listing.ask(wix).body.keys()
            beside = {RESOURCE_LIST: {"commentReplies"}, MEMBER_LIST: {"metadata"}}
            assert keys == {listing.items, listing.metadata} | beside.get(listing, set())


@pytest.mark.parametrize(
    ("listing", "field"), tuple(zip(LISTS, SORTS, strict=True)), ids=lambda one: str(one)[:14]
)
def test_q6_a_cursor_carries_filter_and_sort_and_serves_again_with_any_limit(
    listing: Listing, field: str | None
) -> None:
    with sandbox() as wix:
        listing.store(wix, 9)
        query: dict[str, Any] = {"sort": [{"fieldName": field, "order": "DESC"}]} if field else {}
        unwanted = listing.page(wix, **query)[0][4]
        name = {"assignments": "memberId"}.get(listing.name, "id")
        if not listing.by_get:
            query["filter"] = {name: {"$ne": unwanted[name]}}
        expected = [one for one in listing.ids(wix, **query) if one]
        assert len(expected) == (9 if listing.by_get else 8)
        cursor = cursor_of(wix, listing, **query)
        for limit in (3, 1, 100, 3, 6):
            found = listing.ids(wix, cursorPaging={"cursor": cursor, "limit": limit})
            assert found == expected[2 : 2 + limit]
        other = {"filter": {name: unwanted[name]}, "sort": [{"fieldName": field or "id"}]}
        sent = listing.ask(wix, cursorPaging={"cursor": cursor}, **other)
        assert [one["id"] for one in sent.body[listing.items]] == expected[2:]
        wix.headers |= {"Authorization": KEY, "wix-site-id": str(ONE["siteId"])}
        assert listing.ids(wix, cursorPaging={"cursor": cursor}) == expected[2:]


@every_list
def test_q6_a_cursor_that_was_changed_is_refused(listing: Listing) -> None:
    with sandbox() as wix:
        listing.store(wix, 5)
        cursor = cursor_of(wix, listing)
        letters = f"{string.ascii_letters}{string.digits}-_=+/"
        wrongs: list[Any] = [cursor[:-1], cursor[1:], cursor[: len(cursor) // 2], cursor + "A"]
        wrongs += [cursor + cursor, f" {cursor}", f"{cursor}\n", cursor.swapcase(), "x", "é", ""]
        wrongs += [cursor[:-1] + one for one in letters if one != cursor[-1]]
        wrongs += [cursor.rstrip("=")[:-1] + one for one in letters]
        wrongs += [cursor.rstrip("=")] if cursor.endswith("=") else []
        for place in range(0, len(cursor), 7):
            other = "B" if cursor[place] == "A" else "A"
            wrongs.append(cursor[:place] + other + cursor[place + 1 :])
        wrongs += [] if listing.by_get else [7, True, [], {}, [cursor]]
        for wrong in wrongs:
            reply = listing.ask(wix, cursorPaging={"cursor": wrong})
            if wrong != cursor:
                assert reply.violation["field"].endswith("cursorPaging.cursor"), wrong
        wix.reset(ONE, OTHER, queryLagSeconds=0)
        wix.log_in(ONE)
        assert listing.ask(wix, cursorPaging={"cursor": cursor}).status == 400


def test_q6_a_cursor_serves_its_own_endpoint_and_its_own_site_only() -> None:
    with sandbox() as wix:
        for listing in LISTS:
            listing.store(wix, 3)
        wix.badge("Another")
        cursors = {listing: cursor_of(wix, listing, 1) for listing in LISTS}
        for listing in LISTS:
            for owner, cursor in cursors.items():
                status = listing.ask(wix, cursorPaging={"cursor": cursor}).status
                assert status == (200 if owner is listing else 400)
        wix.log_in(OTHER)
        for listing, cursor in cursors.items():
            assert listing.ask(wix, cursorPaging={"cursor": cursor}).status == 400


def test_q6_a_cursor_of_comments_serves_their_app_and_their_resource_only() -> None:
    with sandbox() as wix:
        wix.store("comments", *(comment(number) for number in range(4)))
        paging = {"cursor": cursor_of(wix, COMMENT_LIST)}
        body = {"appId": guid(0xC0, 1), "query": {"cursorPaging": paging}}
        assert wix.call("POST", COMMENT_LIST.path, body).status == 400
        cursor = cursor_of(wix, RESOURCE_LIST)
        for app, context, resource, status in (
            (BLOG, "post", "post", 200),
            (guid(0xC0, 1), "post", "post", 400),
            (BLOG, "other", "post", 400),
            (BLOG, "post", "other", 400),
        ):
            where = f"appId={app}&contextId={context}&resourceId={resource}"
            path = f"{BY_RESOURCE}?{where}&cursorPaging.cursor={cursor}"
            assert wix.call("GET", path).status == status


def test_q6_values_of_every_kind_may_stand_where_a_page_ends() -> None:
    values: list[Any] = [None, True, 1, 2.5, 10**30, "", "\U0001f3c5", "\ud800", ["a", 1], [], {}]
    with sandbox() as wix:
        wix.store("orders", *(order(n, number=value) for n, value in enumerate(values)))
        for way in ("ASC", "DESC"):
            asked = [{"fieldName": "number", "order": way}]
            pages = ORDER_LIST.pages(wix, limit=1, sort=asked)
            found = [one["id"] for page in pages for one in page]
            assert sorted(found) == [guid(0xB2, n) for n in range(len(values))]


@pytest.mark.parametrize("listing", [BADGE_LIST, MEMBER_LIST], ids=names)
def test_q9_badges_and_members_take_an_offset_too(listing: Listing) -> None:
    with sandbox() as wix:
        listing.store(wix, 7)
        everything = listing.ids(wix)
        for limit in range(1, 9):
            for offset in (*range(9), 10**30):
                found = listing.ids(wix, paging={"limit": limit, "offset": offset})
                assert found == everything[offset : offset + limit]
        assert listing.ids(wix, paging={"offset": 5}) == everything[5:]
        assert listing.ids(wix, paging={"limit": 2, "offset": None}) == everything[:2]
        assert listing.ids(wix, paging={}) == everything
        _, metadata = listing.page(wix, paging={"limit": 2, "offset": 3})
        told = {"count": 2, "offset": 3, "total": 7, "tooManyToCount": False}
        assert {name: metadata[name] for name in told} == told


@pytest.mark.parametrize("listing", [BADGE_LIST, MEMBER_LIST], ids=names)
def test_q9_a_wrong_limit_or_offset_is_refused(listing: Listing) -> None:
    with sandbox() as wix:
        for name, least in (("limit", 1), ("offset", 0)):
            wrongs: list[Any] = [least - 1, 1.5, "5", "", True, False, [], {}]
            for wrong in wrongs:
                reply = listing.ask(wix, paging={name: wrong})
                assert reply.violation["field"] == f"query.paging.{name}", wrong
        assert listing.ask(wix, paging={"limit": 101}).violation["field"] == "query.paging.limit"
        both = listing.ask(wix, paging={"limit": 1}, cursorPaging={"limit": 1})
        assert both.status == 400
        assert listing.ask(wix, paging=[]).status == 400


def test_q9_the_offset_counts_in_the_order_and_among_the_records_asked_for() -> None:
    with sandbox() as wix:
        for title in "edcba":
            wix.badge(title)
        items, metadata = BADGE_LIST.page(
            wix,
            filter={"title": {"$ne": "c"}},
            sort=[{"fieldName": "title", "order": "DESC"}],
            paging={"limit": 2, "offset": 1},
        )
        assert [one["title"] for one in items] == ["d", "b"]
        assert (metadata["total"], metadata["offset"], metadata["count"]) == (4, 1, 2)
        assert ASSIGNMENT_LIST.ids(wix) == []
