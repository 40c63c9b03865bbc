"""What was held back because it is much is shown, and let go by a person's word."""

from __future__ import annotations

import json
from typing import Any

import pytest
from command_desk import INSTANCE, Desk, LiveWix, orders_of

from badgejobs.core import allowance
from badgejobs.core.alert import Kind
from badgejobs.sandbox.records.collection import Record
from badgejobs.store import SqlStore, open_store

pytest_plugins = ["cli_fixtures"]

LONG_AGO = "2025-01-05T10:00:00.000Z"


@pytest.fixture
def capped(desk: Desk, live_wix: LiveWix) -> Desk:
    """A site that is set up, is given three new awards an hour, and has sold to eight members."""
    toml = desk.folder / "badgejobs.toml"
    text = toml.read_text("utf-8").replace("[assign]", "[assign]\nnew_awards_an_hour = 3")
    desk.write("badgejobs.toml", text)
    live_wix.buys(0, 1)
    assert desk.run("sync", "shop").code == 0
    for member in range(1, 9):
        live_wix.buys(member, 1)
    return desk


def told(desk: Desk, *arguments: str, code: int = 0) -> dict[str, Any]:
    ended = desk.run(*arguments, "--json")
    assert ended.code == code, ended.err
    found: dict[str, Any] = json.loads(ended.out)
    return found


def opened(desk: Desk) -> SqlStore:
    return open_store(f"sqlite:///{desk.folder}/state/badgejobs.db")


@pytest.mark.slow
def test_a_sync_ends_with_what_waits_for_the_hour_and_a_release_lets_it_go(
    capped: Desk, live_wix: LiveWix
) -> None:
    synced = capped.run("sync", "shop")

    assert synced.code == 3
    assert "5 awards wait: more than 3 in an hour" in synced.err
    assert "`badgejobs release shop --awards 5`" in synced.err
    assert live_wix.given() == 1 + 3
    [alert] = told(capped, "status")["alerts"]
    assert alert["kind"] == "capped"
    assert "`badgejobs release shop --awards 5`" in alert["text"]
    shown = told(capped, "release", "shop")
    assert (shown["awards"]["waiting"], shown["awards"]["an_hour"]) == (5, 3)
    assert "5 wait, the first goes by itself in 59 min" in capped.run("release", "shop").out

    released = told(capped, "release", "shop", "--awards", "4")

    assert released["awards"] == {"asked": 4, "due": 4}
    assert released["rung"] is False
    assert capped.run("assign", "shop", "--foreground").code == 3
    assert live_wix.given() == 1 + 3 + 4
    assert told(capped, "release", "shop")["awards"]["waiting"] == 1
    assert capped.run("release", "shop", "--awards", "1").code == 0
    assert capped.run("assign", "shop", "--foreground").code == 0
    assert live_wix.given() == 1 + 8
    assert told(capped, "status")["alerts"] == []
    assert capped.run("release", "shop").out.strip() == "shop: nothing is held back"


def test_the_first_sync_of_a_site_gives_all_that_was_ever_earned(
    desk: Desk, live_wix: LiveWix
) -> None:
    toml = desk.folder / "badgejobs.toml"
    text = toml.read_text("utf-8").replace("[assign]", "[assign]\nnew_awards_an_hour = 3")
    desk.write("badgejobs.toml", text)
    for member in range(8):
        live_wix.buys(member, 3)

    assert desk.run("sync", "shop").code == 0

    assert live_wix.given() == 16


@pytest.mark.slow
def test_a_past_that_a_person_reads_anew_is_outside_the_cap(
    capped: Desk, live_wix: LiveWix
) -> None:
    """Orders that were imported into the shop with their old dates: no live scan sees them."""
    assert capped.run("sync", "shop").code == 3
    assert capped.run("release", "shop", "--awards", "5").code == 0
    assert capped.run("sync", "shop").code == 0
    site = live_wix.world.sites[INSTANCE]
    for member in range(20, 27):
        live_wix.buys(member, 0)
        [order] = orders_of(member, 1)
        old = dict.fromkeys(("createdDate", "updatedDate", "purchasedDate"), LONG_AGO)
        site.orders.put(Record(order | old, site.orders.fields), live_wix.world.clock())
    assert capped.run("sync", "shop").code == 0
    assert live_wix.given() == 9

    assert capped.run("backfill", "shop", "orders", "--again").code == 0
    assert capped.run("assign", "shop", "--foreground").code == 0

    assert live_wix.given() == 9 + 7


@pytest.mark.slow
def test_revocations_are_let_go_only_by_those_who_know_what_it_takes(
    desk: Desk, live_wix: LiveWix
) -> None:
    live_wix.buys(0, 1)
    assert desk.run("sync", "shop").code == 0
    store = opened(desk)
    with store.begin() as tx:
        tx.alerts.raised("shop", Kind.REVOCATIONS, "40 of 50 would go")

    refused = desk.run("release", "shop", "--revocations", "40")

    assert refused.code == 4
    assert "--yes-this-removes-access" in refused.err
    assert "40 of 50 would go" in desk.run("release", "shop").out
    assert told(desk, "release", "shop")["revocations"]["held_back"] == ["40 of 50 would go"]
    done = told(desk, "release", "shop", "--revocations", "40", "--yes-this-removes-access")
    assert done["revocations"] == {"asked": 40, "due": 0}, "nothing waits by now"
    with store.read() as tx:
        assert tx.allowances.left("shop", allowance.Kind.REVOCATIONS) == 0
        assert tx.allowances.left("shop", allowance.Kind.AWARDS) == 0
    store.dispose()


@pytest.mark.slow
def test_a_word_lets_pass_what_waits_and_nothing_that_comes_later(
    capped: Desk, live_wix: LiveWix
) -> None:
    assert capped.run("sync", "shop").code == 3
    assert capped.run("release", "shop", "--awards", "1000").code == 0
    assert capped.run("release", "shop", "--awards", "1000").code == 0

    shown = told(capped, "release", "shop")

    assert shown["awards"]["declared_left"] == 5
    assert "5 awards more may pass" in capped.run("release", "shop").err
    assert capped.run("release", "shop", "--awards", "0").code == 2
    assert capped.run("release", "other").code == 4
