"""Memberships, walked against the sandbox, whose list shifts under the walk."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from bound import Bound
from live_shop import LiveShop, guid, live_shop

from badgejobs.core.activity import Activity, Mark
from badgejobs.core.site import Site
from badgejobs.core.source import Page, Probing, Walk
from badgejobs.errors import Ambiguous, CursorRefused, PermissionMissing
from badgejobs.sandbox.faults.kinds import FaultKind
from badgejobs.sandbox.faults.scripted import Fault
from badgejobs.sources.membership import Membership
from badgejobs.wix import wire

WALK = Walk(generation=1)
T0 = datetime(2024, 2, 29, 12, tzinfo=UTC)
EVERYBODY = 250


def person(number: int, **fields: Any) -> dict[str, Any]:
    joined = f"{T0 + timedelta(hours=number):%Y-%m-%dT%H:%M:%SZ}"
    plain = {
        "id": guid("b", number),
        "status": "APPROVED",
        "loginEmail": f"canary-{number}@shop.example",
        "profile": {"nickname": f"Canary {number}", "slug": f"canary-{number}"},
        "createdDate": joined,
        "updatedDate": joined,
    }
    return plain | fields


@pytest.fixture
def shop() -> Iterator[LiveShop]:
    with live_shop() as shop:
        yield shop


@pytest.fixture(params=["none", "documented"])
def sorting(request: pytest.FixtureRequest, shop: LiveShop) -> str:
    """Whether Wix sorts members by date, or refuses to."""
    how: str = request.param
    shop.world.switches = replace(shop.world.switches, member_sorting=how)  # type: ignore[arg-type]  # one of its two words
    return how


def source_of(shop: LiveShop) -> Bound:
    return Bound(Membership(Site(name="shop")), shop.wix)


def walked(shop: LiveShop, between: Callable[[int], None] = lambda _: None) -> list[Page]:
    """Every page of a walk; ``between`` is told how many pages there were, after each."""
    source, pages, cursor = source_of(shop), list[Page](), None
    while True:
        pages.append(source.fetch(WALK, cursor))
        cursor = pages[-1].next_cursor
        if cursor is None:
            return pages
        assert len(pages) < 20, "the walk ends"
        between(len(pages))


def found(pages: list[Page]) -> set[str]:
    return {one.activity_id for page in pages for one in page.activities}


def ids(*numbers: int) -> set[str]:
    return {guid("b", number) for number in numbers}


def test_a_member_is_an_activity_of_the_day_they_joined(shop: LiveShop) -> None:
    shop.put("members", person(7, updatedDate="2026-01-01T00:00:00Z"))
    [page] = walked(shop)
    assert page.activities == (
        Activity(
            site="shop",
            source="membership",
            activity_id=guid("b", 7),
            member_id=guid("b", 7),
            occurred_at=T0 + timedelta(hours=7),
            updated_at=datetime(2026, 1, 1, tzinfo=UTC),
            marks=frozenset({Mark.JOINED}),
        ),
    )
    assert "anary" not in repr(page)
    assert not isinstance(source_of(shop).source, Probing)


def test_who_is_blocked_or_waits_is_marked_so(shop: LiveShop) -> None:
    statuses = ["APPROVED", "BLOCKED", "PENDING", "OFFLINE", "SOMETHING_NEW"]
    people = [person(number, status=status) for number, status in enumerate(statuses)]
    shop.put("members", *people)
    [page] = walked(shop)
    marks = {one.activity_id: set(one.marks) - {Mark.JOINED} for one in page.activities}
    expected = [set(), {Mark.BLOCKED}, {Mark.PENDING}, set(), set()]
    assert [marks[guid("b", number)] for number in range(5)] == expected


def test_who_joined_at_no_time_is_not_understood_and_spoils_nobody(shop: LiveShop) -> None:
    people = [person(number) for number in range(EVERYBODY)]
    people[50]["createdDate"] = "long ago, said canary@shop.example"
    shop.put("members", *people)
    pages = walked(shop)
    assert found(pages) == ids(*range(EVERYBODY)) - ids(50)
    [bad] = [one for page in pages for one in page.unreadable]
    assert (bad.source, bad.activity_id) == ("membership", guid("b", 50))
    assert "canary" not in bad.reason


def test_everybody_is_found_page_by_page(shop: LiveShop, sorting: str) -> None:
    shop.put("members", *(person(number) for number in range(EVERYBODY)))
    pages = walked(shop)
    assert found(pages) == ids(*range(EVERYBODY))
    assert [len(page.activities) for page in pages] == [100, 100, 52]
    refused = sorting == "none"
    assert shop.asked(wire.MEMBERS_QUERY) == 3 + refused


def test_nobody_is_missed_when_others_leave_meanwhile(shop: LiveShop, sorting: str) -> None:
    shop.put("members", *(person(number) for number in range(EVERYBODY)))

    def leave(pages: int) -> None:
        if pages == 1:
            shop.remove("members", *(guid("b", number) for number in range(30)))
        if pages == 4:
            shop.remove("members", *(guid("b", number) for number in range(90, 120)))

    pages = walked(shop, leave)
    assert found(pages) >= ids(*range(120, EVERYBODY))
    assert found(pages) <= ids(*range(EVERYBODY))


def test_the_last_page_may_be_gone_when_it_is_asked_for(shop: LiveShop) -> None:
    shop.put("members", *(person(number) for number in range(150)))

    def leave(pages: int) -> None:
        if pages == 1:
            shop.remove("members", *(guid("b", number) for number in range(80)))

    assert found(walked(shop, leave)) >= ids(*range(80, 150))


def test_who_joins_meanwhile_hides_nobody(shop: LiveShop, sorting: str) -> None:
    shop.put("members", *(person(2 * number) for number in range(EVERYBODY)))

    def join(pages: int) -> None:
        if pages < 3:
            shop.put("members", *(person(2 * number + 1) for number in range(40 * pages)))

    assert found(walked(shop, join)) >= ids(*range(0, 2 * EVERYBODY, 2))


def test_a_site_without_members_has_none(shop: LiveShop) -> None:
    [page] = walked(shop)
    assert (page.activities, page.next_cursor) == ((), None)


def test_a_total_that_the_list_does_not_reach_is_no_complete_walk(shop: LiveShop) -> None:
    body = b'{"members": [], "metadata": {"count": 0, "offset": 0, "total": 3}}'
    shop.world.faults.add(
        [Fault(path=wire.MEMBERS_QUERY, kind=FaultKind.STATUS, status=200, body=body, count=9)]
    )
    with pytest.raises(Ambiguous, match="of 3 members"):
        source_of(shop).fetch(WALK, None)


def test_a_place_that_is_not_ours_is_refused(shop: LiveShop) -> None:
    for cursor in ("", "nonsense", "date:x:0:", "date:1:2:3:4"):
        with pytest.raises(CursorRefused):
            source_of(shop).fetch(WALK, cursor)


def test_a_missing_permission_is_told_as_such(shop: LiveShop) -> None:
    shop.site.installation = replace(shop.site.installation, scopes=frozenset())
    with pytest.raises(PermissionMissing):
        source_of(shop).fetch(WALK, None)


def test_members_are_asked_for_by_their_ids_and_what_is_no_id_is_not_sent(shop: LiveShop) -> None:
    shop.put("members", *(person(number) for number in (1, 2, 3)))
    shop.remove("members", guid("b", 3))
    source: Any = source_of(shop).source

    page = source.reread(shop.wix, [guid("b", 1), guid("b", 3), "odd"])

    assert [one.activity_id for one in page.activities] == [guid("b", 1)]
    assert [one.activity_id for one in page.unreadable] == ["odd"]
    assert page.next_cursor is None
    assert shop.asked(wire.MEMBERS_QUERY) == 1
    assert source.reread(shop.wix, ["odd"]).activities == ()
    assert shop.asked(wire.MEMBERS_QUERY) == 1
