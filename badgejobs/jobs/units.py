"""A unit of work, its row in the table of runs, and the lease that it may stand under."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

import structlog

from badgejobs.bootstrap import House
from badgejobs.core.source import Track
from badgejobs.errors import BadgeJobsError, Later, LeaseTaken
from badgejobs.jobs.retrying import patience
from badgejobs.store import acting
from badgejobs.wix.exchange import counting

log = structlog.get_logger(__name__)

#: Who starts work in the foreground; what a person asks for is not held up by old failures.
BY_HAND = "cli"
#: A lease outlasts its slice by as much as the last step of it may take.
LEASE_MARGIN = timedelta(seconds=30)
#: What a run counts that finds nothing: empty pages, and records of the overlap seen once more.
_MERE_LOOKS = frozenset({"pages", "seen"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What a unit of work did, fit for a task's result and for ``--json``: no member data."""

    site: str
    kind: str
    numbers: dict[str, int]
    #: The error that ended it, in words; it is due again by itself.
    error: str | None = None
    #: Whether there is more to do at once.
    more: bool = False
    #: The same error as it was raised, for those who wait in the foreground.
    cause: BadgeJobsError | None = None

    @property
    def opened(self) -> int:
        """How many awards wait for Wix because of it."""
        return self.numbers.get("opened", 0) + self.numbers.get("cleared", 0)

    def as_json(self) -> dict[str, Any]:
        """A small flat object."""
        done = {"site": self.site, "kind": self.kind, **self.numbers}
        return done | ({"error": self.error} if self.error else {})


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What a unit did, whether there is more to do at once, and by which rules it decided."""

    numbers: Mapping[str, int] = field(default_factory=dict)
    more: bool = False
    version: str | None = None
    #: The time of last changes that it read.
    window: tuple[datetime | None, datetime | None] = (None, None)

    @property
    def found_nothing(self) -> bool:
        """Whether it did no more than to look, and is at its end."""
        found = (number for name, number in self.numbers.items() if name not in _MERE_LOOKS)
        return not self.more and not any(found)


class Stopped(BadgeJobsError):
    """Carries what was done before the error that stopped it."""

    def __init__(self, told: Told, by: BadgeJobsError) -> None:
        super().__init__(str(by))
        self.told, self.by = told, by


Unit = Callable[[], Told]


def as_run(
    house: House,
    site: str,
    kind: str,
    unit: Unit,
    *,
    by: str,
    of: tuple[str, Track] | None = None,
) -> Outcome:
    """Do a unit and keep its row; an error ends it well, since the database knows the rest.

    ``of`` is the row of what is due that it works for: who asked for that is kept with the run.
    """
    with house.store.begin() as tx:
        tx.bindings.bind_site(site, house.at(site).at_wix)
        run = tx.runs.start(site, kind, started_by=by, of=of)
    told, cause = Told(), None
    with counting() as tally, acting(run=run):
        try:
            told = unit()
        except Stopped as stopped:
            # what is left of it waits for the error to be over
            told, cause = replace(stopped.told, more=False), stopped.by
        except BadgeJobsError as failure:
            cause = failure
        except KeyboardInterrupt:
            numbers = {"calls": tally.total()}
            with house.store.begin() as tx:
                tx.runs.finish(run, numbers=numbers, error="interrupted by hand")
            raise
    error = str(cause) if cause else None
    with house.store.begin() as tx:
        if isinstance(cause, LeaseTaken):
            tx.runs.discard(run)
        else:
            tx.runs.finish(
                run,
                numbers={**told.numbers, "calls": tally.total()},
                # waiting is no failure
                error=None if isinstance(cause, Later) else error,
                rules_version=told.version,
                window=told.window,
                idle=cause is None and told.found_nothing,
            )
        alerts = tx.alerts.take_untold(site)
    for alert in alerts:
        log.error("a person is asked for", site=site, about=alert.kind.value, text=alert.text)
    return Outcome(
        site=site,
        kind=kind,
        numbers=dict(told.numbers),
        error=error,
        more=told.more,
        cause=cause,
    )


def as_duty(
    house: House,
    site: str,
    duty: str,
    unit: Callable[[int], Told],
    *,
    by: str,
    every: timedelta,
) -> Outcome:
    """Do a unit under the lease of its duty, so that one worker at a time is at it.

    The unit is told how many tries in a row have failed before.
    """

    def leased() -> Told:
        with house.store.begin() as tx:
            lease = tx.scans.lease(
                site, duty, holds=house.slice + LEASE_MARGIN, if_rested=by != BY_HAND
            )
        try:
            house.at(site).require_own()
            told = unit(lease.failures)
        except BadgeJobsError as error:
            cause = error.by if isinstance(error, Stopped) else error
            with house.store.begin() as tx:
                wait = patience(cause, lease.failures)
                tx.scans.postpone(lease, due_in=wait, error=cause)
            raise
        with house.store.begin() as tx:
            due_in = timedelta(0) if told.more else every
            tx.scans.release(lease, due_in=due_in, completed=not told.more)
        return told

    return as_run(house, site, duty, leased, by=by, of=(duty, Track.LIVE))
