"""The tasks. Each asks the database what there is to do; a job is only a bell.

A bell too many finds nothing to do, and a lost one is rung again by the next tick. Arguments
are the names of a site and a source or the id of a row, never data.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from contextlib import suppress
from datetime import timedelta
from typing import Any

import structlog
from celery import Task, shared_task

from badgejobs.bootstrap import House
from badgejobs.core.lane import Lane, lane_of
from badgejobs.core.source import Track
from badgejobs.errors import BadgeJobsError
from badgejobs.jobs import asking, dispatching, duties, standing, tracks, work
from badgejobs.jobs.app import house
from badgejobs.jobs.notifying import run_notify
from badgejobs.jobs.reconciling import run_reconcile
from badgejobs.jobs.ringing import ring, ring_now
from badgejobs.jobs.triggers import require_arguments, require_read, track_of, wanted_sources
from badgejobs.jobs.units import Outcome

log = structlog.get_logger(__name__)

#: A bell that came to nothing before any work began rings so much later again.
ANOTHER_TIME = timedelta(minutes=1)


class Bell(Task[..., Any]):
    """A task that may be lost or doubled without harm."""

    #: Only for a job that killed its worker; errors of Wix are never retried by Celery.
    max_retries = 3
    default_retry_delay = 10
    #: What a person wrote wrong is told in the result, by the worker, whoever sends it.
    typing = False

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Run it; what our own errors end stays due in the database, and is rung for again.

        Among them: a database that is away, and a site of another configuration.
        """
        began = time.monotonic()
        try:
            require_arguments(self.name, self.run, args, kwargs)
            return self.run(*args, **kwargs)
        except BadgeJobsError as error:
            log.warning("a bell came to nothing", task=self.name, error=str(error))
            with suppress(BadgeJobsError):
                _put_off(self.name.removeprefix("badgejobs."), kwargs)
            return {"error": str(error)}
        finally:
            milliseconds = round(1000 * (time.monotonic() - began))
            log.debug("bell answered", task=self.name, milliseconds=milliseconds)


def _put_off(kind: str, arguments: Mapping[str, Any]) -> None:
    """Let the row of a bell that came to nothing not hold a place until its bell counts as lost."""
    if "site" in arguments and kind in {"scan", *duties.ALL_DUTIES}:
        source = str(arguments.get("source", kind))
        track = track_of(str(arguments.get("track", Track.LIVE.value)))
        with house().store.begin() as tx:
            tx.dispatch.put_off(str(arguments["site"]), source, track, by=ANOTHER_TIME)


def answer(outcome: Outcome) -> dict[str, Any]:
    """Log an outcome, ring for what follows, and return it for those who watch."""
    done = outcome.as_json()
    if outcome.error and "already" not in done:
        log.warning("unit of work ended early", **done)
    else:
        log.info("unit of work done", **done)
    return done


@shared_task(name="badgejobs.tick", base=Bell, ignore_result=True)
def tick(*, by_beat: bool = False) -> None:
    """Ring for everything that is due; of all beats one does so in each slot of time."""
    at = house()
    every = timedelta(seconds=at.settings.tick_seconds)
    if not by_beat or dispatching.is_our_turn(at, "tick", every):
        dispatching.tick(at)


@shared_task(name="badgejobs.scan", base=Bell)
def scan(*, site: str, source: str | None = None, track: str = Track.LIVE.value) -> dict[str, Any]:
    """Read one track of a source of one site; without a word, what changed lately.

    Without a source, all are rung for. What a person asks for is read though it is not due.
    """
    at, of = house(), track_of(track)
    if source is None:
        bells = [(one, ring("badgejobs.scan", site=site, source=one, track=track))
                 for one in wanted_sources(at, site)]  # fmt: skip
        rung = [one for one, task in bells if task]
        return {"kind": "scan", "rung": ", ".join(rung), "site": site}
    if asked_by := asking.person():
        of = require_read(at, site, source, of, asked_by=asked_by)
    outcome = work.run_scan(at, site, source, of, by=asking.started_by())
    if outcome.opened:
        ring_now(at, site, duties.ASSIGN)
    others = tracks.due_beside(at, site, source, of)
    next_ones = [*([of] if outcome.more else []), *others]
    lanes = {one: lane_of(source, one) for one in (of, *next_ones)}
    for one in next_ones:
        if lanes[one] is not Lane.WALK:
            ring_now(at, site, source, one)
    if Lane.WALK in lanes.values():
        dispatching.hand_on(at)
    if lanes[of] is not Lane.WALK:
        _let_others_try(at, outcome, lanes[of])
    return answer(outcome)


def _let_others_try(at: House, outcome: Outcome, lane: Lane) -> None:
    """After what kept failing: few such are out at once, so that the next one may be now."""
    if outcome.kept_failing:
        dispatching.hand_on(at, lane)


@shared_task(name="badgejobs.assign", base=Bell)
def assign(*, site: str) -> dict[str, Any]:
    """Bring a site's due awards to Wix."""
    at = house()
    outcome = work.run_assign(at, site, by=asking.started_by())
    if outcome.more:
        ring_now(at, site, duties.ASSIGN)
    _let_others_try(at, outcome, Lane.ASSIGN)
    return answer(outcome)


@shared_task(name="badgejobs.provision", base=Bell)
def provision(*, site: str) -> dict[str, Any]:
    """Bind a site's badges, and decide its members under its rules."""
    at = house()
    by = asking.started_by()
    outcome = work.run_provision(at, site, by=by, read_anew=asking.is_asked(by))
    if outcome.more:
        ring_now(at, site, duties.PROVISION)
    if outcome.opened or outcome.numbers.get("created") or outcome.numbers.get("found"):
        ring_now(at, site, duties.ASSIGN)
    _let_others_try(at, outcome, Lane.SCAN)
    return answer(outcome)


@shared_task(name="badgejobs.flip", base=Bell)
def flip(*, site: str) -> dict[str, Any]:
    """Decide a site's members whose time has come."""
    at = house()
    outcome = work.run_flip(at, site, by=asking.started_by())
    if outcome.more:
        ring_now(at, site, duties.FLIP)
    if outcome.opened:
        ring_now(at, site, duties.ASSIGN)
    return answer(outcome)


@shared_task(name="badgejobs.reconcile", base=Bell)
def reconcile(*, site: str | None = None, by_beat: bool = False) -> dict[str, Any]:
    """Compare one site with Wix; without a name, make every site due for it."""
    at = house()
    if site is not None:
        outcome = run_reconcile(at, site, by=asking.started_by())
        dispatching.hand_on(at)
        return answer(outcome)
    if by_beat and not dispatching.is_our_turn(at, "reconcile", timedelta(days=1)):
        return {"kind": "reconcile", "sites": 0}
    work.prune(at)
    with at.store.begin() as tx:
        sites = tx.waking.everywhere(duties.RECONCILE, at.configured)
    return {"kind": "reconcile", "sites": sites}


@shared_task(name="badgejobs.quarantine", base=Bell)
def quarantine(*, site: str) -> dict[str, Any]:
    """Ask again for a site's records that could not be understood."""
    at = house()
    outcome = work.run_quarantine(at, site, by=asking.started_by())
    if outcome.opened:
        ring_now(at, site, duties.ASSIGN)
    dispatching.hand_on(at)
    return answer(outcome)


@shared_task(name="badgejobs.notify", base=Bell)
def notify(*, site: str) -> dict[str, Any]:
    """Tell those outside what happened at a site."""
    at = house()
    outcome = run_notify(at, site, by=asking.started_by())
    if outcome.more:
        ring_now(at, site, duties.NOTIFY)
    _let_others_try(at, outcome, Lane.SCAN)
    return answer(outcome)


@shared_task(name="badgejobs.probe_site", base=Bell)
def probe_site(*, site: str) -> dict[str, Any]:
    """Ask Wix whether it takes us again for a site that it refused."""
    return standing.run_probe(house(), site)


@shared_task(name="badgejobs.check_member", base=Bell)
def check_member(*, request: int) -> dict[str, Any]:
    """Decide the member whom a request row names."""
    at = house()
    outcome = work.run_check(at, request, by=asking.started_by())
    if outcome is None:
        return {"kind": "check_member", "request": request, "already": "done"}
    if outcome.opened:
        ring_now(at, outcome.site, duties.ASSIGN)
    return answer(outcome)
