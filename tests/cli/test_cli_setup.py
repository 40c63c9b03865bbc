from __future__ import annotations

import json
import os
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from command_desk import Desk
from typer.main import get_command
from typer.testing import CliRunner

from badgejobs.cli import application, flower_auth, main
from badgejobs.cli.exits import LEGEND, Code
from badgejobs.cli.output import Output
from badgejobs.config import load_settings
from badgejobs.errors import SettingsError
from badgejobs.rules import load_rules

pytest_plugins = ["cli_fixtures"]

runner = CliRunner()


def commands(group: Any = None, path: tuple[str, ...] = ()) -> Iterator[tuple[Any, Any]]:
    parent: Any = group or get_command(application())
    for name, command in parent.commands.items():
        if hasattr(command, "commands"):
            yield from commands(command, (*path, name))
        else:
            yield (*path, name), command


def test_every_command_shows_an_example_of_itself() -> None:
    found = dict(commands())
    assert len(found) >= 17
    for path, command in found.items():
        assert "Example: " in command.help, path
        example = command.help.split("Example: ")[1]
        assert f"badgejobs {' '.join(path)}" in example, path


def test_the_exit_codes_are_all_in_the_help() -> None:
    shown = runner.invoke(application(), ["--help"]).output
    for code in Code:
        assert f"\n    {code.value} " in shown
    assert "Exit codes" in LEGEND


def test_init_writes_files_that_load_and_never_overwrites(lonely_desk: Desk) -> None:
    made = lonely_desk.run("init", "my-shop", "--folder", "new")
    assert made.code == 0, made.err
    folder = lonely_desk.folder / "new"
    assert load_rules(folder / "my-shop.yaml").milestones
    assert "doctor" in made.out
    before = (folder / "badgejobs.toml").read_text()
    again = lonely_desk.run("init", "other", "--folder", "new")
    assert again.code == 1
    assert not (folder / "other.yaml").exists()
    assert (folder / "badgejobs.toml").read_text() == before


def test_config_show_tells_values_and_origins_and_no_secret(lonely_desk: Desk) -> None:
    shown = lonely_desk.run("config", "show", "--json", BADGEJOBS_TICK_SECONDS="5")
    told = json.loads(shown.out)
    assert told["tick_seconds"] == {"value": "5", "origin": "BADGEJOBS_TICK_SECONDS"}
    assert told["sites.shop.app_secret"]["value"] == "***"
    assert shown.code == 0


def test_what_init_wrote_can_be_looked_at_before_it_is_filled_in(lonely_desk: Desk) -> None:
    assert lonely_desk.run("init", "my-shop", "--folder", "new", "--json").code == 0
    shown = lonely_desk.run("--config", "new/badgejobs.toml", "config", "show")
    assert shown.code == 0, shown.err
    for name in ("app_id", "instance_id"):
        assert f"warning: sites.my-shop.{name}" in shown.err
    assert lonely_desk.run("--config", "new/badgejobs.toml", "sync").code == 4


@pytest.mark.parametrize("command", ["version", "migrate", "rules help", "init fresh"])
def test_every_first_step_speaks_json(command: str, lonely_desk: Desk) -> None:
    told = lonely_desk.run(*command.split(), "--json", *(["--folder", "x"] * ("init" in command)))
    assert told.code == 0, told.err
    assert json.loads(told.out)


def test_settings_can_be_looked_at_before_the_secret_is_there(lonely_desk: Desk) -> None:
    (lonely_desk.folder / "app.secret").unlink()
    shown = lonely_desk.run("config", "show")
    assert shown.code == 0, shown.err
    assert "warning: sites.shop.app_secret_file" in shown.err
    assert lonely_desk.run("sync").code == 4, "to work without it is another matter"


@pytest.mark.parametrize("extra", [["--data", "."], ["--full"], ["--full", "--data", "."]])
def test_a_demo_of_data_that_it_would_not_play_is_refused(
    lonely_desk: Desk, extra: list[str]
) -> None:
    ended = lonely_desk.run("demo", *extra)
    assert ended.code == 2
    assert "--data" in ended.err


def test_a_named_configuration_file_is_the_one_that_is_read(
    lonely_desk: Desk, tmp_path: Path
) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    lonely_desk.folder = elsewhere
    shown = lonely_desk.run("--config", "../badgejobs.toml", "config", "show")
    assert shown.code == 0, shown.err
    assert "sites.shop.app_id" in shown.out


def test_a_rules_file_with_a_typo_names_the_place_and_the_cure(lonely_desk: Desk) -> None:
    rules = "version: 1\nbadges:\n  - id: a\n    badge: {title: A}\n    wenn: {}\n"
    ended = lonely_desk.run("rules", "check", str(lonely_desk.write("r.yaml", rules)))
    assert ended.code == 4
    assert "r.yaml:5:" in ended.err
    assert "when" in ended.err


def test_rules_are_shown_in_words(lonely_desk: Desk) -> None:
    shown = lonely_desk.run("rules", "show", "shop", "--words")
    assert "3 or more paid orders" in shown.out


@pytest.mark.parametrize("command", [["worker"], ["beat"], ["status"], ["migrate"], ["sync"]])
def test_a_state_folder_that_is_a_file_is_one_sentence(
    lonely_desk: Desk, command: list[str]
) -> None:
    ended = lonely_desk.run(*command, BADGEJOBS_STATE_DIR=str(lonely_desk.write("file", "")))
    assert ended.code == 1
    assert ended.err.count("badgejobs:") == 1
    assert "is not a folder" in ended.err


@pytest.mark.parametrize("command", [["sync"], ["worker"], ["status"]])
def test_a_database_that_is_away_is_code_6(lonely_desk: Desk, command: list[str]) -> None:
    url = "postgresql://ann:hunter2@127.0.0.1:9/none"
    ended = lonely_desk.run(*command, BADGEJOBS_DATABASE_URL=url)
    assert ended.code == 6
    assert "hunter2" not in ended.err


def test_a_configured_database_is_migrated_by_a_person_only(lonely_desk: Desk) -> None:
    url = f"sqlite:///{lonely_desk.folder / 'own.db'}"
    asked = lonely_desk.run("status", BADGEJOBS_DATABASE_URL=url)
    assert asked.code == 1
    assert "badgejobs migrate" in asked.err
    assert lonely_desk.run("migrate", BADGEJOBS_DATABASE_URL=url).code == 0
    assert lonely_desk.run("status", BADGEJOBS_DATABASE_URL=url).code == 0


def test_wrong_usage_is_code_2(lonely_desk: Desk) -> None:
    assert lonely_desk.run("sync", "--nonsense").code == 2


@pytest.mark.parametrize(
    ("raised", "code"), [(KeyboardInterrupt(), 130), (SettingsError("no such setting"), 4)]
)
def test_what_a_command_raises_becomes_its_code(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    raised: BaseException,
    code: int,
) -> None:
    def fails(**_: object) -> None:
        raise raised

    monkeypatch.setattr("badgejobs.cli.get_command", lambda _: fails)
    with pytest.raises(SystemExit) as ended:
        main(["version"])
    assert ended.value.code == code
    assert "Traceback" not in capsys.readouterr().err


class TestFlowersPassword:
    @pytest.fixture(autouse=True)
    def _no_variables(self, monkeypatch: pytest.MonkeyPatch) -> None:
        for name in ("FLOWER_BASIC_AUTH", "FLOWER_BASIC_AUTH_FILE"):
            monkeypatch.setenv(name, "")  # so that what the code sets is undone
        monkeypatch.setenv("FLOWER_UNAUTHENTICATED_API", "true")
        self.environ = os.environ

    def test_is_made_up_once_and_kept_to_ourselves(
        self, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        flower_auth.require_password(tmp_path, may_make_one_up=True, out=Output())
        first = self.environ["FLOWER_BASIC_AUTH"]
        self.environ["FLOWER_BASIC_AUTH"] = ""
        flower_auth.require_password(tmp_path, may_make_one_up=True, out=Output())
        assert self.environ["FLOWER_BASIC_AUTH"] == first
        assert stat.S_IMODE((tmp_path / "flower.password").stat().st_mode) == 0o600
        assert first.partition(":")[2] not in capsys.readouterr().err
        assert "FLOWER_UNAUTHENTICATED_API" not in self.environ

    def test_must_be_told_for_another_address(self, tmp_path: Path) -> None:
        with pytest.raises(SettingsError, match="FLOWER_BASIC_AUTH_FILE"):
            flower_auth.require_password(tmp_path, may_make_one_up=False, out=Output())

    def test_comes_from_a_file(self, tmp_path: Path) -> None:
        (tmp_path / "auth").write_text("ann:pass\n")
        self.environ["FLOWER_BASIC_AUTH_FILE"] = str(tmp_path / "auth")
        flower_auth.require_password(tmp_path, may_make_one_up=False, out=Output())
        assert self.environ["FLOWER_BASIC_AUTH"] == "ann:pass"

    @pytest.mark.parametrize("told", ["ann", "ann:", ":pass", "ann:pass,bob"])
    def test_without_both_parts_is_refused(self, tmp_path: Path, told: str) -> None:
        self.environ["FLOWER_BASIC_AUTH"] = told
        with pytest.raises(SettingsError, match="user:password"):
            flower_auth.require_password(tmp_path, may_make_one_up=True, out=Output())


def test_owner_is_a_setting() -> None:
    assert load_settings(owner="1:2.0").owner == "1:2.0"
