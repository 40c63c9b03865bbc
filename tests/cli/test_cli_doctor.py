from __future__ import annotations

import json

import pytest
from command_desk import INSTANCE, Desk, LiveWix, member_id

pytest_plugins = ["cli_fixtures"]


@pytest.mark.slow
def test_doctor_tells_of_a_badge_that_was_deleted_at_wix(desk: Desk, live_wix: LiveWix) -> None:
    live_wix.buys(1, 1)
    assert desk.run("sync").code == 0
    site = live_wix.world.sites[INSTANCE]
    doomed = next(one for one in site.badges.current.values() if one.body["title"][0] == "F")
    site.badges.remove(doomed.id, live_wix.world.clock())

    ended = desk.run("doctor", "--json")

    found = {one["check"]: one for one in json.loads(ended.out)["checks"]}["shop: badges"]
    assert ended.code == 1
    assert "known before, and gone at Wix: First Purchase" in found["finding"]
    assert "give its rule a new id" in found["cure"]


def test_what_wix_refuses_is_told_by_sync_and_explained_by_status(
    desk: Desk, live_wix: LiveWix
) -> None:
    live_wix.buys(1, 1)
    site = live_wix.world.sites[INSTANCE]
    site.members.remove(member_id(1), live_wix.world.clock())

    ended = desk.run("sync")

    assert ended.code == 3
    assert "`badgejobs status` says why, and `badgejobs retry`" in ended.err
    told = json.loads(desk.run("status", "--json").out)
    [given_up] = told["given_up"]
    assert (given_up["badge"], given_up["state"]) == ("first-purchase", "blocked")
    assert "MEMBER_NOT_FOUND" in given_up["why"]
    assert "request id" not in given_up["why"]
    assert told["rules"]["shop"].startswith("version ")


def test_rules_that_leave_the_currency_to_the_site_pass_from_doctor_to_sync(
    desk: Desk, live_wix: LiveWix
) -> None:
    live_wix.buys(1, 1)
    desk.write(
        "rules.yaml",
        "version: 1\nbadges:\n"
        "  - {id: spender, badge: {title: Spender}, when: {sum: orders.amount, gte: '0.01'}}\n"
        "  - {id: month, badge: {title: Month}, when: {streak: orders, every: month, length: 1}}\n",
    )

    told = json.loads(desk.run("doctor", "--json").out)["checks"]
    found = {one["check"]: one for one in told}
    assert found["shop: rules"]["ok"]
    assert "in the site's own currency and timezone" in found["shop: rules"]["finding"]
    assert found["shop: badges"]["ok"], found["shop: badges"]

    ended = desk.run("sync", "--json")
    assert (ended.code, json.loads(ended.out)["awards"]["created"]) == (0, 2), ended.out
