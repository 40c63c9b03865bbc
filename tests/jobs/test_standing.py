"""A site that Wix refuses is left alone, asked after ever more rarely, and taken up again."""

from __future__ import annotations

from datetime import timedelta

import pytest
from fleet_stage import add_app, add_shop, has_pack
from jobs_stage import (
    NORTH,
    SHOPS,
    SOUTH,
    Configure,
    LiveShops,
    MakeSettings,
    OpenShop,
    do_round,
    due,
    installation,
    member_id,
    runs,
)
from redis import Redis
from structlog.testing import capture_logs

from badgejobs.bootstrap import House
from badgejobs.cli.webhooks import BySite, noted_installation
from badgejobs.core.alert import Kind
from badgejobs.core.source import Track
from badgejobs.errors import SiteSuspended
from badgejobs.intake.events import Installation
from badgejobs.intake.note import PROBE, Bell
from badgejobs.jobs import duties, standing, tasks, work
from badgejobs.jobs.app import house
from badgejobs.jobs.retrying import FIRST_PROBE, LONGEST_PROBE
from badgejobs.sandbox.faults.kinds import FaultKind
from badgejobs.service.broker import EmbeddedBroker
from badgejobs.store.standings import PERSON, WIX, Standing
from badgejobs.wix import wire

pytest_plugins = ["jobs_fixtures"]

WRONG = "another-secret-9876543210"


@pytest.fixture
def refused(open_shop: OpenShop) -> House:
    """North's secret is wrong, and a round of work has found that out."""
    opened = open_shop(secret=WRONG)
    do_round(opened)
    return opened


def of(at: House, site: str = NORTH) -> Standing:
    with at.store.read() as tx:
        found = tx.standings.of(site)
    assert found, "it is simply at work"
    return found


def is_at_work(at: House, site: str = NORTH) -> bool:
    with at.store.read() as tx:
        found = tx.standings.of(site)
    return found is None or found.suspended_at is None


def alerts(at: House) -> list[str]:
    with at.store.read() as tx:
        return [one.text for one in tx.alerts.open(SHOPS) if one.kind is Kind.SUSPENDED]


def pause(at: House) -> timedelta:
    """How long until Wix is asked again, as it was said a moment ago."""
    probe_at = of(at).probe_at
    assert probe_at
    with at.store.read() as tx:
        return probe_at - tx.now


def test_one_refusal_is_a_slip_and_two_in_a_row_suspend_with_one_alert(
    open_shop: OpenShop, shops: LiveShops
) -> None:
    at = open_shop(secret=WRONG)
    duties.register(at)
    work.run_provision(at, NORTH, by="test")
    assert is_at_work(at)

    work.run_scan(at, NORTH, "orders", Track.FULL, by="test")

    found = of(at)
    assert (found.suspended_by, found.probes) == (WIX, 0)
    [told] = alerts(at)
    assert "invalid_client" in told
    assert "`badgejobs sites resume north`" in told
    assert timedelta(seconds=FIRST_PROBE - 60) < pause(at) <= timedelta(seconds=FIRST_PROBE)


def test_a_suspended_site_is_not_asked_for_anything_and_a_bell_says_why(
    refused: House, shops: LiveShops
) -> None:
    asked, before = len(shops.world.journal.entries), len(runs(refused))

    outcomes = do_round(refused)

    assert {type(one.cause) for one in outcomes} == {SiteSuspended}
    assert "north is suspended since" in str(outcomes[0].error)
    assert len(shops.world.journal.entries) == asked
    assert len(runs(refused)) == before
    refused.directory.forget()
    assert refused.sites == ()


def test_what_worked_between_two_refusals_keeps_a_site_at_work(
    open_shop: OpenShop, shops: LiveShops
) -> None:
    at = open_shop()
    do_round(at)
    for _ in range(3):
        shops.fault(wire.ORDERS_SEARCH, kind=FaultKind.STATUS, status=403)
        assert work.run_scan(at, NORTH, "orders", by="test").error
        assert of(at).refusals == 1
        work.run_provision(at, NORTH, by="test", read_anew=True)
        with at.store.read() as tx:
            assert tx.standings.of(NORTH) is None
    assert alerts(at) == []


def test_a_run_that_asked_nothing_tells_nothing_of_wix(open_shop: OpenShop) -> None:
    at = open_shop(secret=WRONG)
    duties.register(at)
    work.run_provision(at, NORTH, by="test")
    assert work.run_assign(at, NORTH, by="test").error is None
    assert of(at).refusals == 1


def test_a_missing_permission_suspends_and_is_looked_for_by_the_probe(
    open_shop: OpenShop, shops: LiveShops
) -> None:
    at = open_shop()
    do_round(at)
    shops.fault(wire.ORDERS_SEARCH, kind=FaultKind.STATUS, status=403, count=3)
    for _ in range(2):
        work.run_scan(at, NORTH, "orders", by="test")
    assert not is_at_work(at)

    told = standing.run_probe(at, NORTH)
    assert told["suspended"]
    assert "403" in told["error"]
    assert of(at).probes == 1

    assert standing.run_probe(at, NORTH) == {"site": NORTH, "kind": "probe", "suspended": True}
    assert standing.run_probe(at, NORTH, even_early=True)["suspended"] is False
    assert is_at_work(at)


def test_probes_in_vain_come_ever_more_rarely_and_cost_no_call_for_bad_credentials(
    refused: House, shops: LiveShops
) -> None:
    pauses = []
    for _ in range(9):
        asked = len(shops.world.journal.entries)
        assert standing.run_probe(refused, NORTH, even_early=True)["suspended"]
        assert len(shops.world.journal.entries) - asked == 1, "the token, and nothing with it"
        pauses.append(round(pause(refused).total_seconds()))
    doubled = [min(FIRST_PROBE * 2**one, LONGEST_PROBE) for one in range(1, 10)]
    assert pauses == pytest.approx(doubled, abs=60)
    assert len(alerts(refused)) == 1


def test_a_probe_that_is_answered_resumes_clears_and_makes_all_due(
    refused: House, open_shop: OpenShop, shops: LiveShops
) -> None:
    shops.buys(1, 1)
    right = open_shop()  # whose secret was mended

    assert standing.run_probe(right, NORTH)["suspended"] is False

    assert alerts(right) == []
    assert {(NORTH, one) for one in ("provision", "orders", "assign")} <= due(right)
    assert [one.error for one in do_round(right)] == [None, None, None]
    assert shops.given() == [(member_id(1), "First Purchase")]


def test_where_wix_is_away_a_probe_tells_nothing(refused: House, shops: LiveShops) -> None:
    shops.fault(wire.TOKEN, kind=FaultKind.STATUS, status=503)
    told = standing.run_probe(refused, NORTH)
    assert told["suspended"]
    assert of(refused).probes == 0
    assert pause(refused) > timedelta(minutes=4)


def test_what_a_person_suspended_no_probe_resumes(open_shop: OpenShop, shops: LiveShops) -> None:
    at = open_shop()
    duties.register(at)
    with at.store.begin() as tx:
        assert standing.suspend_by_person(tx, NORTH, "invoice 7 is open")
    asked = len(shops.world.journal.entries)

    assert standing.run_probe(at, NORTH, even_early=True)["suspended"]
    assert standing.due_probes(at, 9) == []
    with pytest.raises(SiteSuspended, match="by person: invoice 7 is open"):
        standing.by_hand(at, NORTH)

    assert len(shops.world.journal.entries) == asked
    with at.store.begin() as tx:
        assert standing.resume(tx, NORTH, by=PERSON, asked_by="test")
    standing.by_hand(at, NORTH)


def test_who_calls_by_hand_has_wix_asked_once_more(refused: House, open_shop: OpenShop) -> None:
    with pytest.raises(SiteSuspended) as caught:
        standing.by_hand(refused, NORTH)
    assert caught.value.by_wix
    assert of(refused).probes == 1
    standing.by_hand(open_shop(), NORTH)
    assert is_at_work(refused)


def test_the_tick_rings_for_a_probe_that_is_due_and_for_nothing_else_of_the_site(
    shop_settings: MakeSettings,
    valkey: EmbeddedBroker,
    celery_app: Configure,
    redis: Redis,
    shops: LiveShops,
) -> None:
    celery_app(shop_settings(sites=SHOPS), valkey.celery_url, valkey.redis_url)
    with house().store.begin() as tx:
        standing.suspend(tx, NORTH, "refused", probe_in=timedelta(0))

    tasks.tick()

    rung = [
        headers
        for key in redis.keys("*celery*") + redis.keys("badgejobs:*")
        if redis.type(key) == b"list"
        for headers in redis.lrange(key, 0, -1)
    ]
    of_north = {
        name
        for message in rung
        for name in ("probe_site", "scan", "assign", "provision", "flip", "reconcile")
        if f"badgejobs.{name}".encode() in message and b"north" in message
    }
    assert of_north == {"probe_site"}
    assert any(SOUTH.encode() in message for message in rung)
    assert tasks.probe_site(site=NORTH)["suspended"] is False


def test_an_app_that_was_removed_stops_its_site_and_one_that_is_back_has_wix_asked(
    open_shop: OpenShop, shops: LiveShops
) -> None:
    at = open_shop()
    duties.register(at)
    assert noted_installation(at, NORTH, Installation.INSTALLED) is None, "nothing was wrong"
    with capture_logs() as logs:
        for _ in range(2):
            assert noted_installation(at, NORTH, Installation.REMOVED) is None
    told = [one["about"] for one in logs if one["event"] == "a person is asked for"]
    assert told == [Kind.SUSPENDED.value]
    found = of(at)
    assert (found.suspended_by, found.reason) == (WIX, "our app was removed from the site")
    assert len(alerts(at)) == 1
    assert standing.due_probes(at, 9) == []

    bell = noted_installation(at, NORTH, Installation.INSTALLED)

    assert bell == Bell(site=NORTH, source=PROBE, track=Track.LIVE)
    assert standing.due_probes(at, 9) == [NORTH]
    assert standing.run_probe(at, NORTH)["suspended"] is False


def test_webhooks_know_a_site_that_was_added_a_moment_ago(open_shop: OpenShop) -> None:
    at = open_shop()
    sites = BySite(at)
    south = installation(SOUTH)
    assert sites.get(south.instance_id) is None
    assert sites.number() == 1
    has_pack(at)
    add_app(at)
    add_shop(at, SOUTH)
    served = sites.get(south.instance_id)
    assert served
    assert (served.name, served.own_app, sites.number()) == (SOUTH, south.app_id, 2)
    assert served.wanted() == ["orders"]
