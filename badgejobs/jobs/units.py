"""A unit of work, its row in the table of runs, and the lease that it may stand under."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import wraps
from typing import Any, ParamSpec, TypeVar

import structlog
from structlog.contextvars import bound_contextvars as naming

from badgejobs.bootstrap import House
from badgejobs.bootstrap.house import SiteHouse
from badgejobs.bootstrap.telling import telling_of
from badgejobs.core.milestone import Ruleset
from badgejobs.core.source import Track
from badgejobs.errors import BadgeJobsError, Later, LeaseTaken, Resting, SiteSuspended
from badgejobs.jobs import standing
from badgejobs.jobs.asking import CLI, is_asked
from badgejobs.jobs.counts import RunCounts
from badgejobs.jobs.retrying import patience
from badgejobs.store import acting
from badgejobs.wix.exchange import counting

log = structlog.get_logger(__name__)

P = ParamSpec("P")
Came = TypeVar("Came")

#: Who starts work in the foreground; what a person asks for is not held up by old failures.
BY_HAND = CLI
#: What a run counts that finds nothing: empty pages, and records of the overlap seen once more.
_MERE_LOOKS = frozenset({"pages", "seen"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What a unit of work did, fit for a task's result and for ``--json``: no member data."""

    site: str
    kind: str
    numbers: dict[str, int]
    #: The id of its row; that of the run which is at the same work, where it found one there.
    run: int | None = None
    #: The error that ended it, in words; it is due again by itself.
    error: str | None = None
    #: Whether there is more to do at once.
    more: bool = False
    #: The same error as it was raised, for those who wait in the foreground.
    cause: BadgeJobsError | None = None
    #: Whether the tries before it failed too, several in a row.
    kept_failing: bool = False

    @property
    def opened(self) -> int:
        """How many awards wait for Wix because of it."""
        return self.numbers.get("opened", 0) + self.numbers.get("cleared", 0)

    def as_json(self) -> dict[str, Any]:
        """A small flat object that begins with what a list of tasks is looked through for.

        Numbers that are zero are left out; all stand in the row of the run. Why it did nothing, or
        not all, stands under a word of its own: ``already``, ``waits`` or ``error``.
        """
        done: dict[str, Any] = {"run": self.run} if self.run else {}
        done |= {"kind": self.kind} | self._why()
        done |= {name: number for name, number in self.numbers.items() if number}
        return done | ({"more": True} if self.more else {}) | {"site": self.site}

    def _why(self) -> dict[str, str]:
        match self.cause:
            case None:
                return {"error": self.error} if self.error else {}
            case LeaseTaken() if not isinstance(self.cause, Resting):
                return {"already": "at work"}
            case Later() as wait:
                return {"waits": f"{wait}; again in {wait.seconds:.0f} s"}
            case error:
                return {"error": str(error)}


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


class ToldOtherwise(Exception):
    """A site was changed or removed after it was looked at; nothing was begun."""


def by_what_is_told_now(run: Callable[P, Came]) -> Callable[P, Came]:
    """Begin anew where a site was changed since it was last looked at, some seconds ago.

    Else its old credentials would be used, and what was erased with it would be written again.
    """

    @wraps(run)
    def begun(*args: P.args, **named: P.kwargs) -> Came:
        while True:
            with suppress(ToldOtherwise):
                return run(*args, **named)

    return begun


class AskedRules:
    """The rules of a site whenever they are asked for, and the version that was told last."""

    def __init__(self, at: SiteHouse) -> None:
        self._at = at
        self.version: str | None = None

    def __call__(self) -> Ruleset:
        """The rules to decide by now; raises as they do."""
        found = self._at.rules()
        self.version = found.version
        return found


Unit = Callable[[], Told]


def as_run(
    house: House,
    at: SiteHouse,
    kind: str,
    unit: Unit,
    *,
    by: str,
    of: tuple[str, Track] | None = None,
) -> Outcome:
    """Do a unit and keep its row; an error ends it well, since the database knows the rest.

    For a site that is suspended nothing is done, and no row kept. :class:`ToldOtherwise` where it
    was changed or removed since it was told of.

    ``of`` is the row of what is due that it works for: who asked for that is kept with the run.
    """
    site = at.profile.name
    with house.store.begin() as tx:
        try:
            standing.require_at_work(tx, site)
        except SiteSuspended as suspended:
            return Outcome(site=site, kind=kind, numbers={}, error=str(suspended), cause=suspended)
        if not house.directory.is_current(tx, at.told):
            raise ToldOtherwise(site)
        tx.bindings.bind_site(site, at.at_wix)
        run = tx.runs.start(site, kind, started_by=by, of=of)
        counts = RunCounts(house, site, kind, run, began_at=tx.now)
        kept_failing = of is not None and tx.dispatch.fails(site, *of)
    told, cause = Told(), None
    with (
        counting() as tally,
        acting(run=run, telling=telling_of(house, site)),
        naming(run=run, site=site),
    ):
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
    with counts.ending(cause) as tx:
        shown: int | None = run
        if isinstance(cause, LeaseTaken):
            tx.runs.discard(run)
            shown = None if isinstance(cause, Resting) else tx.runs.at_work(site, kind)
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
        standing.note_answer(tx, site, cause, calls=tally.total())
        alerts = tx.alerts.take_untold(site)
    with naming(run=run, site=site):
        standing.tell(site, alerts)
    return Outcome(
        site=site,
        kind=kind,
        numbers=dict(told.numbers),
        run=shown,
        error=error,
        more=told.more,
        cause=cause,
        kept_failing=kept_failing,
    )


def as_duty(
    house: House,
    at: SiteHouse,
    duty: str,
    unit: Callable[[int], Told],
    *,
    by: str,
    every: timedelta,
) -> Outcome:
    """Do a unit under the lease of its duty, so that one worker at a time is at it.

    The unit is told how many tries in a row have failed before.
    """
    site = at.profile.name

    def leased() -> Told:
        asked = is_asked(by)
        with house.store.begin() as tx:
            if asked:
                # a person need not wait for the tick that makes a new site's duties known
                tx.scans.register(site, duty, "window")
            lease = tx.scans.lease(site, duty, holds=house.lease, if_rested=not asked)
        try:
            at.require_own()
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

    return as_run(house, at, duty, leased, by=by, of=(duty, Track.LIVE))
