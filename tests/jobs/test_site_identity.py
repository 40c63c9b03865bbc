"""A name of ours stands for one site at Wix; its secret may change, the site may not."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

import pytest
from jobs_stage import (
    FIRST_AND_THIRD,
    NORTH,
    SECRET,
    SOUTH,
    LiveShops,
    OpenShop,
    do_round,
    due,
    installation,
    member_id,
)

from badgejobs.bootstrap import open_house
from badgejobs.config import load_settings
from badgejobs.core.wixfacts import SiteFacts
from badgejobs.errors import CredentialsRefused, SettingsError
from badgejobs.jobs import dispatching
from badgejobs.jobs.reconciling import run_reconcile

pytest_plugins = ["jobs_fixtures"]

OF_SOUTH = {"instance_id": installation(SOUTH).instance_id}


def test_what_one_site_earned_never_reaches_another_under_the_same_name(
    open_shop: OpenShop, shops: LiveShops
) -> None:
    shops.buys(1, 1)
    do_round(open_shop())
    house = open_shop(changed=OF_SOUTH)
    shops.buys(2, 1, shop=SOUTH)
    asked = len(shops.world.journal.entries)

    outcomes = do_round(house)

    for outcome in outcomes:
        assert isinstance(outcome.cause, SettingsError)
        assert "give the new site a name of its own" in str(outcome.error)
    assert len(shops.world.journal.entries) == asked, "nothing was asked of the other site"
    assert shops.given(SOUTH) == []


def test_what_wix_told_of_a_site_is_at_hand_without_asking_again(
    open_shop: OpenShop, shops: LiveShops
) -> None:
    house = open_shop()
    assert house.at(NORTH).site_facts() == SiteFacts()
    do_round(house)
    told = house.at(NORTH).reading.site_facts()
    with house.store.begin() as tx:
        tx.bindings.remember_site_facts(NORTH, told)
    asked = len(shops.world.journal.entries)
    another_process = open_shop()
    assert another_process.at(NORTH).site_facts() == told != SiteFacts()
    assert len(shops.world.journal.entries) == asked


def test_a_site_that_a_person_says_is_the_same_goes_on(
    open_shop: OpenShop, shops: LiveShops
) -> None:
    do_round(open_shop())
    house = open_shop(changed=OF_SOUTH)
    with house.store.begin() as tx:
        tx.bindings.bind_site(NORTH, house.at(NORTH).at_wix, anew=True)
    shops.buys(2, 1, shop=SOUTH)
    with house.store.begin() as tx:
        tx.scans.make_due(NORTH, "orders")

    scanned = do_round(house)[1]

    assert scanned.error is None
    assert scanned.numbers["seen"] == 1


@pytest.fixture
def secret_file(tmp_path: Path) -> Path:
    path = tmp_path / "app.secret"
    path.write_text("another-secret-9876543210")
    path.chmod(0o600)
    return path


def test_a_secret_that_is_corrected_in_its_file_is_taken_up_at_once(
    open_shop: OpenShop, shops: LiveShops, secret_file: Path
) -> None:
    shops.buys(1, 1)
    house = open_shop(secret=secret_file.read_text(), changed={"app_secret_file": secret_file})
    assert isinstance(do_round(house)[0].cause, CredentialsRefused)
    with house.store.read() as tx:
        assert [one.site for one in tx.standings.suspended()] == [NORTH]

    secret_file.write_text(f"{SECRET}\n")
    house.at(NORTH)
    dispatching.take_up_new_secrets(house)

    assert (NORTH, "orders") in due(house)
    assert [one.error for one in do_round(house)] == [None, None, None]
    assert shops.given() == [(member_id(1), "First Purchase")]


def test_a_secret_file_that_is_touched_or_broken_changes_nothing(
    open_shop: OpenShop, shops: LiveShops, secret_file: Path
) -> None:
    secret_file.write_text(SECRET)
    house = open_shop(secret=SECRET, changed={"app_secret_file": secret_file})
    assert [one.error for one in do_round(house)] == [None, None, None]
    first = house.at(NORTH)
    for text in (f"{SECRET}\n", "", "two\nlines"):
        secret_file.write_text(text)
        assert house.at(NORTH) is first
    assert house.take_renewed() == set()
    assert run_reconcile(house, NORTH, by="test").error is None


def test_a_secret_of_the_environment_is_never_replaced_by_that_of_a_file(
    shops: LiveShops, secret_file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "north.yaml").write_text(FIRST_AND_THIRD)
    site = installation(NORTH)
    (tmp_path / "badgejobs.toml").write_text(
        f'state_dir = "state"\nwix_base_url = "{shops.url}"\n[sites.{NORTH}]\n'
        f'rules = "north.yaml"\napp_id = "{site.app_id}"\ninstance_id = "{site.instance_id}"\n'
        f'app_secret_file = "{secret_file}"\n'
    )
    monkeypatch.setenv("BADGEJOBS_SITES__NORTH__APP_SECRET", SECRET)
    (tmp_path / "state").mkdir(mode=0o700)
    settings = load_settings(config=tmp_path / "badgejobs.toml")
    with closing(open_house(settings, redis_url=None)) as house:
        first = house.at(NORTH)
        assert house.at(NORTH) is first
        assert house.take_renewed() == set()
