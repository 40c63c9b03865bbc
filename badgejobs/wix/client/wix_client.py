"""The client of one site: everything that we ask of Wix, as values."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from datetime import timedelta
from types import TracebackType
from typing import Final, Self

import httpx

from badgejobs.core.wixfacts import Fence
from badgejobs.wix import wire
from badgejobs.wix.auth import Credentials
from badgejobs.wix.client.activities import ActivityCalls
from badgejobs.wix.client.assignments import AssignmentCalls
from badgejobs.wix.client.badges import BadgeCalls
from badgejobs.wix.client.blog import BlogCalls
from badgejobs.wix.client.catalog import CatalogCalls
from badgejobs.wix.client.elsewhere import OtherCalls
from badgejobs.wix.client.health import HealthCalls
from badgejobs.wix.client.people import PeopleCalls
from badgejobs.wix.client.site import SiteCalls
from badgejobs.wix.exchange import Exchange
from badgejobs.wix.transport import Transport

REQUEST_DEADLINE: Final = timedelta(seconds=30)


class WixClient(
    BadgeCalls,
    AssignmentCalls,
    ActivityCalls,
    CatalogCalls,
    BlogCalls,
    PeopleCalls,
    SiteCalls,
    HealthCalls,
    OtherCalls,
):
    """Wix's API for one site, with the errors of :mod:`badgejobs.errors`.

    ``pace`` is called before each API request, not before a token request, and raises where
    there is no slot; ``on_rate_limited`` hears the seconds of each 429, and ``on_answer`` what
    came back to each request that left, in the words of
    :func:`badgejobs.wix.protocol.answer_class`. Nothing is retried, but for one new token after a
    401. What ``pace`` returns is called right before the bytes leave, and may raise the same.
    Several threads may share a client; after a fork each process makes its own.
    """

    def __init__(
        self,
        *,
        base_url: str,
        credentials: Credentials,
        pace: Callable[[], Fence | None],
        request_deadline: timedelta = REQUEST_DEADLINE,
        assignment_paths: wire.Spelling = wire.Spelling.SDK,
        on_rate_limited: Callable[[float], None] | None = None,
        on_answer: Callable[[str], None] | None = None,
        transport: httpx.BaseTransport | Transport | None = None,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        """``transport`` replaces the own connections, and is not closed here.

        It is the one that the clients of many sites share, whose host and deadline then count, or
        that of a test.

        Raises :class:`SettingsError` for a base URL that is neither Wix nor this machine.
        """
        self._is_shared = isinstance(transport, Transport)
        self._transport = (
            transport
            if isinstance(transport, Transport)
            else Transport(base_url, request_deadline=request_deadline, borrowed=transport)
        )
        self._exchange = Exchange(
            self._transport,
            credentials,
            pace=pace,
            spelling=assignment_paths,
            on_rate_limited=on_rate_limited,
            on_answer=on_answer,
            monotonic=monotonic,
        )

    @property
    def calls(self) -> int:
        """How many API requests left, token requests aside."""
        return sum(self.calls_by_path.values())

    @property
    def calls_by_path(self) -> Mapping[str, int]:
        """The same by path: its form in the SDK's spelling, whichever is in use."""
        return self._exchange.counts()

    def close(self) -> None:
        """Close the connections, unless others share them."""
        if not self._is_shared:
            self._transport.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()
