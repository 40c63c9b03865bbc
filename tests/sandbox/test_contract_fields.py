from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pytest
from contract_calls import (
    COMMENT_LIST,
    COUNT,
    MEMBER_LIST,
    ORDER_LIST,
    QUERIES,
    Listing,
    names,
)
from sandbox_caller import BLOG, Caller, sandbox

every_query = pytest.mark.parametrize("listing", QUERIES, ids=names)

BADGE = {"id", "title", "description", "slug", "permissionsEnabled"}
ASSIGNMENT = {"badgeId", "memberId"}
ORDER = {
    "createdDate",
    "updatedDate",
    "purchasedDate",
    "number",
    "status",
    "paymentStatus",
    "fulfillmentStatus",
    "channelInfo.type",
    "buyerInfo.email",
    "priceSummary.total.amount",
}
ORDER_ONLY_FILTERED = {
    "id",
    "archived",
    "imported",
    "seenByAHuman",
    "demo",
    "checkoutId",
    "buyerInfo.memberId",
    "buyerInfo.contactId",
    "lineItems.catalogReference.appId",
    "lineItems.catalogReference.catalogItemId",
}
COMMENT = {"replyCount", "rating", "reactionSummary.total", "marked"}
COMMENT_ONLY_FILTERED = {
    "id",
    "contextId",
    "resourceId",
    "status",
    "author.memberId",
    "author.userId",
    "author.visitorId",
    "parentComment.id",
}
MEMBER = {
    "id",
    "contactId",
    "loginEmail",
    "profile.nickname",
    "profile.slug",
    "contact.firstName",
    "contact.lastName",
    "privacyStatus",
    "status",
}
#: By list: the fields that filter, and those of them that sort.
FIELDS: dict[str, tuple[set[str], set[str]]] = {
    "badges": (BADGE, BADGE),
    "assignments": (ASSIGNMENT, ASSIGNMENT),
    "orders": (ORDER | ORDER_ONLY_FILTERED, ORDER),
    "comments": (COMMENT | COMMENT_ONLY_FILTERED, COMMENT),
    "members": (MEMBER, set()),
}
OTHERS = {
    "",
    "_id",
    "revision",
    "profile",
    "lineItems",
    "appId",
    "commentDate",
    "title.x",
    "Number",
}
EVERY = sorted(set().union(OTHERS, *(filtered for filtered, _ in FIELDS.values())))


def complaints(wix: Caller, listing: Listing, queries: Iterable[dict[str, Any]]) -> set[str]:
    """What is complained about; a query that is taken gives an empty text."""
    found = set()
    for query in queries:
        reply = listing.ask(wix, **query)
        found.add("" if reply.status == 200 else reply.violation["description"])
    return found


@every_query
def test_q3_exactly_the_declared_fields_filter_and_sort_even_where_nothing_is_stored(
    listing: Listing,
) -> None:
    filtered, sorting = FIELDS[listing.name]
    with sandbox() as wix:
        for name in EVERY:
            one = {name: {"$exists": True}}
            forms = ({"filter": one}, {"filter": {"$and": [{"$or": [{}, {"$not": one}]}]}})
            expected = "" if name in filtered else f"Field '{name}' is not declared as filterable"
            assert complaints(wix, listing, forms) == {expected}
            expected = "" if name in sorting else f"Field '{name}' is not declared as sortable"
            ways = [{"sort": [{"fieldName": name, "order": way}]} for way in ("ASC", "DESC")]
            if name:
                assert complaints(wix, listing, ways) == {expected}


def test_q3_members_are_not_sorted_under_the_key_of_the_sdk_either() -> None:
    with sandbox() as wix:
        found = complaints(wix, MEMBER_LIST, [{"sorting": [{"fieldName": "profile.nickname"}]}])
        assert found == {"Field 'profile.nickname' is not declared as sortable"}


@every_query
def test_q3_an_unknown_operator_or_a_wrong_operand_is_refused(listing: Listing) -> None:
    name = {"badges": "title", "assignments": "badgeId", "comments": "replyCount"}.get(
        listing.name, "status"
    )
    wrong: list[Any] = [{name: {one: "x"}} for one in ("$like", "eq", "", "$and", "$EQ", "$")]
    wrong += [{name: {"$eq": "x", "$nope": "x"}}, {"$nor": []}, {"$": {}}]
    no_filters: list[Any] = ["x", None, [[]], [None]]
    wrong += [{one: no} for one in ("$and", "$or", "$not") for no in no_filters]
    wrong += [{"$and": {}}, {"$or": {}}, {"$not": []}]
    wrong += [{name: {one: "x"}} for one in ("$in", "$nin", "$hasAll", "$hasSome", "$exists")]
    wrong += [{name: {"$in": [[]]}}, {name: {"$isEmpty": 1}}, {name: {"$gt": ["x"]}}]
    wrong += [{name: {"$startsWith": 5}}, {name: {"$eq": {"a": 1}}}, [], "x", 7]
    with sandbox() as wix:
        for given in wrong:
            assert listing.ask(wix, filter=given).status == 400, given
            if listing is COMMENT_LIST:
                counted = wix.call("POST", COUNT, {"appId": BLOG, "filter": given})
                assert counted.status == 400, given


def test_q3_a_date_is_compared_with_dates_only() -> None:
    wrongs: list[Any] = ["yesterday", "", 5, True, "2026-13-01T00:00:00Z"]
    wrongs += [{"$gte": "x"}, {"$in": [5]}, {"$startsWith": "2026"}]
    with sandbox() as wix:
        for wrong in wrongs:
            reply = ORDER_LIST.ask(wix, filter={"updatedDate": wrong})
            assert reply.violation["field"].startswith("search.filter.updatedDate")


@every_query
def test_q3_a_sort_that_cannot_be_is_refused(listing: Listing) -> None:
    name = min(FIELDS[listing.name][1], default="status")
    wrongs: list[Any] = ["x", {"fieldName": name}, [name], [{}], [{"fieldName": 5}], [None]]
    ways: list[Any] = ["UP", "asc", "", 1, []]
    wrongs += [[{"fieldName": name, "order": way}] for way in ways]
    with sandbox() as wix:
        for wrong in wrongs:
            assert listing.ask(wix, sort=wrong).status == 400, wrong
