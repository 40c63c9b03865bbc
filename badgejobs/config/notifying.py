"""Whom the installation tells of awards, and what one site says otherwise."""

from __future__ import annotations

import base64
import binascii
import re
from datetime import time
from ipaddress import ip_address
from pathlib import Path
from typing import Annotated, Literal, Protocol, Self, TypeVar
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    SecretStr,
    model_validator,
)
from pydantic_core import PydanticCustomError

from badgejobs.config import checks

_ADDRESS = re.compile(r"[^\s@,;<>\"]+@[^\s@,;<>\"]+")
_CLOCK = re.compile(r"([01][0-9]|2[0-3]):[0-5][0-9]")
_WHSEC = "whsec_"
_KEY_BYTES = range(24, 65)
_LONGEST_URL = 2000


def is_loopback(host: str) -> bool:
    """Whether a host is this very machine by its name.

    >>> is_loopback("127.0.0.1"), is_loopback("localhost"), is_loopback("10.0.0.1")
    (True, True, False)
    """
    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False


def _webhook_url(text: str) -> str:
    if not text:
        return text
    try:
        parts = urlsplit(text)
        host, _ = parts.hostname or "", parts.port
    except ValueError:
        parts, host = urlsplit(""), ""
    is_plain = text.isascii() and text.isprintable() and " " not in text
    if not host or len(text) > _LONGEST_URL or not is_plain:
        raise checks.refusal("is not a URL; write https://HOST/PATH")
    if parts.username or parts.password or parts.fragment:
        raise checks.refusal("must have no user, password or #; requests are signed instead")
    if parts.scheme != "https" and not (parts.scheme == "http" and is_loopback(host)):
        raise checks.refusal("must begin with https://, or be on this machine (http://127.0.0.1)")
    return text


def webhook_keys(secret: SecretStr) -> tuple[bytes, ...]:
    """The keys of ``whsec_`` secrets, newest first; a refusal where one is none."""
    keys = list[bytes]()
    for word in secret.get_secret_value().split():
        try:
            key = base64.b64decode(word.removeprefix(_WHSEC), validate=True)
        except (binascii.Error, ValueError):
            key = b""
        if not word.startswith(_WHSEC) or len(key) not in _KEY_BYTES:
            raise checks.refusal(
                "is no secret of Standard Webhooks: whsec_ and base64 of 24 to 64 bytes; make one "
                'with: echo "whsec_$(openssl rand -base64 32)"'
            )
        keys.append(key)
    return tuple(keys)


def _webhook_secret(secret: SecretStr) -> SecretStr:
    webhook_keys(secret)
    return secret


def _address(text: str) -> str:
    if not _ADDRESS.fullmatch(text) or not text.isascii():
        raise checks.refusal("is not an e-mail address; write one such as badges@example.com")
    return text


def _addresses(some: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(map(_address, some))


def _clock(text: str) -> str:
    if not _CLOCK.fullmatch(text):
        raise checks.refusal('is not a time of day; write one such as "08:00"')
    return text


def _hours(text: str) -> str:
    begins, _, ends = text.partition("-")
    if text and (not (_CLOCK.fullmatch(begins) and _CLOCK.fullmatch(ends)) or begins == ends):
        raise checks.refusal('must be two times of day, such as "22:00-07:00", or ""')
    return text


def _zone(text: str) -> str:
    try:
        ZoneInfo(text)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise checks.refusal("is not a time zone; write one such as Europe/Berlin") from None
    return text


def time_of(text: str) -> time:
    """A time of day that was checked."""
    return time.fromisoformat(text)


class Notify(BaseModel):
    """Who is told when a badge is given, by webhook and by a digest in a mail.

    A site's own table replaces what it names, one setting at a time.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    #: What is told: that a badge was given, or taken by a rule.
    on: Annotated[tuple[Literal["given", "taken"], ...], BeforeValidator(checks.words_of)] = (
        "given",
    )
    #: Where each is posted to; empty for nowhere. With many receivers its path is a secret.
    webhook_url: Annotated[str, AfterValidator(_webhook_url), Field(repr=False)] = ""
    #: Secrets that requests are signed with, one a line, newest first.
    webhook_secret: Annotated[SecretStr, AfterValidator(_webhook_secret)] | None = None
    webhook_secret_file: Path | None = None
    #: A request is over by then.
    webhook_timeout_seconds: Annotated[int, Field(ge=1, le=20)] = 10
    #: Whether the webhook may be at an address that is no public one.
    webhook_may_be_private: bool = False
    #: The server that takes the mails; empty for no mails.
    smtp_host: str = ""
    smtp_port: Annotated[int, Field(ge=1, le=65_535)] = 587
    smtp_security: Annotated[Literal["starttls", "tls", "none"], BeforeValidator(checks.lower)] = (
        "starttls"
    )
    smtp_user: str = ""
    smtp_password: SecretStr | None = None
    smtp_password_file: Path | None = None
    mail_from: Annotated[str, AfterValidator(_address)] | None = None
    mail_to: Annotated[
        tuple[str, ...], BeforeValidator(checks.words_of), AfterValidator(_addresses)
    ] = ()
    digest_every: Annotated[Literal["daily", "weekly"], BeforeValidator(checks.lower)] = "daily"
    #: By the site's clock; a weekly one goes out on Mondays.
    digest_at: Annotated[str, AfterValidator(_clock)] = "08:00"
    #: Nobody is told anything in these, by the site's clock; it is told afterwards.
    quiet_hours: Annotated[str, AfterValidator(_hours)] = ""
    #: ``None``: the site's zone, as Wix told it; UTC where it did not.
    timezone: Annotated[str, AfterValidator(_zone)] | None = None
    #: What could not be told for so long is given up.
    give_up_hours: Annotated[int, Field(ge=1, le=168)] = 24
    #: A folder with templates in the place of ours.
    templates: Path | None = None

    @property
    def has_webhook(self) -> bool:
        """Whether webhooks are sent."""
        return bool(self.on and self.webhook_url and self.webhook_secret)

    @property
    def has_mail(self) -> bool:
        """Whether digests are mailed."""
        return bool(self.on and self.smtp_host and self.mail_to and self.mail_from)


class InstallationNotify(Notify):
    """The same for all sites; what is begun here must be whole."""

    @model_validator(mode="after")
    def _whole(self) -> Self:
        require_whole(self)
        return self


def require_whole(told: Notify) -> None:
    """A refusal where a channel is begun and cannot be used."""
    if told.webhook_url and told.webhook_secret is None:
        raise checks.refusal(
            "has webhook_url and no secret to sign with; write webhook_secret_file"
        )
    if told.smtp_host and not (told.mail_from and told.mail_to):
        raise checks.refusal("has smtp_host; mails need mail_from and mail_to besides")
    if bool(told.smtp_user) is not (told.smtp_password is not None):
        raise checks.refusal("needs smtp_user and smtp_password_file, both or neither")
    if told.smtp_user and told.smtp_security == "none" and not is_loopback(told.smtp_host):
        raise checks.refusal(
            'would send smtp_password for all to read; write smtp_security = "starttls" or "tls"'
        )


def joined(whole: Notify, own: Notify | None) -> Notify:
    """What holds for a site: the installation's, and in its place what the site says itself.

    A refusal where it sends to a place of its own what is signed with the installation's secret:
    who has that could pretend to be us at every other site. A mail server of its own is not told
    the installation's password.
    """
    if own is None:
        return whole
    names = own.model_fields_set
    if own.webhook_url and "webhook_secret" not in names and whole.webhook_secret is not None:
        raise checks.refusal(
            "has a webhook_url of its own; give it a webhook_secret_file of its own too"
        )
    update = {name: getattr(own, name) for name in names}
    if own.smtp_host:
        # what we say to one server is no other's to know
        update = {"smtp_user": "", "smtp_password": None} | update
    told = whole.model_copy(update=update)
    require_whole(told)
    return told


class _Site(Protocol):
    @property
    def notify(self) -> Notify | None: ...


S = TypeVar("S", bound=_Site)


def require_each(sites: dict[str, S], whole: Notify | None) -> dict[str, S]:
    """The sites; a refusal that names the one whose own word goes not with the installation's."""
    for name, site in sites.items():
        try:
            joined(whole or Notify(), site.notify)
        except PydanticCustomError as error:
            raise checks.refusal(f"{name}.notify {error.message()}") from None
    return sites
