"""What faults make of the page of a list, for every list that there is."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

import pytest
from sandbox_caller import BLOG, Caller, comment, guid, member, order, sandbox
from sandbox_wire import last_entry, quiet, script

from badgejobs.wix import wire

ROWS = 7
PER_PAGE = 3

_quiet = pytest.fixture(autouse=True)(quiet)


@dataclass(frozen=True)
class Listing:
    """One list of the API, and how a page of it is asked for."""

    path: str
    name: str
    wrapper: str = "query"
    paging: str = "pagingMetadata"
    app: bool = False

    def asked(self, cursor: str | None) -> tuple[str, str, Any]:
        paging: dict[str, Any] = {"limit": PER_PAGE}
        if self.path == wire.COMMENTS_BY_RESOURCE:
            more = "" if cursor is None else f"&cursorPaging.cursor={quote(cursor)}"
            place = f"appId={BLOG}&contextId=post&resourceId=post"
            return "GET", f"{self.path}?{place}&cursorPaging.limit={PER_PAGE}{more}", None
        if cursor is not None:
            paging["cursor"] = cursor
        body: dict[str, Any] = {self.wrapper: {"cursorPaging": paging}}
        return "POST", self.path, body | ({"appId": BLOG} if self.app else {})


LISTS = [
    Listing(wire.BADGES_QUERY, "badges"),
    Listing(wire.ASSIGNMENTS_QUERY, "badgeAssignments"),
    Listing(wire.ORDERS_SEARCH, "orders", wrapper="search", paging="metadata"),
    Listing(wire.COMMENTS_QUERY, "comments", app=True),
    Listing(wire.COMMENTS_QUERY_PLAIN, "comments", app=True),
    Listing(wire.COMMENTS_BY_RESOURCE, "comments", app=True),
    Listing(wire.MEMBERS_QUERY, "members"),
]
each_list = pytest.mark.parametrize("listing", LISTS, ids=lambda listing: listing.path)


@contextmanager
def filled() -> Iterator[Caller]:
    """A sandbox in which every list has seven rows; the first comments have replies."""
    with sandbox(members=ROWS) as wix:
        badges = [wix.badge(f"Badge {number}") for number in range(ROWS)]
        for badge in badges:
            pair = {"badgeId": badge, "memberId": member(0)["id"]}
            wix.post(wire.ASSIGNMENTS, {"badgeAssignment": pair})
        wix.store("orders", *(order(number) for number in range(ROWS)))
        parents = [comment(number) for number in range(ROWS)]
        replies = [
            comment(100 + number, parentComment={"id": parent["id"]}, resourceId="post")
            for number, parent in enumerate(parents)
        ]
        wix.store("comments", *parents, *replies)
        yield wix


@dataclass
class Read:
    ids: list[str]
    paging: dict[str, Any]
    body: dict[str, Any]
    rows: list[dict[str, Any]]


def read(wix: Caller, listing: Listing, cursor: str | None = None) -> Read:
    body = wix.good(*listing.asked(cursor))
    rows = body[listing.name]
    return Read([row.get("id") for row in rows], body[listing.paging], body, rows)


def walk(wix: Caller, listing: Listing, most: int = 30) -> list[Read]:
    """All pages, as a caller reads them who follows the cursors."""
    pages, cursor = [], None
    for _ in range(most):
        page = read(wix, listing, cursor)
        pages.append(page)
        cursor = page.paging["cursors"].get("next")
        if cursor is None:
            assert not page.paging["hasNext"]
            return pages
        assert page.paging["hasNext"]
    return pages


@each_list
def test_duplicated_rows_stand_twice_and_are_counted_so(listing: Listing) -> None:
    with filled() as wix:
        right = read(wix, listing)
        script(wix, listing.path, "duplicated-rows")
        found = read(wix, listing)
        assert found.ids == [one for one in right.ids for _ in range(2)]
        assert found.paging["count"] == 2 * PER_PAGE
        assert read(wix, listing).ids == right.ids


@each_list
def test_reordered_rows_are_the_same_in_another_order_of_the_seed(listing: Listing) -> None:
    with filled() as wix:
        right = read(wix, listing)
        orders = []
        for seed in (1, 1, 2, 3, 4, 5):
            script(wix, listing.path, "reordered-rows", seed=seed)
            found = read(wix, listing)
            assert found.ids != right.ids
            assert sorted(found.ids) == sorted(right.ids)
            assert {tuple(sorted(row)) for row in found.rows} == {
                tuple(sorted(row)) for row in right.rows
            }
            orders.append(found.ids)
        assert orders[0] == orders[1]
        assert len({tuple(one) for one in orders}) > 1


@each_list
@pytest.mark.parametrize("call", [1, 2, 3])
def test_an_empty_page_loses_nothing_for_those_who_go_on(listing: Listing, call: int) -> None:
    with filled() as wix:
        right = [one for page in walk(wix, listing) for one in page.ids]
        script(wix, listing.path, "empty-page", firstCall=call, count=2)
        pages = walk(wix, listing)
        assert [page.ids for page in pages[call - 1 : call + 1]] == [[], []]
        assert pages[call - 1].paging["count"] == 0
        assert [one for page in pages for one in page.ids] == right
        assert pages[call - 1].body.get("commentReplies", {}) == {}


def test_an_empty_page_keeps_what_was_asked_for() -> None:
    with filled() as wix:
        asked = {"filter": {"number": {"$in": ["1", "5"]}}, "sort": [{"fieldName": "number"}]}
        script(wix, wire.ORDERS_SEARCH, "empty-page")
        first = wix.post(wire.ORDERS_SEARCH, {"search": asked})
        assert first["orders"] == []
        cursor = first["metadata"]["cursors"]["next"]
        again = wix.post(wire.ORDERS_SEARCH, {"search": {"cursorPaging": {"cursor": cursor}}})
        assert [one["number"] for one in again["orders"]] == ["1", "5"]


@each_list
@pytest.mark.parametrize("call", [1, 2, 3])
def test_a_looping_cursor_leads_to_the_same_page_again(listing: Listing, call: int) -> None:
    with filled() as wix:
        right = [page.ids for page in walk(wix, listing)]
        script(wix, listing.path, "looping-cursor", firstCall=call)
        found = [page.ids for page in walk(wix, listing)]
        assert found == right[:call] + right[call - 1 :]
        script(wix, listing.path, "looping-cursor", firstCall=call, forever=True)
        pages = walk(wix, listing, most=8)
        assert [page.ids for page in pages[call - 1 :]] == [right[call - 1]] * (9 - call)
        assert len({page.paging["cursors"]["next"] for page in pages[call - 1 :]}) == 1


@each_list
def test_an_expired_cursor_is_refused_by_its_field(listing: Listing) -> None:
    with filled() as wix:
        script(wix, listing.path, "expired-cursor")
        first = read(wix, listing)
        assert last_entry(wix)["fault"] is None
        reply = wix.call(*listing.asked(first.paging["cursors"]["next"]))
        assert reply.violation["field"].endswith("cursorPaging.cursor")
        assert reply.violation["description"] == "has expired"
        assert read(wix, listing, first.paging["cursors"]["next"]).ids, "only once"


@each_list
def test_unknown_fields_are_in_every_object_and_nothing_else_changes(listing: Listing) -> None:
    with filled() as wix:
        right = read(wix, listing).body
        script(wix, listing.path, "unknown-fields")
        found = read(wix, listing).body
        objects = list(objects_in(found))
        assert all("addedLater" in one for one in objects)
        assert len(objects) > PER_PAGE
        assert without_new(found) == right


def objects_in(value: Any, name: str = "") -> Iterator[dict[str, Any]]:
    if isinstance(value, list):
        for one in value:
            yield from objects_in(one)
    elif isinstance(value, dict):
        if name != "commentReplies":
            yield value
        for key, one in value.items():
            if key != "addedLater":
                yield from objects_in(one, key)


def without_new(value: Any) -> Any:
    if isinstance(value, list):
        return [without_new(one) for one in value]
    if isinstance(value, dict):
        return {key: without_new(one) for key, one in value.items() if key != "addedLater"}
    return value


@each_list
def test_an_unknown_status_is_in_the_first_record_only(listing: Listing) -> None:
    with filled() as wix:
        right = read(wix, listing).rows
        script(wix, listing.path, "unknown-enum")
        found = read(wix, listing).rows
        assert found[0] == right[0] | {"status": "STATUS_OF_THE_FUTURE"}
        assert found[1:] == right[1:]


@each_list
def test_a_broken_record_is_one_that_the_seed_draws(listing: Listing) -> None:
    with filled() as wix:
        right = read(wix, listing).rows
        places = []
        for seed in (0, 0, 1, 2, 3, 4, 5):
            script(wix, listing.path, "broken-record", seed=seed)
            found = read(wix, listing).rows
            broken = [place for place, row in enumerate(found) if row != right[place]]
            assert len(broken) == 1
            row = found[broken[0]]
            assert "id" not in row
            assert {row[name] for name in row if name.endswith("Date")} <= {17}
            places += broken
        assert places[0] == places[1]
        assert len(set(places)) > 1


def test_members_read_by_offset_have_no_cursor_to_spoil() -> None:
    with filled() as wix:
        script(wix, wire.MEMBERS_QUERY, "looping-cursor")
        by_offset = {"query": {"paging": {"limit": 2, "offset": 1}}}
        assert len(wix.post(wire.MEMBERS_QUERY, by_offset)["members"]) == 2
        assert last_entry(wix)["fault"] is None
        script(wix, wire.MEMBERS_QUERY, "duplicated-rows")
        found = wix.post(wire.MEMBERS_QUERY, by_offset)
        assert (len(found["members"]), found["metadata"]["count"]) == (4, 4)


def test_a_call_with_a_list_that_is_no_page_is_not_spoiled() -> None:
    with filled() as wix:
        script(wix, "*", "duplicated-rows")
        ids = {"badgeAssignmentIds": [guid(0xDD, 1)]}
        assert len(wix.post(wire.ASSIGNMENTS_BULK_DELETE, ids)["results"]) == 1
        assert last_entry(wix)["fault"] is None
