"""By what guests and members are known: told as digests, from the sandbox by our client."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from bound import Bound
from live_shop import LiveShop, guid, live_shop
from wix_orders import order

from badgejobs.core import identity
from badgejobs.core.activity import Activity, Link
from badgejobs.core.identity import Digest, keyed
from badgejobs.core.milestone import Wants
from badgejobs.core.site import Site
from badgejobs.core.source import Page, Walk, Window
from badgejobs.errors import PermissionMissing
from badgejobs.sources.membership import Membership
from badgejobs.sources.orders import Orders
from badgejobs.wix import wire

KEY = keyed(b"made-up key of this test, long enough")
ADDRESS = "Canary@Shop.example"
CONTACT = guid("7", 1)
GUESTS = Wants(guests=True)


@pytest.fixture
def shop() -> Iterator[LiveShop]:
    with live_shop() as shop:
        yield shop


def site(wants: Wants = GUESTS, digest: Digest | None = KEY) -> Site:
    return Site(name="shop", wants=wants, digest=digest)


def orders(shop: LiveShop, of: Site) -> Page:
    return Bound(Orders(of), shop.wix).fetch(Window(since=None), None)


def members(shop: LiveShop, of: Site) -> Page:
    return Bound(Membership(of), shop.wix).fetch(Walk(generation=1), None)


def only(page: Page) -> Activity:
    [one] = page.activities
    assert "anary" not in repr(page)
    return one


def person(**fields: Any) -> dict[str, Any]:
    at = "2026-02-02T10:00:00.000Z"
    plain = {"id": guid("b", 1), "status": "APPROVED", "createdDate": at, "contactId": CONTACT}
    return plain | {"loginEmail": ADDRESS, "loginEmailVerified": True} | fields


def test_of_a_guest_digests_of_contact_and_address_are_told(shop: LiveShop) -> None:
    shop.put("orders", order(buyerInfo={"contactId": CONTACT, "email": ADDRESS}))
    found = only(orders(shop, site()))
    assert found.member_id is None
    assert found.identities == {
        identity.contact(CONTACT.upper(), KEY),
        identity.email("  canary@shop.EXAMPLE", KEY),
    }


def test_who_was_signed_in_is_told_by_nothing_else(shop: LiveShop) -> None:
    buyer = {"memberId": guid("b", 1), "contactId": CONTACT, "email": ADDRESS}
    shop.put("orders", order(buyerInfo=buyer))
    assert only(orders(shop, site())).identities == frozenset()


NONSENSE: list[dict[str, Any]] = [
    {},
    {"contactId": "", "email": ""},
    {"contactId": "canary"},
    {"contactId": [1]},
    {"email": "canary"},
    {"email": 5},
]


@pytest.mark.parametrize("fields", NONSENSE)
def test_what_makes_no_sense_of_a_guest_spoils_no_order(
    shop: LiveShop, fields: dict[str, Any]
) -> None:
    shop.put("orders", order(buyerInfo={"visitorId": guid("d", 1)} | fields))
    assert only(orders(shop, site())).identities == frozenset()


def test_an_address_of_a_member_counts_only_where_wix_says_that_it_was_proved(
    shop: LiveShop,
) -> None:
    shop.put("members", person())
    assert only(members(shop, site())).identities == {
        identity.contact(CONTACT, KEY),
        identity.email(ADDRESS, KEY),
    }
    for said in (False, None, "true", 1):
        shop.put("members", person(loginEmailVerified=said))
        kinds = {kind for kind, _ in only(members(shop, site())).identities}
        assert kinds == {Link.CONTACT}, said
    untold = person()
    del untold["loginEmailVerified"]
    shop.put("members", untold)
    assert {kind for kind, _ in only(members(shop, site())).identities} == {Link.CONTACT}


@pytest.mark.parametrize("of", [site(Wants()), site(digest=None)])
def test_where_nobody_asks_or_no_key_is_there_nothing_is_told(shop: LiveShop, of: Site) -> None:
    shop.put("orders", order(buyerInfo={"contactId": CONTACT, "email": ADDRESS}))
    shop.put("members", person())
    assert only(orders(shop, of)).identities == frozenset()
    assert only(members(shop, of)).identities == frozenset()


def test_all_of_a_member_is_asked_for_only_where_it_is_needed(shop: LiveShop) -> None:
    shop.put("members", person())
    for wants, fieldset in ((Wants(), "EXTENDED"), (GUESTS, "FULL")):
        members(shop, site(wants))
        [*_, last] = [one for one in shop.world.journal.entries if one.path == wire.MEMBERS_QUERY]
        assert last.body["fieldsets"] == [fieldset]


def test_a_missing_permission_names_what_it_is_for_and_how_to_do_without(shop: LiveShop) -> None:
    shop.site.installation = replace(shop.site.installation, scopes=frozenset())
    with pytest.raises(PermissionMissing, match=r"orders of guests.*guests: never"):
        members(shop, site())
