"""A digest in one mail, handed to an SMTP server."""

from __future__ import annotations

import smtplib
import socket
import ssl
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from email.message import EmailMessage
from email.utils import format_datetime
from typing import Any, Literal
from zoneinfo import ZoneInfo

from badgejobs.core.notification import Came, Notification, Reply, digest_of
from badgejobs.errors import NotTold
from badgejobs.notify.templating import HTML, SUBJECT, TEXT, Templates
from badgejobs.notify.values import digest_values
from badgejobs.wix.masking import tame

#: No step of talking to the server takes longer ...
_STEP_SECONDS = 10.0
#: ... nor all of them, however slowly it says a word.
MAIL_SECONDS = 30.0
#: What can come of talking to a server.
_WRONG = (smtplib.SMTPException, OSError, UnicodeError)


@dataclass(frozen=True, slots=True, kw_only=True)
class Server:
    """The server that takes our mails."""

    host: str
    port: int
    security: Literal["starttls", "tls", "none"]
    user: str = ""
    password: str = field(default="", repr=False)
    #: Whose certificates are believed; for tests.
    context: ssl.SSLContext | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Mail:
    """Mails digests of one site."""

    site: str
    server: Server
    sender: str
    to: Sequence[str]
    zone: ZoneInfo
    templates: Templates
    seconds: float = MAIL_SECONDS

    def message(self, some: Sequence[Notification]) -> EmailMessage:
        """The mail about these; raises ``FileError`` for a template that cannot be used.

        Made of the same again it has the same id, so that a mail server can drop it.
        """
        values = digest_values(self.site, some, self.zone)
        mail = EmailMessage()
        # a header is one line, whatever a badge is called
        mail["Subject"] = " ".join(self.templates.rendered(SUBJECT, values).split())
        mail["From"] = self.sender
        mail["To"] = ", ".join(self.to)
        mail["Date"] = format_datetime(max(one.made_at for one in some))
        mail["Message-ID"] = f"<{digest_of(some)}@{self.sender.rpartition('@')[2]}>"
        mail["Auto-Submitted"] = "auto-generated"
        mail.set_content(self.templates.rendered(TEXT, values))
        mail.add_alternative(self.templates.rendered(HTML, values), subtype="html")
        return mail

    def tell(self, some: Sequence[Notification]) -> Reply:
        """Hand over one mail about all of them; what came of it. Raises as ``message``."""
        return self.send(self.message(some))

    def send(self, mail: EmailMessage) -> Reply:
        """Hand over a mail; what came of it."""
        try:
            with self._at_server() as smtp:
                refused = smtp.send_message(mail, from_addr=self.sender, to_addrs=list(self.to))
        except _WRONG as error:
            return Reply(came=Came.FAILED, text=_reason(error))
        taken = f"taken for {len(self.to) - len(refused)} of {len(self.to)} recipients"
        return Reply(came=Came.TOLD, text=taken)

    def reach(self) -> str:
        """Go as far as a mail does and hand none over; to where. ``NotTold`` where that fails."""
        server = self.server
        where = f"{server.host}:{server.port}"
        try:
            with self._at_server() as smtp:
                smtp.ehlo_or_helo_if_needed()
        except _WRONG as error:
            said = _reason(error).replace(";", ",")
            raise NotTold(f"{where}: {said}; {_cure(error)}") from error
        return where

    @contextmanager
    def _at_server(self) -> Iterator[smtplib.SMTP]:
        """The server, by its security, and logged in; what it says at parting is no matter."""
        with _ending(after=self.seconds) as at_hand:
            smtp = self._connected(at_hand)
            try:
                if self.server.security == "starttls":
                    smtp.starttls(context=self.server.context or ssl.create_default_context())
                if self.server.user:
                    smtp.login(self.server.user, self.server.password)
                yield smtp
                with suppress(smtplib.SMTPException, OSError):
                    smtp.quit()
            finally:
                smtp.close()

    def _connected(self, at_hand: list[smtplib.SMTP]) -> smtplib.SMTP:
        server = self.server
        if server.security == "tls":
            return _Secure(server, at_hand)
        return _Plain(server, at_hand)


class _Plain(smtplib.SMTP):
    """At hand before the server's first word, which may never end."""

    def __init__(self, server: Server, at_hand: list[smtplib.SMTP]) -> None:
        self._at_hand = at_hand
        super().__init__(server.host, server.port, timeout=_STEP_SECONDS)

    def connect(self, *where: Any, **named: Any) -> tuple[int, bytes]:
        self._at_hand.append(self)
        return super().connect(*where, **named)


class _Secure(smtplib.SMTP_SSL):
    """The same under TLS from the beginning."""

    def __init__(self, server: Server, at_hand: list[smtplib.SMTP]) -> None:
        self._at_hand = at_hand
        context = server.context or ssl.create_default_context()
        super().__init__(server.host, server.port, timeout=_STEP_SECONDS, context=context)

    def connect(self, *where: Any, **named: Any) -> tuple[int, bytes]:
        self._at_hand.append(self)
        return super().connect(*where, **named)


@contextmanager
def _ending(*, after: float) -> Iterator[list[smtplib.SMTP]]:
    """Whoever waits for a word of a server after so long finds those at hand disconnected."""
    at_hand, is_over = list[smtplib.SMTP](), threading.Event()

    def end() -> None:
        is_over.wait(after)
        while not is_over.wait(0.1):
            for smtp in at_hand:
                if isinstance(smtp.sock, socket.socket):
                    with suppress(OSError):
                        # the bare connection: another thread reads by TLS just now
                        socket.socket.shutdown(smtp.sock, socket.SHUT_RDWR)

    threading.Thread(target=end, name="end of a mail", daemon=True).start()
    try:
        yield at_hand
    finally:
        is_over.set()


def _reason(error: Exception) -> str:
    """What went wrong with the server, without a word that is a secret."""
    match error:
        case smtplib.SMTPRecipientsRefused():
            first = next(iter(error.recipients.values()), (0, b""))
            return f"no recipient was taken: {_said(*first)}"
        case smtplib.SMTPResponseException():
            return _said(error.smtp_code, error.smtp_error)
        case UnicodeError():  # whose text shows a part of the password
            return "smtp_user or the password is not plain ASCII"
        case _:
            return f"the mail server: {type(error).__name__}: {tame(str(error))}"


def _cure(error: Exception) -> str:
    match error:
        case smtplib.SMTPAuthenticationError() | UnicodeError():
            return "correct smtp_user, or the password in smtp_password_file"
        case smtplib.SMTPNotSupportedError() | smtplib.SMTPServerDisconnected() | ssl.SSLError():
            return (
                "smtp_security must be what the server speaks at smtp_port (mostly starttls at "
                "587, tls at 465), with a certificate of smtp_host"
            )
        case _:
            return "correct smtp_host or smtp_port, or let this machine reach it"


def _said(code: int, text: bytes | str) -> str:
    shown = text.decode(errors="replace") if isinstance(text, bytes) else text
    return f"the mail server answered {code}: {tame(shown)}"
