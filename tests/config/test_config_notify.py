"""Who is told outside is said for all, and otherwise for one site; no secret stands in the file."""

from pathlib import Path

import pytest

from badgejobs.config import Settings, load_settings
from badgejobs.errors import SettingsError

pytestmark = pytest.mark.usefixtures("home")

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
SITE = """
[sites.shop]
rules = "shop.yaml"
site_id = "a"
api_key_file = "key"
"""
HOOK = 'webhook_url = "https://a.example/x"\nwebhook_secret_file = "hook"\n'


def told(home: Path, text: str, own: str = "") -> Settings:
    files = {"hook": SECRET, "key": "api-key", "other": SECRET.replace("Q", "R")}
    for name, content in files.items():
        (home / name).write_text(content)
        (home / name).chmod(0o600)
    text = f"[notify]\n{text}{SITE}" + (f"[sites.shop.notify]\n{own}" if own else "")
    (home / "badgejobs.toml").write_text(text, encoding="utf-8")
    return load_settings()


def test_a_site_says_otherwise_one_setting_at_a_time(home: Path) -> None:
    settings = told(home, HOOK + 'quiet_hours = "22:00-07:00"\n', 'on = "given,taken"\n')
    of_all, of_shop = settings.notify, settings.notify_of("shop")
    assert of_all.has_webhook
    assert (of_all.on, of_shop.on) == (("given",), ("given", "taken"))
    assert (of_shop.webhook_url, of_shop.quiet_hours) == ("https://a.example/x", "22:00-07:00")
    assert settings.notify_of("added-by-command") == of_all
    own = 'webhook_url = "https://b.example/"\nwebhook_secret_file = "other"\n'
    assert told(home, HOOK, own).notify_of("shop").webhook_url == "https://b.example/"
    assert not told(home, HOOK, 'webhook_url = ""\n').notify_of("shop").has_webhook
    assert not told(home, HOOK, "on = []\n").notify_of("shop").has_webhook


def test_only_what_a_site_says_itself_is_shown_as_its_own(home: Path) -> None:
    settings = told(home, HOOK, 'on = "taken"\n')
    own = [one for one in settings.origins() if one.name.startswith("sites.shop.notify")]
    assert [(one.name, one.value_shown) for one in own] == [("sites.shop.notify.on", "taken")]


def test_no_secret_is_shown(home: Path) -> None:
    settings = told(home, HOOK)
    shown = " ".join(one.value_shown for one in settings.origins()) + repr(settings)
    assert SECRET not in shown
    assert "https://a.example/x" not in shown, "with many services who knows the path may post"
    assert "https://a.example/***" in shown


def test_a_mail_server_of_a_site_is_not_told_the_password_of_the_installation(home: Path) -> None:
    mails = 'mail_from = "b@a.example"\nmail_to = ["o@a.example"]\n'
    server = 'smtp_host = "mail.a.example"\nsmtp_user = "u"\nsmtp_password_file = "key"\n'
    own = told(home, server + mails, 'smtp_host = "mail.b.example"\n').notify_of("shop")
    assert own.has_mail
    assert (own.smtp_user, own.smtp_password) == ("", None)
    same = told(home, server + mails, 'digest_at = "09:00"\n').notify_of("shop")
    assert same.smtp_password is not None


@pytest.mark.parametrize(
    ("text", "own", "sentence"),
    [
        ('webhook_url = "http://a.example/"', "", "must begin with https://"),
        ('webhook_url = "https://u:p@a.example/"', "", "must have no user, password"),
        ('webhook_url = "ftp://"', "", "is not a URL"),
        ('webhook_url = "https://a example/"', "", "is not a URL"),
        ('webhook_url = "https://a.example/"', "", "no secret to sign with"),
        (f'webhook_secret = "{SECRET}"', "", "a secret must not stand in this file"),
        ('webhook_secret_file = "key"', "", "is no secret of Standard Webhooks"),
        ('quiet_hours = "22-7"', "", 'must be two times of day, such as "22:00-07:00"'),
        ('digest_at = "8"', "", "is not a time of day"),
        ('timezone = "Berlin"', "", "is not a time zone"),
        ('mail_to = ["a"]', "", "is not an e-mail address"),
        ('smtp_host = "mail.example"', "", "mails need mail_from and mail_to"),
        ("webhook = 1", "", "not a setting; did you mean 'webhook_url'?"),
        (
            HOOK,
            'webhook_url = "https://b.example/"',
            "shop.notify has a webhook_url of its own; give it",
        ),
        ("", 'smtp_password = "x"', "a secret must not stand in this file"),
    ],
)
def test_what_cannot_be_is_refused_with_the_cure(
    home: Path, text: str, own: str, sentence: str
) -> None:
    with pytest.raises(SettingsError) as caught:
        told(home, text, own)
    assert sentence in str(caught.value)
    assert "badgejobs.toml" in str(caught.value)
    assert SECRET not in str(caught.value)
