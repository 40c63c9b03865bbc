"""Lists while the world changes: pages that lose nothing, and a lag that hides nothing else."""

from __future__ import annotations

import random
from typing import Any

import pytest
from contract_calls import (
    ASSIGNMENT_LIST,
    ASSIGNMENTS,
    BADGE_LIST,
    BADGES,
    BULK_CREATE,
    COMMENTS,
    COUNT,
    HERE,
    LISTS,
    MEMBERS,
    MEMBERS_QUERY,
    ORDER_LIST,
    ORDERS,
    Listing,
    names,
    pair_body,
)
from sandbox_caller import BLOG, comment, guid, member, order, sandbox
from shelves import Shelf, shelf

every_list = pytest.mark.parametrize("listing", LISTS, ids=names)


def disturb(kept: Shelf, chance: random.Random, numbers: range) -> set[str]:
    """Put, change or take away one record; gives every id that was touched by it."""
    number = chance.choice(numbers)
    before = kept.ids.get(number)
    if chance.random() < 0.35:
        kept.take(number)
    else:
        kept.put(number, chance.randrange(3))
    return {one for one in (before, kept.ids.get(number)) if one}


@every_list
@pytest.mark.parametrize(("lag", "seed"), [(0, 1), (0, 2), (2, 3), (2, 4)])
def test_q7_what_is_not_touched_appears_exactly_once_and_in_order(
    listing: Listing, lag: float, seed: int
) -> None:
    chance = random.Random(seed)
    with sandbox(queryLagSeconds=lag) as wix:
        kept = shelf(wix, listing)
        for number in range(0, 40, 2):
            kept.put(number, chance.randrange(3))
        wix.clock.seconds += 10
        expected = list(kept.shown())
        assert len(expected) == 20
        touched: set[str] = set()

        def meanwhile() -> None:
            touched.update(disturb(kept, chance, range(2, 40, 2)))
            for _ in range(chance.randrange(4)):
                touched.update(disturb(kept, chance, range(1, 40)))
                wix.clock.seconds += chance.choice([0, 0.5, 1.5])

        pages = listing.pages(wix, limit=3, between=meanwhile, **kept.query)
        found = [one["id"] for page in pages for one in page]
        untouched = [one for one in expected if one not in touched]
        assert 0 < len(untouched) < 20, "the test must touch some and leave some"
        assert [one for one in found if one not in touched] == untouched, seed


@every_list
@pytest.mark.parametrize("lag", [0.5, 2])
def test_q8_a_list_is_as_everything_was_before_the_lag(listing: Listing, lag: float) -> None:
    chance = random.Random(int(lag * 10))
    with sandbox(queryLagSeconds=lag) as wix:
        kept = shelf(wix, listing)
        history: list[tuple[float, dict[str, Any]]] = [(0, {})]
        for _ in range(60):
            if chance.random() < 0.6:
                disturb(kept, chance, range(8))
                history.append((wix.clock.seconds, dict(kept.standing)))
            # Eighths are exact in binary, so that the very moment of the lag is met.
            wix.clock.seconds += chance.choice([0, 0.125, 0.25, lag, lag - 0.125])
            then = wix.clock.seconds - lag
            expected = [standing for at, standing in history if at <= then][-1]
            assert kept.shown() == expected


def test_q8_reading_by_id_is_current_for_every_kind() -> None:
    with sandbox(queryLagSeconds=2) as wix:
        path = f"{BADGES}/{wix.badge('First')}"
        wix.good("PATCH", path, {"badge": {"revision": "1", "title": "Second"}})
        assert wix.good("GET", path)["badge"]["title"] == "Second"
        wix.good("DELETE", path)
        assert wix.call("GET", path).status == 404
        for kind, make, where in (
            ("orders", order, f"{ORDERS}/{guid(0xB2, 1)}"),
            ("comments", comment, f"{COMMENTS}/{guid(0xB3, 1)}"),
            ("members", member, f"{MEMBERS}/{guid(0xB1, 1)}?fieldsets=FULL"),
        ):
            assert wix.call("GET", where).status == 404
            for status in ("PENDING", "APPROVED"):
                wix.store(kind, make(1) | {"status": status})
                assert wix.good("GET", where)[kind[:-1]]["status"] == status


def test_q8_counts_totals_and_replies_trail_like_the_lists() -> None:
    with sandbox(queryLagSeconds=2) as wix:
        wix.store("comments", comment(1), comment(2, parentComment={"id": guid(0xB3, 1)}))
        wix.store("members", member(1))

        def shown() -> tuple[int, int, int]:
            answer = wix.good("GET", HERE)
            beside = answer["commentReplies"].get(guid(0xB3, 1), {"replies": []})
            total = wix.post(MEMBERS_QUERY, {"query": {"paging": {"limit": 1}}})["metadata"][
                "total"
            ]
            return wix.post(COUNT, {"appId": BLOG})["count"], len(beside["replies"]), total

        wix.clock.seconds += 1.875
        assert shown() == (0, 0, 0)
        wix.clock.seconds += 0.125
        assert shown() == (2, 1, 1)
        hidden = comment(2, parentComment={"id": guid(0xB3, 1)}, status="HIDDEN")
        wix.store("comments", hidden)
        assert shown() == (2, 1, 1)
        wix.clock.seconds += 2
        assert shown() == (1, 0, 1)


def test_q8_uniqueness_existence_and_revision_are_always_current() -> None:
    with sandbox(queryLagSeconds=30) as wix:
        wix.store("members", member(0))
        badge_id = wix.badge()
        pair = pair_body(badge_id, 0)
        made = wix.post(ASSIGNMENTS, pair)["badgeAssignment"]["id"]
        assert wix.call("POST", ASSIGNMENTS, pair).status == 409
        bulk = wix.post(BULK_CREATE, {"badgeAssignments": [pair["badgeAssignment"]]})
        assert bulk["bulkActionMetadata"]["totalFailures"] == 1
        wix.good("DELETE", f"{ASSIGNMENTS}/{made}")
        assert wix.call("DELETE", f"{ASSIGNMENTS}/{made}").status == 404
        wix.post(ASSIGNMENTS, pair)
        path = f"{BADGES}/{badge_id}"
        wix.good("PATCH", path, {"badge": {"revision": "1"}})
        assert wix.call("PATCH", path, {"badge": {"revision": "1"}}).status == 409
        wix.good("DELETE", path)
        assert wix.call("POST", ASSIGNMENTS, pair).status == 404
        assert wix.state() == {"badges": [], "badgeAssignments": []}
        assert BADGE_LIST.ids(wix) == ASSIGNMENT_LIST.ids(wix) == []
        wix.clock.seconds += 30
        assert BADGE_LIST.ids(wix) == ASSIGNMENT_LIST.ids(wix) == []


def test_q8_what_is_gone_now_was_there_before_the_lag() -> None:
    """A badge and its assignments go from the lists together, and not before their time."""
    with sandbox(members=2, queryLagSeconds=2) as wix:
        badge_id = wix.badge()
        for number in range(2):
            wix.post(ASSIGNMENTS, pair_body(badge_id, number))
        wix.clock.seconds += 5
        wix.good("DELETE", f"{BADGES}/{badge_id}")
        wix.clock.seconds += 1.875
        assert (len(BADGE_LIST.ids(wix)), len(ASSIGNMENT_LIST.ids(wix))) == (1, 2)
        wix.clock.seconds += 0.125
        assert (len(BADGE_LIST.ids(wix)), len(ASSIGNMENT_LIST.ids(wix))) == (0, 0)


def test_q8_a_cursor_reads_on_in_what_is_shown_by_then() -> None:
    with sandbox(queryLagSeconds=2) as wix:
        wix.store("orders", *(order(number) for number in range(4)))
        wix.clock.seconds += 2
        wix.store("orders", order(50), order(-1, createdDate="2026-01-02T00:00:00Z"))
        pages = ORDER_LIST.pages(wix, limit=2)
        first = [one["number"] for one in next(pages)]
        wix.clock.seconds += 2
        rest = [one["number"] for page in pages for one in page]
        assert (first, rest) == (["3", "2"], ["1", "0", "-1"])
