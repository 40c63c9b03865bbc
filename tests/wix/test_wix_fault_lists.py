"""Faults of pages against every list that the client reads, from the first page to the last."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest

from badgejobs.core.wixfacts import WixAssignment, WixBadge
from badgejobs.errors import Ambiguous, CursorRefused
from badgejobs.sandbox.faults.fields import parse_fault
from badgejobs.sandbox.faults.kinds import FaultKind
from badgejobs.sandbox.records.collection import Record
from badgejobs.sandbox.server import running
from badgejobs.sandbox.settings import Options, parse_installations
from badgejobs.sandbox.world import World
from badgejobs.wix import wire
from badgejobs.wix.auth import AppCredentials
from badgejobs.wix.client import WixClient

SITE = {
    "siteId": "5170a9d5-5f4d-4f2b-9a57-1f2b7a0c1100",
    "instanceId": "1457a9d5-5f4d-4f2b-9a57-1f2b7a0c1100",
    "appId": "a990a9d5-5f4d-4f2b-9a57-1f2b7a0c1100",
    "appSecret": "app-secret",
}
BLOG = wire.COMMENT_APPS["blog"]
#: Records of each kind: three pages.
MANY = 250


def name(kind: int, number: int) -> str:
    return f"{kind:08x}-0000-4000-8000-{number:012x}"


BADGE = name(0xB0, 0)


class Pages:
    """A list that is read page by page: the ids found, and how many records were unreadable."""

    def __init__(self, page: Callable[[WixClient, str | None], Any]) -> None:
        self._page = page

    def read(self, wix: WixClient) -> tuple[list[str], int]:
        ids, bad, cursor, pages = list[str](), 0, None, 0
        while cursor or not pages:
            found = self._page(wix, cursor)
            ids += [one.id for one in found.records]
            bad += len(found.bad)
            cursor, pages = found.next_cursor, pages + 1
            if pages > 3 * MANY:
                raise AssertionError("the list does not end")
        return ids, bad


class Whole:
    """A list that the client itself reads to its end."""

    def __init__(self, all_of: Callable[[WixClient], list[WixBadge] | list[WixAssignment]]) -> None:
        self._all_of = all_of

    def read(self, wix: WixClient) -> tuple[list[str], int]:
        return [one.id for one in self._all_of(wix)], 0


PAGES = {
    wire.ORDERS_SEARCH: Pages(lambda wix, cursor: wix.search_orders(None, cursor)),
    wire.COMMENTS_QUERY: Pages(lambda wix, cursor: wix.query_comments(BLOG, cursor)),
}
WHOLE = {
    wire.BADGES_QUERY: Whole(lambda wix: wix.badges()),
    wire.ASSIGNMENTS_QUERY: Whole(lambda wix: wix.assignments([BADGE])),
}
LISTS: dict[str, Pages | Whole] = {**PAGES, **WHOLE}


class Stage:
    def __init__(self, world: World, wix: WixClient) -> None:
        self.world, self.wix = world, wix

    def disturb(self, path: str, kind: FaultKind, **more: Any) -> None:
        fault = {"kind": kind.value, "path": path, "method": "POST", **more}
        self.world.faults.add([parse_fault(fault, "fault")])


@pytest.fixture(scope="module")
def server() -> Iterator[tuple[World, str]]:
    world = World(parse_installations([SITE]), Options(query_lag_seconds=0, rate_limit_requests=0))
    (site,) = world.sites.values()

    def put(kind: str, **body: Any) -> None:
        collection = getattr(site, kind)
        collection.put(Record(body, collection.fields), 0.0)

    money = {"amount": "12.50"}
    for number in range(MANY):
        at = f"2026-02-03T08:{number // 60:02}:{number % 60:02}.000Z"
        when = {"createdDate": at, "updatedDate": at}
        put("badges", id=name(0xB0, number), title=f"Badge {number}", revision="1",
            backgroundColor="#000000", textColor="#FFFFFF", **when)  # fmt: skip
        put("assignments", id=name(0xB2, number), badgeId=BADGE, memberId=name(0xB1, number),
            **when)  # fmt: skip
        put("orders", id=name(0xB3, number), number=str(number), status="APPROVED",
            paymentStatus="PAID", currency="EUR", buyerInfo={"memberId": name(0xB1, number)},
            priceSummary={"subtotal": money, "total": money}, **when)  # fmt: skip
        put("comments", id=name(0xB4, number), appId=BLOG, contextId="post", resourceId="post",
            status="PUBLISHED", revision="1", author={"memberId": name(0xB1, number)},
            **when)  # fmt: skip
    with running(world) as url:
        yield world, url


@pytest.fixture
def stage(server: tuple[World, str]) -> Iterator[Stage]:
    world, url = server
    credentials = AppCredentials(
        app_id=SITE["appId"], app_secret=SITE["appSecret"], instance_id=SITE["instanceId"]
    )
    with WixClient(
        base_url=url,
        credentials=credentials,
        pace=lambda: None,
        request_deadline=timedelta(seconds=10),
    ) as wix:
        yield Stage(world, wix)
    world.faults = type(world.faults)()


def ids_of(path: str) -> set[str]:
    kinds = {
        wire.BADGES_QUERY: 0xB0,
        wire.ASSIGNMENTS_QUERY: 0xB2,
        wire.ORDERS_SEARCH: 0xB3,
        wire.COMMENTS_QUERY: 0xB4,
    }
    return {name(kinds[path], number) for number in range(MANY)}


HARMLESS = [
    (FaultKind.DUPLICATED_ROWS, {"forever": True}),
    (FaultKind.REORDERED_ROWS, {"forever": True, "seed": 3}),
    (FaultKind.UNKNOWN_FIELDS, {"forever": True}),
    (FaultKind.EMPTY_PAGE, {}),
    (FaultKind.EMPTY_PAGE, {"firstCall": 2}),
    (FaultKind.LOOPING_CURSOR, {}),
    (FaultKind.LOOPING_CURSOR, {"firstCall": 2}),
]


@pytest.mark.parametrize("path", LISTS)
@pytest.mark.parametrize(
    ("kind", "more"), HARMLESS, ids=[f"{kind} {more}" for kind, more in HARMLESS]
)
def test_every_record_is_found_whatever_happens_to_the_pages(
    stage: Stage, path: str, kind: FaultKind, more: dict[str, Any]
) -> None:
    stage.disturb(path, kind, **more)
    try:
        ids, bad = LISTS[path].read(stage.wix)
    except Ambiguous:
        # A page that leads to itself is told at once; the next try finds them all.
        assert kind in {FaultKind.LOOPING_CURSOR, FaultKind.EMPTY_PAGE}
        ids, bad = LISTS[path].read(stage.wix)
    assert set(ids) == ids_of(path)
    assert bad == 0


@pytest.mark.parametrize("path", WHOLE)
def test_a_list_that_is_read_whole_names_each_record_once(stage: Stage, path: str) -> None:
    stage.disturb(path, FaultKind.DUPLICATED_ROWS, forever=True)
    ids, _ = WHOLE[path].read(stage.wix)
    assert sorted(ids) == sorted(ids_of(path))


@pytest.mark.parametrize("path", LISTS)
def test_pages_that_run_in_a_circle_for_ever_are_told(stage: Stage, path: str) -> None:
    stage.disturb(path, FaultKind.LOOPING_CURSOR, forever=True)
    with pytest.raises(Ambiguous):
        LISTS[path].read(stage.wix)


@pytest.mark.parametrize("path", PAGES)
def test_an_expired_cursor_is_told_as_such_to_those_who_read_page_by_page(
    stage: Stage, path: str
) -> None:
    stage.disturb(path, FaultKind.EXPIRED_CURSOR)
    with pytest.raises(CursorRefused):
        PAGES[path].read(stage.wix)


@pytest.mark.parametrize("path", WHOLE)
def test_a_list_that_is_read_whole_is_to_be_read_anew_when_its_cursor_expired(
    stage: Stage, path: str
) -> None:
    stage.disturb(path, FaultKind.EXPIRED_CURSOR)
    with pytest.raises(Ambiguous, match="not read to its end"):
        WHOLE[path].read(stage.wix)
    ids, _ = WHOLE[path].read(stage.wix)
    assert sorted(ids) == sorted(ids_of(path))


@pytest.mark.parametrize("path", PAGES)
@pytest.mark.parametrize("kind", [FaultKind.BROKEN_RECORD, FaultKind.UNKNOWN_ENUM])
def test_one_record_that_cannot_be_understood_spoils_no_other(
    stage: Stage, path: str, kind: FaultKind
) -> None:
    stage.disturb(path, kind)
    ids, bad = PAGES[path].read(stage.wix)
    assert bad == 1
    assert len(set(ids)) == MANY - 1


@pytest.mark.parametrize("path", WHOLE)
def test_a_record_that_cannot_be_understood_is_never_taken_for_absent(
    stage: Stage, path: str
) -> None:
    stage.disturb(path, FaultKind.BROKEN_RECORD)
    with pytest.raises(Ambiguous, match="cannot be read"):
        WHOLE[path].read(stage.wix)


def by_pages(wix: WixClient) -> list[str]:
    """The ids of the assignments, read as a long reading does: a page at a time."""
    ids, cursor, pages = list[str](), None, 0
    while cursor or not pages:
        rows, cursor = wix.assignments_page([BADGE], cursor)
        ids += [one.id for one in rows]
        pages += 1
    assert pages == 3
    return ids


def test_assignments_by_pages_are_those_of_the_whole_list(stage: Stage) -> None:
    whole = stage.wix.assignments([BADGE])
    calls = stage.wix.calls
    rows, cursor = stage.wix.assignments_page([BADGE], None)
    assert (len(rows), stage.wix.calls - calls) == (100, 1)
    assert rows == whole[:100]
    assert cursor
    assert by_pages(stage.wix) == [one.id for one in whole]
    assert stage.wix.assignments_page([name(0xB0, 1)], None) == ([], None)


def test_a_page_of_assignments_with_a_bad_record_is_none(stage: Stage) -> None:
    stage.disturb(wire.ASSIGNMENTS_QUERY, FaultKind.BROKEN_RECORD)
    with pytest.raises(Ambiguous, match="cannot be read"):
        by_pages(stage.wix)


def test_a_page_of_assignments_that_leads_to_itself_is_none(stage: Stage) -> None:
    stage.disturb(wire.ASSIGNMENTS_QUERY, FaultKind.LOOPING_CURSOR, forever=True)
    with pytest.raises(Ambiguous, match="never end"):
        by_pages(stage.wix)


def test_an_expired_cursor_of_assignments_is_told_as_such(stage: Stage) -> None:
    _, cursor = stage.wix.assignments_page([BADGE], None)
    stage.disturb(wire.ASSIGNMENTS_QUERY, FaultKind.EXPIRED_CURSOR)
    with pytest.raises(CursorRefused):
        stage.wix.assignments_page([BADGE], cursor)
