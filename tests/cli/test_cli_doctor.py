from __future__ import annotations

import json

from command_desk import INSTANCE, Desk, LiveWix

pytest_plugins = ["cli_fixtures"]


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
