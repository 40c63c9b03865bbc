"""The keys under which secrets of sites are sealed: given, or made once."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from badgejobs.config import load_settings, secrets_keys
from badgejobs.errors import SettingsError

pytestmark = pytest.mark.usefixtures("home")

ONE, TWO = "1f" * 32, "2f" * 32


def test_without_a_setting_one_is_made_once_for_this_user_alone(home: Path) -> None:
    settings = load_settings(state_dir=home / "state")
    first = secrets_keys(settings)()
    assert [len(one) for one in first] == [32]
    assert secrets_keys(settings)() == first
    file = home / "state/secrets.key"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_a_file_has_one_key_a_line_and_is_read_anew(home: Path) -> None:
    file = home / "keys"
    file.write_text(f"{ONE}\n")
    file.chmod(0o600)
    keys = secrets_keys(load_settings(secrets_key_file=file))
    assert keys() == [bytes.fromhex(ONE)]
    file.write_text(f"{TWO}\n\n{ONE}\n")
    assert keys() == [bytes.fromhex(TWO), bytes.fromhex(ONE)]
    file.write_text("no key\n")
    with pytest.raises(SettingsError, match=r"secrets_key_file.*openssl rand -hex 32"):
        keys()


def test_the_environment_may_hold_several(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BADGEJOBS_SECRETS_KEY", f"{ONE} {TWO}")
    settings = load_settings()
    assert secrets_keys(settings)() == [bytes.fromhex(ONE), bytes.fromhex(TWO)]
    assert ONE not in repr(settings) + repr(settings.origins())


@pytest.mark.parametrize("wrong", ["short", ONE[:-1], f"{ONE} x"])
def test_what_is_no_key_is_refused_by_name_and_not_shown(
    wrong: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BADGEJOBS_SECRETS_KEY", wrong)
    with pytest.raises(SettingsError, match=r"secrets_key .*64 hexadecimal digits") as caught:
        load_settings()
    assert wrong not in str(caught.value)


def test_a_key_does_not_stand_in_the_configuration_file(home: Path) -> None:
    (home / "badgejobs.toml").write_text(f'secrets_key = "{ONE}"\n')
    with pytest.raises(SettingsError, match=r"secrets_key.*file of its own"):
        load_settings()
