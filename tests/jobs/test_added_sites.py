"""Sites of the database are worked for beside those of the file, and what changes is noticed."""

from __future__ import annotations

from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from fleet_stage import add_app, add_shop, has_pack, rotate
from jobs_stage import (
    NORTH,
    SECRET,
    SHOPS,
    SOUTH,
    LiveShops,
    MakeSettings,
    OpenShop,
    do_round,
    member_id,
)
from sqlalchemy import update
from structlog.testing import capture_logs

from badgejobs.bootstrap import House, house, open_house
from badgejobs.bootstrap.directory import Directory
from badgejobs.errors import CredentialsRefused, SettingsError
from badgejobs.jobs import duties, standing, work
from badgejobs.store.fleet_tables import app
from badgejobs.store.standings import WIX
from badgejobs.vault.sealing import CannotOpen

pytest_plugins = ["jobs_fixtures"]


@pytest.fixture
def fleet(open_shop: OpenShop) -> House:
    """North stands in the file, South in the database."""
    opened = open_shop()
    has_pack(opened)
    add_app(opened)
    add_shop(opened, SOUTH)
    return opened


def test_an_added_site_gets_its_badges_like_one_of_the_file(fleet: House, shops: LiveShops) -> None:
    shops.buys(1, 1)
    shops.buys(2, 3, shop=SOUTH)

    for site in SHOPS:
        assert [one.error for one in do_round(fleet, site)] == [None, None, None]

    assert shops.given() == [(member_id(1), "First Purchase")]
    assert shops.given(SOUTH) == [
        (member_id(2, SOUTH), "First Purchase"),
        (member_id(2, SOUTH), "Third Purchase"),
    ]
    assert fleet.sites == (NORTH, SOUTH)
    assert fleet.configured == {NORTH}


def test_another_process_notices_what_changed_after_a_moment_and_not_before(
    fleet: House, shop_settings: MakeSettings, shops: LiveShops
) -> None:
    now = [0.0]
    fleet.directory._monotonic = lambda: now[0]
    fleet.directory.forget()
    held = fleet.at(SOUTH)
    with closing(open_house(shop_settings(), redis_url=None)) as other, other.store.begin() as tx:
        added = tx.sites.get(SOUTH)
        assert added
        tx.sites.put([replace(added.row, requests_per_minute=7)])
    now[0] = 1.0
    assert fleet.at(SOUTH) is held, "it was looked at a moment ago"
    now[0] = 3.0
    assert fleet.at(SOUTH) is not held
    assert fleet.told(SOUTH).requests_per_minute == 7
    same = fleet.at(SOUTH)
    now[0] = 6.0
    assert fleet.at(SOUTH) is same, "nothing has changed"


def test_a_new_secret_of_the_app_is_taken_up(fleet: House, shops: LiveShops) -> None:
    rotate(fleet, "another-secret-9876543210")
    fleet.directory.forget()
    assert isinstance(do_round(fleet, SOUTH)[0].cause, CredentialsRefused)
    rotate(fleet, SECRET)
    fleet.directory.forget()
    with fleet.store.begin() as tx:
        standing.resume(tx, SOUTH, by=WIX, asked_by="a new secret")
    assert [one.error for one in do_round(fleet, SOUTH)] == [None, None, None]


def test_no_run_begins_by_what_was_told_of_a_site_before_it_was_changed(
    fleet: House, shops: LiveShops
) -> None:
    fleet.directory._monotonic = lambda: 0.0
    fleet.directory.forget()
    fleet.at(SOUTH)
    rotate(fleet, "another-secret-9876543210")
    assert isinstance(do_round(fleet, SOUTH)[0].cause, CredentialsRefused)


def test_a_change_is_noticed_though_its_app_was_changed_later(fleet: House) -> None:
    """As where one transaction had to wait for another."""
    fleet.at(SOUTH)
    later = datetime.now(UTC) + timedelta(hours=1)
    with fleet.store.begin() as tx:
        tx._connection.execute(update(app).values(changed_at=later))
    fleet.directory.forget()
    before = fleet.told(SOUTH)
    with fleet.store.begin() as tx:
        added = tx.sites.get(SOUTH)
        assert added
        tx.sites.put([replace(added.row, requests_per_minute=7)])
        assert not fleet.directory.is_current(tx, before)
    assert fleet.told(SOUTH).requests_per_minute == 7


def test_of_a_site_that_was_erased_a_moment_ago_nothing_is_written_again(
    fleet: House, shops: LiveShops
) -> None:
    shops.buys(2, 3, shop=SOUTH)
    do_round(fleet, SOUTH)
    fleet.directory._monotonic = lambda: 0.0
    fleet.directory.forget()
    fleet.at(SOUTH)
    with fleet.store.begin() as tx:
        tx.sites.remove(SOUTH)
        tx.site_records.erase(SOUTH)
    for run in (work.run_provision, work.run_assign, work.run_flip):
        with pytest.raises(SettingsError, match="there is no site 'south'"):
            run(fleet, SOUTH, by="beat")
    with pytest.raises(SettingsError, match="there is no site 'south'"):
        work.run_scan(fleet, SOUTH, "orders", by="beat")
    with fleet.store.read() as tx:
        assert not sum(tx.site_records.count(SOUTH).values())


def test_a_removed_site_is_known_no_more(fleet: House) -> None:
    fleet.at(SOUTH)
    with fleet.store.begin() as tx:
        tx.sites.remove(SOUTH)
    fleet.directory.forget()
    with pytest.raises(SettingsError, match="there is no site 'south'; known: north"):
        fleet.at(SOUTH)
    assert fleet.sites == (NORTH,)


def test_the_file_wins_where_a_name_stands_in_both_and_it_is_said_once(
    open_shop: OpenShop, shops: LiveShops
) -> None:
    opened = open_shop()
    has_pack(opened)
    add_app(opened)
    with capture_logs() as logs:
        add_shop(opened, SOUTH, name=NORTH)
        for _ in range(3):
            opened.directory.forget()
            assert opened.sites == (NORTH,)
    assert [one["sites"] for one in logs] == [[NORTH]]
    assert opened.directory.in_both() == [NORTH]
    assert not opened.at(NORTH).told.stamps


def test_a_wix_site_of_the_file_is_not_served_under_a_second_name(open_shop: OpenShop) -> None:
    opened = open_shop()
    has_pack(opened)
    add_app(opened)
    add_shop(opened, NORTH, name="twin")
    with pytest.raises(SettingsError, match="'twin' and 'north' are the same site at Wix"):
        opened.at("twin")


def test_a_lost_key_stops_the_sites_that_need_it_and_no_other(
    fleet: House, shop_settings: MakeSettings, shops: LiveShops
) -> None:
    shops.buys(1, 1)
    (shop_settings().state_dir / "secrets.key").unlink()
    with closing(open_house(shop_settings(), redis_url=None)) as other:
        with pytest.raises(CannotOpen, match="BADGEJOBS_SECRETS_KEY_FILE"):
            other.at(SOUTH)
        duties.register(other)
        assert [one.error for one in do_round(other)] == [None, None, None]
    assert shops.given() == [(member_id(1), "First Purchase")]


def test_only_so_many_parts_of_a_house_are_kept_and_those_in_use_stay_valid(
    fleet: House, shops: LiveShops, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(house, "MOST_SITES", 0)  # beside the one that is configured
    held = fleet.at(SOUTH)
    fleet.at(NORTH)
    assert list(fleet._sites) == [NORTH]
    held.badges.badges()
    assert sum(fleet.calls().values()) == 1
    monkeypatch.setattr(house, "_RETIRED_SECONDS", -1.0)
    fleet.at(SOUTH)
    assert len(fleet._retired) == 0
    assert sum(fleet.calls().values()) == 1, "what the closed ones asked is still counted"


def test_before_there_are_tables_the_file_alone_counts(
    shop_settings: MakeSettings, tmp_path: Path
) -> None:
    settings = shop_settings(database_url=f"sqlite:///{tmp_path}/empty.db")
    with closing(open_house(settings, redis_url=None)) as opened:
        assert opened.sites == (NORTH,)
        assert isinstance(opened.directory, Directory)
        with pytest.raises(SettingsError, match="there is no site 'south'"):
            opened.at(SOUTH)
