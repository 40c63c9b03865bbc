from __future__ import annotations

import random
from typing import Any

import pytest
from contract_calls import (
    COMMENT_LIST,
    LISTS,
    MEMBER_LIST,
    ORDER_LIST,
    QUERIES,
    Listing,
    names,
)
from plain_reading import LATER, STAMPS, TEXTS, holds, moment, some_filter, some_order
from sandbox_caller import Caller, comment, guid, member, order, sandbox

every_query = pytest.mark.parametrize("listing", QUERIES, ids=names)


@every_query
def test_q1_without_its_key_or_with_nothing_asked_the_default_list_is_given(
    listing: Listing,
) -> None:
    key, other = listing.wrapper, {"query": "search", "search": "query"}[listing.wrapper]
    nothing = {"filter": {listing.name: "no such field"}, "cursorPaging": {"limit": 0}}
    with sandbox() as wix:
        listing.store(wix, 3)
        expected = listing.ids(wix)
        assert len(expected) == 3
        bodies: list[dict[str, Any]] = [
            {},
            nothing,
            {other: nothing},
            {key: None},
            {key: {}} | nothing,
            {key: {"filter": None, "sort": None, "cursorPaging": None}},
            {key: {"filter": {}, "sort": [], "cursorPaging": {}}},
            {key: {"cursorPaging": {"limit": None, "cursor": None}}},
        ]
        for body in bodies:
            found = wix.post(listing.path, listing.around | body)[listing.items]
            assert [one["id"] for one in found] == expected, body


@every_query
def test_q1_a_query_that_is_no_object_is_refused(listing: Listing) -> None:
    with sandbox() as wix:
        wrongs: list[Any] = [[], "text", 7, True]
        for wrong in wrongs:
            body = listing.around | {listing.wrapper: wrong}
            assert wix.call("POST", listing.path, body).violation["field"] == listing.wrapper


def test_q2_the_default_order_is_newest_first_and_of_comments_by_id() -> None:
    with sandbox() as wix:
        for listing in LISTS[:2]:
            listing.store(wix, 5)
            dates = [one["createdDate"] for one in listing.page(wix)[0]]
            assert dates == sorted(dates, reverse=True)
        wix.store("orders", *(order(number) for number in (3, 1, 4, 0)))
        assert [one["number"] for one in ORDER_LIST.page(wix)[0]] == ["4", "3", "1", "0"]
        wix.store("comments", *(comment(number) for number in (3, 1, 4, 0)))
        assert COMMENT_LIST.ids(wix) == [guid(0xB3, number) for number in (0, 1, 3, 4)]


@pytest.mark.parametrize("seed", range(6))
def test_q2_a_filter_finds_what_a_plain_reading_of_the_rule_finds(seed: int) -> None:
    chance = random.Random(seed)
    with sandbox() as wix:
        records = [some_order(chance, number) for number in range(30)]
        wix.store("orders", *records)
        sizes = set()
        for _ in range(120):
            given = some_filter(chance)
            expected = {one["id"] for one in records if holds(given, one)}
            assert set(ORDER_LIST.ids(wix, filter=given)) == expected, (seed, given)
            sizes.add(len(expected))
        assert len(sizes) > 10, "the filters hardly tell the records apart"


def numbers(wix: Caller, given: Any) -> list[int]:
    """The last digits of the comments that a filter finds."""
    return [int(one[-2:]) for one in COMMENT_LIST.ids(wix, filter=given)]


def test_q2_numbers_truth_values_and_texts_are_never_equal_and_in_no_order() -> None:
    with sandbox() as wix:
        marks = [0, 1, 2, 2.5, True, False, "1", "", None]
        wix.store("comments", *(comment(n, rating=one) for n, one in enumerate(marks)))
        for given, found in (
            (1, [1]),
            (1.0, [1]),
            (True, [4]),
            ("1", [6]),
            (None, [8]),
            ({"$gt": 0}, [1, 2, 3]),
            ({"$gte": 2, "$lt": 2.5}, [2]),
            ({"$lte": 10**400}, [0, 1, 2, 3]),
            ({"$gte": ""}, [6, 7]),
            ({"$in": [0, False]}, [0, 5]),
            ({"$in": [None, 2]}, [2, 8]),
            ({"$nin": [None, 0, ""]}, [1, 2, 3, 4, 5, 6]),
            ({"$isEmpty": True}, [7, 8]),
            ({"$exists": False}, [8]),
            ({"$ne": None}, [0, 1, 2, 3, 4, 5, 6, 7]),
            ({"$startsWith": ""}, [6, 7]),
            ([1], []),
        ):
            assert numbers(wix, {"rating": given}) == found, given


def test_q2_filters_nest_freely() -> None:
    with sandbox() as wix:
        wix.store("comments", comment(1), comment(2))
        given: dict[str, Any] = {"id": guid(0xB3, 1)}
        for turn in range(96):  # 32 times each, an even number of negations
            around: tuple[dict[str, Any], ...] = (
                {"$not": given},
                {"$and": [given, {}]},
                {"$or": [given]},
            )
            given = around[turn % 3]
        assert numbers(wix, given) == [1]
        given = {}
        for _ in range(101):
            given = {"$not": given}
        assert "nests deeper" in COMMENT_LIST.ask(wix, filter=given).violation["description"]


def sort(*fields: str) -> list[dict[str, str]]:
    """A sort by some fields; one with a minus runs downwards."""
    return [
        {"fieldName": one.lstrip("-")} | ({"order": "DESC"} if one[0] == "-" else {})
        for one in fields
    ]


def test_q2_several_fields_sort_one_after_another_and_no_tie_loses_a_record() -> None:
    chance = random.Random(5)
    with sandbox() as wix:
        records = [
            order(n, number=chance.choice(TEXTS[1:]), paymentStatus=chance.choice("pq"))
            | {"updatedDate": chance.choice(STAMPS + LATER[:1])}
            for n in range(60)
        ]
        wix.store("orders", *records)
        for name, falling in (("number", False), ("-number", True)):
            asked = sort("paymentStatus", name, "updatedDate")
            pages = ORDER_LIST.pages(wix, limit=7, sort=asked)
            found = [one for page in pages for one in page]
            assert len({one["id"] for one in found}) == 60
            expected = sorted(records, key=lambda one: moment(one["updatedDate"]))
            expected.sort(key=lambda one: str(one["number"]), reverse=falling)
            expected.sort(key=lambda one: str(one["paymentStatus"]))
            assert [weights(one) for one in found] == [weights(one) for one in expected]


def weights(record: dict[str, Any]) -> tuple[Any, ...]:
    return record["paymentStatus"], record["number"], moment(record["updatedDate"])


def test_q2_text_is_sorted_code_point_by_code_point_both_ways() -> None:
    texts = ["", "A", "B", "a", "ab", "é", "\ue000", "\uffee", "\U00010000", "\U0001f3c5"]
    with sandbox() as wix:
        wix.store("orders", *(order(n, number=text) for n, text in enumerate(reversed(texts))))
        for fields, expected in ((sort("number"), texts), (sort("-number"), texts[::-1])):
            assert [one["number"] for one in ORDER_LIST.page(wix, sort=fields)[0]] == expected


def test_q2_a_list_found_by_members_fields_is_exact() -> None:
    with sandbox() as wix:
        people = [
            member(n) | {"contact": {"firstName": f"F{n % 2}", "lastName": f"L{n}"}}
            for n in range(4)
        ]
        wix.store("members", *people)
        for given, expected in (
            ({"contact.firstName": "F1"}, [1, 3]),
            ({"loginEmail": {"$in": ["m2@example.com", "x"]}}, [2]),
            ({"profile.nickname": {"$startsWith": "m"}, "contact.lastName": {"$gt": "L1"}}, [2, 3]),
            ({"privacyStatus": {"$exists": False}, "status": {"$ne": "APPROVED"}}, []),
        ):
            assert MEMBER_LIST.ids(wix, filter=given) == [guid(0xB1, n) for n in expected]
