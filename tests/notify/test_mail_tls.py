"""A password and a mail go to the server under TLS only, and to the right one only."""

from __future__ import annotations

import ssl
import threading
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from listeners import Mailbox, certificate, mailing

from badgejobs.core.calendar import UTC_ZONE
from badgejobs.core.notification import Came, Channel, Event, Notification
from badgejobs.notify import Mail, Server, Templates

HAPPENED = Notification(
    row=1, site="shop", member_id="m", badge="b", period=1, channel=Channel.MAIL,
    event=Event.GIVEN, made_at=datetime.now(UTC), title="Bl\u00fcte \U0001f338",
)  # fmt: skip


def test_a_password_goes_under_tls_only_and_to_no_server_that_is_not_believed(
    tmp_path: Path,
) -> None:
    pem = certificate(tmp_path)
    with mailing() as box:
        box.tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        box.tls.load_cert_chain(pem)

        def mail(believed: ssl.SSLContext | None) -> Mail:
            server = Server(
                host="127.0.0.1", port=box.port, security="starttls", user="u",
                password="canary-password", context=believed,
            )  # fmt: skip
            assert "canary" not in repr(server)
            return Mail(
                site="shop", server=server, sender="b@shop.example", to=["o@shop.example"],
                zone=UTC_ZONE, templates=Templates(),
            )  # fmt: skip

        refused = mail(None).tell([HAPPENED])
        assert refused.came is Came.FAILED
        assert "CERTIFICATE_VERIFY_FAILED" in refused.text
        assert box.mails == []
        told = mail(ssl.create_default_context(cafile=str(pem))).tell([HAPPENED])
        assert told.came is Came.TOLD, told.text
    assert {line.partition(" ")[0] for line in box.plain} == {"ehlo", "STARTTLS"}
    assert any(line.startswith("AUTH PLAIN") for line in box.secret)
    [taken] = box.mails
    text = taken.get_body(("plain",))
    assert text is not None
    assert "Bl\u00fcte \U0001f338" in text.get_content()


def plain(box: Mailbox, **told: Any) -> Mail:
    who = {name: told.pop(name) for name in ("user", "password") if name in told}
    return Mail(
        site="shop", server=Server(host="127.0.0.1", port=box.port, security="none", **who),
        sender="b@shop.example", to=["o@shop.example"], zone=UTC_ZONE, templates=Templates(),
        **told,
    )  # fmt: skip


def test_a_mail_that_was_taken_is_told_whatever_the_server_says_at_parting() -> None:
    with mailing() as box:
        box.last_word = "421 too many"
        assert plain(box).tell([HAPPENED]).came is Came.TOLD
        assert len(box.mails) == 1


def test_a_server_that_never_ends_its_word_is_left_in_the_end() -> None:
    with mailing() as box:
        box.drips = threading.Event()
        assert plain(box, seconds=0.2).tell([HAPPENED]).came is Came.FAILED


def test_a_password_that_cannot_be_said_is_told_without_a_letter_of_it() -> None:
    with mailing() as box:
        box.plain.clear()
        reply = plain(box, user="u", password="gr\u00fcn").tell([HAPPENED])
    assert reply.came is Came.FAILED
    assert "\u00fc" not in reply.text
    assert "xfc" not in reply.text
