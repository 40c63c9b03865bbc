"""The client of one site in one lane: bound to its pace, and counted."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from functools import partial

from badgejobs.config import Settings
from badgejobs.coordination.local import LocalThrottle
from badgejobs.coordination.pace import Pace
from badgejobs.coordination.throttle import Throttle
from badgejobs.core.lane import Lane
from badgejobs.core.totals import CALLS, PACED, WAITED_MS, WAITS, Totals, key
from badgejobs.core.wixfacts import Fence
from badgejobs.errors import Paced
from badgejobs.wix.auth import Credentials
from badgejobs.wix.client import WixClient
from badgejobs.wix.transport import Transport


def site_client(
    *,
    site: str,
    settings: Settings,
    throttle: Throttle | LocalThrottle,
    patience_seconds: float,
    transport: Transport,
    totals: Totals,
    credentials: Credentials,
    per_minute: int,
    require_own: Callable[[], None],
    lane: Lane,
) -> WixClient:
    """Asks Wix in the name of a site, once ``require_own`` lets it, at the pace of a lane."""
    in_time = Pace(
        throttle,
        site,
        lane,
        per_minute,
        patience=patience_seconds,
        sleep=partial(_wait, totals, lane),
    )

    def pace() -> Fence:
        require_own()
        with _refusals_counted(totals, lane):
            renew = in_time()

        def renewed() -> None:
            with _refusals_counted(totals, lane):
                renew()

        return renewed

    def on_answer(answer: str) -> None:
        totals.add(CALLS, lane=lane.value, answer=answer)

    return WixClient(
        base_url=settings.wix_base_url,
        credentials=credentials,
        pace=pace,
        request_deadline=timedelta(seconds=settings.assign.request_deadline_seconds),
        assignment_paths=settings.wix_assignment_paths,
        on_rate_limited=partial(throttle.shut, site),
        on_answer=on_answer,
        transport=transport,
    )


def _wait(totals: Totals, lane: Lane, seconds: float) -> None:
    """Wait for a slot."""
    time.sleep(seconds)
    waited = {
        key(WAITS, lane=lane.value): 1,
        key(WAITED_MS, lane=lane.value): round(1000 * seconds),
    }
    totals.add_all(waited)


@contextmanager
def _refusals_counted(totals: Totals, lane: Lane) -> Iterator[None]:
    try:
        yield
    except Paced:
        totals.add(PACED, lane=lane.value)
        raise
