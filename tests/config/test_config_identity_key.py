"""The key of the digests: given, or made once, and never shown."""

from __future__ import annotations

import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from badgejobs.config import Settings, identity_digest, load_settings
from badgejobs.errors import SettingsError

pytestmark = pytest.mark.usefixtures("home")

GIVEN = "canary-key-0123456789-0123456789"


def settings(home: Path) -> Settings:
    return load_settings(state_dir=home / "state")


def test_a_key_is_made_once_for_this_user_alone(home: Path) -> None:
    made = identity_digest(settings(home))("text")
    file = home / "state" / "identity.key"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert len(bytes.fromhex(file.read_text().strip())) == 32
    assert identity_digest(settings(home))("text") == made
    assert [one.name for one in file.parent.iterdir()] == ["identity.key"]

    elsewhere = identity_digest(load_settings(state_dir=home / "other"))
    assert elsewhere("text") != made


def test_nothing_is_made_before_a_digest_is_asked_for(home: Path) -> None:
    identity_digest(settings(home))
    assert not (home / "state").exists()


def test_of_several_who_begin_at_once_all_have_the_same_key(home: Path) -> None:
    here = settings(home)
    with ThreadPoolExecutor(8) as pool:
        found = set(pool.map(lambda _: identity_digest(here)("text"), range(32)))
    assert len(found) == 1


def test_a_given_key_is_the_one(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = home / "key"
    file.write_text(GIVEN)
    file.chmod(0o600)
    by_file = identity_digest(load_settings(identity_key_file=file))("text")
    monkeypatch.setenv("BADGEJOBS_IDENTITY_KEY", GIVEN)
    assert identity_digest(load_settings())("text") == by_file
    monkeypatch.setenv("BADGEJOBS_IDENTITY_KEY", GIVEN[::-1])
    assert identity_digest(load_settings())("text") != by_file


def test_a_short_key_and_one_in_the_configuration_are_refused(home: Path) -> None:
    with pytest.raises(SettingsError, match=r"identity_key .*shorter than 32.*openssl rand"):
        load_settings(identity_key="canary-key")
    (home / "badgejobs.toml").write_text(f'identity_key = "{GIVEN}"\n')
    with pytest.raises(SettingsError, match="identity_key_file") as caught:
        load_settings()
    assert "canary" not in str(caught.value)


def test_a_key_is_never_shown(home: Path) -> None:
    loaded = load_settings(identity_key=GIVEN)
    digest = identity_digest(loaded)
    digest("text")
    assert "canary" not in f"{loaded!r} {digest!r} {loaded.origins()!r}"
    shown = {one.name: one.value_shown for one in loaded.origins()}
    assert shown["identity_key"] == "***"
    shown = {one.name: one.value_shown for one in load_settings().origins()}
    assert shown["identity_key"] == "a file in state_dir"
