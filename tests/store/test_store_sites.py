"""Sites and apps as rows: added, changed and removed, each Wix site under one name."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from databases import Clock
from sqlalchemy import insert

from badgejobs.core.alert import Kind
from badgejobs.core.source import Track
from badgejobs.errors import SettingsError
from badgejobs.store import SqlStore
from badgejobs.store.operator_tables import notification, progress
from badgejobs.store.sites import SiteRow
from badgejobs.store.standings import PERSON

NORTH = SiteRow(name="north", app="ours", instance_id="i-1", pack="standard")
SOUTH = SiteRow(
    name="south",
    site_id="s-2",
    secret="v1.sealed-key",
    pack="standard",
    overrides="site: {currency: EUR}\n",
    comment_apps=("blog", "forum"),
    requests_per_minute=60,
)


def filled(store: SqlStore) -> None:
    with store.begin() as tx:
        tx.sites.add_app("ours", "a-1", "v1.sealed-secret")
        tx.sites.put([NORTH, SOUTH])


def test_what_is_put_in_comes_out_as_it_was_told(store: SqlStore, clock: Clock) -> None:
    filled(store)
    with store.read() as tx:
        north, south = tx.sites.get("north"), tx.sites.get("south")
        assert tx.sites.get("east") is None
        assert tx.sites.names() == ["north", "south"]
        assert tx.sites.at_wix() == {"i-1": "north", "s-2": "south"}
        assert tx.sites.of_instance("i-1") == "north"
        assert tx.sites.number_of_instances() == 1
        assert tx.sites.sites_of_apps() == {"ours": 1}
    assert north
    assert south
    assert (north.row, south.row) == (NORTH, SOUTH)
    assert north.app
    assert (north.app.app_id, south.app) == ("a-1", None)
    assert north.changed_at == clock.now
    assert "sealed" not in repr(north) + repr(south)


def test_putting_it_in_again_changes_nothing(store: SqlStore, clock: Clock) -> None:
    filled(store)
    before = clock.now
    clock.advance(minutes=1)
    with store.begin() as tx:
        assert tx.sites.put([NORTH, SOUTH]) == ([], [])
        changed = replace(NORTH, pack="premium")
        assert tx.sites.put([changed, SOUTH]) == ([], ["north"])
        stands = {one.row.name: one for one in tx.sites.all()}
    assert stands["north"].row == changed
    assert (stands["north"].changed_at, stands["south"].changed_at) == (clock.now, before)
    assert stands["north"].added_at == before


def test_a_new_secret_of_an_app_is_a_change_of_each_of_its_sites(
    store: SqlStore, clock: Clock
) -> None:
    filled(store)
    clock.advance(minutes=1)
    with store.begin() as tx:
        tx.sites.new_app_secret("ours", "v1.another")
        north = tx.sites.get("north")
    assert north
    assert north.app
    assert (max(north.stamps), north.app.secret) == (clock.now, "v1.another")


def test_two_names_for_one_wix_site_are_refused_with_both(store: SqlStore) -> None:
    filled(store)
    for twin in (replace(NORTH, name="east"), replace(SOUTH, name="east")):
        with pytest.raises(SettingsError) as caught, store.begin() as tx:
            tx.sites.put([twin])
        assert "'east' and '" in str(caught.value)
        assert "are the same site at Wix" in str(caught.value)
    with store.read() as tx:
        assert tx.sites.names() == ["north", "south"]


def test_what_somebody_else_said_of_a_site_meanwhile_is_not_overwritten(store: SqlStore) -> None:
    filled(store)
    with store.begin() as tx:
        tx.sites.put_one(replace(SOUTH, secret="v1.new"), seen=SOUTH)
    for seen in (SOUTH, None):
        with pytest.raises(SettingsError, match="south was changed by"), store.begin() as tx:
            tx.sites.put_one(replace(SOUTH, pack="premium"), seen=seen)
    with store.begin() as tx:
        assert not tx.sites.reseal("south", "v1.old-anew", before="v1.sealed-key")
        assert tx.sites.reseal("south", "v1.new-anew", before="v1.new")
        tx.sites.new_app_secret("ours", "v1.other")
        assert not tx.sites.reseal_app("ours", "v1.old-anew", before="v1.sealed-secret")
    with store.read() as tx:
        north, south = tx.sites.all()
    assert north.app
    assert (north.app.secret, south.row.secret) == ("v1.other", "v1.new-anew")
    assert south.row.pack == SOUTH.pack


def test_an_app_is_added_once(store: SqlStore) -> None:
    filled(store)
    with pytest.raises(SettingsError, match="there is an app 'ours' already"):
        filled(store)
    with store.read() as tx:
        assert [one.app_id for one in tx.sites.apps()] == ["a-1"]


def test_two_sites_may_change_places(store: SqlStore) -> None:
    filled(store)
    east = replace(NORTH, name="east", instance_id="i-3")
    with store.begin() as tx:
        tx.sites.put([east])
        moved = [replace(NORTH, instance_id="i-3"), replace(east, instance_id="i-1")]
        assert tx.sites.put(moved) == ([], ["north", "east"])
        assert tx.sites.at_wix() == {"i-3": "north", "i-1": "east", "s-2": "south"}


def test_all_that_is_recorded_of_a_site_goes_and_nothing_of_another(store: SqlStore) -> None:
    filled(store)
    with store.begin() as tx:
        for site in ("north", "south"):
            tx.bindings.bind_site(site, f"{site} at Wix")
            tx.scans.register(site, "orders", "window", tracks=[Track.LIVE, Track.FULL])
            tx.alerts.raised(site, Kind.CAPPED, "much")
            tx.requests.add(site, "member")
            tx.runs.start(site, "scan orders", started_by="test")
            tx.standings.suspend(site, by=PERSON, reason="away")
            step = {"site": site, "badge": "gold", "step": 9, "members": 2, "made_at": tx.now}
            tx._connection.execute(insert(progress), step)
            told = {"site": site, "member_id": "member", "badge": "gold", "period": 1, "tries": 0,
                    "channel": "hook", "made_at": tx.now, "last_error": ""}  # fmt: skip
            tx._connection.execute(insert(notification), told)
    with store.begin() as tx:
        counted = tx.site_records.count("north")
        assert (counted["progress"], counted["notification"]) == (1, 1)
        assert (counted["scan"], counted["alert"], counted["site_binding"]) == (2, 1, 1)
        tx.site_records.erase("north")
    with store.read() as tx:
        assert not any(tx.site_records.count("north").values())
        assert tx.site_records.count("south") == counted
        assert [one.site for one in tx.standings.suspended()] == ["south"]
        assert tx.sites.names() == ["north", "south"], "it is still served"


def test_the_last_reading_of_a_site_is_that_of_a_source(store: SqlStore, clock: Clock) -> None:
    with store.begin() as tx:
        tx.site_records.begin(["north", "south"], ["assign", "flip"])
        tx.site_records.begin(["north"], ["assign"])
        tx.scans.register("north", "orders", "window")
        for source in ("orders", "assign"):
            lease = tx.scans.lease("north", source, holds=timedelta(minutes=1))
            assert tx.site_records.leased("north") == 1
            tx.scans.release(lease, due_in=timedelta(minutes=1), completed=True)
            clock.advance(minutes=1)
        assert tx.site_records.last_read(["assign", "flip"]) == {
            "north": clock.now - timedelta(minutes=2)
        }
        assert {one.site for one in tx.scans.overview()} == {"north", "south"}


def test_a_database_without_packs_names_none(store: SqlStore) -> None:
    with store.read() as tx:
        assert tx.sites.packs() == []
