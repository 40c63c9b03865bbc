"""A site's properties, and the posts of its blog."""

from __future__ import annotations

from typing import Any

import pytest
from sandbox_caller import ONE, OTHER, Caller, guid, order, sandbox

from badgejobs.wix import wire

HERE = {"instanceId": ONE["instanceId"]}


def properties(wix: Caller) -> tuple[str, str]:
    found = wix.good("GET", wire.SITE_PROPERTIES)["properties"]
    instance = wix.good("GET", wire.APP_INSTANCE)["site"]
    assert instance["paymentCurrency"] == found["paymentCurrency"], "two calls, one currency"
    return found["timeZone"], found["paymentCurrency"]


def test_a_site_that_sets_nothing_is_at_utc_and_bills_as_its_orders_do() -> None:
    with sandbox() as wix:
        assert properties(wix) == ("UTC", "EUR")
        wix.store("orders", order(1, currency="SEK"), order(2, currency="NOK"))
        assert properties(wix) == ("UTC", "SEK")


def test_what_is_set_of_a_site_is_its_own_and_can_be_set_back() -> None:
    with sandbox() as wix:
        wix.store("orders", order(1, currency="SEK"))
        wix.post("/_sandbox/site", HERE | {"timeZone": "Asia/Tokyo", "paymentCurrency": "JPY"})
        assert properties(wix) == ("Asia/Tokyo", "JPY")
        wix.post("/_sandbox/site", HERE | {"paymentCurrency": None})
        assert properties(wix) == ("Asia/Tokyo", "SEK")
        wix.log_in(OTHER)
        assert properties(wix) == ("UTC", "EUR")


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"timeZone": 2}, "timeZone"),
        ({"timeZone": "a" * 65}, "timeZone"),
        ({"paymentCurrency": "eur"}, "paymentCurrency"),
        ({"paymentCurrency": ["EUR"]}, "paymentCurrency"),
        ({"catalogVersion": "V2_CATALOG"}, "catalogVersion"),
        ({"catalogVersion": {}}, "catalogVersion"),
        ({"locale": "en"}, "locale"),
    ],
)
def test_what_cannot_be_set_is_refused_and_changes_nothing(
    change: dict[str, Any], field: str
) -> None:
    with sandbox() as wix:
        before = properties(wix)
        given = HERE | {"timeZone": "Asia/Tokyo"} | change
        assert wix.call("POST", "/_sandbox/site", given).violation["field"] == field
        assert properties(wix) == before
        unknown = {"instanceId": guid(9, 9), "timeZone": "UTC"}
        assert wix.call("POST", "/_sandbox/site", unknown).status == 404


ADA, BEN = guid(0xB1, 1), guid(0xB1, 2)


def post(number: int, writer: str, **more: Any) -> dict[str, Any]:
    return {
        "id": guid(0xC3, number),
        "referenceId": f"ref-{number}",
        "memberId": writer,
        "title": f"Post {number}",
        "firstPublishedDate": f"2026-01-{number:02d}T00:00:00.000Z",
        "pinned": False,
    } | more


def ask(wix: Caller, **query: Any) -> Any:
    return wix.post(wire.POSTS_QUERY, {"query": query, "fieldsets": ["REFERENCE_ID"]})


def test_posts_are_found_by_their_writers_and_paged_by_offset() -> None:
    with sandbox() as wix:
        wix.store("posts", *(post(n, ADA if n % 2 else BEN) for n in range(1, 8)))
        by_ada = {"memberId": {"$hasSome": [ADA, guid(0xB1, 9)]}}
        by_id = [{"fieldName": "id", "order": "ASC"}]
        page = ask(wix, filter=by_ada, sort=by_id, paging={"limit": 3, "offset": 0})
        assert [one["referenceId"] for one in page["posts"]] == ["ref-1", "ref-3", "ref-5"]
        assert page["pagingMetadata"]["total"] == 4
        page = ask(wix, filter=by_ada, sort=by_id, paging={"limit": 3, "offset": 3})
        assert [one["referenceId"] for one in page["posts"]] == ["ref-7"]


def test_the_reference_of_a_post_is_told_only_when_asked_for_and_never_filters() -> None:
    with sandbox() as wix:
        wix.store("posts", post(1, ADA))
        [plain] = wix.post(wire.POSTS_QUERY, {})["posts"]
        assert "referenceId" not in plain
        wrong = wix.call("POST", wire.POSTS_QUERY, {"query": {"filter": {"referenceId": "ref-1"}}})
        assert wrong.violation["description"] == "Field 'referenceId' is not declared as filterable"


def test_pinned_posts_come_first_and_then_the_newest() -> None:
    with sandbox() as wix:
        wix.store("posts", post(1, ADA, pinned=True), post(2, ADA), post(3, BEN))
        assert [one["title"] for one in ask(wix)["posts"]] == ["Post 1", "Post 3", "Post 2"]


def review(number: int, author: str, **fields: Any) -> dict[str, Any]:
    day = f"2026-01-{number:02}T00:00:00Z"
    plain = {
        "id": guid(7, number),
        "namespace": "stores",
        "author": {"contactId": author},
        "moderation": {"moderationStatus": "APPROVED"},
        "createdDate": day,
        "updatedDate": day,
    }
    return plain | fields


def test_reviews_are_told_from_the_oldest_on_and_found_by_their_writers() -> None:
    with sandbox() as wix:
        wix.store("reviews", *(review(n, ADA if n % 2 else BEN) for n in (3, 1, 2)))
        found = wix.post(wire.REVIEWS_QUERY, {})
        assert [one["id"] for one in found["reviews"]] == [guid(7, n) for n in (1, 2, 3)]
        assert found["pagingMetadata"] == {"count": 3, "cursors": {}, "hasNext": False}
        first = {"filter": {"author.contactId": {"$in": [ADA]}}, "cursorPaging": {"limit": 1}}
        page = wix.post(wire.REVIEWS_QUERY, {"query": first})
        assert [one["id"] for one in page["reviews"]] == [guid(7, 1)]
        cursor = page["pagingMetadata"]["cursors"]["next"]
        page = wix.post(wire.REVIEWS_QUERY, {"query": {"cursorPaging": {"cursor": cursor}}})
        assert [one["id"] for one in page["reviews"]] == [guid(7, 3)]
        page = wix.post(wire.REVIEWS_QUERY, {"query": {"paging": {"limit": 1, "offset": 2}}})
        assert [one["id"] for one in page["reviews"]] == [guid(7, 3)]
        one = wix.good("GET", wire.REVIEW.replace("{id}", guid(7, 2)))["review"]
        assert one == review(2, BEN)
        assert wix.call("GET", wire.REVIEW.replace("{id}", guid(7, 9))).status == 404


@pytest.mark.parametrize(
    "query",
    [
        {"filter": {"updatedDate": {"$gte": "2026-01-01T00:00:00Z"}}},
        {"sort": [{"fieldName": "updatedDate", "order": "ASC"}]},
    ],
)
def test_what_changed_last_of_reviews_cannot_be_asked_for(query: dict[str, Any]) -> None:
    with sandbox() as wix:
        assert wix.call("POST", wire.REVIEWS_QUERY, {"query": query}).status == 400
