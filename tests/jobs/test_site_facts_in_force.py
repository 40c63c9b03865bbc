"""Rules that leave zone and currency to the site are meant as the site is, never as a guess."""

from __future__ import annotations

import json
import urllib.request
from datetime import UTC, datetime, timedelta

import pytest
from jobs_stage import NORTH, LiveShops, OpenShop, do_round, installation, member_id, read, rewrite
from sqlalchemy import update

from badgejobs.bootstrap import House
from badgejobs.errors import RulesError
from badgejobs.jobs import duties, work
from badgejobs.jobs.units import BY_HAND
from badgejobs.sandbox.faults.kinds import FaultKind
from badgejobs.store.tables import site_binding
from badgejobs.wix import wire

pytest_plugins = ["jobs_fixtures"]

#: Somebody who bought and spent nothing is quiet, which an unknown currency must not make of one.
MONEY = """\
version: 1
badges:
  - id: spender
    badge: {title: Spender}
    when: {sum: orders.amount, gte: '0.01'}
  - id: quiet
    badge: {title: Quiet}
    when:
      all:
        - {count: orders, gte: 1}
        - none: [{sum: orders.amount, gte: '0.01'}]
"""


def owner_sets(shops: LiveShops, **properties: str) -> None:
    """The owner changes the site's settings in the dashboard."""
    body = {"instanceId": installation(NORTH).instance_id} | properties
    request = urllib.request.Request(  # noqa: S310 - the sandbox of this test
        f"{shops.url}/_sandbox/site",
        json.dumps(body).encode(),
        {"Content-Type": "application/json"},
    )
    with urllib.request.urlopen(request, timeout=10) as answer:  # noqa: S310 - as above
        assert answer.status == 200


def a_day_passes(house: House) -> None:
    with house.store.begin() as tx:
        tx._connection.execute(
            update(site_binding).values(facts_read_at=datetime.now(UTC) - timedelta(days=2))
        )


def test_nothing_is_decided_about_money_before_the_sites_currency_is_known(
    open_shop: OpenShop, shops: LiveShops
) -> None:
    house = open_shop()
    shops.buys(1, 1)
    rewrite(house, MONEY)

    with pytest.raises(RulesError, match="currency decide about badges here") as before:
        house.at(NORTH).rules()
    assert "write site: {currency: EUR}" in str(before.value)
    do_round(house)
    do_round(house)

    assert house.at(NORTH).site_facts().currency == shops.site().payment_currency
    assert shops.given() == [(member_id(1), "Spender")], "and nobody is quiet by mistake"


def test_a_site_that_changes_its_currency_changes_its_rules_within_a_day(
    open_shop: OpenShop, shops: LiveShops
) -> None:
    house = open_shop()
    shops.buys(1, 1)
    orders_are_in = shops.site().payment_currency
    owner_sets(shops, paymentCurrency="CHF", timeZone="Europe/Zurich")
    rewrite(house, MONEY)
    # what asks for 'none' waits for the history, which is read once the rules can be used
    for _ in range(3):
        do_round(house)
    first = house.at(NORTH).rules().version
    assert shops.given() == [(member_id(1), "Quiet")], "what was paid in another currency is no sum"

    owner_sets(shops, paymentCurrency=orders_are_in)
    a_day_passes(house)
    do_round(house)
    do_round(house)

    assert house.at(NORTH).rules().version != first
    assert (member_id(1), "Spender") in shops.given()


def test_a_site_that_does_not_tell_is_asked_in_the_rules_file_instead(
    open_shop: OpenShop, shops: LiveShops
) -> None:
    house = open_shop()
    shops.buys(1, 1)
    rewrite(house, MONEY)
    shops.fault(wire.SITE_PROPERTIES, kind=FaultKind.STATUS, status=403)
    [provision, *_] = do_round(house)
    assert "write it into the rules file" in str(provision.error)
    assert shops.given() == []

    with_currency = f"version: 1\nsite: {{currency: {shops.site().payment_currency}}}\n"
    rewrite(house, MONEY.replace("version: 1\n", with_currency))
    # by hand, which does not rest after a failure
    work.run_provision(house, NORTH, by=BY_HAND)
    duties.register(house)
    read(house)
    work.run_assign(house, NORTH, by=BY_HAND)

    assert shops.given() == [(member_id(1), "Spender")]


def test_rules_that_ask_neither_zone_nor_currency_ask_wix_for_neither(
    open_shop: OpenShop, shops: LiveShops
) -> None:
    house = open_shop()
    shops.buys(1, 1)
    do_round(house)

    assert shops.calls(wire.SITE_PROPERTIES) == 0
    assert shops.given() == [(member_id(1), "First Purchase")]
