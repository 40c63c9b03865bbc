"""The doctor tells of each channel whether it could be used, and tells nobody anything by it."""

from __future__ import annotations

import json
import ssl
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from command_desk import APP, INSTANCE, Desk, LiveWix
from listeners import SECRET, Mailbox, Receiver, certificate, mailing, receiving
from one_process import run_here

from badgejobs.errors import NotTold
from badgejobs.notify import Templates, Webhook
from badgejobs.service.addresses import free_port

pytest_plugins = ["cli_fixtures"]

PASSWORD = "mail-password-canary"
HIDDEN = "a-path-that-is-a-secret"
MAIL = """
smtp_host = "127.0.0.1"
smtp_port = {port}
smtp_security = "{security}"
mail_from = "badges@shop.example"
mail_to = ["owner@shop.example"]
"""
LOGS_IN = 'smtp_user = "badges"\nsmtp_password_file = "smtp.secret"\n'


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as receiver:
        yield receiver


@pytest.fixture
def mailbox() -> Iterator[Mailbox]:
    with mailing() as mailbox:
        yield mailbox


def tells(desk: Desk, *, webhook: str = "", mail: str = "", sites: str = "") -> None:
    """Let the settings say who is told."""
    desk.write("signing.secret", SECRET)
    desk.write("smtp.secret", PASSWORD)
    hook = f'webhook_url = "{webhook}"\nwebhook_secret_file = "signing.secret"\n' if webhook else ""
    path = desk.folder / "badgejobs.toml"
    desk.write("badgejobs.toml", f"{path.read_text('utf-8')}{sites}\n[notify]\n{hook}{mail}")


def hooks_at(port: int, scheme: str = "http") -> str:
    return f"{scheme}://127.0.0.1:{port}/{HIDDEN}"


def looked(desk: Desk, *arguments: str) -> tuple[int, dict[str, dict[str, Any]]]:
    """How the doctor ends, and its findings by their names; no secret is in what it says."""
    ended = run_here(["doctor", *arguments, "--json"], folder=desk.folder, environment={})
    for secret in (SECRET, SECRET[6:], PASSWORD, HIDDEN, "/hook", "owner@shop.example"):
        assert secret not in ended.out + ended.err
    return ended.code, {one["check"]: one for one in json.loads(ended.out)["checks"]}


@pytest.mark.slow
def test_channels_that_can_be_used_are_said_to_be_and_nothing_is_sent_by_them(
    desk: Desk, live_wix: LiveWix, receiver: Receiver, mailbox: Mailbox
) -> None:
    mailbox.takes_password = True
    mail = MAIL.format(port=mailbox.port, security="none") + LOGS_IN
    tells(desk, webhook=receiver.url, mail=mail)
    desk.write("signing.secret", f"{SECRET}\n{SECRET}\n")

    code, found = looked(desk)

    assert code == 0, found
    assert found["shop: webhook"] == {
        "check": "shop: webhook", "ok": True, "cure": "",
        "finding": "127.0.0.1 takes connections, and 2 secrets are read; nothing was sent",
    }  # fmt: skip
    assert found["shop: mail"]["finding"] == (
        f"127.0.0.1:{mailbox.port} answers in the clear, and takes the password; no mail was sent"
    )
    assert receiver.seen == []
    assert mailbox.mails == []
    words = [line.partition(" ")[0].upper() for line in mailbox.plain]
    assert (words.count("AUTH"), words[-1]) == (1, "QUIT")
    assert not {"MAIL", "RCPT", "DATA"} & set(words)


def test_where_nobody_is_told_nothing_is_said_of_it(lonely_desk: Desk) -> None:
    tells(lonely_desk)
    _, found = looked(lonely_desk)
    assert not [name for name in found if "webhook" in name or "mail" in name]


def test_what_many_sites_share_is_looked_at_once_and_told_of_each(
    lonely_desk: Desk, mailbox: Mailbox
) -> None:
    sites = "".join(
        f'\n[sites.{name}]\nrules = "rules.yaml"\napp_id = "{APP}"\ninstance_id = "{instance}"\n'
        f'app_secret_file = "app.secret"\n{own}'
        for name, instance, own in [
            ("near", f"{INSTANCE[:-1]}8", ""),
            ("quiet", f"{INSTANCE[:-1]}9", "[sites.quiet.notify]\non = []\n"),
        ]
    )
    mail = MAIL.format(port=mailbox.port, security="none")
    tells(lonely_desk, mail=mail, sites=sites)
    _, found = looked(lonely_desk)
    assert {name for name in found if name.endswith(": mail")} == {"near: mail", "shop: mail"}
    assert sum(line.lower().startswith("ehlo") for line in mailbox.plain) == 1


def test_a_webhook_that_cannot_be_reached_is_told_with_its_cure_and_without_its_path(
    lonely_desk: Desk, receiver: Receiver, tmp_path: Path
) -> None:
    own = (lonely_desk.folder / "badgejobs.toml").read_text("utf-8")
    port = int(receiver.url.rpartition(":")[2].partition("/")[0])
    for url, finding, cure in [
        (hooks_at(free_port()), "Connection refused", "correct webhook_url"),
        (hooks_at(port, "https"), "SSL", "it must speak TLS there"),
        (f"https://10.0.0.7/{HIDDEN}", "private address", "webhook_may_be_private = true"),
    ]:
        lonely_desk.write("badgejobs.toml", own)
        tells(lonely_desk, webhook=url)
        code, found = looked(lonely_desk)
        one = found["shop: webhook"]
        assert (code, one["ok"]) == (1, False)
        assert finding in one["finding"]
        assert cure in one["cure"]
    assert receiver.seen == []


def test_a_host_that_leads_to_a_private_address_is_not_connected_to(receiver: Receiver) -> None:
    def to(*addresses: str) -> Webhook:
        return Webhook(
            url=f"https://hooks.example/{HIDDEN}", keys=(b"k" * 32,), seconds=2,
            templates=Templates(), resolve=lambda _host, _port: list(addresses),
        )  # fmt: skip

    for addresses in (("10.0.0.7",), ("93.184.216.34", "127.0.0.1")):
        with pytest.raises(NotTold, match=r"hooks\.example: .*private address") as caught:
            to(*addresses).reach()
        assert HIDDEN not in str(caught.value)
    with pytest.raises(NotTold, match="no address; correct webhook_url"):
        to().reach()


def test_a_mail_server_that_cannot_be_used_is_told_with_its_cure(
    lonely_desk: Desk, mailbox: Mailbox, tmp_path: Path
) -> None:
    own = (lonely_desk.folder / "badgejobs.toml").read_text("utf-8")

    def of(*, port: int = mailbox.port, security: str, more: str = "") -> tuple[str, str]:
        lonely_desk.write("badgejobs.toml", own)
        tells(lonely_desk, mail=MAIL.format(port=port, security=security) + more)
        code, found = looked(lonely_desk)
        assert (code, found["shop: mail"]["ok"]) == (1, False)
        return found["shop: mail"]["finding"], found["shop: mail"]["cure"]

    finding, cure = of(port=free_port(), security="none")
    assert "Connection refused" in finding
    assert cure.startswith("correct smtp_host or smtp_port")
    finding, cure = of(security="starttls")
    assert "STARTTLS" in finding
    assert cure.startswith("smtp_security must be what the server speaks")
    assert of(security="tls")[1] == cure
    mailbox.takes_password = mailbox.refuses_password = True
    finding, cure = of(security="none", more=LOGS_IN)
    assert "the mail server answered 535: no" in finding
    assert cure == "correct smtp_user, or the password in smtp_password_file"
    mailbox.tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    mailbox.tls.load_cert_chain(certificate(tmp_path))
    finding, cure = of(security="starttls", more=LOGS_IN)
    assert "CERTIFICATE_VERIFY_FAILED" in finding
    assert cure.endswith("with a certificate of smtp_host")
    assert mailbox.secret == [], "no password goes to who is not believed"
    assert mailbox.mails == []


def test_a_secret_that_cannot_be_read_and_a_broken_template_are_told_with_their_place(
    lonely_desk: Desk, receiver: Receiver
) -> None:
    tells(lonely_desk, webhook=receiver.url, mail='templates = "templates"\n')
    (lonely_desk.folder / "templates").mkdir()
    template = lonely_desk.write("templates/webhook.json.j2", "{{ data.nobody }}")
    code, found = looked(lonely_desk)
    assert (code, found["shop: webhook"]["ok"]) == (4, False)
    assert f"{template}:1: the template cannot be used" in found["shop: webhook"]["finding"]
    assert "notify preview" in found["shop: webhook"]["cure"]
    (lonely_desk.folder / "signing.secret").unlink()
    code, found = looked(lonely_desk)
    assert (code, found["settings"]["ok"]) == (4, False)
    assert "signing.secret" in found["settings"]["finding"]
    assert found["settings"]["cure"] == "write the secret into it"
    assert receiver.seen == []
