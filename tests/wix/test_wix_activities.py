from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from scripted_wix import Handler, Reply, ScriptedWix, error
from wix_facts import ADA, API_KEY, BADGE, Connect

from badgejobs import errors
from badgejobs.wix import wire
from badgejobs.wix.protocol import TooManyToCount

pytest_plugins = ["wix_fixtures"]


def test_a_page_comes_with_wixs_own_time(wix: ScriptedWix, connect: Connect) -> None:
    def dated(handler: Handler) -> None:
        body = b'{"orders": [], "metadata": {"hasNext": false}}'
        handler.send_response_only(200)
        handler.send_header("Date", "Tue, 03 Feb 2026 08:15:00 GMT")
        handler.send_header("Content-Length", str(len(body)))
        handler.end_headers()
        handler.wfile.write(body)

    wix.expect(wire.ORDERS_SEARCH, Reply(act=dated))
    found = connect(credentials=API_KEY).search_orders(None, None)
    assert found.answered_at == datetime(2026, 2, 3, 8, 15, tzinfo=UTC)


def test_a_refused_cursor_says_so(wix: ScriptedWix, connect: Connect) -> None:
    wix.expect(wire.ORDERS_SEARCH, error(400, "INVALID_CURSOR"))
    with pytest.raises(errors.CursorRefused):
        connect(credentials=API_KEY).search_orders(None, "old")


def test_a_page_that_leads_to_itself_is_not_followed(wix: ScriptedWix, connect: Connect) -> None:
    paging = {"cursors": {"next": "same"}, "hasNext": True}
    wix.expect(wire.ORDERS_SEARCH, Reply(body={"orders": [], "metadata": paging}))
    with pytest.raises(errors.Ambiguous, match="never end"):
        connect(credentials=API_KEY).search_orders(None, "same")


ORDER = "0a7c1f3e-6b52-4d19-8f2c-5e9d4b6a4401"
COMMENT = "7c6b5a49-3827-4615-8c4b-3a2918076601"
BLOG = wire.COMMENT_APPS["blog"]


def order(**fields: Any) -> dict[str, Any]:
    plain = {
        "id": ORDER,
        "createdDate": "2026-02-02T19:01:02.003Z",
        "updatedDate": "2026-02-03T07:45:10.500Z",
        "status": "APPROVED",
        "paymentStatus": "PAID",
        "currency": "EUR",
        "priceSummary": {"subtotal": {"amount": "19.00"}, "total": {"amount": "23.00"}},
    }
    return plain | fields


def comment(number: int = 1, **fields: Any) -> dict[str, Any]:
    plain = {
        "id": f"{COMMENT[:-2]}{number:02}",
        "createdDate": "2026-02-01T12:00:00.000Z",
        "updatedDate": "2026-02-01T12:05:00.000Z",
        "contextId": "65b8f0c2a1",
        "resourceId": "65b8f0c2a1",
        "author": {"memberId": ADA},
        "status": "PUBLISHED",
    }
    return plain | fields


# ---------------------------------------------------------------- orders


def test_one_order_is_read_by_its_id_whatever_its_status(
    wix: ScriptedWix, connect: Connect
) -> None:
    wix.expect(
        wire.ORDER.replace("{id}", ORDER),
        Reply(body={"order": order(status="INITIALIZED")}),
        Reply(body={"order": order(status="LOST")}),
        Reply(body={"order": order(id=COMMENT)}),
        Reply(body={"comment": comment()}),
        error(404, "ORDER_NOT_FOUND"),
    )
    client = connect(credentials=API_KEY)
    [found] = client.get_order(ORDER).records
    assert (found.id, found.status) == (ORDER, "INITIALIZED")
    unread = client.get_order(ORDER)
    assert (unread.records, [(one.id, one.reason[:6]) for one in unread.bad]) == (
        (),
        [(ORDER, "status")],
    )
    for _ in range(2):  # about another order; no order at all
        with pytest.raises(errors.Ambiguous):
            client.get_order(ORDER)
    with pytest.raises(errors.NotFound):
        client.get_order(ORDER)


def test_transactions_of_a_hundred_orders_come_in_one_answer_without_paging(
    wix: ScriptedWix, connect: Connect
) -> None:
    ids = [f"{ORDER[:-4]}{number:04}" for number in range(100)]
    refund = {
        "id": COMMENT,
        "createdDate": "2026-02-04T10:00:00.000Z",
        "transactions": [
            {"paymentId": BADGE, "amount": {"amount": "9.50"}, "refundStatus": "SUCCEEDED"}
        ],
    }
    records: list[dict[str, Any]] = [{"orderId": one, "payments": []} for one in ids]
    records[1]["refunds"] = [refund]
    records[2]["refunds"] = [
        refund | {"transactions": [{"amount": {"amount": "1"}, "refundStatus": "MAYBE"}]}
    ]
    wix.expect(wire.PAYMENTS_LIST, Reply(body={"orderTransactions": records}))
    found = connect(credentials=API_KEY).order_transactions(ids)
    assert len(found.records) == 99
    assert [one.id for one in found.bad] == [ids[2]]
    assert "refundStatus" in found.bad[0].reason
    [moved] = found.records[1].refunds[0].transactions
    assert (moved.amount.amount, moved.refund_status) == ("9.50", "SUCCEEDED")
    assert wix.requests[0].body == {"orderIds": ids}


def test_an_answer_without_transactions_is_not_taken_for_orders_without_any(
    wix: ScriptedWix, connect: Connect
) -> None:
    wix.expect(wire.PAYMENTS_LIST, Reply(body={}), Reply(body={"orderTransactions": []}))
    client = connect(credentials=API_KEY)
    with pytest.raises(errors.Ambiguous):
        client.order_transactions([ORDER])
    assert client.order_transactions([ORDER]).records == ()


# ---------------------------------------------------------------- comments


def test_comments_are_asked_for_by_author_resources_and_status(
    wix: ScriptedWix, connect: Connect
) -> None:
    paging = {"count": 1, "cursors": {"next": "c2"}, "hasNext": True}
    wix.expect(
        wire.COMMENTS_QUERY,
        Reply(body={"comments": [comment()], "pagingMetadata": paging}),
        Reply(body={"comments": [], "pagingMetadata": {"hasNext": False}}),
    )
    client = connect(credentials=API_KEY)
    resources = [f"post-{number}" for number in range(100)]
    page = client.query_comments(
        BLOG, None, author=ADA, resource_ids=resources, statuses=["PUBLISHED"]
    )
    assert [one.resource_id for one in page.records] == ["65b8f0c2a1"]
    client.query_comments(BLOG, page.next_cursor, author=ADA, resource_ids=resources)
    first, second = (one.body for one in wix.requests)
    assert first == {
        "appId": BLOG,
        "query": {
            "filter": {
                "status": {"$in": ["PUBLISHED"]},
                "author.memberId": ADA,
                "resourceId": {"$in": resources},
            },
            "cursorPaging": {"limit": 100},
        },
    }
    assert second == {
        "appId": BLOG,
        "query": {"cursorPaging": {"limit": 100, "cursor": "c2"}},
    }


def test_comments_are_counted_by_author_resources_and_status(
    wix: ScriptedWix, connect: Connect
) -> None:
    wix.expect(
        wire.COMMENTS_COUNT,
        Reply(body={"count": 8}),
        Reply(body={"count": 0}),
        Reply(body={"count": -1}),
        Reply(body={"count": "8"}),
        Reply(body={}),
        error(428, "TOO_MANY_TO_COUNT"),
    )
    client = connect(credentials=API_KEY)
    assert client.count_comments(BLOG) == 8
    assert client.count_comments(BLOG, author=ADA, resource_ids=["a", "b"], status="PENDING") == 0
    assert [one.body["filter"] for one in wix.requests] == [
        {"status": "PUBLISHED"},
        {"status": "PENDING", "author.memberId": ADA, "resourceId": {"$in": ["a", "b"]}},
    ]
    for _ in range(3):
        with pytest.raises(errors.Ambiguous):
            client.count_comments(BLOG)
    with pytest.raises(TooManyToCount):
        client.count_comments(BLOG)


def test_comments_of_a_resource_come_with_their_replies(wix: ScriptedWix, connect: Connect) -> None:
    answer = {
        "comments": [comment(1), comment(2), comment(3, status="NEW")],
        "commentReplies": {
            comment(1)["id"]: {
                "replies": [comment(4), comment(5, status="NEW")],
                "pagingMetadata": {"count": 2, "cursors": {}, "hasNext": True},
            },
            comment(2)["id"]: {"replies": [comment(6)]},
        },
        "pagingMetadata": {"count": 3, "cursors": {"next": "c/2=&"}, "hasNext": True},
    }
    last = {"comments": [], "commentReplies": {}, "pagingMetadata": {"count": 0, "hasNext": False}}
    itself = {"comments": [], "pagingMetadata": {"cursors": {"next": "c/2=&"}, "hasNext": True}}
    wix.expect(wire.COMMENTS_BY_RESOURCE, Reply(body=answer), Reply(body=last), Reply(body=itself))
    client = connect(credentials=API_KEY)
    here: dict[str, Any] = {"context_id": "a b/c?&=ü", "resource_id": "65b8f0c2a1"}
    found = client.list_comments(BLOG, **here)
    assert [one.id for one in found.comments.records] == [comment(1)["id"], comment(2)["id"]]
    assert [one.id for one in found.comments.bad] == [comment(3)["id"]]
    thread, other = (found.replies[comment(number)["id"]] for number in (1, 2))
    assert [one.id for one in thread.replies] == [comment(4)["id"]]
    assert [one.id for one in thread.bad] == [comment(5)["id"]]
    assert (thread.more, other.more) == (True, False)
    rest = client.list_comments(BLOG, **here, cursor=found.comments.next_cursor)
    assert (rest.comments.records, rest.replies) == ((), {})
    with pytest.raises(errors.Ambiguous, match="never end"):
        client.list_comments(BLOG, **here, cursor="c/2=&")
    first, second, _ = (one.query for one in wix.requests)
    plain = {
        "appId": BLOG,
        "contextId": "a b/c?&=ü",
        "resourceId": "65b8f0c2a1",
        "cursorPaging.limit": "100",
        "cursorPaging.repliesLimit": "100",
    }
    assert first == plain | {"commentSort.order": "NEWEST_FIRST"}
    assert second == plain | {"cursorPaging.cursor": "c/2=&"}


@pytest.mark.parametrize("text", ["", "x" * 129, "a\nb", "a\x00", "half an emoji \ud83d"])
def test_a_resource_that_cannot_be_named_is_not_asked_for(
    wix: ScriptedWix, connect: Connect, text: str
) -> None:
    client = connect(credentials=API_KEY)
    asks: list[Callable[[], object]] = [
        lambda: client.list_comments(BLOG, context_id=text, resource_id="r"),
        lambda: client.list_comments(BLOG, context_id="c", resource_id=text),
        lambda: client.query_comments(BLOG, None, resource_ids=[text]),
        lambda: client.count_comments(BLOG, resource_ids=["r", text]),
    ]
    for ask in asks:
        with pytest.raises(errors.Refused, match="nothing was sent"):
            ask()
    assert wix.requests == []


def test_one_comment_is_read_by_its_id(wix: ScriptedWix, connect: Connect) -> None:
    deleted = {key: value for key, value in comment().items() if key != "author"}
    wix.expect(
        wire.COMMENT.replace("{id}", comment()["id"]),
        Reply(body={"comment": deleted | {"status": "DELETED"}}),
        error(404, "COMMENT_NOT_FOUND"),
    )
    client = connect(credentials=API_KEY)
    [found] = client.get_comment(comment()["id"]).records
    assert (found.status, found.author) == ("DELETED", None)
    with pytest.raises(errors.NotFound):
        client.get_comment(comment()["id"])


@pytest.mark.parametrize(
    ("path", "key", "ask"),
    [
        (wire.ORDERS_SEARCH, "comments", lambda client: client.search_orders(None, None)),
        (wire.COMMENTS_QUERY, "orders", lambda client: client.query_comments(BLOG, None)),
        (wire.BADGES_QUERY, "badgeAssignments", lambda client: client.badges()),
    ],
)
def test_a_list_of_something_else_is_not_read_as_the_list_that_was_asked_for(
    wix: ScriptedWix, connect: Connect, path: str, key: str, ask: Callable[[Any], Any]
) -> None:
    full = {key: [{"id": ORDER}] * 100}
    wix.expect(path, Reply(body=full))
    with pytest.raises(errors.Ambiguous):
        ask(connect(credentials=API_KEY))
