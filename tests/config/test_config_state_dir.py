"""The state folder is ours alone, or nothing is put into it."""

import os
import stat
from pathlib import Path

import pytest

from badgejobs.config import prepare_state_dir
from badgejobs.errors import StateError

pytestmark = pytest.mark.usefixtures("home")


def test_it_is_made_for_this_user_alone_and_found_again(tmp_path: Path) -> None:
    path = tmp_path / "a" / "b"
    assert prepare_state_dir(path) == path
    assert stat.S_IMODE(path.stat().st_mode) == 0o700
    (path / "badgejobs.db").touch()
    assert prepare_state_dir(path) == path
    assert [one.name for one in path.iterdir()] == ["badgejobs.db"]


@pytest.mark.parametrize("mode", [0o755, 0o770, 0o701])
def test_a_folder_open_to_others_is_refused_and_left_as_it_is(tmp_path: Path, mode: int) -> None:
    path = tmp_path / "state"
    path.mkdir()
    path.chmod(mode)
    with pytest.raises(StateError, match=f"open to other users .mode {mode:04o}.; run: chmod 700"):
        prepare_state_dir(path)
    assert stat.S_IMODE(path.stat().st_mode) == mode


def test_a_folder_of_another_user_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = prepare_state_dir(tmp_path / "state")
    stranger = os.geteuid() + 1
    monkeypatch.setattr(os, "geteuid", lambda: stranger)
    with pytest.raises(StateError, match="belongs to another user"):
        prepare_state_dir(path)


def test_a_file_in_its_place_is_refused(tmp_path: Path) -> None:
    (tmp_path / "state").touch()
    with pytest.raises(StateError, match="is not a folder"):
        prepare_state_dir(tmp_path / "state")
    with pytest.raises(StateError, match="cannot be made"):
        prepare_state_dir(tmp_path / "state" / "below")


def test_a_folder_that_cannot_be_written_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(**_: object) -> None:
        raise OSError(28, "No space left on device")

    path = prepare_state_dir(tmp_path / "state")
    monkeypatch.setattr("tempfile.TemporaryFile", full)
    with pytest.raises(StateError, match=r"cannot be written \(No space left on device\)"):
        prepare_state_dir(path)
