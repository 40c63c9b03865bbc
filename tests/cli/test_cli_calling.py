"""Commands that are printed to copy work where they are copied."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from badgejobs.cli.calling import as_called, program
from badgejobs.config import use_file


@pytest.fixture
def installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A program that is called by its path; the shell does not find it by its name."""
    file = tmp_path / "bin" / "badgejobs"
    file.parent.mkdir()
    file.touch(mode=0o755)
    monkeypatch.setattr(sys, "argv", [str(file)])
    monkeypatch.setenv("PATH", str(tmp_path))
    # what a configuration is named by is put into the environment
    monkeypatch.setenv("BADGEJOBS_CONFIG", "")
    monkeypatch.setattr("badgejobs.config.layers._named", None)
    return file


def test_a_command_names_the_program_as_the_shell_finds_it(
    installed: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert as_called("apply", "a plan.json") == f"{installed} apply 'a plan.json'"
    monkeypatch.setenv("PATH", str(installed.parent))
    assert as_called("apply") == "badgejobs apply"
    assert program() == [str(installed)], "another shell may find another one, or none"


def test_a_command_names_the_configuration_that_it_was_given(installed: Path) -> None:
    use_file(Path("/etc/shops/badgejobs.toml"))
    assert as_called("apply") == f"{installed} --config /etc/shops/badgejobs.toml apply"
