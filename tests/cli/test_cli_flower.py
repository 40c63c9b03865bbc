"""Flower is refused where it cannot be kept closed, and only shows unless a setting says more."""

from __future__ import annotations

import pytest
from flower.options import options  # what Flower itself understands
from tornado.options import parse_command_line

from badgejobs.cli.flower_auth import require_flower, what_it_may
from badgejobs.config import Settings, load_settings
from badgejobs.errors import SettingsError

READS = "--read_only=true"
WARNS = "Flower may write: whoever has its password triggers tasks"


@pytest.mark.parametrize("installed", ["2.0.1", "1.2.0", "0.9.7", "2.1", "dev"])
def test_a_flower_that_cannot_be_kept_closed_is_refused_with_the_cure(installed: str) -> None:
    with pytest.raises(SettingsError, match=r"too old.*pip install 'badgejobs\[flower\]'"):
        require_flower(installed=installed)


@pytest.mark.parametrize("installed", [None, "2.2", "2.2.0", "2.10.1", "3.0.0rc1"])
def test_a_flower_that_can_is_taken(installed: str | None) -> None:
    require_flower(installed=installed)


def test_it_only_shows_unless_it_is_told_otherwise(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("FLOWER_TASKS_COLUMNS", raising=False)
    assert READS in what_it_may(write=False, loopback=True)
    assert capsys.readouterr().out == ""
    assert READS not in what_it_may(write=True, loopback=True)
    assert WARNS in capsys.readouterr().out
    what_it_may(write=False, loopback=False)
    assert "put TLS in front of it; /metrics and /healthcheck" in capsys.readouterr().out


def test_flower_itself_understands_what_it_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(options.mockable(), "read_only", False)
    monkeypatch.setattr(options.mockable(), "tasks_columns", "name")
    parse_command_line(["flower", *what_it_may(write=False, loopback=True)], final=False)
    assert options.read_only is True
    assert options.tasks_columns.startswith("name,kwargs,state,result")


def test_columns_that_an_operator_wants_are_left_to_him(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FLOWER_TASKS_COLUMNS", "name")
    assert what_it_may(write=False, loopback=True) == [READS]


def test_one_setting_lets_it_write(monkeypatch: pytest.MonkeyPatch) -> None:
    assert Settings().flower_write is False
    monkeypatch.setenv("BADGEJOBS_FLOWER_WRITE", "true")
    assert load_settings().flower_write is True
