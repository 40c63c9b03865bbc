"""What a tick looks at where a whole fleet stands in the configuration file."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import timedelta
from pathlib import Path

import pytest
from jobs_stage import FIRST_AND_THIRD, SECOND, due
from left_alone import left_alone

from badgejobs.bootstrap import House, open_house
from badgejobs.config import Settings, SiteSettings
from badgejobs.core.lane import Lane
from badgejobs.core.source import Track
from badgejobs.jobs import dispatching, duties
from badgejobs.jobs.turns import MAY_STILL_WAIT, ring_in_turns
from badgejobs.store.dispatch import Due

MORE_THAN_AT_ONCE = dispatching.LOOKED_AT_ONCE + 50
OpenFleet = Callable[[int], House]


@pytest.fixture
def rules(tmp_path: Path) -> Path:
    """One file of rules, by which all sites go."""
    file = tmp_path / "rules.yaml"
    file.write_text(FIRST_AND_THIRD, encoding="utf-8")
    left_alone(file)
    return file


@pytest.fixture
def open_fleet(tmp_path: Path, sqlite_template: Path, rules: Path) -> Iterator[OpenFleet]:
    """Opens houses with so many sites in the file; Wix is not asked."""
    with ExitStack() as closing:

        def make(number: int) -> House:
            state = tmp_path / f"state-{number}"
            state.mkdir(mode=0o700)
            shutil.copyfile(sqlite_template, state / "badgejobs.db")
            sites = {
                f"site-{one:04d}": SiteSettings(
                    rules=rules, app_id="app", instance_id=f"one-{one}", app_secret="s" * 20
                )
                for one in range(number)
            }
            house = open_house(Settings(state_dir=state, sites=sites), redis_url=None)
            closing.callback(house.close)
            return house

        yield make


def registered(house: House) -> set[str]:
    return {site for site, source in due(house) if source == "orders"}


def taken_up(house: House) -> None:
    """All that there is to take up is taken up."""
    version = house.at("site-0000").rules_version()
    with house.store.begin() as tx:
        for site in house.configured:
            tx.bindings.note_try(site, version)


def test_a_tick_asks_the_database_no_more_of_many_sites_than_of_few(open_fleet: OpenFleet) -> None:
    asked = dict[int, int]()
    for number in (2, 40):
        house = open_fleet(number)
        taken_up(house)
        dispatching.look_after_configured(house)
        with house.store.statements() as statements:
            assert dispatching.look_after_configured(house) == set()
        asked[number] = statements.total()

    assert asked[2] == asked[40]
    assert 0 < asked[40] < 10


def test_a_fleet_that_is_new_to_a_process_is_registered_over_several_ticks(
    open_fleet: OpenFleet,
) -> None:
    house = open_fleet(MORE_THAN_AT_ONCE)
    later = sorted(house.configured)[dispatching.LOOKED_AT_ONCE :]

    # of those that are not looked at yet nothing is decided
    assert dispatching.look_after_configured(house) == set(later)
    assert registered(house) == house.configured - set(later)
    assert dispatching.look_after_configured(house) == set()
    assert registered(house) == house.configured


def test_changed_rules_are_taken_up_by_all_who_go_by_them(
    open_fleet: OpenFleet, rules: Path
) -> None:
    house = open_fleet(40)
    dispatching.look_after_configured(house)
    taken_up(house)
    with house.store.begin() as tx:
        for site in house.configured:
            tx.dispatch.put_off(site, duties.PROVISION, Track.LIVE, by=timedelta(hours=1))

    rules.write_text(FIRST_AND_THIRD + SECOND, encoding="utf-8")
    left_alone(rules)
    dispatching.look_after_configured(house)

    assert {site for site, what in due(house) if what == duties.PROVISION} == house.configured


def test_sites_that_go_by_one_file_share_its_reading(open_fleet: OpenFleet) -> None:
    house = open_fleet(3)
    readings = {id(house.site_rules(site).reading()) for site in house.configured}
    assert len(readings) == 1


def test_some_of_each_lane_are_rung_for_however_late_it_is(open_fleet: OpenFleet) -> None:
    house = open_fleet(3)
    dispatching.look_after_configured(house)
    rung = list[str]()

    def deliver(some: list[Due]) -> bool:
        rung.extend(one.site for one in some)
        return True

    ring_in_turns(
        house.store,
        house.configured,
        dict.fromkeys(Lane, 100),
        again_after=dict.fromkeys(Lane, MAY_STILL_WAIT),
        deliver=deliver,
        time_is_up=lambda: True,
    )

    assert set(rung) == house.configured
