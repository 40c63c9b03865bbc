"""What another version of a pack would change, and what the one that is tried has done."""

from __future__ import annotations

import json

import pytest
from jobs_stage import FIRST_AND_THIRD, NORTH, SOUTH, LiveShops, OpenShop
from packed import BOTH, Moving, change, put, round_of_both, two_sites
from sqlalchemy import insert

from badgejobs.bootstrap import House
from badgejobs.cli.output import Output
from badgejobs.cli.pack_effects import effects, known_pack
from badgejobs.cli.packs_compare import Compared, compared
from badgejobs.store.fleet_tables import site

pytest_plugins = ["jobs_fixtures"]

SOFTER = FIRST_AND_THIRD.replace("gte: 3", "gte: 2")
STRICTER = FIRST_AND_THIRD.replace("gte: 1}", "gte: 2}\n    lifecycle: {revoke: when_unmet}")


@pytest.fixture
def clock() -> Moving:
    return Moving()


@pytest.fixture
def house(open_shop: OpenShop, clock: Moving, shops: LiveShops) -> House:
    """Two sites of one pack, each with one member who bought twice and one who bought once."""
    opened = two_sites(open_shop, clock, FIRST_AND_THIRD)
    for shop in BOTH:
        shops.buys(1, 2, shop=shop)
        shops.buys(2, 1, shop=shop)
    round_of_both(opened)
    return opened


def all_of(house: House, *, everywhere: bool) -> dict[str, Compared]:
    with Output().progress() as tell:
        pack = known_pack(house, "shops")
        return {one.site: one for one in compared(house, pack, tell, everywhere=everywhere)}


def test_a_trial_is_compared_with_what_the_stable_version_would_decide(
    house: House, shops: LiveShops, clock: Moving
) -> None:
    put(house, SOFTER)
    change(house, clock, lambda tx: tx.packs.start_canary("shops", 2, sites=[NORTH], others=BOTH))
    (before,) = all_of(house, everywhere=False).values()
    assert not before.is_taken_up
    round_of_both(house)
    shops.buys(3, 1)
    round_of_both(house)

    found = all_of(house, everywhere=True)
    north, south = found[NORTH], found[SOUTH]
    assert (north.tries, north.is_taken_up, south.tries) == (True, True, False)
    assert {badge: (one.opened, one.given) for badge, one in north.did.items()} == {
        "first-purchase": (1, 1),
        "third-purchase": (1, 1),
    }
    assert north.would["third-purchase"].awards == 0
    assert north.would["third-purchase"].grandfathered == 1, "what was given would stay"
    assert south.would["third-purchase"].awards == 1, "what promoting would give"
    assert south.did == {}
    assert "0001-4000-8000" not in json.dumps([one.as_json() for one in found.values()])
    assert not any(one.tries is False for one in all_of(house, everywhere=False).values())


def test_what_a_trial_takes_is_told(house: House, clock: Moving) -> None:
    put(house, STRICTER.replace("when_unmet", "when_unmet, on_rule_change: reevaluate"))
    change(house, clock, lambda tx: tx.packs.start_canary("shops", 2, sites=[NORTH], others=BOTH))
    before = known_pack(house, "shops")
    with Output().progress() as tell:
        found = effects(house, before, before.promoted(2), tell, look=True)
    assert (found.sites, found.changing) == (1, 1), "north goes by it already"
    assert found.total.taken_now == found.by_badge["first-purchase"].losing == 1

    round_of_both(house)
    north = all_of(house, everywhere=False)[NORTH]
    assert north.is_taken_up
    assert north.would["first-purchase"].stays + north.did["first-purchase"].taken == 1


def test_the_totals_are_of_the_sites_whose_version_changes_wherever_they_stand(
    house: House, clock: Moving
) -> None:
    put(house, SOFTER)
    with house.store.begin() as tx:
        for name, overrides in {
            "added": "",
            "broken": "remove: [no-such]",
            SOUTH: "remove: [first-purchase]",
        }.items():
            tx._connection.execute(
                insert(site).values(
                    name=name, pack="shops", overrides=overrides, comment_apps="",
                    added_at=tx.now, changed_at=tx.now,
                )
            )  # fmt: skip
    before = known_pack(house, "shops")
    with Output().progress() as tell:
        found = effects(house, before, before.promoted(2), tell, look=True)
        unseen = effects(house, before, before.promoted(2), tell, look=False)
        trial = before.tried(2, sites=[SOUTH], percent=None, now=before.changed_at)
        of_trial = effects(house, before, trial, tell, look=True)
    assert (found.sites, found.broken_sites) == (4, 1), "south once: the file goes before the row"
    assert found.broken["broken"].startswith("overrides of broken:1:10: remove: the pack has no")
    assert found.by_badge["third-purchase"].awards == 2
    assert (unseen.sites, unseen.by_badge) == (4, {})
    assert (of_trial.sites, of_trial.total.awards) == (1, 1)


def test_nothing_of_what_is_shown_is_done(house: House, shops: LiveShops) -> None:
    put(house, SOFTER)
    given = shops.given(NORTH), shops.given(SOUTH)
    before = known_pack(house, "shops")
    with Output().progress() as tell:
        effects(house, before, before.promoted(2), tell, look=True)
    round_of_both(house)
    assert (shops.given(NORTH), shops.given(SOUTH)) == given
