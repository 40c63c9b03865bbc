"""A digest in one mail, handed to an SMTP server."""

from __future__ import annotations

import smtplib
import ssl
from collections.abc import Sequence
from dataclasses import dataclass, field
from email.message import EmailMessage
from email.utils import format_datetime
from typing import Literal
from zoneinfo import ZoneInfo

from badgejobs.core.notification import Came, Notification, Reply, digest_of
from badgejobs.notify.templating import HTML, SUBJECT, TEXT, Templates
from badgejobs.notify.values import digest_values
from badgejobs.wix.masking import tame

#: No step of talking to the server takes longer.
_STEP_SECONDS = 10.0


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
            with self._connected() as smtp:
                refused = smtp.send_message(mail, from_addr=self.sender, to_addrs=list(self.to))
        except smtplib.SMTPRecipientsRefused as error:
            first = next(iter(error.recipients.values()), (0, b""))
            return Reply(came=Came.FAILED, text=f"no recipient was taken: {_said(*first)}")
        except smtplib.SMTPResponseException as error:
            return Reply(came=Came.FAILED, text=_said(error.smtp_code, error.smtp_error))
        except (smtplib.SMTPException, OSError) as error:
            text = f"{type(error).__name__}: {tame(str(error))}"
            return Reply(came=Came.FAILED, text=f"the mail server: {text}")
        taken = f"taken for {len(self.to) - len(refused)} of {len(self.to)} recipients"
        return Reply(came=Came.TOLD, text=taken)

    def _connected(self) -> smtplib.SMTP:
        server = self.server
        context = server.context or ssl.create_default_context()
        if server.security == "tls":
            smtp: smtplib.SMTP = smtplib.SMTP_SSL(
                server.host, server.port, timeout=_STEP_SECONDS, context=context
            )
        else:
            smtp = smtplib.SMTP(server.host, server.port, timeout=_STEP_SECONDS)
        try:
            if server.security == "starttls":
                smtp.starttls(context=context)
            if server.user:
                smtp.login(server.user, server.password)
        except (smtplib.SMTPException, OSError):
            smtp.close()
            raise
        return smtp


def _said(code: int, text: bytes | str) -> str:
    shown = text.decode(errors="replace") if isinstance(text, bytes) else text
    return f"the mail server answered {code}: {tame(shown)}"
