"""Who we are to Wix: an app installed on a site, or an API key.

The token stands bare in ``Authorization``, without ``Bearer``, as Wix's own SDK sends it.
"""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import Final, Protocol

from badgejobs.errors import (
    AlreadyExists,
    BadgeJobsError,
    CredentialsRefused,
    Later,
    NotFound,
    NotSent,
    PermissionMissing,
    Refused,
    SettingsError,
    TokenRefused,
    Transient,
)
from badgejobs.wix import bodies, calls, pages
from badgejobs.wix.calls import Call
from badgejobs.wix.deadline import left
from badgejobs.wix.transport import Answer

#: The part of a token's life after which it is renewed.
_FRESH_FOR: Final = 0.8
#: Seconds after a failed renewal until the next, while the old token is still good.
_NEXT_TRY: Final = 30.0


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


@dataclass(frozen=True, slots=True, kw_only=True)
class _Held:
    """A token in hand, with moments of the monotonic clock."""

    token: str = field(repr=False)
    renew_at: float
    ends_at: float


class AppIdentity:
    """An app's access token, kept in memory only and renewed before it ends.

    One thread asks for all: the others wait for its outcome, good or bad, but never beyond
    their own deadline. While an old token is still good, nobody waits for the new one, and a
    token endpoint that is out of order for a while costs nothing.
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
        self._held: _Held | None = None
        self._asking: Future[str] | None = None

    def headers(self) -> Mapping[str, str]:
        """The token in hand, or a new one."""
        return {"Authorization": self._token()}

    def refused(self, headers: Mapping[str, str], error: TokenRefused) -> None:
        """Forget the token, unless another thread has a new one already."""
        del error
        with self._lock:
            if self._held is not None and self._held.token == headers["Authorization"]:
                self._held = None

    def _token(self) -> str:
        with self._lock:
            held, now = self._held, self._monotonic()
            if held is not None and now < held.renew_at:
                return held.token
            spare = held if held is not None and now < held.ends_at else None
            asking, mine = self._asking, self._asking is None
            if asking is None:
                asking = self._asking = Future()
        if mine:
            return self._renewed(asking, spare)
        return spare.token if spare is not None else _waited(asking)

    def _renewed(self, asking: Future[str], spare: _Held | None) -> str:
        """A new token, for this thread and for those that wait for it."""
        asked_at = self._monotonic()
        try:
            found = self._asked()
            life = found.expires_in
            self._hold(found.access_token, asked_at + _FRESH_FOR * life, asked_at + life)
            asking.set_result(found.access_token)
            return found.access_token
        except (Later, Transient) as error:
            asking.set_exception(error)
            if spare is None:
                raise
            with self._lock:
                if self._held is not spare:  # Wix refused it meanwhile: it is no spare one
                    raise
                # Until the next try nobody asks; where Wix took the old one back, it says 401.
                renew_at = self._monotonic() + _NEXT_TRY
                self._held = _Held(token=spare.token, renew_at=renew_at, ends_at=spare.ends_at)
            return spare.token
        except BadgeJobsError as error:
            asking.set_exception(error)
            raise
        finally:
            with self._lock:
                self._asking = None
            if not asking.done():  # stopped from outside: nobody may wait for it
                asking.set_exception(NotSent("no access token: whoever asked for it was stopped"))

    def _hold(self, token: str, renew_at: float, ends_at: float) -> None:
        with self._lock:
            self._held = _Held(token=token, renew_at=renew_at, ends_at=ends_at)

    def _asked(self) -> bodies.Token:
        """A new token. No error of this may look as if the request behind it had been sent."""
        one = self._credentials
        call = calls.token(
            app_id=one.app_id, app_secret=one.app_secret, instance_id=one.instance_id
        )
        try:
            return pages.decoded(self._ask(call).body, bodies.Token, what=call.endpoint)
        except Transient as error:
            if isinstance(error, TokenRefused):
                raise CredentialsRefused(f"{error}; {_CURE}") from error
            raise NotSent(f"no access token: {error}") from error
        except (AlreadyExists, NotFound, PermissionMissing, Refused) as error:
            # The request is always the same: what is wrong with it can only be the credentials.
            raise CredentialsRefused(f"{error}; {_CURE}") from error


def _waited(asking: Future[str]) -> str:
    seconds = left()
    try:
        return asking.result(None if math.isinf(seconds) else seconds)
    except TimeoutError:
        raise NotSent("no access token: another thread still asks for it") from None


_CURE: Final = (
    "Wix gives no access token for these credentials: check app id, app secret and instance "
    "id, and that the app is still installed on the site"
)
