"""Sites that go by a pack: which rules are in force in processes that run, and what follows."""

from __future__ import annotations

from typing import Any

import pytest
from jobs_stage import (
    FIRST_AND_THIRD,
    NORTH,
    SECOND,
    SOUTH,
    LiveShops,
    OpenShop,
    do_round,
    due,
    member_id,
    runs,
)
from left_alone import left_alone
from packed import (
    BOTH,
    PACKED,
    Moving,
    change,
    come_into_force,
    put,
    round_of_both,
    two_sites,
)
from sqlalchemy import delete
from structlog.testing import capture_logs

from badgejobs.bootstrap import House
from badgejobs.bootstrap.shelf import Shelf
from badgejobs.bootstrap.site_rules import SiteRules
from badgejobs.bootstrap.told import FromPack
from badgejobs.core.pack import LOOKS_EVERY, SETTLES_IN
from badgejobs.errors import DatabaseUnavailable, Later, RulesError
from badgejobs.jobs import dispatching, duties, work
from badgejobs.store import SqlStore
from badgejobs.store.fleet_tables import pack_version

pytest_plugins = ["jobs_fixtures"]

WITH_SECOND = FIRST_AND_THIRD + SECOND


@pytest.fixture
def clock() -> Moving:
    return Moving()


@pytest.fixture
def house(open_shop: OpenShop, clock: Moving) -> House:
    return two_sites(open_shop, clock, FIRST_AND_THIRD)


def badges(house: House, site: str = NORTH) -> list[str]:
    return [one.badge for one in house.at(site).rules().milestones]


def both(titles: list[str]) -> dict[str, list[str]]:
    return dict.fromkeys(BOTH, titles)


def given(shops: LiveShops) -> dict[str, list[str]]:
    return {site: sorted({title for _, title in shops.given(site)}) for site in BOTH}


def test_a_trial_a_promotion_and_the_way_back_change_awards_just_where_they_should(
    house: House, shops: LiveShops, clock: Moving
) -> None:
    for site in BOTH:
        shops.buys(1, 2, shop=site)
    round_of_both(house)
    assert given(shops) == both(["First Purchase"])

    two = put(house, WITH_SECOND)
    round_of_both(house)
    assert given(shops) == both(["First Purchase"]), "nobody goes by it yet"

    change(house, clock, lambda tx: tx.packs.start_canary("shops", two, sites=[NORTH], others=BOTH))
    round_of_both(house)
    assert given(shops) == {
        NORTH: ["First Purchase", "Second Purchase"],
        SOUTH: ["First Purchase"],
    }

    change(house, clock, lambda tx: tx.packs.promote("shops", two, others=BOTH))
    round_of_both(house)
    assert given(shops) == both(["First Purchase", "Second Purchase"])

    change(house, clock, lambda tx: tx.packs.promote("shops", 1, others=BOTH))
    for site in BOTH:
        shops.buys(2, 2, shop=site)
    round_of_both(house)
    assert [pair for pair in shops.given(NORTH) if pair[0] == member_id(2)] == [
        (member_id(2), "First Purchase")
    ]
    assert (member_id(1), "Second Purchase") in shops.given(NORTH), "what was earned stays"


def test_a_process_that_runs_notices_another_version_and_all_at_the_same_moment(
    open_shop: OpenShop, house: House, clock: Moving
) -> None:
    other = open_shop(sites=BOTH, changed=PACKED, clock=clock)
    assert badges(house) == badges(other) == ["first-purchase", "third-purchase"]
    put(house, WITH_SECOND)
    with house.store.begin() as tx:
        tx.packs.promote("shops", 2, others=BOTH)

    clock.ahead += LOOKS_EVERY.total_seconds()
    assert len(badges(house)) == 2, "it was seen, and others may not have seen it yet"
    with pytest.raises(Later):
        house.at(NORTH).rules_now()
    come_into_force(house, clock)
    assert len(badges(house)) == len(badges(other)) == 3

    duties.register(house)
    assert dispatching.look_after_configured(house) == set()
    assert {(site, "provision") for site in BOTH} <= due(house)


def test_provisioning_is_due_at_once_with_a_change_and_works_by_it(
    house: House, shops: LiveShops, clock: Moving
) -> None:
    shops.buys(1, 2)
    round_of_both(house)
    put(house, WITH_SECOND)
    with house.store.begin() as tx:
        tx.packs.start_canary("shops", 2, sites=[NORTH], others=BOTH)
    with house.store.read() as tx:
        (row,) = (one for one in tx.scans.overview(NORTH) if one.source == "provision")
        pack_changed_at = tx.packs.existing("shops").changed_at
    assert row.due_at == pack_changed_at + SETTLES_IN
    come_into_force(house, clock)
    clock.ahead -= LOOKS_EVERY.total_seconds()  # so soon that it would not look by itself
    work.run_provision(house, NORTH, by="test")
    assert runs(house)[-1].rules_version == house.at(NORTH).rules().version
    assert len(badges(house)) == 3


def test_sites_that_say_nothing_otherwise_share_one_reading(house: House) -> None:
    shelf = Shelf(house.store, sources=frozenset({"orders"}), clock=house.clock)
    found = [
        SiteRules(
            f"site-{number}",
            FromPack(pack="shops", overrides="# of its own\n" * (number % 2)),
            house.store,
            sources=frozenset({"orders"}),
            clock=house.clock,
            shelf=shelf,
        ).in_force()
        for number in range(50)
    ]
    assert len({id(one.milestones) for one in found}) == 1
    own = "badges: [{id: first-purchase, badge: {title: Erster}}]"
    other = house.rules_of("berlin", FromPack(pack="shops", overrides=own)).in_force()
    assert other.milestones[0].title == "Erster"
    assert other.version != found[0].version


def test_many_sites_cost_no_query_each_to_notice_a_change(house: House, clock: Moving) -> None:
    sites = [house.rules_of(f"site-{number}", FromPack(pack="shops")) for number in range(40)]
    for one in sites:
        one.told.beside()
    clock.ahead += LOOKS_EVERY.total_seconds()
    with house.store.statements() as counted:
        for one in sites:
            one.told.beside()
    assert sum(number for text, number in counted.items() if "FROM pack" in text) == 1


def test_overrides_in_a_file_take_effect_when_it_is_edited_and_break_nothing(
    open_shop: OpenShop, house: House, tmp_path: Any
) -> None:
    path = tmp_path / "north.yaml"
    path.write_text("remove: [third-purchase]\n")
    left_alone(path)
    filed = open_shop(changed=PACKED | {"overrides": path}, clock=house.clock)
    assert badges(filed) == ["first-purchase"]

    path.write_text("remove: [third-purchas]\n")
    left_alone(path)
    with capture_logs() as logs:
        assert badges(filed) == ["first-purchase"]
    (log,) = logs
    assert f"{path}:1:10: remove: the pack has no 'third-purchas'; did you mean" in log["error"]
    with pytest.raises(RulesError):
        filed.at(NORTH).rules_now()

    path.write_text("badges: [{id: third-purchase, badge: {title: Drei}}]\n")
    left_alone(path)
    assert badges(filed) == ["first-purchase", "third-purchase"]


def test_a_pack_that_is_missing_is_told_with_the_cure(open_shop: OpenShop, clock: Moving) -> None:
    house = open_shop(changed=PACKED, clock=clock)
    with pytest.raises(RulesError, match="pack shops: there is no such pack; `badgejobs packs put"):
        house.at(NORTH).rules()
    assert house.at(NORTH).wanted_sources() == []
    put(house, FIRST_AND_THIRD)
    come_into_force(house, clock)
    assert len(badges(house)) == 2


def test_a_new_version_that_does_not_hold_here_leaves_the_old_rules_in_force(
    house: House, open_shop: OpenShop, clock: Moving, tmp_path: Any
) -> None:
    path = tmp_path / "north.yaml"
    path.write_text("remove: [third-purchase]\n")
    left_alone(path)
    filed = open_shop(changed=PACKED | {"overrides": path}, clock=clock)
    do_round(filed)
    put(house, FIRST_AND_THIRD.replace("third-purchase", "drei"))
    change(house, clock, lambda tx: tx.packs.promote("shops", 2, others=BOTH))
    assert badges(filed) == ["first-purchase"]

    fresh = open_shop(changed=PACKED | {"overrides": path}, clock=clock)
    assert badges(fresh) == ["first-purchase"], "and a new process has them from the record"
    with pytest.raises(RulesError, match="the pack has no 'third-purchase'"):
        fresh.at(NORTH).rules_now()


def test_what_was_known_of_a_pack_stays_while_the_database_is_away(
    house: House, clock: Moving, monkeypatch: pytest.MonkeyPatch
) -> None:
    rules = house.site_rules(NORTH)
    before = rules.told.beside()

    def away(_: SqlStore) -> Any:
        raise DatabaseUnavailable("away")

    monkeypatch.setattr(SqlStore, "read", away)
    clock.ahead += LOOKS_EVERY.total_seconds()
    assert rules.told.beside() == before
    with pytest.raises(DatabaseUnavailable):
        house.rules_of("other", FromPack(pack="unknown")).told.beside()


def test_a_version_whose_text_is_lost_is_an_error_with_its_name(
    house: House, clock: Moving
) -> None:
    with house.store.begin() as tx:
        tx._connection.execute(delete(pack_version))
    with pytest.raises(RulesError, match="pack shops version 1: there is no such version"):
        house.at(NORTH).rules()
