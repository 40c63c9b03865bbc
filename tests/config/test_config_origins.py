"""Every value shows where it came from, and no secret shows at all."""

import json
from pathlib import Path

import pytest

from badgejobs.config import load_settings

pytestmark = pytest.mark.usefixtures("home")


def shown() -> dict[str, tuple[str, str]]:
    return {one.name: (one.value_shown, one.origin) for one in load_settings().origins()}


def test_every_value_shows_where_it_came_from(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = home / "badgejobs.toml"
    path.write_text(
        'tick_seconds = 7\n[sites.my-shop]\nrules = "r.yaml"\nsite_id = "s-1"\n'
        'api_key_file = "shop.key"\n[sites.b]\nrules = "b.yaml"\napp_id = "a"\ninstance_id = "i"\n',
        encoding="utf-8",
    )
    (home / "shop.key").write_text("canary")
    monkeypatch.setenv("BADGEJOBS_SCAN__SLICE_SECONDS", "20")
    monkeypatch.setenv("BADGEJOBS_SITES__B__APP_SECRET", "canary")
    monkeypatch.setenv("BADGEJOBS_SITES__MY_SHOP__COMMENT_APPS", "blog,forum")
    monkeypatch.setenv("BADGEJOBS_DATABASE_URL", "postgresql+psycopg://ann:canary@db:1/x?sslmode=a")
    (home / "url").write_text("redis://:canary@cache/0?password=canary")
    monkeypatch.setenv("BADGEJOBS_REDIS_URL_FILE", "url")
    found = {one.name: one for one in load_settings(log_format="json").origins()}
    told = {name: (one.value_shown, one.origin) for name, one in found.items()}
    file = str(path)
    assert told["config"] == (file, "file that was read")
    assert told["tick_seconds"] == ("7", file)
    assert told["log_format"] == ("json", "argument")
    assert told["log_level"] == ("INFO", "default")
    assert told["scan.slice_seconds"] == ("20", "BADGEJOBS_SCAN__SLICE_SECONDS")
    assert told["scan.overlap_seconds"] == ("600", "default")
    assert told["sites.my-shop.rules"] == (str(home / "r.yaml"), file)
    assert told["sites.my-shop.api_key"] == ("***", file)
    assert told["sites.my-shop.api_key_file"] == (str(home / "shop.key"), file)
    assert told["sites.my-shop.app_secret"] == ("not set", "default")
    assert told["sites.my-shop.comment_apps"] == (
        "blog, forum",
        "BADGEJOBS_SITES__MY_SHOP__COMMENT_APPS",
    )
    assert told["sites.b.app_secret"] == ("***", "BADGEJOBS_SITES__B__APP_SECRET")
    assert told["sites.b.requests_per_minute"] == ("not set", "default")
    assert told["database_url"] == (
        "postgresql+psycopg://ann:***@db:1/x?sslmode=a",
        "BADGEJOBS_DATABASE_URL",
    )
    assert told["redis_url"] == ("redis://:***@cache/0?password=***", "BADGEJOBS_REDIS_URL_FILE")
    assert "canary" not in repr(found)


def test_what_badgejobs_runs_itself_is_shown_as_such(tmp_path: Path) -> None:
    told = shown()
    folder = tmp_path / "home/.local/state/badgejobs"
    assert told["config"] == ("none", "file that was read")
    assert told["state_dir"] == (str(folder), "default")
    assert told["database_url"] == (f"sqlite:///{folder}/badgejobs.db", "default")
    assert told["redis_url"] == ("embedded", "default")


def test_no_secret_is_in_any_form_of_the_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {
        "DATABASE_URL": "postgresql://a:canary@h/d",
        "REDIS_URL": "redis://:canary@h",
        "SITES__A__RULES": "r",
        "SITES__A__SITE_ID": "s",
        "SITES__A__API_KEY": "canary",
        "SITES__B__RULES": "r",
        "SITES__B__APP_ID": "s",
        "SITES__B__INSTANCE_ID": "i",
        "SITES__B__APP_SECRET": "canary",
    }.items():
        monkeypatch.setenv(f"BADGEJOBS_{name}", value)
    settings = load_settings()
    forms = [repr(settings), str(settings), settings.model_dump_json(), repr(settings.origins())]
    forms += [repr(settings.sites), json.dumps(settings.warnings)]
    assert not [form for form in forms if "canary" in form]
