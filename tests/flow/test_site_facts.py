"""A site's zone and currency: asked of a sandbox through the client, remembered in the store."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from databases import Clock

from badgejobs.core.wixfacts import SiteFacts
from badgejobs.errors import Ambiguous, RateLimited, SettingsError
from badgejobs.flow.sitefacts import site_facts
from badgejobs.sandbox import builtin
from badgejobs.sandbox.faults.fields import parse_fault
from badgejobs.sandbox.properties import Properties
from badgejobs.sandbox.server import running
from badgejobs.sandbox.settings import parse_installations
from badgejobs.sandbox.world import World
from badgejobs.store import SqlStore
from badgejobs.wix import wire
from badgejobs.wix.auth import ApiKeyCredentials
from badgejobs.wix.client import WixClient

RIGA = SiteFacts(timezone="Europe/Riga", currency="EUR")


@dataclass
class Shop:
    """One site of a sandbox, and what is remembered of it."""

    world: World
    wix: WixClient
    store: SqlStore

    def told(self) -> SiteFacts:
        return site_facts("shop", self.wix, self.store)

    def sets(self, facts: SiteFacts) -> None:
        [site] = self.world.sites.values()
        zone = facts.timezone or ""
        site.properties = Properties(time_zone=zone, payment_currency=facts.currency)

    def disturbed(self, status: int, *, count: int = 1) -> None:
        body = {"message": "no", "details": {"applicationError": {"code": "CODE", "data": {}}}}
        fault = {"path": wire.SITE_PROPERTIES, "kind": "status", "status": status, "body": body}
        self.world.faults.add([parse_fault(fault | {"count": count}, "fault")])


@pytest.fixture
def shop(store: SqlStore) -> Iterator[Shop]:
    world = World(parse_installations(builtin.sites(1)))
    key = ApiKeyCredentials(api_key=builtin.API_KEY, site_id=builtin.site_id(1))
    with store.begin() as tx:
        tx.bindings.bind_site("shop", "instance 1 at a sandbox")
    with (
        running(world) as url,
        WixClient(base_url=url, credentials=key, pace=lambda: None) as wix,
    ):
        made = Shop(world, wix, store)
        made.sets(RIGA)
        yield made


def test_a_site_is_asked_at_most_once_a_day(shop: Shop, clock: Clock) -> None:
    assert shop.told() == RIGA
    moved = SiteFacts(timezone="Asia/Tokyo", currency="JPY")
    shop.sets(moved)
    clock.advance(hours=23, minutes=59)
    assert shop.told() == RIGA
    assert shop.wix.calls == 1
    clock.advance(minutes=1)
    assert shop.told() == moved
    assert shop.wix.calls == 2


def test_a_site_that_names_no_zone_is_not_asked_again_and_again(shop: Shop) -> None:
    shop.sets(SiteFacts(currency="EUR"))
    for _ in range(3):
        assert shop.told() == SiteFacts(currency="EUR")
    assert shop.wix.calls == 1


@pytest.mark.parametrize("status", [403, 404, 400])
def test_a_refusal_from_the_start_names_the_cure(shop: Shop, status: int) -> None:
    shop.disturbed(status)
    with pytest.raises(SettingsError, match=r"write it into the rules file, as in site: \{"):
        shop.told()
    assert shop.told() == RIGA, "once Wix tells, it is well"


def test_what_is_remembered_stays_when_wix_no_longer_tells(shop: Shop, clock: Clock) -> None:
    shop.told()
    clock.advance(days=2)
    shop.disturbed(403, count=9)
    for _ in range(3):
        assert shop.told() == RIGA
    assert shop.wix.calls == 2, "a refusal is not tried again before the day is over"


def test_what_is_remembered_stays_while_wix_is_in_trouble_and_is_asked_for_again(
    shop: Shop, clock: Clock
) -> None:
    shop.told()
    clock.advance(days=2)
    for status in (500, 429):
        shop.disturbed(status)
        assert shop.told() == RIGA
    moved = SiteFacts(timezone="Asia/Tokyo", currency="JPY")
    shop.sets(moved)
    assert shop.told() == moved


def test_trouble_before_anything_is_known_comes_as_it_is(shop: Shop) -> None:
    for status, error in ((500, Ambiguous), (429, RateLimited)):
        shop.disturbed(status)
        with pytest.raises(error):
            shop.told()


@pytest.mark.parametrize("zone", ["Europe/Atlantis", "Europe", "/etc/passwd"])
def test_a_zone_that_is_not_known_here_names_the_cure_and_costs_one_call(
    shop: Shop, zone: str
) -> None:
    shop.sets(SiteFacts(timezone=zone, currency="EUR"))
    for _ in range(3):
        with pytest.raises(SettingsError, match="upgrade the package tzdata, or write it into"):
            shop.told()
    assert shop.wix.calls == 1


def test_what_was_told_of_another_site_is_forgotten_when_a_name_is_bound_anew(shop: Shop) -> None:
    shop.told()
    with shop.store.begin() as tx:
        tx.bindings.bind_site("shop", "instance 1 at a sandbox")
        assert tx.bindings.site_facts("shop") is not None
        tx.bindings.bind_site("shop", "instance 2 at a sandbox", anew=True)
        assert tx.bindings.site_facts("shop") is None
