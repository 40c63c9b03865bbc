from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

import pytest
from sandbox_caller import BLOG, Caller, comment, guid, member, order, sandbox

SEARCH = "/ecom/v1/orders/search"
QUERY = "/comments/v1/comments/query-cursor"
PLAIN = "/comments/v1/comments/query"
MEMBERS = "/members/v1/members/query"
HERE = {"appId": BLOG, "contextId": "post", "resourceId": "post"}


def listed(wix: Caller, **more: Any) -> Any:
    asked = HERE | {name.replace("_", "."): value for name, value in more.items()}
    return wix.good("GET", f"/comments/v1/comments/list-by-resource?{urlencode(asked)}")


def refused(wix: Caller, **more: Any) -> str:
    asked = HERE | {name.replace("_", "."): value for name, value in more.items()}
    path = f"/comments/v1/comments/list-by-resource?{urlencode(asked)}"
    return wix.call("GET", path).violation["field"]


def numbers(found: list[Any]) -> list[int]:
    return [int(one["id"][-12:], 16) for one in found]


def test_comments_are_queried_under_both_bindings_and_cursors_fit_both() -> None:
    with sandbox() as wix:
        wix.store("comments", *(comment(number) for number in range(3)))
        body: dict[str, Any] = {"appId": BLOG, "query": {"cursorPaging": {"limit": 2}}}
        first = wix.post(PLAIN, body)
        assert numbers(first["comments"]) == [0, 1]
        body["query"]["cursorPaging"]["cursor"] = first["pagingMetadata"]["cursors"]["next"]
        for path in (QUERY, PLAIN):
            assert numbers(wix.post(path, body)["comments"]) == [2]
        assert wix.call("POST", PLAIN, {}).violation["field"] == "appId"


def test_a_deleted_comment_is_still_there_by_its_id() -> None:
    with sandbox() as wix:
        wix.store("comments", comment(1, status="DELETED"))
        found = wix.good("GET", f"/comments/v1/comments/{guid(0xB3, 1)}")["comment"]
        assert found["status"] == "DELETED"
        assert found.keys().isdisjoint({"author", "content"})


def reply(number: int, parent: int, **more: Any) -> dict[str, Any]:
    return comment(number, parentComment={"id": guid(0xB3, parent)}, **more)


def test_replies_are_paged_by_a_cursor_of_their_own() -> None:
    with sandbox() as wix:
        wix.store("comments", comment(1), comment(2), *(reply(10 + n, 1) for n in range(5)))
        first = listed(wix, replySort_order="OLDEST_FIRST", cursorPaging_repliesLimit=2)
        assert list(first["commentReplies"]) == [guid(0xB3, 1)]
        page = first["commentReplies"][guid(0xB3, 1)]
        assert numbers(page["replies"]) == [10, 11]
        assert (page["pagingMetadata"]["count"], page["pagingMetadata"]["hasNext"]) == (2, True)
        cursor = page["pagingMetadata"]["cursors"]["next"]
        wix.store("comments", reply(9, 1, createdDate="2026-01-01T00:00:00.000Z"))
        more = listed(wix, cursorPaging_cursor=cursor, cursorPaging_limit=2)
        assert (numbers(more["comments"]), more["commentReplies"]) == ([12, 13], {})
        cursor = more["pagingMetadata"]["cursors"]["next"]
        last = listed(wix, cursorPaging_cursor=cursor)
        assert numbers(last["comments"]) == [14]
        assert last["pagingMetadata"] == {"count": 1, "cursors": {}, "hasNext": False}
        assert refused(wix, cursorPaging_cursor=cursor, resourceId="x") == "cursorPaging.cursor"


def test_a_limit_of_no_replies_gives_the_way_to_them_alone() -> None:
    with sandbox() as wix:
        wix.store("comments", comment(1), reply(10, 1), reply(11, 1))
        page = listed(wix, cursorPaging_repliesLimit=0)["commentReplies"][guid(0xB3, 1)]
        assert (page["replies"], page["pagingMetadata"]["hasNext"]) == ([], True)
        cursor = page["pagingMetadata"]["cursors"]["next"]
        assert numbers(listed(wix, cursorPaging_cursor=cursor)["comments"]) == [11, 10]


def test_the_order_of_replies_is_kept_on_every_page_of_comments() -> None:
    with sandbox() as wix:
        wix.store("comments", *(comment(number) for number in (1, 2)))
        wix.store("comments", *(reply(10 + n, 1) for n in range(2)))
        wix.store("comments", *(reply(20 + n, 2) for n in range(2)))
        for asked, orders in (
            ({}, [[21, 20], [11, 10]]),
            ({"commentSort_order": "OLDEST_FIRST"}, [[10, 11], [20, 21]]),
            ({"replySort_order": "OLDEST_FIRST"}, [[20, 21], [10, 11]]),
        ):
            first = listed(wix, cursorPaging_limit=1, **asked)
            cursor = first["pagingMetadata"]["cursors"]["next"]
            second = listed(wix, cursorPaging_cursor=cursor, replySort_order="REACTION_COUNT")
            found = [*first["commentReplies"].values(), *second["commentReplies"].values()]
            assert [numbers(page["replies"]) for page in found] == orders


@pytest.mark.parametrize(
    ("order_asked", "found"),
    [
        ("UNKNOWN_ORDER", [3, 2, 1]),
        ("REACTION_COUNT", [1, 3, 2]),
        ("NET_VOTE_COUNT", [2, 1, 3]),
        ("NET_VOTE_COUNT_ASC", [3, 1, 2]),
        ("RATING", [1, 2, 3]),
        ("RATING_ASC", [3, 2, 1]),
    ],
)
def test_comments_of_a_resource_come_in_every_order_that_is_documented(
    order_asked: str, found: list[int]
) -> None:
    with sandbox() as wix:
        for number, reactions, votes, rating in ((1, 5, 0, 5), (2, 1, 7, 4), (3, 3, -2, 3)):
            counts = {"reactionSummary": {"total": reactions}, "rating": rating}
            wix.store("comments", comment(number, voteSummary={"netVoteCount": votes}, **counts))
        assert numbers(listed(wix, commentSort_order=order_asked)["comments"]) == found


def test_parameters_of_a_resource_are_checked() -> None:
    with sandbox() as wix:
        wix.store("comments", comment(1))
        for name, value in (
            ("commentSort_order", "BEST"),
            ("replySort_order", "RATING"),
            ("commentSort_keepMarkedInOriginalOrder", "yes"),
            ("cursorPaging_limit", "0"),
            ("cursorPaging_repliesLimit", "101"),
            ("fields", "AUTHOR"),
            ("resourceId", "x" * 129),
        ):
            assert refused(wix, **{name: value}) == name.replace("_", ".")
        assert "authorBadges" not in listed(wix)
        assert listed(wix, fields="AUTHOR_BADGES")["authorBadges"] == {"badgesByMemberId": {}}


@pytest.mark.parametrize(
    ("path", "wrapper", "field", "most"),
    [(SEARCH, "search", "number", 4), (QUERY, "query", "rating", 5)],
)
def test_a_list_is_sorted_by_so_many_fields_and_no_more(
    path: str, wrapper: str, field: str, most: int
) -> None:
    with sandbox() as wix:
        sort = [{"fieldName": field}] * most
        wix.post(path, {"appId": BLOG, wrapper: {"sort": sort}})
        body = {"appId": BLOG, wrapper: {"sort": [*sort, *sort[:1]]}}
        assert wix.call("POST", path, body).violation["field"] == f"{wrapper}.sort"


def test_orders_are_found_by_every_field_that_docs_and_sdk_have() -> None:
    fields: dict[str, dict[str, Any]] = {
        "createdBy.userId": {"createdBy": {"userId": "u"}},
        "shippingInfo.title": {"shippingInfo": {"title": "u"}},
        "shippingInfo.region.name": {"shippingInfo": {"region": {"name": "u"}}},
        "shippingInfo.logistics.deliveryTime": {
            "shippingInfo": {"logistics": {"deliveryTime": "u"}}
        },
        "lineItems.productName.original": {"lineItems": [{"productName": {"original": "u"}}]},
    }
    with sandbox() as wix:
        wix.store("orders", *(order(place, **more) for place, more in enumerate(fields.values())))
        for place, name in enumerate(fields):
            found = wix.post(SEARCH, {"search": {"filter": {name: {"$hasSome": ["u"]}}}})["orders"]
            assert numbers(found) == [place]


def test_comments_are_found_and_sorted_by_their_votes() -> None:
    with sandbox() as wix:
        wix.store("comments", *(comment(n, voteSummary={"netVoteCount": -n}) for n in range(3)))
        query = {
            "filter": {"voteSummary.netVoteCount": {"$lt": 0}},
            "sort": [{"fieldName": "voteSummary.netVoteCount"}],
        }
        assert numbers(wix.post(QUERY, {"appId": BLOG, "query": query})["comments"]) == [2, 1]


def test_members_are_found_by_a_plain_text_in_the_fields_asked_for() -> None:
    people = [
        member(1) | {"profile": {"nickname": "Ana", "slug": "first"}},
        member(2) | {"profile": {"nickname": "Bo"}, "contact": {"firstName": "Banana"}},
    ]
    with sandbox() as wix:
        wix.store("members", *people)

        def found(**search: Any) -> Any:
            return wix.post(MEMBERS, {"search": search})

        assert numbers(found(expression="ANA")["members"]) == [1]
        assert found(expression="ANA")["metadata"]["total"] == 1
        both = ["contact.firstName", "profile.nickname"]
        assert numbers(found(expression="an", fields=both)["members"]) == [1, 2]
        assert numbers(found(expression="first", fields=["profile.slug"])["members"]) == [1]
        assert len(found()["members"]) == 2
        for search, field in (
            ({"expression": ""}, "search.expression"),
            ({"expression": "x" * 101}, "search.expression"),
            ({"expression": "x", "fields": ["status"]}, "search.fields[0]"),
            ({"expression": "x", "fields": ["profile.slug"] * 5}, "search.fields"),
        ):
            assert wix.call("POST", MEMBERS, {"search": search}).violation["field"] == field


def test_a_cursor_of_members_belongs_to_the_text_that_was_looked_for() -> None:
    with sandbox(members=3) as wix:
        body = {"search": {"expression": "m"}, "query": {"cursorPaging": {"limit": 2}}}
        first = wix.post(MEMBERS, body)
        cursor = first["pagingMetadata"]["cursors"]["next"]
        rest = {"query": {"cursorPaging": {"cursor": cursor}}}
        assert numbers(wix.post(MEMBERS, body | rest)["members"]) == [2]
        other = {"search": {"expression": "m1"}} | rest
        assert wix.call("POST", MEMBERS, other).violation["field"] == "query.cursorPaging.cursor"
