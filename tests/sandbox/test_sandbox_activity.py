from __future__ import annotations

from typing import Any

import pytest
from sandbox_caller import BLOG, ONE, OTHER, comment, guid, member, order, sandbox

SEARCH = "/ecom/v1/orders/search"
QUERY = "/comments/v1/comments/query-cursor"
COUNT = "/comments/v1/comments/count"
HERE = f"/comments/v1/comments/list-by-resource?appId={BLOG}&contextId=post&resourceId=post"


def test_search_hides_statuses_unless_they_are_named_and_never_shows_initialized() -> None:
    statuses = ["APPROVED", "CANCELED", "PENDING", "REJECTED", "INITIALIZED"]
    with sandbox() as wix:
        stored = [order(n, status=status) for n, status in enumerate(statuses)]
        wix.store("orders", *stored)

        def found(given: Any) -> set[str]:
            return {one["status"] for one in wix.post(SEARCH, {"search": given})["orders"]}

        assert found({}) == {"APPROVED", "CANCELED"}
        assert found({"filter": {"status": {"$in": statuses}}}) == set(statuses[:4])
        assert found({"filter": {"$not": {"status": "APPROVED"}}}) == set(statuses[1:4])
        hidden = wix.good("GET", f"/ecom/v1/orders/{guid(0xB2, 4)}")["order"]
        assert hidden == stored[4]
        wix.log_in(OTHER)
        assert wix.post(SEARCH, {})["orders"] == []
        assert wix.call("GET", f"/ecom/v1/orders/{guid(0xB2, 4)}").code == "ORDER_NOT_FOUND"


def test_records_are_kept_as_given_and_replaced_as_a_whole() -> None:
    with sandbox() as wix:
        given = order(
            1, odd={"ünïcode": [1, 2.50, None]}, priceSummary={"total": {"amount": "1.0"}}
        )
        wix.store("orders", given)
        assert wix.post(SEARCH, {})["orders"] == [given]
        wix.store("orders", order(1))
        assert wix.post(SEARCH, {})["orders"] == [order(1)]


def test_comments_are_asked_for_by_app_and_deleted_ones_lose_their_author() -> None:
    with sandbox() as wix:
        wix.store(
            "comments",
            comment(2, status="DELETED"),
            comment(1, status="HIDDEN"),
            comment(0),
            comment(3, appId=guid(0xC0, 1)),
        )
        assert wix.call("POST", QUERY, {}).violation["field"] == "appId"
        assert wix.call("POST", COUNT, {"appId": "blog"}).violation["field"] == "appId"
        found = wix.post(QUERY, {"appId": BLOG})["comments"]
        assert [one["id"] for one in found] == [guid(0xB3, n) for n in range(3)]
        assert found[2].keys().isdisjoint({"author", "content"})
        mine = {"filter": {"author.memberId": guid(0xB1, 0)}}
        assert len(wix.post(QUERY, {"appId": BLOG, "query": mine})["comments"]) == 2
        assert wix.post(COUNT, {"appId": BLOG})["count"] == 2
        assert wix.post(COUNT, {"appId": BLOG, "filter": {"status": "HIDDEN"}})["count"] == 0
        assert wix.post(COUNT, {"appId": BLOG} | mine)["count"] == 1
        by_date = {"sort": [{"fieldName": "createdDate"}]}
        refused = wix.call("POST", QUERY, {"appId": BLOG, "query": by_date}).violation
        assert "not declared as sortable" in refused["description"]


def test_comments_of_a_resource_come_with_their_replies() -> None:
    with sandbox() as wix:
        replies = [comment(10 + n, parentComment={"id": guid(0xB3, 1)}) for n in range(12)]
        wix.store("comments", *(comment(n) for n in range(3)), *replies)
        wix.store("comments", comment(30, status="PENDING"), comment(31, resourceId="other"))
        first = wix.good("GET", f"{HERE}&commentSort.order=OLDEST_FIRST&cursorPaging.limit=2")
        assert [one["id"] for one in first["comments"]] == [guid(0xB3, 0), guid(0xB3, 1)]
        assert len(first["commentReplies"][guid(0xB3, 1)]["replies"]) == 10
        cursor = first["pagingMetadata"]["cursors"]["next"]
        paging = f"cursorPaging.cursor={cursor}&commentSort.order=NEWEST_FIRST"
        rest = wix.good("GET", f"{HERE}&{paging}")
        assert [one["id"] for one in rest["comments"]] == [guid(0xB3, 2)]
        assert wix.call("GET", HERE.replace("contextId", "x")).violation["field"] == "contextId"


def test_members_show_what_the_fieldset_allows() -> None:
    with sandbox(members=5) as wix:
        path = f"/members/v1/members/{guid(0xB1, 1)}"
        narrow = wix.good("GET", path)["member"]
        assert (narrow["status"], "loginEmail" in narrow) == ("UNKNOWN", False)
        wide = wix.good("GET", f"{path}?fieldsets=PUBLIC&fieldsets=EXTENDED")["member"]
        assert (wide["status"], wide["loginEmail"]) == ("APPROVED", "m1@example.com")
        query = {"filter": {"id": {"$ne": guid(0xB1, 0)}}, "paging": {"limit": 3, "offset": 3}}
        found = wix.post("/members/v1/members/query", {"query": query})
        assert [one["id"] for one in found["members"]] == [guid(0xB1, 4)]
        total = {"count": 1, "offset": 3, "total": 4, "tooManyToCount": False}
        assert found["metadata"] == total


@pytest.mark.parametrize(
    ("path", "body", "status"),
    [
        ("reset", {"sites": [], "rateLimit": 5}, 400),
        ("reset", {"options": {"queryLagSeconds": -1}}, 400),
        ("reset", {"options": {"rateLimitRequests": 1.5}}, 400),
        ("reset", {"options": {"duplicateMode": "ignore"}}, 400),
        ("reset", {"sites": [ONE, ONE]}, 400),
        ("reset", {"sites": [ONE | {"siteId": "x"}]}, 400),
        ("faults", {"faults": [{"path": "*", "kind": "slow"}, {"kind": "slow"}]}, 400),
        ("faults", {"faults": [{"path": "*", "kind": "slow", "times": 2}]}, 400),
        ("faults", {"faults": [{"path": "*", "kind": "slow", "count": 0}]}, 400),
        ("orders", {"instanceId": ONE["instanceId"], "orders": [order(1), {}]}, 400),
        ("orders", {"instanceId": ONE["instanceId"]}, 400),
        ("members", {"instanceId": guid(0, 9), "members": [member(1)]}, 404),
        ("replay", {"instanceId": ONE["instanceId"], "seconds": 0, "data": "nowhere"}, 400),
        ("nothing", {}, 404),
    ],
)
def test_a_refused_admin_call_changes_nothing(path: str, body: Any, status: int) -> None:
    with sandbox() as wix:
        wix.badge("Kept")
        assert wix.call("POST", f"/_sandbox/{path}", body).status == status
        assert [badge["title"] for badge in wix.state()["badges"]] == ["Kept"]
        assert wix.post(SEARCH, {})["orders"] == []


def test_stats_count_requests_by_route_and_status() -> None:
    with sandbox(members=1) as wix:
        pair = {"badgeId": wix.badge(), "memberId": guid(0xB1, 0)}
        for _ in range(3):
            wix.call("POST", "/badges/v4/assignments", {"badgeAssignment": pair})
        stats = wix.good("GET", f"/_sandbox/stats?instanceId={ONE['instanceId']}")
        path = "/badges/v4/assignments"
        counts = {(one["path"], one["status"]): one["count"] for one in stats["requests"]}
        assert (counts[path, 200], counts[path, 409]) == (1, 2)
        assert (stats["createsRefused"], stats["duplicateAssignments"]) == (2, 0)
        assert (stats["badges"], stats["badgeAssignments"]) == (1, 1)
