from __future__ import annotations

from typing import Any

import pytest
from sandbox_caller import guid, sandbox

BADGES = "/badges/v4/badges"
CREATE = "/badges/v4/assignments"
BULK = "/badges/v4/bulk/assignments/create"
BULK_DELETE = "/badges/v4/bulk/assignments/delete"


def badge(title: str = "Loyal Buyer") -> dict[str, Any]:
    return {"badge": {"title": title, "backgroundColor": "#000000", "textColor": "#ffffff"}}


def test_a_stale_revision_has_the_status_that_is_chosen_and_changes_nothing() -> None:
    with sandbox() as wix:
        path = f"{BADGES}/{wix.badge()}"
        wix.good("PATCH", path, {"badge": {"revision": "1", "description": "new"}})
        before = wix.good("GET", path)
        for status in (409, 400):
            wix.turn(staleRevisionStatus=status)
            reply = wix.call("PATCH", path, {"badge": {"revision": "1", "description": "lost"}})
            assert (reply.status, reply.code) == (status, "REVISION_MISMATCH")
        assert wix.good("GET", path) == before


def test_an_update_without_a_revision_is_refused_or_done() -> None:
    with sandbox() as wix:
        path = f"{BADGES}/{wix.badge()}"
        change = {"badge": {"description": "new"}}
        assert wix.call("PATCH", path, change).violation["field"] == "badge.revision"
        wix.turn(missingRevision="conflict")
        assert wix.call("PATCH", path, change).status == 409
        wix.turn(missingRevision="accept")
        done = wix.good("PATCH", path, change)["badge"]
        assert (done["description"], done["revision"]) == ("new", "2")
        stale = {"badge": {"revision": "1", "description": "lost"}}
        assert wix.call("PATCH", path, stale).status == 409


def test_a_title_that_is_in_use_is_taken_or_refused() -> None:
    with sandbox() as wix:
        first, second = wix.badge("Same"), wix.badge("Same")
        other = wix.badge("Other")
        wix.turn(duplicateTitles="refuse")
        assert wix.call("POST", BADGES, badge("Same")).code == "ALREADY_EXISTS"
        rename = {"badge": {"revision": "1", "title": "Same"}}
        assert wix.call("PATCH", f"{BADGES}/{other}", rename).status == 409
        wix.good("PATCH", f"{BADGES}/{first}", {"badge": {"revision": "1", "description": "new"}})
        wix.good("PATCH", f"{BADGES}/{other}", {"badge": {"revision": "1", "title": "Other"}})
        wix.good("DELETE", f"{BADGES}/{second}")
        wix.good("PATCH", f"{BADGES}/{first}", {"badge": {"revision": "2", "title": "Same"}})
        assert [one["title"] for one in wix.state()["badges"]] == ["Same", "Other"]


def test_slugs_collide_or_get_a_number() -> None:
    with sandbox() as wix:

        def slugs() -> list[str]:
            return [one["slug"] for one in wix.state()["badges"]]

        first = wix.badge("Old Hand")
        wix.badge("Old Hand")
        assert slugs() == ["old-hand", "old-hand"]
        wix.turn(slugCollisions="suffix")
        wix.badge("Old Hand")
        wix.badge("Old Hand")
        assert slugs() == ["old-hand", "old-hand", "old-hand-2", "old-hand-3"]
        wix.good("PATCH", f"{BADGES}/{first}", {"badge": {"revision": "1", "title": "New"}})
        wix.good("PATCH", f"{BADGES}/{first}", {"badge": {"revision": "2", "title": "old hand"}})
        assert slugs()[0] == "old-hand-4"


@pytest.mark.parametrize("position", [404, 400, "accept"])
def test_unknown_badges_and_members_are_refused_or_the_member_is_taken(position: Any) -> None:
    with sandbox(members=1) as wix:
        wix.turn(unknownOnCreate=position)
        known, stranger = guid(0xB1, 0), guid(0xB1, 9)
        badge_id, gone = wix.badge(), guid(0, 9)
        status = 400 if position == 400 else 404
        reply = wix.call("POST", CREATE, {"badgeAssignment": {"badgeId": gone, "memberId": known}})
        code = "INVALID_ARGUMENT" if position == 400 else "BADGE_NOT_FOUND"
        assert (reply.status, reply.code) == (status, code)
        pair = {"badgeId": badge_id, "memberId": stranger}
        reply = wix.call("POST", CREATE, {"badgeAssignment": pair})
        stored = position == "accept"
        assert reply.status == (200 if stored else status)
        assert len(wix.state()["badgeAssignments"]) == int(stored)
        bulk = wix.post(BULK, {"badgeAssignments": [{"badgeId": gone, "memberId": stranger}]})
        assert bulk["results"][0]["itemMetadata"]["error"]["code"] == code
        wix.good("DELETE", f"{BADGES}/{badge_id}")
        assert wix.state()["badgeAssignments"] == []


def test_bulk_failures_have_a_row_or_are_only_counted() -> None:
    with sandbox(members=2) as wix:
        badge_id = wix.badge()
        pairs = [{"badgeId": badge_id, "memberId": guid(0xB1, n)} for n in (9, 0, 0, 1)]
        wix.turn(undetailedFailures="on")
        answer = wix.post(BULK, {"badgeAssignments": pairs})
        told = [one["itemMetadata"]["originalIndex"] for one in answer["results"]]
        totals = {"totalSuccesses": 2, "totalFailures": 2, "undetailedFailures": 2}
        assert (told, answer["bulkActionMetadata"]) == ([1, 3], totals)
        ids = [guid(0, 1), answer["results"][0]["itemMetadata"]["id"]]
        tags = "/badges/v4/bulk/assignments/bulk-update-tags"
        totals = {"totalSuccesses": 1, "totalFailures": 1, "undetailedFailures": 1}
        for path, body in (
            (tags, {"ids": ids, "assignTags": {}}),
            (BULK_DELETE, {"badgeAssignmentIds": ids}),
        ):
            answer = wix.post(path, body)
            assert [one["itemMetadata"]["id"] for one in answer["results"]] == [ids[1]]
            assert answer["bulkActionMetadata"] == totals
        wix.turn(undetailedFailures="off")
        answer = wix.post(BULK_DELETE, {"badgeAssignmentIds": ids})
        assert len(answer["results"]) == 2
        totals = {"totalSuccesses": 0, "totalFailures": 2, "undetailedFailures": 0}
        assert answer["bulkActionMetadata"] == totals


def test_transactions_of_an_unknown_order_are_absent_or_empty() -> None:
    with sandbox() as wix:
        path, many = "/ecom/v1/payments/orders/x", "/ecom/v1/payments/list-by-ids"
        assert wix.call("GET", path).code == "ORDER_NOT_FOUND"
        assert wix.post(many, {"orderIds": ["x"]}) == {"orderTransactions": []}
        wix.turn(unknownOrderPayments="empty")
        empty = {"orderId": "x", "payments": [], "refunds": []}
        assert wix.good("GET", path) == {"orderTransactions": empty}
        assert wix.post(many, {"orderIds": ["x"]}) == {"orderTransactions": [empty]}
