"""Where webhooks are taken is said by settings, with paths from the folder of the file."""

from pathlib import Path

import pytest

from badgejobs.config import Settings, load_settings
from badgejobs.errors import SettingsError

pytestmark = pytest.mark.usefixtures("home")


def told(home: Path, text: str) -> Settings:
    (home / "badgejobs.toml").write_text(f"[webhooks]\n{text}", encoding="utf-8")
    return load_settings()


def test_without_a_word_none_are_taken_and_only_this_machine_is_listened_to(home: Path) -> None:
    settings = told(home, "")
    assert settings.webhooks.public_key_file is None
    assert settings.webhooks.host == "127.0.0.1"


def test_key_files_stand_beside_the_file_that_names_them(home: Path) -> None:
    settings = told(home, 'public_key_file = "a.pem"\nprevious_public_key_file = "b.pem"')
    assert settings.webhooks.public_key_file == home / "a.pem"
    assert settings.webhooks.previous_public_key_file == home / "b.pem"


def test_the_environment_may_name_the_key(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BADGEJOBS_WEBHOOKS__PUBLIC_KEY_FILE", "a.pem")
    monkeypatch.setenv("BADGEJOBS_WEBHOOKS__PORT", "8123")
    settings = load_settings()
    assert settings.webhooks.public_key_file == home / "a.pem"
    assert settings.webhooks.port == 8123


@pytest.mark.parametrize("host", ["::1", "10.0.0.5", "192.168.1.7"])
def test_another_address_is_listened_on_where_the_setting_says_so(home: Path, host: str) -> None:
    assert told(home, f'host = "{host}"').webhooks.host == host


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ('host = "example.org"', "webhooks.host"),
        ('host = ""', "no IP address to listen on; write 127.0.0.1"),
        ("port = 70000", "must be 65535 or less"),
        ('previous_public_key_file = "b.pem"', "has previous_public_key_file alone"),
        ('public_key = "x"', "not a setting; did you mean 'public_key_file'?"),
    ],
)
def test_what_cannot_be_is_refused_with_the_cure(home: Path, text: str, sentence: str) -> None:
    with pytest.raises(SettingsError) as caught:
        told(home, text)
    assert sentence in str(caught.value)
    assert "badgejobs.toml" in str(caught.value)
