"""One request and what its answer means: pace, identify, send, decipher, count, log.

It never retries, but for one new token after a 401.
"""

from __future__ import annotations

import logging
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Final

from badgejobs.core.wixfacts import Fence
from badgejobs.errors import (
    AlreadyExists,
    BadgeJobsError,
    CredentialsRefused,
    CursorRefused,
    Fenced,
    Later,
    NotFound,
    NotSent,
    Paced,
    RateLimited,
    Refused,
    StaleRevision,
    TokenRefused,
)
from badgejobs.wix import calls, headers, protocol, wire
from badgejobs.wix.auth import AppCredentials, AppIdentity, Credentials, Identity, KeyIdentity
from badgejobs.wix.calls import Call
from badgejobs.wix.deadline import deadline
from badgejobs.wix.transport import Answer, Transport

log = logging.getLogger(__name__)

#: Failures that are a part of normal work; all others are warnings.
_EXPECTED: Final = (
    AlreadyExists,
    CursorRefused,
    Fenced,
    Later,
    NotFound,
    StaleRevision,
    TokenRefused,
    protocol.TooManyToCount,
)


#: Where the calls of this thread are counted beside the client's own count.
_TALLY: ContextVar[Counter[str] | None] = ContextVar("tally", default=None)


@contextmanager
def counting() -> Iterator[Counter[str]]:
    """Count the API requests that leave from here on in this thread, by path, of any client.

    Several jobs may share a client in threads; each counts its own. Token requests are none.
    """
    tally = Counter[str]()
    before = _TALLY.set(tally)
    try:
        yield tally
    finally:
        _TALLY.reset(before)


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """The answer of a success."""

    body: bytes = field(repr=False)
    #: Wix's time when it answered, where it said so.
    answered_at: datetime | None
    #: The request and Wix's name for it, for the text of an error about its content.
    what: str


class Exchange:
    """Asks Wix in the name of one site; several threads may share it."""

    def __init__(
        self,
        transport: Transport,
        credentials: Credentials,
        *,
        pace: Callable[[], Fence | None],
        spelling: wire.Spelling = wire.Spelling.SDK,
        on_rate_limited: Callable[[float], None] | None = None,
        on_answer: Callable[[str], None] | None = None,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._transport = transport
        self._pace = pace
        self._spelling = spelling
        self._on_rate_limited = on_rate_limited
        self._on_answer = on_answer
        self._identity: Identity = (
            AppIdentity(credentials, self._sent, monotonic=monotonic)
            if isinstance(credentials, AppCredentials)
            else KeyIdentity(credentials)
        )
        self._counting = threading.Lock()
        self._counts: Counter[str] = Counter()

    def ask(self, call: Call, fence: Fence | None = None) -> Told:
        """The answer of a success, or the error that anything else means.

        ``fence`` is called when the slot, the token and the connection are there, right before
        the bytes leave, as what ``pace`` returned is; where one raises, Wix sees nothing. From the
        first slot on, all of it is over within the request deadline.
        """
        self._transport.require_own_process()
        call = replace(call, spelling=call.spelling or self._spelling)
        in_time = self._pace()
        with deadline(self._transport.seconds):
            try:
                return self._once(call, _both(in_time, fence))
            except TokenRefused:
                pass  # nothing was done: the same request once more, with a new token
            in_time = self._pace()
            try:
                return self._once(call, _both(in_time, fence))
            except TokenRefused as error:
                raise CredentialsRefused(
                    f"{error}, a new one neither; check that the app is still installed on the site"
                ) from error

    def token_info(self) -> Told:
        """What Wix says of our token; it is no API request, so neither paced nor counted."""
        self._transport.require_own_process()
        if isinstance(self._identity, KeyIdentity):
            raise Refused("an API key is no access token: Wix tells nothing about it")
        with deadline(self._transport.seconds):
            used = self._identity.headers()
            call = calls.token_info(used["Authorization"])
            try:
                return _told(call, self._sent(call))
            except TokenRefused as error:
                self._identity.refused(used, error)
                raise

    def counts(self) -> Mapping[str, int]:
        """How many API requests left, by path in the SDK's spelling; no token requests."""
        with self._counting:
            return {form: number for form, number in self._counts.items() if number}

    def _once(self, call: Call, fence: Fence | None) -> Told:
        used = self._identity.headers()
        self._count(call, 1)
        try:
            return _told(call, self._sent(call, used, fence))
        except (Fenced, NotSent, Paced):
            self._count(call, -1)
            raise
        except TokenRefused as error:
            self._identity.refused(used, error)
            raise

    def _sent(
        self, call: Call, used: Mapping[str, str] | None = None, fence: Fence | None = None
    ) -> Answer:
        """Send once, say so in the log, and raise what is no success."""
        began, answer = time.perf_counter(), None
        try:
            answer = self._transport.send(call, used or {}, fence=fence)
            body = protocol.decipher(
                answer.status,
                answer.headers,
                answer.body,
                cursor_sent=call.cursor_sent,
                revision_sent=call.revision_sent,
                deletes=call.method == "DELETE",
                endpoint=call.endpoint,
                scope=call.scope,
            )
        except BadgeJobsError as error:
            _log(call, answer, began, error)
            if used is not None:
                self._answered(answer, error)
            if isinstance(error, RateLimited) and self._on_rate_limited is not None:
                self._on_rate_limited(error.seconds)
            raise
        _log(call, answer, began)
        if used is not None:
            self._answered(answer)
        return replace(answer, body=body)

    def _answered(self, answer: Answer | None, error: BadgeJobsError | None = None) -> None:
        """Tell what came back; nothing of what never left."""
        if self._on_answer is not None and not isinstance(error, Fenced | NotSent | Paced):
            self._on_answer(protocol.answer_class(answer.status if answer else None))

    def _count(self, call: Call, number: int) -> None:
        with self._counting:
            self._counts[call.form] += number
        if (tally := _TALLY.get()) is not None:
            tally[call.form] += number


def _both(in_time: Fence | None, fence: Fence | None) -> Fence | None:
    """First whether the slot is still good, for which there may be a wait, then the claim."""
    if in_time is None or fence is None:
        return in_time or fence

    def both() -> None:
        in_time()
        fence()

    return both


def _told(call: Call, answer: Answer) -> Told:
    return Told(
        body=answer.body,
        answered_at=headers.answered_at(answer.headers),
        what=protocol.where(call.endpoint, answer.status, answer.headers),
    )


def _log(
    call: Call, answer: Answer | None, began: float, error: BadgeJobsError | None = None
) -> None:
    """One line a request: no id but Wix's own of the request, no query, no body, no secret."""
    level, outcome = logging.DEBUG, str(answer.status) if answer else "no answer"
    if error is not None:
        level = logging.INFO if isinstance(error, _EXPECTED) else logging.WARNING
        outcome += f", {type(error).__name__}"
    milliseconds = 1000 * (time.perf_counter() - began)
    name = (headers.request_id(answer.headers) if answer else "") or "none"
    log.log(level, "%s: %s in %.0f ms, request id %s", call.endpoint, outcome, milliseconds, name)
