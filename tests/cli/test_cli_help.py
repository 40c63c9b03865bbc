"""Every command has a page of its own, and the shell is told what a word may be."""

from __future__ import annotations

import json
from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest
from command_desk import SECRET, Desk, Ended
from fleet_desk import FleetDesk
from one_process import run_here
from typer.main import get_command

from badgejobs.cli import application
from badgejobs.cli.describing import Described, described, index, page

BROKEN = "this = is [no TOML"


class Here(Desk):
    """A desk whose commands run within this process."""

    def run(self, *arguments: str, **environment: str) -> Ended:
        return run_here(arguments, folder=self.folder, environment=environment)

    def bash(self, line: str, **environment: str) -> list[str]:
        """What bash is told of the last word of a line."""
        told = {"COMP_WORDS": line, "COMP_CWORD": str(len(line.split(" ")) - 1)}
        ended = self.run(**environment | told, _BADGEJOBS_COMPLETE="complete_bash")
        assert (ended.code, ended.err) == (0, "")
        assert SECRET not in ended.out
        return ended.out.split()

    def zsh(self, line: str) -> str:
        """What zsh is told of it."""
        asked = {"_TYPER_COMPLETE_ARGS": line, "_BADGEJOBS_COMPLETE": "complete_zsh"}
        ended = self.run(**asked)
        assert (ended.code, ended.err) == (0, "")
        return ended.out


@pytest.fixture(scope="module")
def root() -> Any:
    """All commands."""
    return get_command(application())


@pytest.fixture(scope="module")
def pages(root: Any) -> dict[str, Described]:
    """Every command and group."""

    def walk(*words: str) -> Iterator[tuple[str, Described]]:
        one = described(root, words)
        yield " ".join(words), one
        for name in one.commands:
            yield from walk(*words, name)

    return dict(walk())


def test_every_command_has_an_example_of_itself_and_a_word_on_each_parameter(
    pages: dict[str, Described],
) -> None:
    for name, one in pages.items():
        assert one.summary, name
        if one.commands:
            continue
        assert one.examples, f"{name}: its docstring has no line `Example: badgejobs {name} ...`"
        assert any(f"badgejobs {name}" in each for each in one.examples), name
        told = page(one)
        for title in ("NAME", "SYNOPSIS", "EXAMPLES", "EXIT CODES", "FILES", "ENVIRONMENT"):
            assert f"{title}\n" in told, (name, title)


def test_the_index_that_the_shell_is_answered_from_is_that_of_the_commands(
    root: Any,
) -> None:
    written = json.loads(files("badgejobs.cli").joinpath("commands.json").read_text("utf-8"))
    assert written == index(root), (
        "renew it: badgejobs help --index > /tmp/commands.json, then move that into badgejobs/cli"
    )


#: The commands without --json, and why.
WITHOUT_JSON = {
    "beat": "runs on until it is ended",
    "console": "runs on until it is ended",
    "flower": "runs on until it is ended",
    "rules schema": "prints a JSON document by itself",
    "sandbox serve": "runs on until it is ended",
    "up": "runs on until it is ended",
    "web": "runs on until it is ended",
    "webhooks": "runs on until it is ended",
    "worker": "runs on until it is ended",
}


def test_every_command_that_ends_by_itself_tells_a_program_in_json() -> None:
    def walk(told: dict[str, Any], *words: str) -> Iterator[tuple[str, bool]]:
        for name, one in told["commands"].items():
            if "commands" in one:
                yield from walk(one, *words, name)
                continue
            switches = [each["flags"] for each in one["parameters"] if not each["takes_value"]]
            yield " ".join((*words, name)), ["--json"] in switches

    written = json.loads(files("badgejobs.cli").joinpath("commands.json").read_text("utf-8"))
    found = dict(walk(written))
    assert len(found) > 60
    without = {name for name, has_json in found.items() if not has_json}
    assert without == set(WITHOUT_JSON), "a command has --json, or stands here with the reason"


def test_help_shows_the_page_of_a_command_and_names_a_near_one(tmp_path: Path) -> None:
    desk = Here(tmp_path, "http://127.0.0.1:9")
    assert "badgejobs sites add" in desk.run("help", "sites", "add").out
    assert json.loads(desk.run("help", "runs", "--json").out)["examples"]
    wrong = desk.run("help", "stauts")
    assert (wrong.code, "did you mean 'status'?" in wrong.err) == (2, True)
    below = desk.run("help", "status", "more")
    assert (below.code, "has no commands of its own" in below.err) == (2, True)


def test_the_shell_is_told_commands_options_and_names_of_the_configuration(tmp_path: Path) -> None:
    desk = Here(tmp_path, "http://127.0.0.1:9")
    assert desk.bash("badgejobs quaran") == ["quarantine"]
    assert desk.bash("badgejobs quarantine re") == ["retry"]
    assert desk.bash("badgejobs holders ") == ["shop"]
    assert desk.bash("badgejobs holders shop th") == ["third-purchase"]
    assert desk.bash("badgejobs runs --source ord") == ["orders"]
    assert desk.bash("badgejobs export shop --fo") == ["--format"]
    elsewhere = f"badgejobs --config {tmp_path}/badgejobs.toml sync "
    (tmp_path / "empty").mkdir()
    assert run_here([], folder=tmp_path / "empty", environment={
        "COMP_WORDS": elsewhere, "COMP_CWORD": "4", "_BADGEJOBS_COMPLETE": "complete_bash",
    }).out.split() == ["shop"]  # fmt: skip
    assert '"shop"' in desk.zsh("badgejobs sync ")
    assert '"first-purchase"' in desk.zsh("badgejobs grant shop x f")
    assert '"status":"' in desk.zsh("badgejobs stat")
    assert not (tmp_path / "state").exists(), "nothing is made"
    desk.write("badgejobs.toml", BROKEN)
    assert desk.bash("badgejobs sync ") == []
    assert desk.bash("badgejobs 'no ") is not None


def test_the_shell_is_told_the_sites_packs_apps_and_badges_of_the_database(
    tmp_path: Path,
) -> None:
    fleet, desk = FleetDesk(tmp_path, "http://127.0.0.1:9"), Here.__new__(Here)
    desk.folder = tmp_path
    fleet.add_app()
    for name, instance in (("shop-a", "1"), ("shop-b", "2"), ("other", "3")):
        number = f"aaaaaaaa-0000-4000-8000-00000000000{instance}"
        added = fleet.add(name, "--app", "ours", "--instance", number, "--pack", "standard",
                          "--no-check")  # fmt: skip
        assert added.code == 0, added.err
    with fleet.store.begin() as tx:
        tx.bindings.bind("shop-a", "gold", "wix-gold")
        tx.bindings.bind("shop-b", "iron", "wix-iron")
    assert desk.bash("badgejobs sync shop-") == ["shop-a", "shop-b"]
    assert desk.bash("badgejobs holders shop-b ") == ["iron"]
    assert desk.bash("badgejobs packs show ") == ["premium", "standard"]
    assert desk.bash("badgejobs sites list --app ") == ["ours"]
    assert desk.bash("badgejobs apps rotate-secret ") == ["ours"]
    fleet.store.dispose()
    (tmp_path / "state" / "badgejobs.db").write_bytes(b"no database" * 100)
    assert desk.bash("badgejobs sync ") == []
