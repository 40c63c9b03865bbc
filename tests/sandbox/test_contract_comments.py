from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

import pytest
from contract_calls import (
    BY_RESOURCE,
    COMMENT_LIST,
    COMMENTS,
    COMMENTS_QUERY,
    COUNT,
    HERE,
    RESOURCE_LIST,
)
from sandbox_caller import BLOG, Caller, comment, guid, sandbox

FORUM = "14724f35-6794-cd1a-0244-25fd138f9242"
STATUSES = ("PUBLISHED", "HIDDEN", "PENDING", "DELETED", "UNKNOWN")


def ids(*found: int) -> list[str]:
    return [guid(0xB3, number) for number in found]


def count(wix: Caller, given: Any = None, app_id: str = BLOG) -> int:
    return int(wix.post(COUNT, {"appId": app_id, "filter": given})["count"])


def test_c1_query_and_count_need_an_app_and_see_only_its_comments() -> None:
    with sandbox() as wix:
        wix.store("comments", *(comment(n, appId=(BLOG, FORUM)[n % 2]) for n in range(5)))
        nowhere: list[Any] = [{}, {"query": {"appId": BLOG}}, {"appId": None}, {"filter": {}}]
        for path in (COMMENTS_QUERY, COUNT):
            for body in nowhere:
                assert wix.call("POST", path, body).violation["field"] == "appId"
            asked = wix.call("POST", f"{path}?appId={BLOG}", {})
            assert asked.violation["field"] == "appId"
        assert COMMENT_LIST.ids(wix) == ids(0, 2, 4)
        assert COMMENT_LIST.ids(wix, filter={"id": {"$in": ids(0, 1)}}) == ids(0)
        found = wix.post(COMMENTS_QUERY, {"appId": FORUM})["comments"]
        assert [one["id"] for one in found] == ids(1, 3)
        assert (count(wix), count(wix, {}), count(wix, app_id=FORUM)) == (3, 3, 2)
        assert count(wix, app_id=guid(0xC0, 1)) == 0


def test_c2_a_deleted_comment_has_lost_author_and_content_everywhere() -> None:
    more = {"draftContent": {"richContent": {}}, "contentEdited": True, "replyCount": 1}
    with sandbox() as wix:
        full = comment(1, **more)
        wix.store("comments", full)
        mine = {"author.memberId": guid(0xB1, 0)}
        assert (COMMENT_LIST.ids(wix, filter=mine), count(wix, mine)) == (ids(1), 1)
        wix.store("comments", full | {"status": "DELETED"})
        lost = {"author", "content", "draftContent"}
        left = {name: value for name, value in full.items() if name not in lost}
        left["status"] = "DELETED"
        assert wix.good("GET", f"{COMMENTS}/{guid(0xB3, 1)}") == {"comment": left}
        assert COMMENT_LIST.page(wix)[0] == [left]
        assert (COMMENT_LIST.ids(wix, filter=mine), count(wix, mine)) == ([], 0)
        nobody = {"author.memberId": {"$exists": False}, "status": "DELETED"}
        assert (COMMENT_LIST.ids(wix, filter=nobody), count(wix, nobody)) == (ids(1), 1)
        wix.store("comments", full | {"status": "HIDDEN"})
        assert COMMENT_LIST.page(wix)[0] == [full | {"status": "HIDDEN"}]


def test_c3_a_query_shows_every_status_and_a_count_never_a_hidden_one() -> None:
    with sandbox() as wix:
        wix.store("comments", *(comment(n, status=one) for n, one in enumerate(STATUSES)))
        assert COMMENT_LIST.ids(wix) == ids(0, 1, 2, 3, 4)
        for given, shown, counted in (
            ({"status": "HIDDEN"}, [1], 0),
            ({"status": {"$in": list(STATUSES)}}, [0, 1, 2, 3, 4], 4),
            ({"status": {"$ne": "PUBLISHED"}}, [1, 2, 3, 4], 3),
            ({"$or": [{"status": "HIDDEN"}, {"status": "PENDING"}]}, [1, 2], 1),
            ({"$not": {"status": "PENDING"}}, [0, 1, 3, 4], 3),
            ({"id": guid(0xB3, 1)}, [1], 0),
        ):
            assert COMMENT_LIST.ids(wix, filter=given) == ids(*shown)
            assert count(wix, given) == counted, given


def test_c3_a_count_counts_more_than_a_page_holds() -> None:
    with sandbox() as wix:
        wix.store("comments", *(comment(number) for number in range(250)))
        assert (count(wix), count(wix, {"resourceId": "post"})) == (250, 250)


@pytest.mark.parametrize("name", ["appId", "contextId", "resourceId"])
def test_c4_the_place_must_be_named_in_full(name: str) -> None:
    place = {"appId": BLOG, "contextId": "post", "resourceId": "post"}
    with sandbox() as wix:
        assert wix.good("GET", f"{BY_RESOURCE}?{urlencode(place)}")["comments"] == []
        wrongs = [{one: value for one, value in place.items() if one != name}, place | {name: ""}]
        wrongs += [place | {name: "x" * 129}]
        for wrong in wrongs:
            assert wix.call("GET", f"{BY_RESOURCE}?{urlencode(wrong)}").violation["field"] == name


def test_c4_only_published_comments_of_the_very_resource_are_listed() -> None:
    with sandbox() as wix:
        elsewhere = ({"appId": FORUM}, {"contextId": "x"}, {"resourceId": "x"})
        wix.store(
            "comments",
            *(comment(n, status=one) for n, one in enumerate(STATUSES)),
            *(comment(10 + n, **change) for n, change in enumerate(elsewhere)),
            comment(20, parentComment={"id": guid(0xB3, 0)}),
            comment(21, parentComment={"id": guid(0xB3, 0)}, status="PENDING"),
            comment(22, parentComment={"id": guid(0xB3, 0)}, resourceId="x"),
            comment(23, parentComment={"id": guid(0xB3, 1)}),
            comment(24, parentComment={}),
        )
        answer = wix.good("GET", HERE)
        assert [one["id"] for one in answer["comments"]] == ids(24, 0)
        assert answer["commentReplies"].keys() == {guid(0xB3, 0)}
        replies = answer["commentReplies"][guid(0xB3, 0)]["replies"]
        assert [one["id"] for one in replies] == ids(20)


def shelf_of_replies(wix: Caller) -> None:
    """Four comments; the first and the third have thirteen replies each. Marks are no order."""
    wix.store("comments", *(comment(n, marked=n == 1) for n in range(4)))
    for parent, first in ((0, 10), (2, 30)):
        about = {"parentComment": {"id": guid(0xB3, parent)}}
        wix.store("comments", *(comment(first + n, marked=n == 5, **about) for n in range(13)))


@pytest.mark.parametrize(("order", "turn"), [("NEWEST_FIRST", -1), ("OLDEST_FIRST", 1)])
def test_c4_comments_and_replies_are_sorted_as_asked_and_cursors_carry_it(
    order: str, turn: int
) -> None:
    other = {"NEWEST_FIRST": "OLDEST_FIRST", "OLDEST_FIRST": "NEWEST_FIRST"}[order]
    with sandbox() as wix:
        shelf_of_replies(wix)
        limits = "cursorPaging.limit=3&cursorPaging.repliesLimit=4"
        first = wix.good("GET", f"{HERE}&commentSort.order={order}&{limits}")
        cursor = first["pagingMetadata"]["cursors"]["next"]
        for ignored in (other, order, "NONE"):
            more = f"cursorPaging.cursor={cursor}&commentSort.order={ignored}&{limits}"
            rest = wix.good("GET", f"{HERE}&{more}")
            found = [one["id"] for one in (*first["comments"], *rest["comments"])]
            assert found == ids(0, 1, 2, 3)[::turn]
            beside = first["commentReplies"] | rest["commentReplies"]
            for parent, start in ((0, 10), (2, 30)):
                replies = [one["id"] for one in beside[guid(0xB3, parent)]["replies"]]
                assert replies == ids(*range(start, start + 13))[::turn][:4]


def test_c4_replies_may_have_a_sort_of_their_own_on_every_page() -> None:
    with sandbox() as wix:
        shelf_of_replies(wix)
        sorts = "commentSort.order=NEWEST_FIRST&replySort.order=OLDEST_FIRST"
        paging = "cursorPaging.limit=2&cursorPaging.repliesLimit=1"
        path = f"{HERE}&{sorts}&{paging}"
        first = wix.good("GET", path)
        cursor = first["pagingMetadata"]["cursors"]["next"]
        rest = wix.good("GET", f"{HERE}&{paging}&cursorPaging.cursor={cursor}")
        beside = first["commentReplies"] | rest["commentReplies"]
        assert [one["replies"][0]["id"] for one in beside.values()] == ids(30, 10)
        for name in ("commentSort.order", "replySort.order"):
            assert wix.call("GET", f"{HERE}&{name}=UP").violation["field"] == name


@pytest.mark.parametrize(("asked", "shown"), [(None, 10), (1, 1), (13, 13), (100, 13), (0, 0)])
def test_c4_so_many_replies_stand_beside_a_comment_and_a_cursor_leads_to_the_rest(
    asked: int | None, shown: int
) -> None:
    with sandbox() as wix:
        shelf_of_replies(wix)
        paging = "" if asked is None else f"&cursorPaging.repliesLimit={asked}"
        beside = wix.good("GET", f"{HERE}&commentSort.order=OLDEST_FIRST{paging}")["commentReplies"]
        assert beside.keys() == {guid(0xB3, 0), guid(0xB3, 2)}
        for parent, start in ((0, 10), (2, 30)):
            found = beside[guid(0xB3, parent)]
            replies = [one["id"] for one in found["replies"]]
            assert replies == ids(*range(start, start + shown))
            metadata = found["pagingMetadata"]
            assert (metadata["count"], metadata["hasNext"]) == (shown, shown < 13)
            if shown < 13:
                more = {"cursor": metadata["cursors"]["next"], "limit": 5}
                rest, further = RESOURCE_LIST.page(wix, cursorPaging=more)
                replies += [one["id"] for one in rest]
                assert replies == ids(*range(start, start + min(13, shown + 5)))
                assert further["hasNext"] is (shown + 5 < 13)
        wrong = wix.call("GET", f"{HERE}&cursorPaging.repliesLimit=101")
        assert wrong.violation["field"] == "cursorPaging.repliesLimit"


def test_c3_a_count_of_some_posts_follows_every_change_of_them() -> None:
    with sandbox() as wix:
        wix.store("comments", *(comment(n, resourceId=f"p{n % 3}") for n in range(9)))
        wix.store("comments", comment(9, resourceId="p0", appId=FORUM))

        def counted() -> list[int]:
            some: list[Any] = ["p0", {"$in": ["p1"]}, {"$in": ["p0", "p2", "p0"]}, {"$in": []}]
            return [count(wix, {"resourceId": one}) for one in some]

        assert counted() == [3, 3, 6, 0]
        assert count(wix, {"resourceId": {"$in": ["p0", "new"]}, "status": "PENDING"}) == 0
        wix.store("comments", comment(0, resourceId="p1"), comment(3, resourceId="p0"))
        assert counted() == [2, 4, 5, 0], "one moved to another post"
        wix.store("comments", comment(3, resourceId="p0", status="HIDDEN"))
        assert counted() == [1, 4, 4, 0]
        assert count(wix, {"resourceId": {"$ne": "p0"}}) == 7
