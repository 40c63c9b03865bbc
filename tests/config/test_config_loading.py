"""Settings from four layers, and one clear error for each thing that can be wrong."""

from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from badgejobs.config import Settings, load_settings
from badgejobs.errors import SettingsError
from badgejobs.wix import wire

pytestmark = pytest.mark.usefixtures("home")

KEY = '[sites.shop]\nrules = "r.yaml"\nsite_id = "s-1"\n'


def write(folder: Path, text: str, name: str = "badgejobs.toml") -> Path:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


def secret(folder: Path, name: str = "shop.key", text: str = "canary-secret\n") -> Path:
    path = write(folder, text, name)
    path.chmod(0o600)
    return path


def refused(**overrides: Any) -> str:
    with pytest.raises(SettingsError) as caught:
        load_settings(**overrides)
    assert "canary" not in repr(caught.value)
    assert caught.value.__cause__ is None or "canary" not in repr(caught.value.__cause__)
    return str(caught.value)


def test_without_anything_all_is_default(tmp_path: Path) -> None:
    settings = load_settings()
    assert settings.state_dir == tmp_path / "home/.local/state/badgejobs"
    assert settings.database == f"sqlite:///{settings.state_dir}/badgejobs.db"
    assert settings.redis_url is None
    assert settings.wix_base_url == wire.BASE_URL
    assert settings.scan.model_dump() == {
        "orders_every_seconds": 60,
        "comments_every_seconds": 60,
        "walk_every_seconds": 21600,
        "spare_percent": 20,
        "audit_every_seconds": 604800,
        "recent_every_seconds": 86400,
        "recent_reaches_seconds": 172800,
        "miss_gap_seconds": 600,
        "walk_at_most_every_seconds": 600,
        "overlap_seconds": 600,
        "slice_seconds": 20,
    }
    assert settings.assign.model_dump() == {
        "request_deadline_seconds": 30,
        "quiet_period_seconds": 120,
        "read_gap_seconds": 30,
        "late_apply_seconds": 60,
        "batch": 100,
        "batch_after_failure": 20,
        "new_awards_an_hour": 500,
        "guard_percent": 5,
        "guard_least": 10,
        "empty_is_doubted_above": 20,
        "repair_duplicates": False,
    }
    assert (settings.tick_seconds, settings.requests_per_minute) == (10, 180)
    assert (settings.sites, settings.warnings, settings.config_file) == ({}, [], None)


def test_arguments_beat_environment_beats_file_beats_defaults(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(home, "tick_seconds = 2\nrequests_per_minute = 2\n[scan]\nslice_seconds = 2\n")
    monkeypatch.setenv("BADGEJOBS_TICK_SECONDS", "3")
    monkeypatch.setenv("BADGEJOBS_SCAN__OVERLAP_SECONDS", "3")
    monkeypatch.setenv("BADGEJOBS_REQUESTS_PER_MINUTE", "3")
    settings = load_settings(
        requests_per_minute=4, scan={"walk_every_seconds": 4000}, redis_url=None
    )
    assert (settings.requests_per_minute, settings.tick_seconds) == (4, 3)
    scan = settings.scan
    assert (scan.slice_seconds, scan.overlap_seconds, scan.walk_every_seconds) == (2, 3, 4000)
    assert scan.orders_every_seconds == 60


def test_the_file_is_the_named_one_else_the_one_here_else_the_users(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(tmp_path / "home/.config/badgejobs", "tick_seconds = 1")
    assert load_settings().tick_seconds == 1
    write(home, "tick_seconds = 2")
    assert load_settings().tick_seconds == 2
    named = write(tmp_path / "etc", "tick_seconds = 3", "b.toml")
    monkeypatch.setenv("BADGEJOBS_CONFIG", str(named))
    assert load_settings().tick_seconds == 3
    assert load_settings().config_file == named
    assert load_settings(config=home / "badgejobs.toml").tick_seconds == 2


def test_an_empty_variable_is_as_good_as_none(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("BADGEJOBS_REDIS_URL", "BADGEJOBS_TICK_SECONDS", "BADGEJOBS_CONFIG"):
        monkeypatch.setenv(name, "")
    assert load_settings().model_dump() == Settings().model_dump()


def test_paths_are_relative_to_where_they_were_written(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    etc = tmp_path / "etc"
    secret(etc)
    write(etc, 'state_dir = "state"\n' + KEY + 'api_key_file = "shop.key"')
    settings = load_settings(config=etc / "badgejobs.toml")
    assert settings.state_dir == etc / "state"
    assert settings.sites["shop"].rules == etc / "r.yaml"
    monkeypatch.setenv("BADGEJOBS_STATE_DIR", "mine")
    monkeypatch.setenv("BADGEJOBS_SITES__SHOP__RULES", "~/r.yaml")
    settings = load_settings(config=etc / "badgejobs.toml")
    assert settings.state_dir == home / "mine"
    assert settings.sites["shop"].rules == tmp_path / "home/r.yaml"


def test_a_site_can_come_from_the_environment_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {
        "RULES": "r.yaml",
        "APP_ID": "a-1",
        "APP_SECRET": "canary-secret",
        "INSTANCE_ID": "i-1",
        "COMMENT_APPS": "blog, forum",
        "REQUESTS_PER_MINUTE": "90",
    }.items():
        monkeypatch.setenv(f"BADGEJOBS_SITES__MY_SHOP__{name}", value)
    settings = load_settings()
    site = settings.sites["my-shop"]
    assert site.app_secret == SecretStr("canary-secret")
    assert site.api_key is None
    assert site.comment_app_ids == (wire.COMMENT_APPS["blog"], wire.COMMENT_APPS["forum"])
    assert settings.requests_per_minute_of("my-shop") == 90
    assert "canary" not in repr(settings)
    assert "canary" not in str(settings.origins())


def test_the_environment_completes_a_site_of_the_file(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(home, KEY.replace("shop", "my-shop"))
    monkeypatch.setenv("BADGEJOBS_SITES__MY_SHOP__API_KEY_FILE", str(secret(home)))
    site = load_settings().sites["my-shop"]
    assert site.api_key is not None
    assert site.api_key == SecretStr("canary-secret")
    assert site.comment_apps == ("blog",)


def test_a_secret_of_the_environment_beats_the_files_and_it_need_not_exist(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(home, KEY + 'api_key_file = "absent.key"')
    monkeypatch.setenv("BADGEJOBS_SITES__SHOP__API_KEY", "canary-env")
    assert load_settings().sites["shop"].api_key == SecretStr("canary-env")


def test_urls_can_come_from_files(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    url = "postgresql://ann:canary@db/jobs"
    monkeypatch.setenv("BADGEJOBS_DATABASE_URL_FILE", str(secret(home, "db", url)))
    write(home, 'redis_url_file = "redis"')
    secret(home, "redis", "rediss://:canary@cache:6379/0")
    settings = load_settings()
    assert settings.database == url
    assert settings.redis_url == SecretStr("rediss://:canary@cache:6379/0")
    assert "canary" not in repr(settings)


def test_guids_of_apps_are_taken_as_they_are() -> None:
    guid = "14bcded7-0066-7c35-14d7-466cb3f09104"
    site = {"rules": "r", "site_id": "s", "api_key": "canary", "comment_apps": [guid, "groups"]}
    settings = load_settings(sites={"shop": site})
    assert settings.sites["shop"].comment_app_ids == (guid, wire.COMMENT_APPS["groups"])


@pytest.mark.parametrize(
    "url", ["http://127.0.0.1:8080", "http://localhost:1/", "http://[::1]:99", wire.BASE_URL + "/"]
)
def test_wix_or_a_sandbox_on_this_machine_can_be_asked(url: str) -> None:
    assert load_settings(wix_base_url=url).wix_base_url == url.rstrip("/")


WRONG_VALUES: list[tuple[str, Any, str]] = [
    *(
        ("wix_base_url", url, "for a sandbox on this machine write http://127.0.0.1:PORT")
        for url in (
            "http://www.wixapis.com", "https://evil.example", "https://127.0.0.1", "http://10.0.0.1",
            "http://127.0.0.1@evil.example", "http://evil.example#127.0.0.1", "http://127.0.0.1/x",
            "http://u:p@127.0.0.1", "http://127.0.0.1:99999", "", "ftp://localhost", "http://[",
            "http://127.0.0.1.evil.example", "https://www.wixapis.com.evil.example",
        )
    ),
    ("tick_seconds", 0, "must be 1 or more"),
    ("tick_seconds", "soon", "must be a whole number"),
    ("requests_per_minute", 201, "must be 200 or less"),
    ("log_level", "LOUD", "must be one of 'DEBUG', 'INFO'"),
    ("log_format", "xml", "must be one of 'console' or 'json'"),
    ("wix_assignment_paths", "v4", "must be one of 'sdk' or 'docs'"),
    ("state_dir", "a?b", "must not contain '?'"),
    ("database_url", "postgres://canary@x/y", "did you mean 'postgresql://'?"),
    ("database_url", "mysql://canary@x/y", "is not the URL of a database known here"),
    ("redis_url", "amqp://canary@x", "is not the URL of a Redis"),
    ("redis_url", "canary:6379", "is not the URL of a Redis"),
    ("broker_url", "redis://:canary@x", "write it as redis_url"),
    ("broker_url", "canary:5672", "is not the URL of a RabbitMQ"),
    ("scan", 5, "must be a table: write [scan]"),
    ("sites", {"My Shop": {}}, "has no rules; write"),
]  # fmt: skip


@pytest.mark.parametrize(("name", "value", "problem"), WRONG_VALUES)
def test_a_wrong_value_is_told_with_field_origin_and_cure(
    name: str, value: Any, problem: str
) -> None:
    error = refused(**{name: value})
    assert error.startswith(name)
    assert "argument" in error
    assert problem in error


def test_the_log_level_is_taken_in_any_case() -> None:
    assert load_settings(log_level="debug").log_level == "DEBUG"


def test_the_paths_of_assignments_are_chosen_by_file_or_environment(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert load_settings().wix_assignment_paths is wire.Spelling.SDK
    path = write(home, 'wix_assignment_paths = "docs"')
    assert load_settings().wix_assignment_paths is wire.Spelling.DOCS
    shown = {one.name: (one.value_shown, one.origin) for one in load_settings().origins()}
    assert shown["wix_assignment_paths"] == ("docs", str(path))
    monkeypatch.setenv("BADGEJOBS_WIX_ASSIGNMENT_PATHS", "SDK")
    assert load_settings().wix_assignment_paths is wire.Spelling.SDK


@pytest.mark.parametrize(
    ("table", "values", "problem"),
    [
        ("scan", {"slice_seconds": 61}, "scan.slice_seconds (argument): must be 60 or less"),
        ("scan", {"walk_every_seconds": 60}, "walk_at_most_every_seconds (600) is longer than"),
        ("assign", {"batch": 101}, "assign.batch (argument): must be 100 or less"),
        ("assign", {"batch": 0}, "must be 1 or more"),
        ("assign", {"read_gap_seconds": -1}, "must be 0 or more"),
        ("assign", {"quiet_period_seconds": 90}, "late_apply_seconds (60) together"),
        ("assign", {"late_apply_seconds": 120}, "write 151 or more"),
    ],
)
def test_bounds_and_settings_that_contradict_each_other_are_told(
    table: str, values: dict[str, int], problem: str
) -> None:
    assert problem in refused(**{table: values})


def test_the_least_quiet_period_outlasts_the_deadline_and_the_late_apply() -> None:
    assert load_settings(assign={"quiet_period_seconds": 91}).assign.quiet_period_seconds == 91


BOTH = {"app_id": "a", "app_secret": "canary", "site_id": "s", "api_key": "canary"}


@pytest.mark.parametrize(
    ("site", "problem"),
    [
        ({}, "has no credentials; write app_id, app_secret_file and instance_id"),
        ({"app_id": "a", "instance_id": "i"}, "lacks app_secret; add app_secret_file"),
        ({"app_id": "a", "app_secret": "canary"}, "lacks instance_id; add instance_id"),
        ({"app_secret": "canary"}, "lacks app_id and instance_id; add app_id and instance_id"),
        ({"site_id": "s"}, "lacks api_key; add api_key_file"),
        ({"api_key": "canary"}, "lacks site_id; add site_id"),
        (BOTH, "has both an app (app_id, app_secret, instance_id) and an API key"),
        ({"site_id": "", "api_key": "canary"}, "site_id (argument): is empty; copy it"),
        ({"site_id": "a b", "api_key": "canary"}, "is not an id of Wix"),
        ({"comment_apps": ["blogg"]}, "did you mean 'blog'?"),
        ({"comment_apps": []}, "comment_apps (argument): is empty"),
        ({"comment_apps": ["blog", wire.COMMENT_APPS["blog"]]}, "names one app twice"),
        ({"app_secrets_file": "x"}, "did you mean 'app_secret_file'?"),
        ({"requests_per_minute": 999}, "must be 200 or less"),
        ({"pack": "shops"}, "has both rules and pack; keep one of the two"),
        ({"rules": None, "pack": "My Shops"}, "'My Shops' is not a pack's name: up to 63"),
        ({"overrides": "o.yaml"}, "overrides and no pack; a rules file of its own says everything"),
    ],
)
def test_a_wrong_site_is_told(site: dict[str, Any], problem: str) -> None:
    error = refused(sites={"shop": {"rules": "r.yaml", **site}})
    assert error.startswith("sites.shop")
    assert problem in error


@pytest.mark.parametrize("name", ["My Shop", "my_shop", "-x", "x-", "a--b", "ä", "x" * 64])
def test_a_site_name_must_fit_into_a_variable(name: str) -> None:
    site = {"rules": "r.yaml", "site_id": "s", "api_key": "canary"}
    assert "is not a site's name" in refused(sites={name: site})
    assert load_settings(sites={"a-b-2": site}).sites


def test_a_site_may_go_by_a_pack_and_say_something_otherwise(home: Path) -> None:
    write(home, KEY.replace('rules = "r.yaml"', 'pack = "shops"\noverrides = "o.yaml"'))
    settings = load_settings(sites={"shop": {"api_key": "canary"}})
    assert settings.sites["shop"].pack == "shops"
    assert settings.sites["shop"].overrides == home / "o.yaml"
    assert settings.sites["shop"].rules is None


def test_a_site_without_rules_is_told(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(home, KEY)
    monkeypatch.setenv("BADGEJOBS_SITES__SHOP__API_KEY", "canary")
    monkeypatch.setenv("BADGEJOBS_SITES__SHPO__API_KEY", "canary")
    error = refused()
    assert error.startswith("sites.shpo (BADGEJOBS_SITES__SHPO__...): has no rules; write rules =")
    assert error.endswith("or correct the site's name")


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("tick_secs = 1", "tick_secs ({file}): not a setting; did you mean 'tick_seconds'?"),
        ("[scan]\nslice = 1", "scan.slice ({file}): not a setting; did you mean 'slice_seconds'?"),
        ("[site.shop]\n", "site ({file}): not a setting; did you mean 'sites'?"),
        ("tick_seconds = 'x'", "tick_seconds ({file}): must be a whole number"),
        ("tick_seconds == 1", "{file}:1:15: not valid TOML: "),
        ("a = 1\na = 2", "{file}:2: not valid TOML: Cannot overwrite a value"),
        ("a = " + "[" * 5000, "{file}: not valid TOML"),
        ("a = " + "9" * 5000, "{file}: not valid TOML"),
        ("#" * 300_000, "{file}: larger than 256 KiB"),
        ("sites = 3", "sites ({file}): must be a table"),
        ("sites.shop = 3", "sites.shop ({file}): must be a table"),
        (KEY + "api_key = 'canary'", "sites.shop.api_key ({file}): a secret must not stand in"),
        (KEY + "app_secret = 'canary'", 'write app_secret_file = "path"'),
        (KEY + "api_key = 7", "sites.shop.api_key ({file}): a secret must not"),
        ("database_url = 'postgresql://ann:canary@db/x'", 'write database_url_file = "path"'),
        ("database_url = 'postgresql://db/x?password=canary'", "a secret must not stand"),
        ("redis_url = 'redis://:canary@cache'", "redis_url ({file}): a secret must not stand"),
        ("redis_url = 'redis://[canary'", "redis_url ({file}): a secret must not stand"),
        (KEY + "api_key_file = 'absent'", "sites.shop.api_key_file ({file}): there is no file"),
        (KEY + "api_key_file = '.'", "is a folder; name the file in it"),
        (KEY + "api_key_file = 'empty'", "empty is empty; write the secret into it"),
        (KEY + "api_key_file = 'binary'", "is not one line of text"),
        (KEY + "api_key_file = 'lines'", "is not one line of text"),
        (KEY + "api_key_file = 7", "sites.shop.api_key_file ({file}): "),
        (KEY, "sites.shop ({file}): lacks api_key; add api_key_file"),
    ],
)
def test_a_wrong_file_is_told(home: Path, text: str, problem: str) -> None:
    path = write(home, text)
    secret(home, "empty", " \n")
    secret(home, "lines", "canary\ncanary")
    (home / "binary").write_bytes(b"\xff\xfe")
    assert problem.replace("{file}", str(path)) in refused()


def test_a_url_without_a_password_may_stand_in_the_file(home: Path) -> None:
    write(home, "database_url = 'postgresql:///jobs'\nredis_url = 'unix:///run/redis.sock'")
    assert load_settings().database == "postgresql:///jobs"


def test_a_file_that_is_named_must_be_there(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BADGEJOBS_CONFIG", "absent.toml")
    assert refused().startswith(f"{home}/absent.toml: there is no such file")
    monkeypatch.setenv("BADGEJOBS_CONFIG", str(home))
    assert "cannot be read" in refused()


def test_a_file_that_is_not_utf_8_is_told_with_the_line(home: Path) -> None:
    (home / "badgejobs.toml").write_bytes(b"# a\n# \xe4\n")
    assert f"{home}/badgejobs.toml:2: not UTF-8" in refused()


@pytest.mark.parametrize(
    ("name", "value", "problem"),
    [
        ("BADGEJOBS_TICK_SECOND", "1", "did you mean 'tick_seconds'?"),
        ("BADGEJOBS_TICK_SECONDS", "x", "tick_seconds (BADGEJOBS_TICK_SECONDS): must be a whole"),
        ("BADGEJOBS_SCAN__SLICE", "1", "scan.slice (BADGEJOBS_SCAN__SLICE): not a setting"),
        ("BADGEJOBS_SCAN", "canary", "scan (BADGEJOBS_SCAN): must be a table"),
        ("BADGEJOBS_SITES", "{canary", "sites (BADGEJOBS_SITES): must be a table"),
        ("BADGEJOBS_SITES__SHOP", "canary", "sites.shop (BADGEJOBS_SITES__SHOP): must be a table"),
        ("BADGEJOBS_REDIS_URL_FILE", "/absent", "redis_url_file (BADGEJOBS_REDIS_URL_FILE): there"),
        ("BADGEJOBS_REDIS_URL", "canary", "redis_url (BADGEJOBS_REDIS_URL): is not the URL"),
    ],
)
def test_a_wrong_variable_is_told(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str, problem: str
) -> None:
    monkeypatch.setenv(name, value)
    assert problem in refused()


def test_a_secret_given_twice_in_one_layer_is_refused(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BADGEJOBS_REDIS_URL", "redis://canary")
    monkeypatch.setenv("BADGEJOBS_REDIS_URL_FILE", str(secret(home)))
    assert "redis_url is given as well; keep one of the two" in refused()


def test_variables_that_platforms_inject_are_only_warned_of(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("BADGEJOBS_REDIS_PORT", "tcp://10.0.0.1:6379")
    monkeypatch.setenv("BADGEJOBS_OWNER", "ours, and no matter of people")
    assert load_settings().warnings == [
        "BADGEJOBS_REDIS_PORT in the environment is not a setting and has no effect"
    ]


def test_a_secret_file_that_others_can_read_is_warned_of(home: Path) -> None:
    write(home, KEY + "api_key_file = 'shop.key'")
    secret(home).chmod(0o644)
    (warning,) = load_settings().warnings
    assert warning == (
        f"{home}/shop.key can be read by other users (mode 0644); run: chmod 600 {home}/shop.key"
    )
    secret(home).chmod(0o400)
    assert load_settings().warnings == []


def test_settings_made_directly_read_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BADGEJOBS_TICK_SECONDS", "3")
    assert Settings().tick_seconds == 10
