from __future__ import annotations

from typing import Any

import pytest
from sandbox_caller import BLOG, comment, guid, member, order, sandbox

QUERY = "/badges/v4/badges/query"
CREATE = "/badges/v4/assignments"
BULK = "/badges/v4/bulk/assignments/create"
SEARCH = "/ecom/v1/orders/search"
COMMENTS = "/comments/v1/comments/query-cursor"
COUNT = "/comments/v1/comments/count"
HERE = f"/comments/v1/comments/list-by-resource?appId={BLOG}&contextId=post&resourceId=post"
MEMBERS = "/members/v1/members/query"


@pytest.mark.parametrize(
    "told_again",
    [{"filter": {"title": "One"}}, {"sort": [{"fieldName": "title"}]}, {"filter": {"odd": 1}}],
)
def test_a_filter_beside_a_cursor_is_ignored_or_refused(told_again: dict[str, Any]) -> None:
    with sandbox() as wix:
        for title in ("One", "Two", "Three"):
            wix.badge(title)
        first = wix.post(QUERY, {"query": {"cursorPaging": {"limit": 1}}})
        paging = {"cursorPaging": {"cursor": first["pagingMetadata"]["cursors"]["next"]}}
        rest = wix.post(QUERY, {"query": paging})
        assert wix.post(QUERY, {"query": paging | told_again}) == rest
        wix.turn(cursorWithFilter="refuse")
        refused = wix.call("POST", QUERY, {"query": paging | told_again}).violation
        assert refused["field"] == "query.cursorPaging.cursor"
        assert wix.post(QUERY, {"query": paging | {"filter": {}, "sort": []}}) == rest


def test_pages_without_a_limit_have_the_size_that_is_chosen() -> None:
    with sandbox(members=101) as wix:
        badge_id = wix.badge()
        for first in (0, 51):
            pairs = [{"badgeId": badge_id, "memberId": guid(0xB1, first + n)} for n in range(50)]
            wix.post(BULK, {"badgeAssignments": pairs})
        for number in range(60):
            wix.badge(f"Badge {number}")
        wix.store("comments", *(comment(number) for number in range(110)))

        def sizes() -> list[int]:
            assigned = wix.post(f"{CREATE}/query", {})["badgeAssignments"]
            comments = wix.post(COMMENTS, {"appId": BLOG})["comments"]
            here = wix.good("GET", HERE)["comments"]
            return [len(wix.post(QUERY, {})["badges"]), len(assigned), len(comments), len(here)]

        assert sizes() == [61, 100, 50, 50]
        wix.turn(badgesDefaultLimit=50, commentsDefaultLimit=100)
        assert sizes() == [50, 50, 100, 100]
        wix.turn(badgesDefaultLimit=100, commentsDefaultLimit=50)
        assert sizes() == [61, 100, 50, 50]


OPERATORS = [
    (SEARCH, "search", "status", {"$startsWith": "A"}, {"$nin": ["PENDING"]}),
    (SEARCH, "search", "id", {"$gt": "0"}, {"$in": [guid(0xB2, 1)]}),
    (SEARCH, "search", "buyerInfo.memberId", {"$exists": False}, {"$ne": "x"}),
    (SEARCH, "search", "createdDate", {"$isEmpty": False}, {"$exists": True}),
    (SEARCH, "search", "number", {"$hasSome": ["1"]}, {"$startsWith": "1"}),
    (SEARCH, "search", "archived", {"$isEmpty": True}, {"$ne": True}),
    (
        SEARCH,
        "search",
        "lineItems.catalogReference.appId",
        "shop",
        {"$hasAll": ["shop"]},
    ),
    (COMMENTS, "query", "status", {"$nin": ["HIDDEN"]}, {"$in": ["PUBLISHED"]}),
    (COMMENTS, "query", "replyCount", {"$exists": False}, {"$ne": 7}),
    (COMMENTS, "query", "marked", {"$in": [None]}, {"$ne": True}),
    (QUERY, "query", "permissionsEnabled", {"$gte": False}, {"$in": [False]}),
    (f"{CREATE}/query", "query", "memberId", {"$hasSome": [guid(0xB1, 1)]}, guid(0xB1, 1)),
    (MEMBERS, "query", "status", {"$hasAll": ["APPROVED"]}, {"$startsWith": "app"}),
]


@pytest.mark.parametrize(("path", "wrapper", "field", "loose", "listed"), OPERATORS)
def test_operators_hold_everywhere_or_only_where_they_are_documented(
    path: str, wrapper: str, field: str, loose: Any, listed: Any
) -> None:
    with sandbox(members=2) as wix:
        lines = [{"catalogReference": {"appId": "shop"}}]
        wix.store("orders", order(1, lineItems=lines))
        wix.store("comments", comment(1))
        pair = {"badgeId": wix.badge(), "memberId": guid(0xB1, 1)}
        wix.post(CREATE, {"badgeAssignment": pair})

        def found(test: Any) -> Any:
            answer = wix.post(path, {"appId": BLOG, wrapper: {"filter": {field: test}}})
            return next(iter(answer.values()))

        assert found(loose)
        assert found(loose) == found(listed)
        strict = found(listed)
        wix.turn(operatorsPerField="documented")
        assert found(listed) == strict
        nested = {"$not": {"$or": [{field: loose}]}}
        for given in ({field: loose}, nested):
            body = {"appId": BLOG, wrapper: {"filter": given}}
            refused = wix.call("POST", path, body).violation
            assert refused["field"] == f"{wrapper}.filter.{field}"
            assert "is not supported for this field" in refused["description"]


def test_counts_and_tags_by_filter_keep_to_the_documented_operators_too() -> None:
    with sandbox() as wix:
        count = {"appId": BLOG, "filter": {"status": {"$nin": ["HIDDEN"]}}}
        by_filter = "/badges/v4/bulk/assignments/update-tags-by-filter"
        tags: dict[str, Any] = {"filter": {"badgeId": {"$hasAll": []}}, "assignTags": {}}
        wix.post(COUNT, count)
        wix.post(by_filter, tags)
        wix.turn(operatorsPerField="documented")
        assert wix.call("POST", COUNT, count).violation["field"] == "filter.status"
        assert wix.call("POST", by_filter, tags).violation["field"] == "filter.badgeId"


def test_pending_orders_are_hidden_or_shown_and_initialized_ones_never_shown() -> None:
    with sandbox() as wix:
        statuses = ("APPROVED", "PENDING", "REJECTED", "INITIALIZED")
        wix.store("orders", *(order(n, status=status) for n, status in enumerate(statuses)))

        def found() -> set[str]:
            return {one["status"] for one in wix.post(SEARCH, {})["orders"]}

        assert found() == {"APPROVED"}
        wix.turn(pendingOrders="show")
        assert found() == {"APPROVED", "PENDING", "REJECTED"}


def test_comments_are_sorted_by_date_only_where_that_is_allowed() -> None:
    with sandbox() as wix:
        wix.store("comments", *(comment(number) for number in range(3)))
        sort = [{"fieldName": "createdDate", "order": "DESC"}]
        body: dict[str, Any] = {"appId": BLOG, "query": {"sort": sort}}
        assert (
            "not declared as sortable" in wix.call("POST", COMMENTS, body).violation["description"]
        )
        wix.turn(commentDateSort="accept")
        found = wix.post(COMMENTS, body)["comments"]
        assert [one["id"] for one in found] == [guid(0xB3, n) for n in (2, 1, 0)]
        body["query"]["filter"] = {"createdDate": {"$gt": "2026-01-01T00:00:00Z"}}
        assert wix.call("POST", COMMENTS, body).status == 400


def test_marked_comments_stand_in_their_order_or_first() -> None:
    with sandbox() as wix:
        marks: list[dict[str, Any]] = [{}, {"marked": True}, {"marked": False}, {}]
        wix.store("comments", *(comment(number, **more) for number, more in enumerate(marks)))
        parent = {"parentComment": {"id": guid(0xB3, 1)}}
        wix.store("comments", comment(10, marked=True, **parent), comment(11, **parent))

        def found(more: str = "") -> tuple[list[int], list[int]]:
            answer = wix.good("GET", HERE + more)
            replies = answer["commentReplies"][guid(0xB3, 1)]["replies"]
            comments = answer["comments"]
            return (
                [int(one["id"][-2:], 16) for one in comments],
                [int(one["id"][-2:], 16) for one in replies],
            )

        assert found() == ([3, 2, 1, 0], [11, 10])
        wix.turn(markedComments="first")
        assert found() == ([1, 3, 2, 0], [10, 11])
        kept = "&commentSort.keepMarkedInOriginalOrder=true"
        assert found(kept) == ([3, 2, 1, 0], [10, 11])
        both = f"{kept}&replySort.keepMarkedInOriginalOrder=true"
        assert found(both) == ([3, 2, 1, 0], [11, 10])


def test_members_are_sorted_where_the_docs_are_believed() -> None:
    with sandbox() as wix:
        for number, name in enumerate(("Cy", "Ana", "Bo")):
            at = f"2026-01-0{3 - number}T00:00:00Z"
            wix.store(
                "members", member(number) | {"profile": {"nickname": name}, "createdDate": at}
            )

        def body(field: str) -> dict[str, Any]:
            return {"query": {"sorting": [{"fieldName": field, "order": "ASC"}]}}

        refused = wix.call("POST", MEMBERS, body("profile.nickname")).violation
        assert refused["description"] == "Field 'profile.nickname' is not declared as sortable"
        wix.turn(memberSorting="documented")
        for field, names in (
            ("profile.nickname", ["Ana", "Bo", "Cy"]),
            ("createdDate", ["Bo", "Ana", "Cy"]),
        ):
            found = wix.post(MEMBERS, body(field))["members"]
            assert [one["profile"]["nickname"] for one in found] == names
        assert wix.call("POST", MEMBERS, body("status")).status == 400


def test_more_comments_than_the_limit_are_too_many_to_count() -> None:
    with sandbox() as wix:
        wix.store("comments", *(comment(number) for number in range(3)))
        assert wix.post(COUNT, {"appId": BLOG}) == {"count": 3}
        wix.turn(countLimit=3)
        assert wix.post(COUNT, {"appId": BLOG}) == {"count": 3}
        wix.turn(countLimit=2)
        assert wix.call("POST", COUNT, {"appId": BLOG}).status == 428, "the default"
        for limit, status in ((2, 428), (0, 400)):
            wix.turn(countLimit=limit, countLimitStatus=status)
            reply = wix.call("POST", COUNT, {"appId": BLOG})
            assert (reply.status, reply.code) == (status, "TOO_MANY_TO_COUNT")
        assert wix.post(COUNT, {"appId": guid(0, 1)}) == {"count": 0}
        wix.turn(countLimit=None)
        assert wix.post(COUNT, {"appId": BLOG}) == {"count": 3}


def test_a_list_longer_than_the_switch_says_is_refused_by_name() -> None:
    with sandbox() as wix:
        wix.store("comments", *(comment(number, resourceId=f"p{number}") for number in range(4)))
        three = {"filter": {"resourceId": {"$in": ["p0", "p1", "p3"]}}}
        thousand = {"filter": {"resourceId": {"$in": [f"p{number}" for number in range(5_000)]}}}
        ask = {"appId": BLOG}
        assert wix.post(COUNT, ask | thousand) == {"count": 4}
        wix.turn(mostIn=3)
        assert wix.post(COUNT, ask | three) == {"count": 3}
        assert len(wix.post(COMMENTS, ask | {"query": three})["comments"]) == 3
        refused = wix.call("POST", COUNT, ask | thousand).violation
        assert (refused["field"], refused["violatedRule"]) == ("filter.resourceId", "MAX")
        wix.turn(mostIn=2)
        refused = wix.call("POST", COMMENTS, ask | {"query": three}).violation
        assert refused["field"] == "query.filter.resourceId"
        wix.turn(mostIn=0)
        assert wix.post(COUNT, ask | thousand) == {"count": 4}
        wix.turn(mostIn=None)
        assert wix.post(COUNT, ask | thousand) == {"count": 4}
