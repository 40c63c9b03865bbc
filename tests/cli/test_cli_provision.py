from __future__ import annotations

import json
from typing import Any

import pytest
from command_desk import INSTANCE, RULES, Desk, LiveWix

from badgejobs.wix import wire

pytest_plugins = ["cli_fixtures"]


def told(desk: Desk, *arguments: str, code: int = 0) -> dict[str, Any]:
    ended = desk.run("provision", *arguments, "--json")
    assert ended.code == code, ended.err
    found: dict[str, Any] = json.loads(ended.out)
    return found


def deleted(live_wix: LiveWix, title: str) -> None:
    """The owner deletes a badge, and with it all its assignments."""
    site, now = live_wix.world.sites[INSTANCE], live_wix.world.clock()
    [badge] = [one for one in site.badges.current.values() if one.body["title"] == title]
    site.badges.remove(badge.id, now)
    site.display_order.remove(badge.id)
    for one in list(site.assignments.current.values()):
        if one.body["badgeId"] == badge.id:
            site.assignments.remove(one.id, now)


def titles(live_wix: LiveWix) -> list[str]:
    return sorted(
        one.body["title"] for one in live_wix.world.sites[INSTANCE].badges.current.values()
    )


@pytest.mark.slow
def test_provision_binds_and_shows_the_badges_and_a_second_one_only_lists_them(
    desk: Desk, live_wix: LiveWix
) -> None:
    first = told(desk)

    assert (first["created"], first["error"]) == (2, None)
    ids = {
        one.body["title"]: one.id for one in live_wix.world.sites[INSTANCE].badges.current.values()
    }
    assert [(one["badge"], one["state"], one["wix_badge_id"]) for one in first["badges"]] == [
        ("first-purchase", "bound", ids["First Purchase"]),
        ("third-purchase", "bound", ids["Third Purchase"]),
    ]
    assert first["badges"][0]["look"]["title"] == first["badges"][0]["title"] == "First Purchase"
    before = sum(live_wix.world.journal.counts.values())

    ended = desk.run("provision", "shop")

    assert ended.code == 0
    assert ended.out.splitlines()[0].split("\t")[:4] == [
        "first-purchase", "bound", ids["First Purchase"], "First Purchase",
    ]  # fmt: skip
    assert "nothing was to be done" in ended.err
    asked = sum(live_wix.world.journal.counts.values()) - before
    assert asked <= 2, "a token, and one list"


@pytest.mark.slow
def test_provision_refuses_a_near_twin_with_the_cure_and_binds_the_rest(
    desk: Desk, live_wix: LiveWix
) -> None:
    told(desk)
    desk.write(
        "rules.yaml",
        RULES + "  - id: shouted\n    badge: {title: first  PURCHASE}\n"
        "    when: {count: orders, gte: 2}\n",
    )

    ended = desk.run("provision", "shop", "--json")

    assert ended.code != 0
    assert "write the title in the rules as it stands at Wix" in json.loads(ended.out)["error"]
    assert json.loads(ended.out)["badges"][-1]["state"] == "not bound"
    assert titles(live_wix) == ["First Purchase", "Third Purchase"]


@pytest.mark.slow
def test_a_badge_deleted_at_wix_is_shown_with_its_cure_and_the_cure_cures(
    desk: Desk, live_wix: LiveWix
) -> None:
    live_wix.buys(1, 1)
    live_wix.buys(2, 1)
    assert desk.run("sync", "shop").code == 0
    assert live_wix.given() == 2
    deleted(live_wix, "First Purchase")

    shown = desk.run("provision", "shop")

    assert "badgejobs provision shop --recreate first-purchase" in shown.err
    assert "first-purchase\tgone\t" in shown.out
    status = json.loads(desk.run("status", "shop", "--json").out)
    assert "--recreate first-purchase" in json.dumps(status["alerts"])
    retried = desk.run("retry", "shop", "--json")
    assert json.loads(retried.out)["revived"] == 0
    assert json.loads(retried.out)["badges_gone"] == ["first-purchase"]
    assert "badgejobs provision shop --recreate first-purchase" in retried.err
    desk.run("sync", "shop")
    assert titles(live_wix) == ["Third Purchase"], "nothing is created anew by itself"

    cured = told(desk, "shop", "--recreate", "first-purchase")

    assert (cured["created"], cured["opened"], cured["badges"][0]["state"]) == (1, 2, "bound")
    assert desk.run("sync", "shop").code == 0
    assert live_wix.given() == 2
    status = json.loads(desk.run("status", "shop", "--json").out)
    assert "--recreate" not in json.dumps(status)
    creates = live_wix.world.journal.counts
    assert sum(n for (_, _, path, _), n in creates.items() if path == wire.BADGES) == 3


@pytest.mark.slow
def test_only_a_badge_of_the_rules_that_is_gone_is_created_anew(
    desk: Desk, live_wix: LiveWix
) -> None:
    ended = desk.run("provision", "shop", "--recreate", "no-such")
    assert ended.code != 0
    assert "its badges: first-purchase, third-purchase" in ended.err

    stands = desk.run("provision", "shop", "--recreate", "first-purchase")

    assert stands.code != 0
    assert "is not gone at Wix" in stands.err
    assert titles(live_wix) == ["First Purchase", "Third Purchase"]
