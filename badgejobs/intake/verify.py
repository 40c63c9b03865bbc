"""The body of a webhook as an event that Wix signed, or one refusal that tells nothing."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import jwt

from badgejobs.errors import Permanent

#: A longer body is none of Wix's.
MOST_BYTES: Final = 256 * 1024
#: The clocks of Wix and of this machine may differ by so much, in seconds.
LEEWAY: Final = 60

#: Three parts in the alphabet of a token; a header or signature that is longer is not looked at.
_TOKEN = re.compile(rb"[\w-]{1,1024}\.[\w-]{1,262144}\.[\w-]{1,2048}", re.ASCII)
_GUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_LONGEST_KIND = 150


class Distrusted(Permanent):
    """This is no event that Wix signed for us."""

    def __init__(self) -> None:
        super().__init__("not an event of Wix")


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """What Wix signed. Only what it is about is used, never what it says of it."""

    #: Wix's ``eventType``, such as ``wix.comments.v2.comment_created``.
    kind: str
    #: The app's installation that it is for, in small letters.
    instance: str
    #: The app that caused it, where one did.
    by_app: str | None = None
    data: Mapping[str, Any] = field(repr=False)


def verify(body: bytes, keys: Sequence[bytes]) -> Event:
    """The event in a body that one of these keys (PEM) signed and whose time has not run out.

    The form is Wix's: one token, RS256, whose claim ``data`` is JSON in a string, and so are
    ``data`` and ``identity`` in that. Raises :class:`Distrusted`, and nothing else, for whatever
    is not so.
    """
    token = body.strip() if len(body) <= MOST_BYTES else b""
    if not _TOKEN.fullmatch(token):
        raise Distrusted
    for key in keys:
        claims = _claims(token, key)
        if claims is not None:
            return _event(claims)
    raise Distrusted


def _claims(token: bytes, key: bytes) -> dict[str, Any] | None:
    try:
        return jwt.decode(
            token,
            key,
            algorithms=["RS256"],
            leeway=LEEWAY,
            options={
                "require": ["exp", "iat"],
                # Wix names none in some of its tokens; the key is the app's own.
                "verify_aud": False,
                "enforce_minimum_key_length": True,
            },
        )
    # The library's own errors, and what numbers and types that nobody foresaw do to it.
    except (jwt.PyJWTError, ValueError, TypeError, OverflowError, RecursionError):
        return None


def _event(claims: Mapping[str, Any]) -> Event:
    told = _object(claims.get("data"))
    kind, instance = told.get("eventType"), told.get("instanceId")
    if not isinstance(kind, str) or not isinstance(instance, str):
        raise Distrusted
    if not 0 < len(kind) <= _LONGEST_KIND or not _GUID.fullmatch(instance.lower()):
        raise Distrusted
    identity = _object(told["identity"]) if told.get("identity") else {}
    app = identity.get("appId")
    return Event(
        kind=kind,
        instance=instance.lower(),
        by_app=app.lower() if isinstance(app, str) else None,
        data=_object(told.get("data")),
    )


def _object(text: Any) -> dict[str, Any]:
    """The JSON object in a string."""
    if not isinstance(text, str):
        raise Distrusted
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        raise Distrusted from None
    if not isinstance(found, dict):
        raise Distrusted
    return found
