"""Packs of rules by command, at a sandbox that answers; in this process, which is quicker."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from command_desk import RULES, SECRET, Desk, Ended, LiveWix
from typer.testing import CliRunner

from badgejobs.cli import application
from badgejobs.cli.exits import code_of
from badgejobs.errors import BadgeJobsError

pytest_plugins = ["cli_fixtures"]

SOFTER = RULES.replace("gte: 3", "gte: 2")
OVERRIDES = "badges:\n- id: first-purchase\n  badge: {title: Erster Kauf}\n"
#: Runs a command in the folder of a desk.
Run = Callable[..., Ended]


@pytest.fixture
def desk(home: Path, live_wix: LiveWix) -> Desk:
    """The folder of one site that goes by a pack and says something otherwise."""
    desk = Desk(home, live_wix.url)
    toml = (home / "badgejobs.toml").read_text(encoding="utf-8")
    pack = 'pack = "shops"\noverrides = "over.yaml"'
    desk.write("badgejobs.toml", toml.replace('rules = "rules.yaml"', pack))
    desk.write("over.yaml", OVERRIDES)
    return desk


def run(*arguments: str) -> Ended:
    ended = CliRunner().invoke(application(arguments[0]), arguments)
    assert SECRET not in ended.output
    match ended.exception:
        case BadgeJobsError() as error:
            return Ended(code=code_of(error), out=ended.stdout, err=f"{ended.stderr}{error}")
        case None | SystemExit():
            return Ended(code=ended.exit_code, out=ended.stdout, err=ended.stderr)
        case error:
            raise error


def told(*arguments: str) -> dict[str, Any]:
    ended = run(*arguments, "--json")
    assert ended.code == 0, ended.err
    found: dict[str, Any] = json.loads(ended.out)
    return found


def titles(live_wix: LiveWix) -> list[str]:
    (site,) = live_wix.world.sites.values()
    names = {one.id: one.body["title"] for one in site.badges.current.values()}
    given = [one.body["badgeId"] for one in site.assignments.current.values()]
    return sorted(names[one] for one in given)


@pytest.mark.slow
def test_a_version_is_put_in_tried_compared_promoted_and_taken_back(
    desk: Desk, live_wix: LiveWix
) -> None:
    live_wix.buys(2, 2)
    assert told("packs", "put", "shops", "rules.yaml")["stable"] == 1
    assert run("sync", "shop").code == 0
    assert titles(live_wix) == ["Erster Kauf"]

    desk.write("softer.yaml", SOFTER)
    put = told("packs", "put", "shops", "softer.yaml", "--as", "mara")
    assert (put["version"], put["new"], put["stable"]) == (2, True, 1)
    trial = ("packs", "canary", "shops", "--version", "2", "--sites", "shop")
    looked = told(*trial)
    assert (looked["sites"], looked["totals"]["awards"], looked["done"]) == (1, 1, False)
    assert told(*trial, "--yes")["done"]
    assert run("sync", "shop").code == 0
    assert titles(live_wix) == ["Erster Kauf", "Third Purchase"]

    of_site, totals = map(json.loads, run("packs", "compare", "shops", "--json").out.splitlines())
    assert of_site["did"]["third-purchase"]["given"] == 1
    assert totals["sites"] == {"tries": 1, "others": 0, "not_taken_up": 0, "broken": 0}
    assert totals["totals"]["tries"]["third-purchase"]["did_given"] == 1
    shown = run("packs", "compare", "shops")
    assert "all\t2, would by 1\tthird-purchase\t1\t1\t0\t0" in shown.out, shown.out

    assert told("packs", "promote", "shops", "--yes")["after"]["stable"] == 2
    ended = run("packs", "rollback", "shops", "--to", "1", "--yes", "--no-preview")
    assert ended.code == 0, ended.err
    assert "version 2 -> version 1; sites that change: 1" in ended.out
    (listed,) = told("packs", "list")["packs"]
    assert [listed[key] for key in ("stable", "canary", "versions", "sites")] == [1, None, 2, 1]


def test_the_list_of_packs_is_for_people(desk: Desk) -> None:
    assert "`badgejobs packs put NAME FILE`" in run("packs", "list").out
    assert run("packs", "put", "shops", "rules.yaml").code == 0
    desk.write("softer.yaml", SOFTER)
    assert run("packs", "put", "shops", "softer.yaml").code == 0
    share = ("packs", "canary", "shops", "--version", "2", "--percent", "1")
    assert "no site would try it: take a larger share" in run(*share).err
    trial = ("packs", "canary", "shops", "--version", "2", "--percent", "5", "--sites", "shop")
    assert run(*trial, "--yes", "--no-preview").code == 0

    (line,) = run("packs", "list").out.splitlines()
    assert line.startswith("shops\t2\t1\tversion 2 by 5 % and 1 named, ")
    assert "+00:00" not in line


def test_what_a_site_goes_by_is_shown_merged_and_is_a_rules_file_itself(desk: Desk) -> None:
    ended = run("rules", "show", "shop")
    assert ended.code == 4
    assert "pack shops: there is no such pack; `badgejobs packs put shops FILE`" in ended.err
    assert run("packs", "put", "shops", "rules.yaml").code == 0

    ended = run("rules", "show", "shop")
    over = desk.folder / "over.yaml"
    assert f"  # pack shops version 1; {over}: badge.title\n  - id: first-purchase" in ended.out
    assert "  # pack shops version 1\n  - id: third-purchase" in ended.out
    desk.write("merged.yaml", ended.out)
    shown = told("rules", "show", "shop")
    assert shown["version"] == told("rules", "check", "merged.yaml")["version"]
    assert shown["badges"][1]["from"] == "pack shops version 1"
    assert "3 or more paid orders" in run("rules", "show", "shop", "--words").out
    assert run("packs", "show", "shops").out == RULES


def test_what_does_not_fit_is_told_and_changes_nothing(desk: Desk) -> None:
    assert run("packs", "put", "shops", "rules.yaml").code == 0
    desk.write("wrong.yaml", "remove: [frist-purchase]\n")
    ended = run("packs", "check", "shops", "--overrides", "wrong.yaml")
    assert ended.code == 4
    assert "wrong.yaml:1:10: remove: the pack has no 'frist-purchase'; did you mean" in ended.err
    ended = run("packs", "check", "shops", "--overrides", "over.yaml")
    assert (ended.code, "all well" in ended.err) == (0, True)
    desk.write("broken.yaml", RULES.replace("gte: 3", "gte: three"))
    ended = run("packs", "put", "shops", "broken.yaml")
    assert (ended.code, "broken.yaml:8:" in ended.err) == (4, True), ended.err
    assert run("packs", "put", "My Shops", "rules.yaml").code == 4
    assert run("packs", "canary", "shops", "--version", "1").code == 4
    assert "no version of the pack 'shops' is tried" in run("packs", "compare", "shops").err
    assert told("packs", "list")["packs"][0]["versions"] == 1


def test_a_version_that_does_not_fit_everywhere_is_not_promoted_unasked(desk: Desk) -> None:
    assert run("packs", "put", "shops", "rules.yaml").code == 0
    desk.write("renamed.yaml", RULES.replace("first-purchase", "erster-kauf"))
    assert run("packs", "put", "shops", "renamed.yaml").code == 0
    promote = ("packs", "promote", "shops", "--version", "2", "--yes")
    ended = run(*promote)
    assert ended.code == 4
    assert "over.yaml:2:7: id: the pack has no 'first-purchase'" in ended.err
    assert "1 site(s) cannot go by it" in ended.err
    assert told("packs", "list")["packs"][0]["stable"] == 1
    assert told(*promote, "--skip-broken")["done"]


def test_put_with_promote_shows_first_and_asks(desk: Desk) -> None:
    assert run("packs", "put", "shops", "rules.yaml").code == 0
    desk.write("softer.yaml", SOFTER)
    put = ("packs", "put", "shops", "softer.yaml", "--promote")
    assert "add --yes" in run(*put).err
    assert told("packs", "list")["packs"][0]["stable"] == 1
    assert told(*put, "--yes")["after"]["stable"] == 2
