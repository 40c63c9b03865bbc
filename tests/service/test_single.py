"""A program that may run once in a folder does not run where that cannot be made sure."""

from __future__ import annotations

import errno
import fcntl
import os
from pathlib import Path

import pytest

from badgejobs.errors import StateError
from badgejobs.service.single import only_one


def test_a_lock_that_raises_is_noticed_at_start_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As on a file system that knows no locks."""

    def refuse(*_: object) -> None:
        raise OSError(errno.ENOLCK, os.strerror(errno.ENOLCK))

    monkeypatch.setattr(fcntl, "flock", refuse)
    began = False
    with (
        pytest.raises(StateError, match=r"No locks available.*BADGEJOBS_STATE_DIR"),
        only_one(tmp_path / "beat.lock", "badgejobs beat"),
    ):
        began = True
    assert not began


def test_a_second_one_is_told_who_runs_and_one_that_ended_is_followed(tmp_path: Path) -> None:
    file = tmp_path / "beat.lock"
    second = only_one(file, "badgejobs beat")
    with (
        only_one(file, "badgejobs beat"),
        pytest.raises(StateError, match=f"already running .*process {os.getpid()}"),
        second,
    ):
        pass
    with only_one(file, "badgejobs beat"):
        assert file.read_text() == str(os.getpid())
