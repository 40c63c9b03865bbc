"""Sites are added, changed, stopped and removed by command, and work begins at once."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from command_desk import APP, INSTANCE, SECRET, SITE, LiveWix, member_id
from fleet_desk import OF_APP, OF_KEY, FleetDesk, right_secret, wrong_secret

pytest_plugins = ["cli_fixtures"]


@pytest.fixture
def fleet(live_wix: LiveWix, tmp_path: Path) -> Iterator[FleetDesk]:
    desk = FleetDesk(tmp_path, live_wix.url)
    yield desk
    desk.store.dispose()


@pytest.fixture
def shop(fleet: FleetDesk) -> FleetDesk:
    """With one site of an app."""
    fleet.add_app()
    ended = fleet.add("shop")
    assert ended.code == 0, ended.err
    return fleet


def test_a_site_that_is_added_is_due_and_gets_its_badges(
    fleet: FleetDesk, live_wix: LiveWix
) -> None:
    assert "there is no site yet; `badgejobs sites add`" in fleet.run("sites", "list").out
    assert "there is no app yet" in fleet.refused("sites", "add", "shop", *OF_APP)
    fleet.add_app()
    live_wix.buys(1, 3)

    assert fleet.add("shop").code == 0

    with fleet.store.read() as tx:
        due = {
            one.source for one in tx.scans.overview("shop") if one.due_at and one.due_at <= tx.now
        }
    assert {"provision", "assign", "orders"} <= due
    synced = fleet.run("sync")
    assert synced.code == 0, synced.err
    assert live_wix.given() == 2
    [line] = fleet.told("sites", "list")["sites"]
    assert (line["site"], line["state"], line["pack"]) == ("shop", "at work", "standard")
    assert line["last_read_at"]
    assert fleet.told("status", "shop")["suspended"] == []
    assert SECRET.encode() not in fleet.everything()


def test_what_is_listed_is_said_in_the_words_it_was_told_in(shop: FleetDesk) -> None:
    assert "none of the sites is such" in shop.run("sites", "list", "--suspended").out
    assert "comment_apps\tblog" in shop.run("sites", "show", "shop").out


def test_secrets_are_never_arguments_and_never_shown(fleet: FleetDesk) -> None:
    said = fleet.refused("apps", "add", "ours", "--app-id", APP)
    assert "--secret-file" in said
    assert "--secret-stdin" in said
    fleet.add_app()
    assert fleet.add("shop").code == 0
    shown = [
        fleet.run(*line).out
        for line in (("apps", "list"), ("apps", "list", "--json"), ("sites", "show", "shop"),
                     ("sites", "list", "--json"), ("config", "show"))
    ]  # fmt: skip
    assert not [one for one in shown if SECRET in one or "v1." in one]
    assert json.loads(shown[1])["apps"][0]["sites"] == 1


@pytest.mark.parametrize(
    ("how", "told"),
    [
        (("shop", *OF_APP), "there is a site 'shop' already; `badgejobs sites change shop`"),
        (("twin", *OF_APP), "instance: 'twin' and 'shop' are the same site at Wix"),
        (("Big", *OF_APP), "name: 'Big' is not a site's name"),
        (
            ("east", "--app", "our", "--instance", "i", "--pack", "standard"),
            "app: there is no app 'our'; did you mean 'ours'?",
        ),
        (
            ("east", "--app", "ours", "--instance", "i", "--pack", "standart"),
            "pack: there is no pack 'standart'; did you mean 'standard'?",
        ),
        (("east", "--app", "ours", "--pack", "standard"), "instance: is missing"),
        (("east", "--instance", "i", "--pack", "standard"), "app: is missing"),
        ((*("east", *OF_APP), "--comment-app", "blogg"), "comment_apps: 'blogg' is neither"),
        ((*("east", *OF_APP), "--requests-per-minute", "500"), "must be from 1 to 200"),
        (
            ("east", "--app", "ours", "--instance", "i-9", "--pack", "standard"),
            "Wix gives no access token for these credentials",
        ),
    ],
)
def test_what_cannot_be_added_is_told_with_its_field_and_nothing_is_written(
    shop: FleetDesk, how: tuple[str, ...], told: str
) -> None:
    ended = shop.run("sites", "add", *how)
    assert ended.code in {4, 5}
    assert told in ended.err
    with shop.store.read() as tx:
        assert tx.sites.names() == ["shop"]


def test_a_site_moves_to_another_pack_and_never_under_the_name_of_another(
    shop: FleetDesk, live_wix: LiveWix
) -> None:
    assert shop.run("sync", "shop").code == 0
    looked = shop.run("sites", "change", "shop", "--pack", "premium")
    assert looked.code == 0, looked.err
    assert "no award would change" in looked.out
    assert "nothing was changed yet; add --yes" in looked.err
    assert shop.told("sites", "show", "shop")["pack"] == "standard"
    assert shop.told("sites", "change", "shop", "--pack", "premium", "--yes")["changed"]
    assert not shop.told("sites", "change", "shop", "--pack", "premium")["changed"]
    with shop.store.read() as tx:
        due = {
            one.source for one in tx.scans.overview("shop") if one.due_at and one.due_at <= tx.now
        }
    assert "provision" in due

    key = str(shop.write("api.key", live_wix.world.sites[INSTANCE].installation.api_key or "k"))
    said = shop.refused("sites", "change", "shop", "--site-id", SITE, "--secret-file", key)
    assert "what is recorded under 'shop' is of another site" in said
    moved = shop.run(
        "sites", "change", "shop", "--site-id", SITE, "--secret-file", key, "--same-site",
        "--no-check",
    )  # fmt: skip
    assert moved.code == 0, moved.err
    shown = shop.told("sites", "show", "shop")
    assert (shown["app"], shown["site_id"]) == (None, SITE)
    assert shown["recorded_as"] == shown["at_wix"]


def test_what_wix_refuses_is_suspended_told_and_taken_up_again_with_a_new_secret(
    shop: FleetDesk, live_wix: LiveWix
) -> None:
    live_wix.buys(1, 1)
    wrong_secret(shop)
    for _ in range(2):
        assert shop.run("sync", "shop").code == 5
    asked = len(live_wix.world.journal.entries)

    ended = shop.run("sync", "shop")

    assert ended.code == 5
    assert "shop is suspended since" in ended.err
    assert "`badgejobs sites resume shop`" in ended.err
    assert len(live_wix.world.journal.entries) == asked + 1, "Wix was asked for a token alone"
    status = shop.told("status", "shop")
    assert status["suspended"][0]["suspended_by"] == "wix"
    assert [one["kind"] for one in status["alerts"]] == ["suspended"]
    checks = {
        one["check"]: one for one in json.loads(shop.run("doctor", "shop", "--json").out)["checks"]
    }
    assert not checks["shop: standing"]["ok"]
    [line] = shop.told("sites", "list", "--suspended", "--alerts")["sites"]
    assert line["state"] == "suspended by wix"

    assert "1 that Wix refused are tried again" in right_secret(shop).out
    assert shop.run("sync", "shop").code == 0
    assert live_wix.given() == 1
    assert shop.told("status", "shop")["alerts"] == []


def test_who_is_suspended_by_a_person_waits_for_a_person(
    shop: FleetDesk, live_wix: LiveWix
) -> None:
    assert shop.told("sites", "suspend", "shop", "--reason", "invoice 7 is open")["changed"]
    asked = len(live_wix.world.journal.entries)
    for line in (("sync",), ("assign",), ("scan", "shop"), ("check", "shop", member_id(1))):
        assert "by person: invoice 7 is open" in shop.refused(*line, code=1)
    assert len(live_wix.world.journal.entries) == asked
    assert shop.told("sites", "resume", "shop")["changed"]
    assert not shop.told("sites", "resume", "shop")["changed"]
    assert shop.run("sync").code == 0


def test_a_removed_site_keeps_its_badges_and_its_records_until_they_are_erased(
    shop: FleetDesk, live_wix: LiveWix
) -> None:
    live_wix.buys(1, 1)
    assert shop.run("sync").code == 0
    assert "its badges stay at Wix" in shop.run("sites", "remove", "shop").out
    assert live_wix.given() == 1
    assert "there is no site 'shop'" in shop.refused("sync", "shop")

    assert shop.add("shop").code == 0
    again = shop.run("sync", "--json")
    assert json.loads(again.out)["awards"]["created"] == 0, "what was recorded counts again"
    said = shop.refused("sites", "remove", "shop", "--erase-records")
    assert "1 of award" in said
    assert "add --yes" in said
    erased = shop.told("sites", "remove", "shop", "--erase-records", "--yes")["erased"]
    assert erased["award"] == 1
    with shop.store.read() as tx:
        assert not any(tx.site_records.count("shop").values())
        assert tx.sites.names() == []
    assert live_wix.given() == 1


def test_an_api_key_is_sealed_replaced_and_sealed_anew_under_a_new_key(
    fleet: FleetDesk, live_wix: LiveWix
) -> None:
    key = str(fleet.write("api.key", "IST.zebra-key-one"))
    assert fleet.add("shop", *OF_KEY, "--secret-file", key, "--no-check").code == 0
    other = str(fleet.write("other.key", "IST.zebra-key-two"))
    line = ("sites", "rotate-secret", "shop", "--secret-file", other, "--no-check")
    assert fleet.told(*line)["changed"]
    assert not fleet.told(*line)["changed"]
    assert b"zebra" not in fleet.everything()

    old = (fleet.folder / "state/secrets.key").read_text()
    keys = fleet.write("keys", f"{'ab' * 32}\n{old}")
    setting = {"BADGEJOBS_SECRETS_KEY_FILE": str(keys)}
    assert "1 secrets are sealed anew" in fleet.run("sites", "reseal", **setting).out
    keys.write_text("ab" * 32)
    shown = json.loads(fleet.run("sites", "show", "shop", "--json", **setting).out)
    assert shown["error"] is None
    lost = json.loads(fleet.run("sites", "show", "shop", "--json").out)
    assert "BADGEJOBS_SECRETS_KEY_FILE" in lost["error"]
    assert "`badgejobs sites rotate-secret shop`" in lost["error"]
    assert fleet.run("status", "--json").code == 0, "it is told, and stops nothing else"
