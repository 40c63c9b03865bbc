"""A guest's order on its way through sandbox, client and commands, and back."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from command_desk import INSTANCE, RULES, SITE, Desk, LiveWix, member_id, orders_of

from badgejobs.sandbox.records.collection import Record

pytestmark = pytest.mark.slow

pytest_plugins = ["cli_fixtures"]

CONTACT = "eeeeeeee-0000-4000-8000-000000000001"
ADDRESS = "canary@shop.example"
ADA = member_id(1)


def put(live_wix: LiveWix, kind: str, body: dict[str, Any]) -> None:
    shelf = getattr(live_wix.world.sites[INSTANCE], kind)
    shelf.put(Record(body, shelf.fields), live_wix.world.clock())


GUEST = {"visitorId": SITE, "contactId": CONTACT, "email": ADDRESS.upper()}


def buys(live_wix: LiveWix, number: int = 1, buyer: dict[str, str] = GUEST) -> str:
    """A guest pays an order just now, with the address and contact of the one member."""
    [order] = orders_of(7000 + number, 1)
    now = f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%S.000Z}"
    dates = dict.fromkeys(("createdDate", "updatedDate", "purchasedDate"), now)
    put(live_wix, "orders", order | dates | {"buyerInfo": buyer})
    key: str = order["id"]
    return key


def ada_joins(live_wix: LiveWix, **fields: Any) -> None:
    at = "2026-01-01T00:00:00.000Z"
    plain = {"id": ADA, "status": "APPROVED", "createdDate": at, "updatedDate": at}
    known = {"contactId": CONTACT, "loginEmail": ADDRESS, "loginEmailVerified": True}
    put(live_wix, "members", plain | known | fields)


def sync(desk: Desk) -> dict[str, Any]:
    ended = desk.run("sync", "shop", "--json")
    assert ended.code == 0, ended.err
    assert ADDRESS not in (ended.out + ended.err).lower()
    told: dict[str, Any] = json.loads(ended.out)
    return told


def links(desk: Desk) -> list[tuple[str, str, str, str | None]]:
    ended = desk.run("links", "shop", "--json")
    assert ended.code == 0, ended.err
    return [
        (one["activity_id"], one["member_id"], one["kind"], one["undone_by"])
        for one in json.loads(ended.out)["links"]
    ]


def test_a_guests_order_is_found_to_be_a_members_and_stays_undone(
    desk: Desk, live_wix: LiveWix
) -> None:
    order = buys(live_wix)
    ada_joins(live_wix)
    assert sync(desk)["awards"]["created"] == live_wix.given() == 1
    assert links(desk) == [(order, ADA, "verified_email", None)]
    status = json.loads(desk.run("status", "--json").out)
    assert status["guests"] == {"shop": {"linked": 1, "ambiguous": 0}}

    assert desk.run("unlink", "shop", "9").code == 1
    undone = desk.run("unlink", "shop", "1", "--json")
    assert undone.code == 0, undone.err
    assert json.loads(undone.out)["decided"] is True
    second = buys(live_wix, 2)
    sync(desk)
    assert links(desk) == [
        (order, ADA, "verified_email", "by hand"),
        (second, ADA, "verified_email", None),
    ]


@pytest.mark.slow
def test_an_erased_member_does_not_come_back_with_what_they_did_as_a_guest(
    desk: Desk, live_wix: LiveWix
) -> None:
    buys(live_wix)
    ada_joins(live_wix)
    sync(desk)
    dry = desk.run("erase-member", "shop", ADA, "--json")
    assert dry.code == 0, dry.err
    told = json.loads(dry.out)
    assert told["erased"] is False
    assert told["rows"]["activities"] == 2, "the order, and that she is a member"
    assert len(links(desk)) == 1
    done = desk.run("erase-member", "shop", ADA, "--yes", "--json")
    assert json.loads(done.out)["rows"] == told["rows"]
    assert "nothing is changed at Wix" in done.err
    buys(live_wix, 3)
    buys(live_wix, 4, {"memberId": ADA})
    creates = live_wix.creates()
    assert sync(desk)["activities"]["seen"] >= 2, "Wix still tells of them"
    assert links(desk) == []
    assert (live_wix.given(), live_wix.creates()) == (1, creates)
    empty = json.loads(desk.run("erase-member", "shop", ADA, "--json").out)
    assert not any(empty["rows"].values())


def test_an_address_that_was_never_proved_gives_nothing(desk: Desk, live_wix: LiveWix) -> None:
    buys(live_wix)
    ada_joins(live_wix, loginEmailVerified=False)
    assert sync(desk)["awards"]["created"] == 0
    assert [kind for _, _, kind, _ in links(desk)] == ["contact"]

    desk.write("rules.yaml", f"{RULES}policies: {{orders: {{guests: link_contact}}}}\n")
    assert sync(desk)["awards"]["created"] == 1, "now the contact is enough"


def test_another_key_stops_what_would_take_one_for_another(desk: Desk, live_wix: LiveWix) -> None:
    buys(live_wix)
    ada_joins(live_wix)
    sync(desk)
    key = desk.folder / "state" / "identity.key"
    right = key.read_text()
    key.unlink()
    ended = desk.run("sync", "shop")
    assert ended.code == 4
    assert "identity_key" in ended.err
    assert "All machines on one database" in ended.err
    key.write_text(right)
    key.chmod(0o600)
    sync(desk)


def test_erasing_asks_for_an_id_of_wix(lonely_desk: Desk) -> None:
    ended = lonely_desk.run("erase-member", "shop", ADDRESS, "--yes")
    assert ended.code == 4
    assert "MEMBER is a member's id" in ended.err
