"""The tasks. Each asks the database what there is to do; a job is only a bell.

A bell too many finds nothing to do, and a lost one is rung again by the next tick. Arguments
are the names of a site and a source or the id of a row, never data.
"""

from __future__ import annotations

import time
from typing import Any

import structlog
from celery import Task, shared_task
from celery.result import denied_join_result
from kombu.exceptions import OperationalError

from badgejobs.bootstrap import House
from badgejobs.core.source import Track
from badgejobs.errors import BadgeJobsError
from badgejobs.jobs import tracks, work
from badgejobs.jobs.app import app, house
from badgejobs.jobs.reconciling import run_reconcile
from badgejobs.jobs.units import Outcome

log = structlog.get_logger(__name__)

#: Rows that one tick rings for.
BELLS_A_TICK = 200
BY_WORKER = "worker"


class Bell(Task[..., Any]):
    """A task that may be lost or doubled without harm."""

    #: Only for a job that killed its worker; errors of Wix are never retried by Celery.
    max_retries = 3
    default_retry_delay = 10

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Run it; what our own errors end is still due in the database, and rung for again.

        Among them: a database that is away, and a site of another configuration.
        """
        began = time.monotonic()
        try:
            return super().__call__(*args, **kwargs)
        except BadgeJobsError as error:
            log.warning("a bell came to nothing", task=self.name, error=str(error))
            return {"error": str(error)}
        finally:
            milliseconds = round(1000 * (time.monotonic() - began))
            log.debug("bell answered", task=self.name, milliseconds=milliseconds)


def ring(name: str, **arguments: str | int) -> bool:
    """Send a bell, and say whether it went out; a lost one costs only time."""
    try:
        # Nobody waits for the answer. Celery would subscribe to it all the same wherever no
        # worker runs, and hang for 20 s, then raise a RuntimeError, where the broker is away.
        with denied_join_result():
            app.send_task(name, kwargs=arguments)
    except OperationalError as error:
        log.warning("bell not rung; the next tick rings again", task=name, error=str(error))
        return False
    return True


def answer(outcome: Outcome) -> dict[str, Any]:
    """Log an outcome, ring for what follows, and return it for those who watch."""
    done = outcome.as_json()
    if outcome.error:
        log.warning("unit of work ended early", **done)
    else:
        log.info("unit of work done", **done)
    return done


@shared_task(name="badgejobs.tick", base=Bell, ignore_result=True)
def tick() -> None:
    """Ring for everything that is due."""
    at = house()
    work.register(at)
    with_rules = take_up_changed_rules(at)
    take_up_new_secrets(at)
    work.wake_quarantine(at)
    with at.store.begin() as tx:
        tx.awards.recover(quiet_period=at.timing.quiet_period)
        duties = tx.scans.due(at.sites, BELLS_A_TICK)
        sites = tx.awards.due_sites(at.sites, BELLS_A_TICK)
        requests = tx.requests.open_ids(with_rules, BELLS_A_TICK)
    rung = {site for site, duty, _ in duties if duty == work.FLIP}
    flips = set(work.due_flips(at, with_rules, BELLS_A_TICK)) - rung
    for site, duty, track in duties:
        if duty in work.ALL_DUTIES:
            ring(f"badgejobs.{duty}", site=site)
        else:
            ring("badgejobs.scan", site=site, source=duty, track=track.value)
    for site in sites:
        ring("badgejobs.assign", site=site)
    for site in sorted(flips):
        ring("badgejobs.flip", site=site)
    for request in requests:
        ring("badgejobs.check_member", request=request)


def take_up_changed_rules(at: House) -> list[str]:
    """Make provisioning due at once for each site whose rules are not those decided under.

    Returns the sites whose rules can be used: nothing can be decided for the others.
    """
    usable = list[str]()
    with at.store.read() as tx:
        stands = tx.bindings.versions(at.sites)
    for site in at.sites:
        try:
            version = at.at(site).rules().version
        except BadgeJobsError as error:
            log.warning("rules cannot be used; nothing is decided", site=site, error=str(error))
            continue
        usable.append(site)
        applied, tried = stands.get(site, (None, None))
        if applied != version:
            with at.store.begin() as tx:
                # What failed under these very rules waits for its turn; a change does not.
                tx.scans.make_due(
                    site,
                    work.PROVISION,
                    if_waiting=True,
                    unless_failing=tried == version,
                    asked_by="rules change",
                )
    return usable


def take_up_new_secrets(at: House) -> None:
    """Make everything due at once for sites with a new secret: what failed may work now."""
    for site in sorted(at.take_renewed()):
        with at.store.begin() as tx:
            tx.scans.make_failed_due(site, asked_by="a new secret")
            for name in (*at.at(site).wanted_sources(), *work.ALL_DUTIES):
                tx.scans.make_due(site, name, asked_by="a new secret")


@shared_task(name="badgejobs.scan", base=Bell)
def scan(site: str, source: str, track: str = Track.LIVE.value) -> dict[str, Any]:
    """Read one track of a source of one site; without a word, what changed lately."""
    outcome = work.run_scan(house(), site, source, Track(track), by=BY_WORKER)
    if outcome.opened:
        ring("badgejobs.assign", site=site)
    if outcome.more:
        ring("badgejobs.scan", site=site, source=source, track=track)
    for other in tracks.due_beside(house(), site, source, Track(track)):
        ring("badgejobs.scan", site=site, source=source, track=other.value)
    return answer(outcome)


@shared_task(name="badgejobs.assign", base=Bell)
def assign(site: str) -> dict[str, Any]:
    """Bring a site's due awards to Wix."""
    outcome = work.run_assign(house(), site, by=BY_WORKER)
    if outcome.more:
        ring("badgejobs.assign", site=site)
    return answer(outcome)


@shared_task(name="badgejobs.provision", base=Bell)
def provision(site: str) -> dict[str, Any]:
    """Bind a site's badges, and decide its members under its rules."""
    outcome = work.run_provision(house(), site, by=BY_WORKER)
    if outcome.more:
        ring("badgejobs.provision", site=site)
    if outcome.opened or outcome.numbers.get("created") or outcome.numbers.get("found"):
        ring("badgejobs.assign", site=site)
    return answer(outcome)


@shared_task(name="badgejobs.flip", base=Bell)
def flip(site: str) -> dict[str, Any]:
    """Decide a site's members whose time has come."""
    outcome = work.run_flip(house(), site, by=BY_WORKER)
    if outcome.more:
        ring("badgejobs.flip", site=site)
    if outcome.opened:
        ring("badgejobs.assign", site=site)
    return answer(outcome)


@shared_task(name="badgejobs.reconcile", base=Bell)
def reconcile(site: str | None = None) -> dict[str, Any]:
    """Compare one site with Wix; without a name, make every site due for it."""
    at = house()
    if site is not None:
        outcome = run_reconcile(at, site, by=BY_WORKER)
        if outcome.more:
            ring("badgejobs.reconcile", site=site)
        return answer(outcome)
    work.prune(at)
    with at.store.begin() as tx:
        for name in at.sites:
            tx.scans.make_due(name, work.RECONCILE)
    return {"kind": "reconcile", "sites": len(at.sites)}


@shared_task(name="badgejobs.quarantine", base=Bell)
def quarantine(site: str) -> dict[str, Any]:
    """Ask again for a site's records that could not be understood."""
    outcome = work.run_quarantine(house(), site, by=BY_WORKER)
    if outcome.more:
        ring("badgejobs.quarantine", site=site)
    if outcome.opened:
        ring("badgejobs.assign", site=site)
    return answer(outcome)


@shared_task(name="badgejobs.check_member", base=Bell)
def check_member(request: int) -> dict[str, Any]:
    """Decide the member whom a request row names."""
    outcome = work.run_check(house(), request, by=BY_WORKER)
    if outcome is None:
        return {"kind": "check_member", "request": request, "done": True}
    if outcome.opened:
        ring("badgejobs.assign", site=outcome.site)
    return answer(outcome)
