"""One request and what its answer means: pace, identify, send, decipher, count.

It never retries, but for one new token after a 401.
"""

from __future__ import annotations

import logging
import threading
import time
from collections import Counter
from collections.abc import Callable, Mapping

from badgejobs.core.wixfacts import Fence
from badgejobs.errors import CredentialsRefused, Fenced, NotSent, RateLimited, TokenRefused
from badgejobs.wix import protocol
from badgejobs.wix.auth import AppCredentials, AppIdentity, Credentials, Identity, KeyIdentity
from badgejobs.wix.calls import Call
from badgejobs.wix.transport import Answer, Transport

log = logging.getLogger(__name__)


class Exchange:
    """Asks Wix in the name of one site; several threads may share it."""

    def __init__(
        self,
        transport: Transport,
        credentials: Credentials,
        *,
        pace: Callable[[], None],
        on_rate_limited: Callable[[float], None] | None = None,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._transport = transport
        self._pace = pace
        self._on_rate_limited = on_rate_limited
        self._identity: Identity = (
            AppIdentity(credentials, self._ask_for_token, monotonic=monotonic)
            if isinstance(credentials, AppCredentials)
            else KeyIdentity(credentials)
        )
        self._counting = threading.Lock()
        self._sent: Counter[str] = Counter()

    def ask(self, call: Call, fence: Fence | None = None) -> Answer:
        """The answer of a success, or the error that anything else means.

        ``fence`` is called when the slot, the token and the connection are there, right before
        the bytes leave; where it raises, Wix sees nothing.
        """
        try:
            return self._once(call, fence)
        except TokenRefused:
            pass  # 401 means that nothing was done: the same request once more, with a new token
        try:
            return self._once(call, fence)
        except TokenRefused as error:
            raise CredentialsRefused(
                f"{error}, a new one neither; check that the app is still installed on the site"
            ) from error

    def sent(self) -> Mapping[str, int]:
        """How many API requests left for each path; token requests are not among them."""
        with self._counting:
            return {path: number for path, number in self._sent.items() if number}

    def _once(self, call: Call, fence: Fence | None) -> Answer:
        self._pace()
        headers = self._identity.headers()
        self._count(call, 1)
        try:
            answer = self._transport.send(call, headers, fence=fence)
        except (Fenced, NotSent):
            self._count(call, -1)
            raise
        try:
            return self._deciphered(call, answer)
        except TokenRefused as error:
            self._identity.refused(headers, error)
            raise

    def _deciphered(self, call: Call, answer: Answer) -> Answer:
        log.debug(
            "Wix answered %s to %s (request id %s)",
            answer.status,
            call.path,
            protocol.request_id(answer.headers) or "none",
        )
        try:
            body = protocol.decipher(
                answer.status,
                answer.headers,
                answer.body,
                cursor_sent=call.cursor_sent,
                endpoint=f"{call.method} {call.path}",
                scope=call.scope,
            )
        except RateLimited as error:
            if self._on_rate_limited is not None:
                self._on_rate_limited(error.seconds)
            raise
        return Answer(status=answer.status, headers=answer.headers, body=body)

    def _ask_for_token(self, call: Call) -> Answer:
        return self._deciphered(call, self._transport.send(call, {}))

    def _count(self, call: Call, number: int) -> None:
        with self._counting:
            self._sent[call.path] += number
