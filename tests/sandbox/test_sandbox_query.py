from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sandbox_caller import guid, order, sandbox

from badgejobs.sandbox import kinds
from badgejobs.sandbox.collection import Collection, Record, place_of
from badgejobs.sandbox.query import Sort, compile_filter

SEARCH = "/ecom/v1/orders/search"


def matches(given_filter: dict[str, Any], body: dict[str, Any]) -> bool:
    found = compile_filter(given_filter, kinds.ORDERS, "search.filter")
    return found.matches(kinds.ORDERS.values(body))


LINES = {
    "lineItems": [{"catalogReference": {"appId": "a"}}, {"catalogReference": {"appId": "b"}}, {}]
}


@pytest.mark.parametrize(
    ("given_filter", "found"),
    [
        ({}, True),
        ({"number": "10"}, True),
        ({"number": {"$gt": "2"}}, False),  # text, code point by code point
        ({"number": {"$gt": 2}}, False),
        ({"number": {"$in": ["9", "10"], "$ne": "9"}}, True),
        ({"number": {"$nin": ["10"]}}, False),
        ({"createdDate": "2026-01-03T00:10:00Z"}, True),
        ({"createdDate": {"$gt": "2026-01-03T01:09:59+01:00"}}, True),
        ({"createdDate": {"$lte": "2026-01-03T00:09:59.999Z"}}, False),
        ({"archived": {"$exists": False}}, True),
        ({"archived": None}, True),
        ({"archived": {"$ne": True}}, True),
        ({"archived": False}, False),
        ({"checkoutId": {"$isEmpty": True}}, True),
        ({"buyerInfo.email": {"$startsWith": "ANA@"}}, True),
        ({"$or": [{"number": "1"}, {"$and": [{"number": "10"}]}], "status": "APPROVED"}, True),
        ({"$not": {"$or": [{"number": "10"}]}}, False),
        ({"lineItems.catalogReference.appId": {"$hasAll": ["a", "b"]}}, True),
        ({"lineItems.catalogReference.appId": {"$hasAll": ["a", "c"]}}, False),
        ({"lineItems.catalogReference.appId": {"$hasSome": ["c", "b"]}}, True),
    ],
)
def test_a_filter_finds_what_it_says(given_filter: dict[str, Any], found: bool) -> None:
    body = order(10, buyerInfo={"email": "Ana@example.com"}, **LINES)
    assert matches(given_filter, body) is found


@pytest.mark.parametrize(
    ("given_filter", "words"),
    [
        ({"$and": [{"$not": {"nope": 1}}]}, "Field 'nope' is not declared as filterable"),
        ({"number": {"$like": "1"}}, "Unknown operator '$like'"),
        ({"$nor": []}, "Unknown operator '$nor'"),
        ({"number": {"$in": "1"}}, "takes a list"),
        ({"updatedDate": {"$gte": "yesterday"}}, "is not a date"),
        ({"archived": {"$exists": "yes"}}, "takes true or false"),
        ([], "Expected an object"),
    ],
)
def test_a_filter_that_cannot_be_is_refused_even_on_an_empty_site(
    given_filter: Any, words: str
) -> None:
    with sandbox() as wix:
        reply = wix.call("POST", SEARCH, {"search": {"filter": given_filter}})
        assert words in reply.violation["description"]


def test_sorts_limits_and_cursors_are_checked() -> None:
    with sandbox() as wix:
        wix.store("orders", *(order(number) for number in range(3)))
        sort = [{"fieldName": "archived"}]
        unsortable = wix.call("POST", SEARCH, {"search": {"sort": sort}}).violation
        assert unsortable["description"] == "Field 'archived' is not declared as sortable"
        for limit in (0, 101, "5", True):
            body = {"search": {"cursorPaging": {"limit": limit}}}
            assert wix.call("POST", SEARCH, body).violation["field"] == "search.cursorPaging.limit"
        page = wix.post(SEARCH, {"search": {"cursorPaging": {"limit": 1}}})
        cursor = page["metadata"]["cursors"]["next"]
        other = "B" if cursor[0] == "A" else "A"
        for wrong in (cursor[:-4], "x", "", 7, other + cursor[1:], "é"):
            body = {"search": {"cursorPaging": {"cursor": wrong}}}
            assert wix.call("POST", SEARCH, body).status == 400
        body = {"query": {"cursorPaging": {"cursor": cursor}}}
        assert wix.call("POST", "/badges/v4/badges/query", body).status == 400
        again = {"search": {"cursorPaging": {"cursor": cursor, "limit": 2}}}
        rest = wix.post(SEARCH, again)
        assert [one["number"] for one in rest["orders"]] == ["1", "0"]
        assert rest["metadata"] == {"count": 2, "cursors": {}, "hasNext": False}
        assert wix.post(SEARCH, again) == rest


def test_without_the_wrapper_key_the_default_list_is_given() -> None:
    with sandbox() as wix:
        wix.store("orders", order(1), order(2))
        assert len(wix.post(SEARCH, {"filter": {"number": "1"}})["orders"]) == 2


def test_lists_show_everything_as_it_was_before_the_lag() -> None:
    with sandbox(members=1, queryLagSeconds=2) as wix:
        wix.clock.seconds += 10
        badge_id = wix.badge("First")
        pair = {"badgeId": badge_id, "memberId": guid(0xB1, 0)}
        made = wix.post("/badges/v4/assignments", {"badgeAssignment": pair})["badgeAssignment"]
        wix.store("orders", order(1))

        def shown() -> tuple[list[str], int, int]:
            badges = wix.post("/badges/v4/badges/query", {})["badges"]
            given_badges = wix.post("/badges/v4/assignments/query", {})["badgeAssignments"]
            orders = wix.post(SEARCH, {})["orders"]
            return [badge["title"] for badge in badges], len(given_badges), len(orders)

        assert shown() == ([], 0, 0)
        assert wix.good("GET", f"/badges/v4/badges/{badge_id}")["badge"]["title"] == "First"
        assert wix.call("POST", "/badges/v4/assignments", {"badgeAssignment": pair}).status == 409
        wix.clock.seconds += 1.9
        assert shown() == ([], 0, 0)
        wix.clock.seconds += 0.1
        assert shown() == (["First"], 1, 1)
        change = {"badge": {"revision": "1", "title": "Second"}}
        wix.good("PATCH", f"/badges/v4/badges/{badge_id}", change)
        wix.good("DELETE", f"/badges/v4/assignments/{made['id']}")
        assert shown() == (["First"], 1, 1)
        wix.clock.seconds += 2
        assert shown() == (["Second"], 0, 1)


numbers = st.integers(0, 3)
changes = st.lists(
    st.tuples(st.sampled_from(["put", "remove", "page"]), st.integers(0, 9), numbers)
)


@settings(deadline=None, max_examples=300)
@given(start=st.dictionaries(st.integers(0, 9), numbers, max_size=8), changes=changes, falling=...)
def test_paging_gives_what_is_not_touched_exactly_once_and_in_order(
    start: dict[int, int], changes: list[tuple[str, int, int]], falling: bool
) -> None:
    """Records with few distinct sort values, changed between pages, against a plain list."""
    sort: Sort = (("number", falling),)
    collection = Collection(kinds.ORDERS, lag=0)

    def put(number: int, value: int) -> None:
        body = {"id": str(number), "number": str(value)}
        collection.put(Record(body, kinds.ORDERS), 0)

    for number, value in start.items():
        put(number, value)
    seen: list[str] = []
    after: list[Any] | None = None
    touched: set[str] = set()
    for what, number, value in [*changes, *[("page", 0, 0)] * 20]:
        if what == "put":
            touched.add(str(number))
            put(number, value)
        elif what == "remove":
            touched.add(str(number))
            collection.remove(str(number), 0)
        else:
            record = next(collection.walk(0, sort, lambda _: True, after=after), None)
            if record is not None:
                seen.append(record.id)
                after = place_of(record, sort)
    untouched = [str(number) for number in start if str(number) not in touched]
    plain = sorted(sorted(untouched), key=lambda one: start[int(one)], reverse=falling)
    assert [one for one in seen if one not in touched] == plain


@given(bodies=st.lists(st.tuples(st.sampled_from([None, "a", "b", 1, 2.5, True]), numbers)))
def test_an_order_kept_up_to_date_equals_one_sorted_anew(bodies: list[tuple[Any, int]]) -> None:
    sort: Sort = (("number", True), ("status", False))
    mended, anew = Collection(kinds.ORDERS, lag=0), Collection(kinds.ORDERS, lag=0)
    for place, (number, status) in enumerate(bodies):
        body = {"id": str(place % 5), "number": number, "status": str(status)}
        mended.put(Record(body, kinds.ORDERS), 0)
        anew.put(Record(body, kinds.ORDERS), 0)
        list(mended.walk(0, sort, lambda _: True))
    found = [record.id for record in mended.walk(0, sort, lambda _: True)]
    assert found == [record.id for record in anew.walk(0, sort, lambda _: True)]
