"""The worked example of a plug-in: reviews as the sandbox tells them, and what comes of each."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from distributions import REVIEWS, link
from live_shop import LiveShop, guid, live_shop

from badgejobs.core.activity import Activity, Mark
from badgejobs.core.site import Site
from badgejobs.core.source import Page, Walk
from badgejobs.errors import Ambiguous, PermissionMissing
from badgejobs.sandbox.faults.kinds import FaultKind
from badgejobs.sandbox.faults.scripted import Fault
from badgejobs.sources.installed import found_sources
from badgejobs.wix import wire

WALK = Walk(generation=1)


@pytest.fixture
def shop() -> Iterator[LiveShop]:
    with live_shop() as shop:
        yield shop


@pytest.fixture
def source(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    link(tmp_path, REVIEWS)
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.syspath_prepend(str(REVIEWS))
    return found_sources()["reviews"](Site(name="shop"))


def review(number: int, **fields: Any) -> dict[str, Any]:
    plain = {
        "id": guid("e", number),
        "namespace": "stores",
        "entityId": guid("f", number),
        "author": {"contactId": guid("c", number), "authorName": "Canary"},
        "content": {"title": "Canary", "body": "canary", "rating": 5},
        "moderation": {"moderationStatus": "APPROVED"},
        "createdDate": "2026-02-01T12:00:00.000Z",
        "updatedDate": "2026-02-03T12:00:00.500Z",
        "revision": "3",
    }
    return plain | fields


def member(number: int) -> dict[str, Any]:
    return {"id": guid("d", number), "contactId": guid("c", number), "status": "APPROVED"}


def fetched(shop: LiveShop, source: Any) -> Page:
    found: Page = source.fetch(shop.wix, WALK, None)
    return found


def test_a_review_is_an_activity_of_the_member_whose_contact_wrote_it(
    shop: LiveShop, source: Any
) -> None:
    shop.put("members", member(1), member(2))
    shop.put("reviews", review(1))
    page = fetched(shop, source)
    assert page.activities == (
        Activity(
            site="shop",
            source="reviews",
            activity_id=guid("e", 1),
            member_id=guid("d", 1),
            occurred_at=datetime(2026, 2, 1, 12, tzinfo=UTC),
            updated_at=datetime(2026, 2, 3, 12, 0, 0, 500000, tzinfo=UTC),
            revision=3,
            marks=frozenset({Mark.PUBLISHED}),
        ),
    )
    assert page.answered_at is not None
    assert page.next_cursor is None
    assert "anary" not in repr(page)
    assert shop.wix.calls_by_path == {wire.REVIEWS_QUERY: 1, wire.MEMBERS_QUERY: 1}


def test_who_is_no_member_is_a_guest(shop: LiveShop, source: Any) -> None:
    shop.put("members", member(2))
    shop.put("reviews", review(1), review(2), review(3, author={}))
    members = {one.activity_id: one.member_id for one in fetched(shop, source).activities}
    assert members == {guid("e", 1): None, guid("e", 2): guid("d", 2), guid("e", 3): None}


def test_no_member_is_asked_for_where_nobody_wrote(shop: LiveShop, source: Any) -> None:
    assert fetched(shop, source).activities == ()
    assert shop.wix.calls_by_path == {wire.REVIEWS_QUERY: 1}


@pytest.mark.parametrize(
    ("status", "mark"),
    [
        ("APPROVED", Mark.PUBLISHED),
        ("SUBMITTED", Mark.PENDING),
        ("IN_MODERATION", Mark.PENDING),
        ("REJECTED", Mark.HIDDEN),
    ],
)
def test_what_moderation_came_to_is_a_mark(
    shop: LiveShop, source: Any, status: str, mark: Mark
) -> None:
    shop.put("reviews", review(1, moderation={"moderationStatus": status}))
    [one] = fetched(shop, source).activities
    assert one.marks == {mark}


def test_an_imported_review_counts_from_when_it_was_written(shop: LiveShop, source: Any) -> None:
    shop.put("reviews", review(1, reviewDate="2019-05-01T12:00:00+02:00", revision=7))
    [one] = fetched(shop, source).activities
    assert (one.occurred_at, one.revision) == (datetime(2019, 5, 1, 10, tzinfo=UTC), 7)


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"moderation": {"moderationStatus": "CANARY"}}, "moderation.moderationStatus"),
        ({"moderation": {"moderationStatus": ["APPROVED"]}}, "moderation.moderationStatus"),
        ({"moderation": None}, "moderation.moderationStatus"),
        ({"createdDate": "canary"}, "createdDate"),
        ({"reviewDate": "2019-05-01T12:00:00"}, "reviewDate"),
        ({"updatedDate": None}, "updatedDate"),
        ({"updatedDate": 7}, "updatedDate"),
        ({"revision": "canary"}, "revision"),
        ({"revision": True}, "revision"),
        ({"revision": "-1"}, "revision"),
    ],
)
def test_what_makes_no_sense_is_kept_aside_with_the_name_of_the_field(
    shop: LiveShop, source: Any, fields: dict[str, Any], reason: str
) -> None:
    shop.put("reviews", review(1, **fields), review(2))
    page = fetched(shop, source)
    assert [one.activity_id for one in page.activities] == [guid("e", 2)]
    [aside] = page.unreadable
    assert (aside.source, aside.activity_id) == ("reviews", guid("e", 1))
    assert aside.reason.startswith(f"{reason}: ")
    assert "anary" not in aside.reason


def answers(shop: LiveShop, path: str, body: bytes) -> None:
    shop.world.faults.add([Fault(path=path, kind=FaultKind.STATUS, status=200, body=body)])


@pytest.mark.parametrize(
    "body",
    [
        b"{}",
        b'{"reviews": {}}',
        b'{"reviews": [], "pagingMetadata": {"hasNext": true}}',
        b'{"reviews": [%b]}' % b",".join([b"{}"] * 100),
    ],
    ids=["nothing", "no list", "more, and not where", "a full page without paging"],
)
def test_what_is_no_list_is_no_end_of_one(shop: LiveShop, source: Any, body: bytes) -> None:
    answers(shop, wire.REVIEWS_QUERY, body)
    with pytest.raises(Ambiguous):
        fetched(shop, source)


@pytest.mark.parametrize("key", [b"pagingMetadata", b"metadata"])
def test_the_paging_may_stand_under_either_of_wixs_keys(
    shop: LiveShop, source: Any, key: bytes
) -> None:
    answers(shop, wire.REVIEWS_QUERY, b'{"reviews": [], "%b": {"cursors": {"next": "c"}}}' % key)
    assert fetched(shop, source).next_cursor == "c"


def test_a_record_without_any_form_spoils_no_other(shop: LiveShop, source: Any) -> None:
    answers(shop, wire.REVIEWS_QUERY, b'{"reviews": [7, null, [], {"id": 9}, "canary"]}')
    page = fetched(shop, source)
    assert page.activities == ()
    assert {(one.activity_id, one.reason) for one in page.unreadable} == {
        ("", "id: not a text of up to 100 characters")
    }


def test_members_that_were_not_asked_for_are_not_believed(shop: LiveShop, source: Any) -> None:
    shop.put("reviews", review(1))
    told = f'{{"members": [{{"id": "{guid("d", 9)}", "contactId": "{guid("c", 9)}"}}]}}'
    answers(shop, wire.MEMBERS_QUERY, told.encode())
    [one] = fetched(shop, source).activities
    assert one.member_id is None


def test_what_is_read_again_is_asked_for_by_id_and_what_is_gone_is_left_out(
    shop: LiveShop, source: Any
) -> None:
    shop.put("members", member(1))
    shop.put("reviews", *(review(number) for number in range(1, 121)))
    wanted = [guid("e", number) for number in range(1, 121)]
    page = source.reread(shop.wix, [*wanted, guid("e", 999)])
    assert {one.activity_id for one in page.activities} == {*wanted}
    assert shop.wix.calls_by_path[wire.REVIEWS_QUERY] == 2
    assert source.reread(shop.wix, []).activities == ()


def test_a_missing_permission_is_told_as_such(shop: LiveShop, source: Any) -> None:
    shop.site.installation = replace(shop.site.installation, scopes=frozenset())
    with pytest.raises(PermissionMissing):
        fetched(shop, source)
