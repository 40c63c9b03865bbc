"""The process that is measured: all of `badgejobs backfill`, but for the pace.

Started as ``python -m badgejobs.cli.scanbench.worker SECONDS`` in a folder with settings. A
worker that follows one that was killed would wait until its lease runs out; by so many seconds
its clock is ahead, so that it has run out.
"""

from __future__ import annotations

import json
import sys
from datetime import UTC, datetime, timedelta

from badgejobs.bootstrap.house import House
from badgejobs.cli.backfill import Past
from badgejobs.cli.opening import ready, settled, spare_the_collector
from badgejobs.cli.scanbench.serving import SITE
from badgejobs.config import prepare_state_dir
from badgejobs.coordination.local import LocalThrottle
from badgejobs.core.lane import Lane
from badgejobs.jobs import duties
from badgejobs.sources.installed import found_sources
from badgejobs.store import open_store

SOURCE = "orders"


class Unthrottled(LocalThrottle):
    """Everyone has a slot at once."""

    def take(self, _site: str, _lane: Lane, *, per_minute: int) -> float:  # noqa: ARG002 - no pace
        """A slot."""
        return 0.0


class _Silent:
    """Whom nobody watches."""

    def __call__(self, line: str) -> None:
        del line

    def counted(
        self, what: str, done: int, *, of: int | None = None, is_about: bool = False
    ) -> None:
        del what, done, of, is_about


def main(ahead: timedelta) -> None:
    """Read the orders of the site to their end, and print what was done as JSON."""
    settings = settled()
    prepare_state_dir(settings.state_dir)
    store = open_store(settings.database, clock=lambda: datetime.now(UTC) + ahead)
    house = House(settings, store, Unthrottled(), found_sources())
    try:
        ready(house)
        duties.register(house)
        spare_the_collector()
        done = Past(house, SITE, tell=_Silent()).read([SOURCE])
    finally:
        house.close()
    print(json.dumps(done.as_json()))  # noqa: T201 - read by who started it
    sys.exit(0 if done.as_json()["complete"] else 1)


if __name__ == "__main__":
    main(timedelta(seconds=float(sys.argv[1])))
