"""Real listeners on loopback: a receiver of webhooks, and a server that keeps mails."""

from __future__ import annotations

import email
import email.policy
import socketserver
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ipaddress import ip_address
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from standardwebhooks.webhooks import Webhook

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"


@dataclass
class Receiver:
    """Takes webhooks, has each verified by the library, and answers as it is told."""

    url: str = ""
    #: (id, event) of each request, in their order.
    seen: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)
    #: Statuses of the next answers, and headers with them; afterwards 204.
    answers: list[tuple[int, dict[str, str]]] = field(default_factory=list)
    #: Answers by what was posted, before those of ``answers``.
    by_event: Callable[[dict[str, Any]], int | None] = lambda _: None
    hang: threading.Event | None = None

    @property
    def ids(self) -> list[str]:
        return [name for name, _ in self.seen]

    def members(self) -> list[str]:
        return [event["data"]["member_id"] for _, event in self.seen]


@contextmanager
def receiving(secret: str = SECRET) -> Iterator[Receiver]:
    receiver = Receiver()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            headers = dict(self.headers.items())
            event = Webhook(secret).verify(body, headers)
            receiver.seen.append((self.headers["webhook-id"], event))
            receiver.headers.append(headers)
            if receiver.hang is not None:
                receiver.hang.wait(30)
                return
            status = receiver.by_event(event)
            more: dict[str, str] = {}
            if status is None:
                status, more = receiver.answers.pop(0) if receiver.answers else (204, {})
            self.send_response(status)
            for name, value in more.items():
                self.send_header(name, value)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        receiver.url = f"http://127.0.0.1:{server.server_address[1]}/hook"
        try:
            yield receiver
        finally:
            if receiver.hang is not None:
                receiver.hang.set()
            server.shutdown()


@dataclass
class Mailbox:
    """Takes mails, or refuses them with a line."""

    port: int = 0
    mails: list[EmailMessage] = field(default_factory=list)
    recipients: list[list[str]] = field(default_factory=list)
    refuse: str = ""
    #: What it says to a client that leaves.
    last_word: str = "221 bye"
    #: With one it says its first word letter by letter, and comes to no end before that is set.
    drips: threading.Event | None = None
    #: With one it offers STARTTLS and a password.
    tls: ssl.SSLContext | None = None
    #: Whether it takes a password without TLS.
    takes_password: bool = False
    refuses_password: bool = False
    #: What was said before TLS, and what was said in it.
    plain: list[str] = field(default_factory=list)
    secret: list[str] = field(default_factory=list)


class _Mails(socketserver.ThreadingTCPServer):
    box: Mailbox


class _Session(socketserver.StreamRequestHandler):
    """One conversation in SMTP, as much of it as a client of ours speaks."""

    server: _Mails

    def handle(self) -> None:
        with suppress(ConnectionError):  # who wanted TLS at once leaves like that
            self._talks()

    def _talks(self) -> None:
        box, to, is_secret = self.server.box, list[str](), False
        while box.drips is not None and not box.drips.wait(0.02):
            self.wfile.write(b"2")
        self._say("220 test")
        while line := self.rfile.readline().decode(errors="replace").strip():
            word = line.partition(" ")[0].upper()
            (box.secret if is_secret else box.plain).append(line)
            if word == "QUIT":
                self._say(box.last_word)
                return
            if word == "STARTTLS" and box.tls:
                self._say("220 go on")
                if not self._secured(box.tls):
                    return
                is_secret = True
            elif word == "DATA":
                self._takes(to)
            elif word == "EHLO" and box.tls:
                self._say("250-test", "250 AUTH PLAIN" if is_secret else "250 STARTTLS")
            elif word == "EHLO" and box.takes_password:
                self._say("250-test", "250 AUTH PLAIN")
            elif word == "MAIL" and box.refuse:
                self._say(box.refuse)
            else:
                to += [line.partition("<")[2].rstrip(">")] if word == "RCPT" else []
                refused = word == "AUTH" and box.refuses_password
                self._say("535 no" if refused else "235 yes" if word == "AUTH" else "250 yes")

    def _secured(self, tls: ssl.SSLContext) -> bool:
        try:
            self.request = tls.wrap_socket(self.request, server_side=True)
        except (ssl.SSLError, OSError):
            return False
        self.rfile, self.wfile = self.request.makefile("rb"), self.request.makefile("wb", 0)
        return True

    def _takes(self, to: list[str]) -> None:
        self._say("354 go on")
        content = b""
        while not content.endswith(b"\r\n.\r\n"):
            content += self.rfile.readline()
        mail = email.message_from_bytes(content[:-3], policy=email.policy.default)
        self.server.box.mails.append(mail)
        self.server.box.recipients.append(list(to))
        self._say("250 taken")

    def _say(self, *lines: str) -> None:
        self.wfile.write("".join(f"{line}\r\n" for line in lines).encode())

    def finish(self) -> None:
        super().finish()
        self.request.close()


@contextmanager
def mailing() -> Iterator[Mailbox]:
    with _Mails(("127.0.0.1", 0), _Session) as server:
        box = server.box = Mailbox(port=server.server_address[1])
        threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        try:
            yield box
        finally:
            if box.drips is not None:
                box.drips.set()
            server.shutdown()


def certificate(folder: Path) -> Path:
    """A certificate of 127.0.0.1 and its key, in one file."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "test")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(
            x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False
        )
        .sign(key, hashes.SHA256())
    )
    private = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    path = folder / "server.pem"
    path.write_bytes(private + made.public_bytes(serialization.Encoding.PEM))
    return path
