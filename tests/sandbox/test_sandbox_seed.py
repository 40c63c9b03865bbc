from __future__ import annotations

import csv
import gzip
from collections import Counter, defaultdict
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from sandbox_caller import BLOG, ONE, sandbox

from badgejobs.errors import StateError
from badgejobs.sandbox.history import extract, seed

REPLAY = f"/_sandbox/replay?instanceId={ONE['instanceId']}"
SEARCH = "/ecom/v1/orders/search"


def test_the_extract_holds_what_its_readme_says() -> None:
    orders, comments = list(seed.orders()), list(seed.comments())
    members = [one["id"] for one in seed.members()]
    assert Counter(one["status"] for one in orders) == {"APPROVED": 2502, "CANCELED": 498}
    assert (len(comments), len(set(members)), len(members)) == (3000, len(members), len(members))
    buyers = {one["buyerInfo"].get("memberId") for one in orders} - {None}
    authors = {one["author"].get("memberId") for one in comments} - {None}
    assert buyers | authors == set(members)
    times = [one["createdDate"] for one in orders]
    assert times == sorted(times)
    assert max(len(one["lineItems"]) for one in orders) <= seed.MOST_LINES


def test_the_expected_awards_agree_with_a_plain_count_over_the_records() -> None:
    """Two ways to the same awards: the data's own programs, and three lines here."""
    counts: Counter[str] = Counter()
    spent: defaultdict[str, Decimal] = defaultdict(Decimal)
    found: dict[tuple[str, str], datetime] = {}
    for one in seed.orders():
        buyer, amount = one["buyerInfo"].get("memberId"), one["priceSummary"]["total"]["amount"]
        if buyer and one["status"] == "APPROVED" and Decimal(amount) > 0:
            at = datetime.fromisoformat(one["purchasedDate"])
            counts[buyer] += 1
            spent[buyer] += Decimal(amount)
            for number in (1, 5, 10, 25):
                if counts[buyer] == number:
                    found[f"orders_count_{number}", buyer] = at
            for number in (100, 500, 1000):
                if spent[buyer] >= number:
                    found.setdefault((f"spent_gross_{number}", buyer), at)
    for one in seed.comments():
        author = one["author"].get("memberId")
        if author:
            counts[author] += 1
            if counts[author] in (1, 10, 25, 50, 100):
                at = datetime.fromisoformat(one["commentDate"])
                found[f"comments_count_{counts[author]}", author] = at
    expected = {
        (one.rule, one.member_id): one.earned_at
        for one in seed.expected()
        if one.rule.startswith(("orders_count", "spent_gross", "comments_count"))
    }
    assert len(expected) > 3000
    assert expected == found


def write(table: Path, rows: list[dict[str, Any]]) -> None:
    table.parent.mkdir(parents=True, exist_ok=True)
    with gzip.open(f"{table}.csv.gz", "wt", encoding="utf-8", newline="") as text:
        writer = csv.DictWriter(text, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)


def full_layout(folder: Path) -> Path:
    """A folder laid out like the full data, three orders long."""
    shop, forum = folder / seed.SHOP, folder / seed.FORUM
    lines = [
        ("C3", 3, "17", "2011-01-03T00:00:00Z", "cancellation", "-5.00"),
        ("2", 2, "", "2011-01-02T00:00:00Z", "sale", "7.00"),
        ("1", 1, "17", "2011-01-01T00:00:00Z", "sale", "5.00"),
        ("A4", 4, "17", "2011-01-04T00:00:00Z", "adjustment", "-9.00"),
    ]
    names = ("order_id", "order_seq", "customer_id", "ordered_at", "kind", "amount")
    write(shop / "orders", [dict(zip(names, line, strict=True)) for line in lines])
    line = {"order_id": "C3", "stock_code": "85123A", "quantity": -2, "unit_price": "2.50"}
    write(shop / "order_lines", [line | {"order_id": "1", "quantity": 1}, line])
    one = {"comment_id": 1, "user_id": "", "post_id": 3, "creation_date": "2012-01-01T00:00:00Z"}
    write(forum / "comments", [one])
    for table, rule in ((shop, "orders_count_1"), (forum, "comments_count_10")):
        row = {"rule": rule, "member_key": "17", "earned_at": "2011-01-01T00:00:00Z"}
        later = row | {"member_key": "18", "earned_at": "2013-01-01T00:00:00Z"}
        write(table / "expected_awards", [row, row | {"rule": "another"}, later])
    return folder


def test_a_folder_of_the_full_data_is_read_by_the_same_code(tmp_path: Path) -> None:
    folder = full_layout(tmp_path)
    first, guest, cancelled = seed.orders(folder)
    assert first["buyerInfo"]["memberId"] == seed.member_id(seed.SHOP, "17")
    assert set(guest["buyerInfo"]) == {"visitorId"}
    assert (cancelled["status"], cancelled["paymentStatus"]) == ("CANCELED", "FULLY_REFUNDED")
    assert cancelled["priceSummary"]["total"]["amount"] == "5.00"
    quantities = [[one["quantity"] for one in order["lineItems"]] for order in (first, cancelled)]
    assert (quantities, guest["lineItems"]) == ([[1], [2]], [])
    assert [one["id"] for one in seed.members(folder)] == [seed.member_id(seed.SHOP, "17")]
    awards = [(one.rule, one.member_id) for one in seed.expected(folder)]
    assert len(awards) == 6
    assert ("orders_count_1", seed.member_id(seed.SHOP, "17")) in awards
    assert ("comments_count_10", seed.member_id(seed.FORUM, "17")) in awards


def test_an_extract_has_the_first_rows_in_time_and_only_awards_earned_by_then(
    tmp_path: Path,
) -> None:
    folder, target = full_layout(tmp_path / "full"), tmp_path / "cut"
    target.mkdir()
    extract.extract(folder, target, orders=2, comments=1)
    with gzip.open(target / "orders.csv.gz", "rt", encoding="utf-8") as text:
        assert [row["order_id"] for row in csv.DictReader(text)] == ["1", "2"]
    with gzip.open(target / "expected.csv.gz", "rt", encoding="utf-8") as text:
        assert [row["rule"] for row in csv.DictReader(text)] == [
            "orders_count_1",
            "comments_count_10",
        ]


def test_a_wrong_folder_is_told_with_the_cure(tmp_path: Path) -> None:
    with pytest.raises(StateError, match="name the folder that holds online_retail/"):
        list(seed.orders(tmp_path))


def test_a_replay_reveals_everything_in_order_and_lists_trail_behind_it() -> None:
    with sandbox(queryLagSeconds=2) as wix:
        assert wix.good("GET", REPLAY)["started"] is False
        body = {"instanceId": ONE["instanceId"], "seconds": 100}
        start = wix.post("/_sandbox/replay", body)
        assert (start["fraction"], start["finished"]) == (0, False)
        assert start["total"] == {"orders": 3000, "comments": 3000}
        assert wix.call("POST", "/_sandbox/replay", body).status == 400
        wix.clock.seconds += 50
        half = wix.good("GET", REPLAY)
        assert half["fraction"] == 0.5
        assert 0 < half["revealed"]["orders"] < 3000
        newest = wix.post(SEARCH, {"search": {"cursorPaging": {"limit": 1}}})["orders"][0]
        middle = datetime.fromisoformat("2010-12-28T09:28:00Z")
        assert datetime.fromisoformat(newest["createdDate"]) < middle
        wix.clock.seconds += 50
        assert wix.good("GET", REPLAY)["finished"] is True
        assert wix.post("/comments/v1/comments/count", {"appId": BLOG})["count"] < 3000
        wix.clock.seconds += 2
        assert wix.post("/comments/v1/comments/count", {"appId": BLOG})["count"] == 3000


def test_a_replay_of_a_folder_that_is_not_there_is_refused_and_starts_nothing() -> None:
    with sandbox() as wix:
        body = {"instanceId": ONE["instanceId"], "seconds": 0, "data": "nowhere"}
        assert wix.call("POST", "/_sandbox/replay", body).violation["field"] == "data"
        assert wix.good("GET", REPLAY)["started"] is False
        assert wix.post(SEARCH, {})["orders"] == []


def test_a_replay_of_no_seconds_is_there_at_once_and_pages_give_every_order_once() -> None:
    with sandbox() as wix:
        body = {"instanceId": ONE["instanceId"], "seconds": 0, "data": None}
        assert wix.post("/_sandbox/replay", body)["finished"] is True
        seen: list[str] = []
        sort = [{"fieldName": "updatedDate", "order": "ASC"}]
        ask: dict[str, Any] = {"sort": sort, "cursorPaging": {"limit": 100}}
        while True:
            page = wix.post(SEARCH, {"search": ask})
            seen += [one["number"] for one in page["orders"]]
            if not page["metadata"]["hasNext"]:
                break
            ask = {"cursorPaging": {"limit": 100, "cursor": page["metadata"]["cursors"]["next"]}}
        assert (len(seen), len(set(seen))) == (3000, 3000)
