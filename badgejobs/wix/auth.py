"""Who we are to Wix: an app installed on a site, or an API key.

The token stands bare in ``Authorization``, without ``Bearer``, as Wix's own SDK sends it.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Final, Protocol

from badgejobs.errors import (
    CredentialsRefused,
    NotSent,
    Permanent,
    SettingsError,
    TokenRefused,
    Transient,
)
from badgejobs.wix import bodies, calls, pages
from badgejobs.wix.calls import Call
from badgejobs.wix.transport import Answer

#: The part of a token's life after which it is renewed.
_FRESH_FOR: Final = 0.8


@dataclass(frozen=True, slots=True, kw_only=True)
class AppCredentials:
    """A Wix app and its installation on one site."""

    app_id: str
    app_secret: str = field(repr=False)
    instance_id: str

    def __post_init__(self) -> None:
        for name in ("app_id", "app_secret", "instance_id"):
            if not getattr(self, name):
                raise SettingsError(f"{name} is empty; copy it from the app's dashboard at Wix")


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiKeyCredentials:
    """An API key of the site's owner, and the site that it shall reach."""

    api_key: str = field(repr=False)
    site_id: str

    def __post_init__(self) -> None:
        for name in ("api_key", "site_id"):
            text = getattr(self, name)
            if not text or not text.isascii() or not text.isprintable() or " " in text:
                raise SettingsError(
                    f"{name} is empty or holds blanks or line breaks; copy it again from "
                    "the API Keys Manager at Wix"
                )


Credentials = AppCredentials | ApiKeyCredentials


class Identity(Protocol):
    """How requests say who sends them."""

    def headers(self) -> Mapping[str, str]:
        """The headers of the next request; may ask Wix for a token."""
        ...

    def refused(self, headers: Mapping[str, str], error: TokenRefused) -> None:
        """Wix answered 401 to these headers.

        Returns where new ones may help; else raises :class:`CredentialsRefused`.
        """
        ...


class KeyIdentity:
    """An API key: the same headers every time."""

    def __init__(self, credentials: ApiKeyCredentials) -> None:
        self._credentials = credentials

    def headers(self) -> Mapping[str, str]:
        """The key, and the one site that it is to reach."""
        one = self._credentials
        return {"Authorization": one.api_key, "wix-site-id": one.site_id}

    def refused(self, headers: Mapping[str, str], error: TokenRefused) -> None:
        """A key does not renew itself."""
        del headers
        raise CredentialsRefused(
            f"{error}; the API key is revoked or mistyped: make a new one in the API Keys "
            "Manager at Wix and set it again"
        ) from error


class AppIdentity:
    """An app's access token, kept in memory only and renewed before it ends.

    A lock lets one thread ask while the others wait, so that parallel first calls cost one
    token request.
    """

    def __init__(
        self,
        credentials: AppCredentials,
        ask: Callable[[Call], Answer],
        *,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        """``ask`` sends a call without credentials and raises what its answer means."""
        self._credentials = credentials
        self._ask = ask
        self._monotonic = monotonic
        self._lock = threading.Lock()
        self._token: str | None = None
        self._renew_at = 0.0

    def headers(self) -> Mapping[str, str]:
        """The token in hand, or a new one."""
        with self._lock:
            if self._token is None or self._monotonic() >= self._renew_at:
                asked_at = self._monotonic()
                found = self._asked()
                self._token = found.access_token
                self._renew_at = asked_at + _FRESH_FOR * found.expires_in
            return {"Authorization": self._token}

    def refused(self, headers: Mapping[str, str], error: TokenRefused) -> None:
        """Forget the token, unless another thread has a new one already."""
        del error
        with self._lock:
            if self._token == headers["Authorization"]:
                self._token = None

    def _asked(self) -> bodies.Token:
        """A new token. No error of this may look as if the request behind it had been sent."""
        one = self._credentials
        call = calls.token(
            app_id=one.app_id, app_secret=one.app_secret, instance_id=one.instance_id
        )
        try:
            return pages.decoded(self._ask(call).body, bodies.Token, what="the token request")
        except TokenRefused as error:
            raise CredentialsRefused(f"{error}; {_CURE}") from error
        except Transient as error:
            raise NotSent(f"no access token: {error}") from error
        except Permanent as error:
            # The request is always the same: what is wrong with it can only be the credentials.
            raise CredentialsRefused(f"{error}; {_CURE}") from error


_CURE: Final = (
    "Wix gives no access token for these credentials: check app id, app secret and instance "
    "id, and that the app is still installed on the site"
)
