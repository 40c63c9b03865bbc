"""From the sandbox to rows: all that rules need, and nothing that is nobody's business."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from contextlib import closing
from datetime import UTC, datetime, timedelta
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

import pytest
from bound import Bound
from databases import Clock
from live_shop import IDS, LiveShop, guid, live_shop

from badgejobs.core.activity import Activity, Item, Link, Mark, label
from badgejobs.core.identity import keyed
from badgejobs.core.milestone import Age, Milestone, Ruleset, Selection, Span, Wants
from badgejobs.core.policy import PlainPolicy
from badgejobs.core.site import Site
from badgejobs.core.source import Track, Window
from badgejobs.flow.cadence import Cadence
from badgejobs.flow.pages import Scanned
from badgejobs.flow.scan import scan
from badgejobs.sandbox.history import reel
from badgejobs.sandbox.history.seeds import begin
from badgejobs.sources.comments import Comments
from badgejobs.sources.membership import Membership
from badgejobs.sources.orders import Orders
from badgejobs.store import SqlStore
from badgejobs.wix import wire

STORES = "215238eb-22a5-4c36-9e7b-e7c08025e04e"
BLOG = wire.COMMENT_APPS["blog"]
ADA, BOB = guid("b", 1), guid("b", 2)
PAYMENTS = Wants(payments=True)
KEY = keyed(b"made-up key of this test, long enough")
GUEST = {"visitorId": guid("d", 1), "contactId": guid("7", 1), "email": "Siskin-Login@shop.example"}
PROVED = {"contactId": guid("7", 1), "loginEmailVerified": True}
EVERYTHING = Window(since=None)
A_DAY = Age(
    of=Selection(source="membership", policy=PlainPolicy()),
    gte=Span(exact=timedelta(days=1)),
)
RULES = Ruleset(
    version="v1",
    milestones=(Milestone(badge="day", title="Day", look=None, condition=A_DAY),),
)


@pytest.fixture
def shop() -> Iterator[LiveShop]:
    with live_shop() as shop:
        yield shop


def order(number: int, day: int = 2, **fields: Any) -> dict[str, Any]:
    at = f"2026-02-{day:02}T10:00:00.000Z"
    mug = {
        "id": guid("9", 1),
        "productName": {"original": "Siskin Mug", "translated": "Siskin Becher"},
        "catalogReference": {"catalogItemId": guid("8", 1), "appId": STORES},
        "quantity": 2,
        "refundQuantity": 1,
        "price": {"amount": "9.50"},
        "totalPriceBeforeTax": {"amount": "19.00"},
        "itemType": {"preset": "PHYSICAL"},
        "descriptionLines": [{"name": {"original": "siskin engraving"}}],
    }
    plain = {
        "id": guid("c", number),
        "createdDate": at,
        "updatedDate": at,
        "status": "APPROVED",
        "paymentStatus": "PAID",
        "currency": "EUR",
        "buyerInfo": {
            "memberId": ADA,
            "email": "siskin-order@shop.example",
            "contactId": guid("7", 1),
        },
        "billingInfo": {"contactDetails": {"firstName": "Siskin", "phone": "555-siskin"}},
        "buyerNote": "siskin note",
        "channelInfo": {"type": "POS", "externalOrderId": "siskin-external"},
        "lineItems": [mug],
        "activities": [
            {"type": "MERCHANT_COMMENT", "merchantComment": {"message": "siskin remark"}},
            {"type": "ORDER_PAID", "createdDate": at, "authorEmail": "siskin-staff@shop.example"},
        ],
        "priceSummary": {"subtotal": {"amount": "19.00"}, "total": {"amount": "19.00"}},
    }
    return plain | fields


def comment(number: int, **fields: Any) -> dict[str, Any]:
    at = "2026-02-03T10:00:00.000Z"
    text = {"type": "TEXT", "textData": {"text": "a siskin sings"}}
    plain = {
        "id": guid("f", number),
        "revision": "1",
        "createdDate": at,
        "updatedDate": at,
        "appId": BLOG,
        "contextId": "post-1",
        "resourceId": "post-1",
        "author": {"memberId": ADA},
        "parentComment": {"id": guid("f", 0), "author": {"memberId": ADA}, "status": "PUBLISHED"},
        "content": {
            "richContent": {"nodes": [{"type": "PARAGRAPH", "nodes": [text]}]},
            "mentions": [{"name": "siskin mention"}],
        },
        "status": "PUBLISHED",
    }
    return plain | fields


def person(member: str, **fields: Any) -> dict[str, Any]:
    plain = {
        "id": member,
        "status": "APPROVED",
        "loginEmail": "siskin-login@shop.example",
        "profile": {"nickname": "Siskin Nick", "slug": "siskin-slug", "title": "siskin title"},
        "contact": {"firstName": "Siskin", "lastName": "Birdwell"},
        "createdDate": "2026-01-01T00:00:00.000Z",
    }
    return plain | fields


def sources_of(shop: LiveShop, wants: Wants) -> list[Bound]:
    site = Site(name="shop", comment_apps=(BLOG,), wants=wants, digest=KEY)
    return [Bound(one, shop.wix) for one in (Orders(site), Comments(site), Membership(site))]


def read(
    shop: LiveShop,
    store: SqlStore,
    *,
    wants: Wants = PAYMENTS,
    rules: Sequence[Ruleset] = (RULES,),
) -> list[Scanned]:
    """Read every source in full; each page has the next of ``rules``, the last for good."""
    left = list(rules)

    def in_force() -> Ruleset:
        return left.pop(0) if len(left) > 1 else left[0]

    with store.begin() as tx:
        for name in ("orders", "comments", "membership"):
            tx.scans.make_due("shop", name, Track.FULL)
    return [
        scan(
            "shop",
            source.source,
            source.client,
            in_force,
            store,
            track=Track.FULL,
            cadence=Cadence(),
            patience=lambda _error, _failures: timedelta(0),
            time_is_up=lambda: False,
            wants=wants,
        )
        for source in sources_of(shop, wants)
    ]


def facts(store: SqlStore, member: str = ADA) -> dict[str, Activity]:
    with store.read() as tx:
        found = tx.activities.of_members("shop", [member]).get(member, [])
    return {one.activity_id: one for one in found}


def test_rows_hold_what_rules_need(shop: LiveShop, store: SqlStore) -> None:
    shop.put("orders", order(1))
    shop.put("comments", comment(1))
    shop.put("members", person(ADA))
    done = read(shop, store)
    assert [(one.new, one.completed) for one in done] == [(1, True)] * 3
    found = facts(store)
    bought = found[guid("c", 1)]
    mug = Item(
        product=guid("8", 1),
        name=label("siskin mug"),
        catalog=STORES,
        quantity=2,
        refunded=1,
        amount=1900,
    )
    assert (bought.items, bought.channel) == ((mug,), "POS")
    assert bought.paid_at == datetime(2026, 2, 2, 10, tzinfo=UTC)
    said = found[guid("f", 1)]
    assert (said.post, said.parent, said.own, said.length) == ("post-1", guid("f", 0), True, 14)
    assert found[ADA].marks == {Mark.JOINED}
    with store.read() as tx:
        assert {*tx.scans.known_to("shop")} == {"comments", "membership", "orders"}
        [award] = tx.awards.of_members("shop", [ADA]).values()
    assert award.earned_at == datetime(2026, 1, 2, tzinfo=UTC)


def test_no_name_address_or_text_ever_lands_in_the_file(shop: LiveShop, store: SqlStore) -> None:
    wrong_line = order(2)["lineItems"][0] | {"quantity": "two siskin mugs"}
    shop.put(
        "orders",
        order(1),
        order(2, lineItems=[wrong_line]),
        order(3, currency="siskin"),
        order(4, buyerInfo={"memberId": "siskin-member"}),
        order(5, buyerInfo=GUEST),
        order(6, buyerInfo=GUEST | {"email": "siskin-stranger@shop.example"}),
    )
    shop.put("comments", comment(1), comment(2, revision="siskin"), comment(3, author="siskin"))
    shop.put("members", person(ADA, **PROVED), person(BOB, createdDate="siskin day"))
    done = read(shop, store, wants=Wants(payments=True, guests=True))
    assert [one.quarantined for one in done] == [3, 2, 1]
    written = contents(store)
    assert guid("c", 1).encode() in written, "what is looked through is what was written"
    assert b"birdwell" not in written
    assert b"siskin" not in written
    assert facts(store)[guid("c", 5)].linked_by is Link.VERIFIED_EMAIL, "it was read all the same"
    assert guid("7", 1).encode() not in written, "the contact is kept as a digest too"


def contents(store: SqlStore) -> bytes:
    """All that stands in the database, in small letters: its files, or its tables as text."""
    if store._engine.dialect.name == "sqlite":
        file = Path(store._url.database or "")
        return b"".join(one.read_bytes() for one in file.parent.glob(f"{file.name}*")).lower()
    with store._engine.connect() as connection:
        names = connection.exec_driver_sql(
            "SELECT tablename FROM pg_tables WHERE schemaname = 'public'"
        )
        texts = [
            str(connection.exec_driver_sql(f'SELECT * FROM "{name}"').all())  # noqa: S608 - names of our tables
            for name in names.scalars().all()
        ]
    return "".join(texts).lower().encode()


def test_the_states_of_an_order_end_in_one_row_in_any_order_of_arrival(
    shop: LiveShop, store: SqlStore
) -> None:
    states = [
        order(1, day=2, paymentStatus="NOT_PAID", lineItems=[]),
        order(1, day=4),
        order(1, day=6, paymentStatus="FULLY_REFUNDED", status="CANCELED"),
    ]
    ends = []
    for arrival in (states, states[::-1], [states[2], states[0], states[1]]):
        for state in arrival:
            shop.put("orders", state | {"createdDate": states[0]["createdDate"]})
            activities = sources_of(shop, Wants())[0].fetch(EVERYTHING, None).activities
            with store.begin() as tx:
                tx.activities.record(activities, site="shop", source="orders", generation=0)
        ends.append(facts(store))
    assert ends[0] == ends[1] == ends[2]
    [row] = ends[0].values()
    assert row.marks >= {Mark.CANCELLED, Mark.REFUNDED}
    assert len(row.items) == 1


def test_a_rule_that_begins_to_want_payments_has_the_orders_read_again(
    shop: LiveShop, store: SqlStore
) -> None:
    shop.put("orders", order(1))
    read(shop, store, wants=Wants())
    assert facts(store)[guid("c", 1)].paid_at is None
    shop.put("orders", order(2, day=20))
    asked = Ruleset(version="v2", milestones=RULES.milestones, wants=PAYMENTS)

    overtaken = read(shop, store, wants=Wants(), rules=[asked])[0]
    assert (overtaken.overtaken, overtaken.pages, overtaken.completed) == (True, 0, False)
    with store.read() as tx:
        assert "orders" not in tx.scans.complete("shop", PAYMENTS)

    again = read(shop, store, wants=PAYMENTS, rules=[asked])[0]
    assert (again.new, again.changed, again.completed) == (1, 1, True)
    assert all(facts(store)[guid("c", number)].paid_at for number in (1, 2))
    with store.read() as tx:
        assert "orders" in tx.scans.complete("shop", PAYMENTS)


def test_a_member_who_left_is_gone_after_two_walks(
    shop: LiveShop, store: SqlStore, clock: Clock
) -> None:
    shop.put("members", person(ADA), person(BOB))
    read(shop, store)
    shop.remove("members", BOB)
    for _ in range(2):
        assert Mark.GONE not in facts(store, BOB)[BOB].marks
        clock.advance(hours=7)
        read(shop, store)
    assert facts(store, BOB)[BOB].marks == {Mark.JOINED, Mark.GONE}
    assert facts(store)[ADA].marks == {Mark.JOINED}


def test_the_lines_of_the_real_log_add_up_to_its_orders(shop: LiveShop) -> None:
    begin(shop.site, reel.load(None), shop.world, seconds=0)
    source, cursor, seen = sources_of(shop, Wants())[0], None, 0
    while True:
        page = source.fetch(EVERYTHING, cursor)
        assert page.unreadable == ()
        for one in page.activities:
            total = sum(item.amount for item in one.items)
            assert total == one.amounts["items"] or not one.items, one.activity_id
            seen += bool(one.items)
        cursor = page.next_cursor
        if cursor is None:
            break
    assert seen == 2542


def test_what_facts_are_made_of_can_be_asked_for_at_the_sandbox(shop: LiveShop) -> None:
    begin(shop.site, reel.load(None), shop.world, seconds=0)
    shop.put("comments", comment(1), comment(2, parentComment=None))
    shop.put("orders", order(1))
    by_parent = {"appId": BLOG, "query": {"filter": {"parentComment.id": guid("f", 0)}}}
    [reply] = asked(shop, wire.COMMENTS_QUERY, by_parent)["comments"]
    assert (reply["id"], reply["parentComment"]["author"]) == (guid("f", 1), {"memberId": ADA})
    assert reply["content"]["richContent"]["nodes"]
    for field, value in (("appId", STORES), ("catalogItemId", guid("8", 1))):
        name = f"lineItems.catalogReference.{field}"
        wanted = {"search": {"filter": {name: {"$hasSome": [value]}, "channelInfo.type": "POS"}}}
        [found] = asked(shop, wire.ORDERS_SEARCH, wanted)["orders"]
        assert found["lineItems"] == order(1)["lineItems"]
    people = asked(shop, wire.MEMBERS_QUERY, {"query": {"paging": {"limit": 5, "offset": 0}}})
    assert all(one["createdDate"] for one in people["members"])


def asked(shop: LiveShop, path: str, body: dict[str, Any]) -> Any:
    """The sandbox's own answer, read by nobody of ours."""
    with closing(HTTPConnection(shop.address, timeout=30)) as connection:
        headers = {"Authorization": IDS["apiKey"], "wix-site-id": IDS["siteId"]}
        connection.request("POST", path, json.dumps(body), headers)
        answer = connection.getresponse()
        assert answer.status == 200
        return json.loads(answer.read())
