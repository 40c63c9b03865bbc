"""The file that ``badgejobs init`` writes is one that loads, and tells the truth."""

from pathlib import Path

import pytest

from badgejobs.config import Settings, config_template, load_settings
from badgejobs.errors import SettingsError

pytestmark = pytest.mark.usefixtures("home")


def write(folder: Path, text: str) -> Path:
    path = folder / "badgejobs.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_the_template_loads_once_its_ids_are_filled_in(home: Path) -> None:
    text = config_template("my-shop")
    path = write(home, text)
    (home / "my-shop.secret").write_text("canary-secret")
    (home / "my-shop.secret").chmod(0o600)
    with pytest.raises(SettingsError) as caught:
        load_settings()
    assert str(caught.value).startswith(f"sites.my-shop.app_id ({path}): is empty; copy it")
    write(home, text.replace('""', '"5c1e-1"'))
    settings = load_settings()
    assert settings.sites["my-shop"].rules == home / "my-shop.yaml"
    assert "BADGEJOBS_SITES__MY_SHOP__APP_SECRET" in text


def test_the_template_shows_the_real_defaults(home: Path) -> None:
    lines = config_template("shop").split("[sites.", maxsplit=1)[0].split("\n")
    shown = [line[2:] for line in lines if line.startswith("# ") and " = " in line]
    own = (
        "state_dir",
        "database_url_file",
        "redis_url_file",
        "broker_url_file",
        "identity_key_file",
        "secrets_key_file",
        "public_key_file",
        "webhook_url",
        "webhook_secret_file",
        "smtp_host",
        "smtp_user",
        "smtp_password_file",
        "mail_from",
        "mail_to",
        "quiet_hours",
        "templates",
        "token_file",
        "password_file",
        "operator_token_file",
        "hosts",
    )
    tables = "\n".join(line for line in lines if line.startswith("["))
    assert tables == "[scan]\n[assign]\n[webhooks]\n[health]\n[notify]\n[metrics]\n[console]"
    text = "\n".join(
        line[2:] if line[2:] in shown else line for line in lines if not line[2:].startswith(own)
    )
    write(home, text)
    settings = load_settings()
    assert (settings.scan, settings.assign) == (Settings().scan, Settings().assign)
    assert settings.model_dump() == Settings().model_dump()
    set_here = [one.name for one in settings.origins() if one.origin.endswith(".toml")]
    assert len(set_here) == len(shown) - len(own)
