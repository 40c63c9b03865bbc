"""A site's time zone and currency."""

from __future__ import annotations

from typing import Any

import pytest
from scripted_wix import Reply, ScriptedWix
from wix_facts import API_KEY, Connect

from badgejobs import errors
from badgejobs.core.wixfacts import SiteFacts
from badgejobs.wix import wire

pytest_plugins = ["wix_fixtures"]


def told(wix: ScriptedWix, connect: Connect, properties: Any) -> SiteFacts:
    wix.expect(wire.SITE_PROPERTIES, Reply(body={"properties": properties, "version": "1"}))
    return connect(credentials=API_KEY).site_facts()


@pytest.mark.parametrize("zone", ["Europe/Berlin", "America/Argentina/Buenos_Aires", "Etc/GMT+3"])
def test_zone_and_currency_are_read(wix: ScriptedWix, connect: Connect, zone: str) -> None:
    found = told(wix, connect, {"timeZone": zone, "paymentCurrency": "CHF", "email": "a@b.example"})
    assert found == SiteFacts(timezone=zone, currency="CHF")


@pytest.mark.parametrize("nothing", [{}, {"timeZone": "", "paymentCurrency": None}])
def test_what_a_new_site_has_not_set_is_not_made_up(
    wix: ScriptedWix, connect: Connect, nothing: dict[str, Any]
) -> None:
    assert told(wix, connect, nothing) == SiteFacts()


@pytest.mark.parametrize(
    "odd",
    [
        {"timeZone": 2},
        {"timeZone": "Europe/../etc/passwd"},
        {"timeZone": "a" * 65},
        {"paymentCurrency": "eur"},
        {"paymentCurrency": "EURO"},
        None,
        [],
    ],
)
def test_what_is_no_zone_and_no_currency_is_not_taken_for_one(
    wix: ScriptedWix, connect: Connect, odd: Any
) -> None:
    with pytest.raises(errors.Ambiguous, match="cannot be read"):
        told(wix, connect, odd)
