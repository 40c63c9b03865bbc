"""A webhook by the Standard Webhooks scheme: one signed POST, one deadline, no second try."""

from __future__ import annotations

import base64
import hmac
import ipaddress
import json
import ssl
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from email.utils import parsedate_to_datetime
from functools import cache
from http import HTTPStatus
from typing import Final
from urllib.parse import urlsplit

import httpx

import badgejobs
from badgejobs.core.notification import Came, Notification, Reply
from badgejobs.errors import FileError, NotTold
from badgejobs.notify.templating import WEBHOOK, Templates
from badgejobs.notify.values import body_of
from badgejobs.wix.addresses import Resolve, resolve
from badgejobs.wix.deadline import DeadlineTransport, deadline, reach
from badgejobs.wix.masking import tame

#: A body that a template makes longer is a mistake.
MOST_BODY_BYTES: Final = 64 * 1024
#: So much of an answer is looked at, for a person who tries it; the rest is not read.
MOST_ANSWER_BYTES: Final = 512
#: A receiver that asks for a longer pause is asked again by then all the same.
_LONGEST_PAUSE: Final = timedelta(hours=1)
_HTTP, _HTTPS = 80, 443
_PRIVATE: Final = "the webhook's host is at a private address"
_WAITS: Final = ("connect", "read", "write", "pool")


class PrivateAddress(OSError):
    """The host is at an address that is no public one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Webhook:
    """Posts notifications to one address, which the settings have checked."""

    url: str = field(repr=False)
    #: Of all of them a signature is sent, so that a receiver may know the old one or the new one.
    keys: Sequence[bytes] = field(repr=False)
    seconds: float
    templates: Templates
    may_be_private: bool = False
    resolve: Resolve = resolve
    clock: Callable[[], float] = time.time

    def body(self, one: Notification) -> bytes:
        """What is posted; raises ``FileError`` for a template that cannot be used."""
        fixed = body_of(one)
        if not self.templates.has(WEBHOOK):
            return json.dumps(fixed, separators=(",", ":"), ensure_ascii=False).encode()
        text = self.templates.rendered(WEBHOOK, fixed)
        try:
            json.loads(text)
        except json.JSONDecodeError as error:
            raise self.templates.broken(
                WEBHOOK, ValueError(f"no JSON in line {error.lineno}")
            ) from None
        except RecursionError as error:
            raise self.templates.broken(WEBHOOK, error) from None
        content = text.encode()
        if len(content) > MOST_BODY_BYTES:
            raise FileError(f"makes more than {MOST_BODY_BYTES // 1024} KiB", file=WEBHOOK)
        return content

    def tell(self, some: Sequence[Notification]) -> Reply:
        """Post one; what came of it. Raises ``FileError`` for a template that cannot be used."""
        (one,) = some
        return self.post(one.id, self.body(one))

    def post(self, message_id: str, content: bytes) -> Reply:
        """Post a body under an id; what came of it."""
        at = str(int(self.clock()))
        headers = {
            "Content-Type": "application/json",
            "Accept-Encoding": "identity",
            "User-Agent": f"badgejobs/{badgejobs.__version__}",
            "webhook-id": message_id,
            "webhook-timestamp": at,
            "webhook-signature": signatures(self.keys, message_id, at, content),
        }
        host = urlsplit(self.url).hostname or ""
        try:
            self._require_public_literal(host)
            # httpx's transport and not its client: no redirect is followed, no proxy is taken
            # from the environment, and no URL is logged
            transport = DeadlineTransport(_tls(), keep_alive=False, resolve=self._looked_up)
        except PrivateAddress as error:
            return Reply(came=Came.FAILED, text=str(error))
        try:
            with deadline(self.seconds):
                request = httpx.Request(
                    "POST",
                    self.url,
                    content=content,
                    headers=headers,
                    extensions={"timeout": dict.fromkeys(_WAITS, self.seconds)},
                )
                response = transport.handle_request(request)
                try:
                    return reply_of(response, _beginning(response))
                finally:
                    response.close()
        except httpx.InvalidURL:
            return Reply(came=Came.FAILED, text="webhook_url is no URL that can be asked")
        except (httpx.HTTPError, httpx.StreamError) as error:
            text = str(error)
            if isinstance(error, httpx.RemoteProtocolError):
                text = text.partition(":")[0]  # what is behind it is quoted from the answer
            return Reply(came=Came.FAILED, text=f"no answer: {tame(text) or type(error).__name__}")
        finally:
            transport.close()

    def reach(self) -> str:
        """Connect as a post does, and post nothing; to which host. ``NotTold`` where that fails.

        The text of the error holds the host alone: with many receivers the path is a secret.
        """
        parts = urlsplit(self.url)
        host, by_tls = parts.hostname or "", parts.scheme == "https"
        try:
            self._require_public_literal(host)
            reach(
                host,
                parts.port or (_HTTPS if by_tls else _HTTP),
                context=_tls() if by_tls else None,
                seconds=self.seconds,
                resolve=self._looked_up,
            )
        except OSError as error:
            raise NotTold(f"{host}: {_unreached(error)}") from error
        return host

    def _require_public_literal(self, host: str) -> None:
        """Look at a host that is an address; others are looked up, and looked at, to connect."""
        try:
            address = str(ipaddress.ip_address(host))
        except ValueError:
            return
        if not self.may_be_private:
            _require_public(host, [address], literal=True)

    def _looked_up(self, host: str, port: int) -> list[str]:
        found = self.resolve(host, port)
        if not self.may_be_private:
            _require_public(host, found, literal=False)
        return found


def signatures(keys: Sequence[bytes], message_id: str, at: str, content: bytes) -> str:
    """The header ``webhook-signature``: one signature a key, newest first.

    >>> signatures([b"x" * 24], "msg_1", "1700000000", b"{}")
    'v1,LmOsZlrVUyeQ4uRmdnmqc6BTEymlbc7zMkdBUpZlqEc='
    """
    signed = f"{message_id}.{at}.".encode() + content
    words = [base64.b64encode(hmac.digest(key, signed, "sha256")).decode() for key in keys]
    return " ".join(f"v1,{word}" for word in words)


def reply_of(response: httpx.Response, body: str) -> Reply:
    """What an answer means to us."""
    status = response.status_code
    if HTTPStatus.OK <= status < HTTPStatus.MULTIPLE_CHOICES:
        return Reply(came=Came.TOLD, text=f"answered {status}", status=status, body=body)
    if status == HTTPStatus.GONE:
        text = "answered 410: it wants nothing more"
        return Reply(came=Came.GONE, text=text, status=status, body=body)
    text = f"answered {status}"
    if HTTPStatus.MULTIPLE_CHOICES <= status < HTTPStatus.BAD_REQUEST:
        text += ", and no redirect is followed: write the final address as webhook_url"
    pause = _asked_pause(response.headers.get("retry-after"))
    return Reply(came=Came.FAILED, text=text, pause=pause, status=status, body=body)


def _asked_pause(told: str | None) -> timedelta | None:
    """The pause of a header ``Retry-After``, where it says one that can be understood."""
    if not told:
        return None
    try:
        seconds = float(int(told))
    except ValueError:
        try:
            seconds = parsedate_to_datetime(told).timestamp() - time.time()
        except (ValueError, OverflowError):
            return None
    return min(timedelta(seconds=min(max(seconds, 0), 86_400)), _LONGEST_PAUSE)


def _beginning(response: httpx.Response) -> str:
    """The first of a body; that it breaks off is no matter, its status has been said."""
    found = b""
    try:
        for chunk in response.iter_raw():
            found += chunk
            if len(found) >= MOST_ANSWER_BYTES:
                break
    except (httpx.HTTPError, httpx.StreamError):
        pass
    return tame(found[:MOST_ANSWER_BYTES].decode(errors="replace"))


def _unreached(error: OSError) -> str:
    """Why a host could not be connected to, and behind a semicolon the cure."""
    text = str(error)
    if _PRIVATE in text:
        return text
    said = tame(text).replace(";", ",")
    if "SSL" in text:
        return f"{said}; it must speak TLS there, with a certificate of a public authority"
    return f"{said}; correct webhook_url, or let this machine reach that host"


def _require_public(host: str, addresses: Sequence[str], *, literal: bool) -> None:
    """Raise unless all are public ones, or the host is this machine by its very name."""
    for text in addresses:
        address = ipaddress.ip_address(text)
        by_name = literal or host == "localhost"
        if not (is_public(address) or (by_name and address.is_loopback)):
            raise PrivateAddress(
                f"{_PRIVATE}; where that is meant, write webhook_may_be_private = true"
            )


def is_public(address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> bool:
    """Whether an address is one of the public network, in whatever form it is written.

    >>> is_public(ipaddress.ip_address("93.184.216.34"))
    True
    >>> some = ("10.0.0.1", "169.254.169.254", "::ffff:127.0.0.1", "fe80::1", "64:ff9b::a00:1",
    ...         "fec0::1", "::10.0.0.1", "2002:a00:1::1")
    >>> any(is_public(ipaddress.ip_address(one)) for one in some)
    False
    """
    if isinstance(address, ipaddress.IPv6Address):
        within = address.ipv4_mapped or address.sixtofour
        if within is not None:
            return is_public(within)
        # old site-local ones, and such as an IPv4 address is written in, count as global elsewhere
        if address not in _UNICAST or address.teredo is not None:
            return False
    return address.is_global and not address.is_multicast


#: All that was ever given out to the public of IPv6.
_UNICAST: Final = ipaddress.ip_network("2000::/3")


@cache
def _tls() -> ssl.SSLContext:
    """Reading the certificates takes longer than a request."""
    return httpx.create_ssl_context(trust_env=False)
