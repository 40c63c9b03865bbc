"""The work of one site, one unit at a time, each with its row in the table of runs.

Celery tasks and the command line call these; none of them knows a queue. What is due, and when
something is due again, stands in the database alone.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Collection
from dataclasses import asdict, fields, replace
from datetime import timedelta

import structlog

from badgejobs.bootstrap import House
from badgejobs.core.milestone import Wants
from badgejobs.core.source import Track
from badgejobs.errors import BadgeJobsError, Refused, SettingsError, SourceBroken
from badgejobs.flow.assign import Assigned, assign
from badgejobs.flow.decide import Decided, decide, flip, take_up
from badgejobs.flow.pages import Scanned
from badgejobs.flow.provision import provision, provision_anew
from badgejobs.flow.reread import Reread, reread
from badgejobs.flow.scan import scan
from badgejobs.jobs.asking import is_ours
from badgejobs.jobs.duties import (
    ASSIGN,
    FLIP,
    PROVISION,
    QUARANTINE,
    register,
)
from badgejobs.jobs.retrying import patience
from badgejobs.jobs.taking import take_back
from badgejobs.jobs.tracks import kind_of, let_rest, put_off
from badgejobs.jobs.units import (
    AskedRules,
    Outcome,
    Stopped,
    Told,
    as_duty,
    as_run,
    by_what_is_told_now,
)

log = structlog.get_logger(__name__)

_PROVISIONED = ("created", "found", "changed", "moved")

#: Requests that were answered, and notifications that are over, are kept this long.
REQUESTS_KEPT, NOTIFICATIONS_KEPT = timedelta(days=30), timedelta(days=90)
#: What has its records to wake it looks by itself so seldom.
_SELDOM = timedelta(days=365)
#: Batches of members decided by one job after a change of rules.
BATCHES_A_JOB = 50


@by_what_is_told_now
def run_scan(
    house: House,
    site: str,
    source: str,
    track: Track = Track.LIVE,
    *,
    by: str,
    most: timedelta | None = None,
    heard: Callable[[Scanned], None] | None = None,
) -> Outcome:
    """One slice of a track, no longer than ``most``.

    ``heard`` is told after each page what it has done so far.
    """
    at = house.at(site)
    cadence = house.cadence(site, source)
    time_is_up = alarm(cadence.slice if most is None else min(cadence.slice, most))
    so_far, rules = Scanned(), AskedRules(at)

    def hears(done: Scanned) -> None:
        nonlocal so_far
        so_far = done
        if heard:
            heard(done)

    def told(done: Scanned) -> Told:
        # a source that is walked has stamps, and is not read by them
        by_time = house.mode(source) == "window"
        window = (done.since, done.until) if by_time else (None, None)
        # without a page nothing was decided
        decided_by = rules.version if done.pages else None
        return Told(numbers=_counted(done), more=done.more, version=decided_by, window=window)

    def unit() -> Told:
        if source not in at.wanted_sources():
            let_rest(house, site, source, track)
            return Told()
        wants = at.rules().wants
        try:
            reader = at.source(source, wants)
        except (SettingsError, SourceBroken) as error:
            put_off(house, site, source, track, error)
            raise
        try:
            done = scan(
                site,
                reader,
                at.client(track),
                rules,
                house.store,
                track=track,
                cadence=cadence,
                patience=patience,
                time_is_up=time_is_up,
                wants=wants,
                heard=hears,
                declaring=is_ours,
            )
        except BadgeJobsError as error:
            if not so_far.pages:
                raise
            # the pages before it are recorded, and what they opened may be given
            raise Stopped(told(so_far), error) from error
        _register_for_guests(house, site, wants, done)
        if done.refused:
            raise Stopped(told(done), Refused(done.refused))
        return told(done)

    kind = kind_of(house, site, source, track)
    return as_run(house, at, kind, unit, by=by, of=(source, track))


@by_what_is_told_now
def run_assign(
    house: House, site: str, *, by: str, heard: Callable[[int], None] | None = None
) -> Outcome:
    """Batches of awards, and then of removals, until none is due or the slice is over.

    ``heard`` is told after each batch how many awards it held.
    """
    at, told_assign = house.at(site), house.settings.assign
    time_is_up = alarm(house.slice)

    def unit(failures: int) -> Told:
        totals = dict.fromkeys(
            ("claimed", "created", "found", "unknown", "refused", "withdrawn", "held"), 0
        )
        while True:
            rules = at.rules()
            one: Assigned | None = assign(
                site,
                at.badges,
                rules,
                house.store,
                timing=house.timing,
                batch=told_assign.batch,
                batch_after_failure=told_assign.batch_after_failure,
                most_an_hour=told_assign.new_awards_an_hour,
                patience=patience,
                failures=failures,
            )
            if one is None:
                return take_back(
                    house, site, totals, failures=failures, time_is_up=time_is_up, heard=heard
                )
            for name in totals:
                totals[name] += getattr(one, name)
            if heard:
                heard(one.claimed)
            told = Told(numbers=totals, more=True, version=rules.version)
            if one.error:
                raise Stopped(told, one.error)
            if time_is_up():
                # one batch, so that what is to be taken waits for no long row of gifts
                taken = take_back(house, site, totals, failures=failures, time_is_up=time_is_up)
                return replace(taken, more=True)

    return as_duty(house, at, ASSIGN, unit, by=by, every=timedelta(days=1))


@by_what_is_told_now
def run_provision(
    house: House, site: str, *, by: str, read_anew: bool = False, anew: str | None = None
) -> Outcome:
    """Bind and dress the badges of the rules, then decide all stored members by their version.

    With ``read_anew``, and when the rules are new, Wix is asked how the bound badges stand. The
    badge named by ``anew``, which must be gone there, is created anew.
    """
    at = house.at(site)

    def unit(_failures: int) -> Told:
        at.learn_site_facts()
        rules = at.rules()
        with house.store.begin() as tx:
            is_new = tx.bindings.applied(site)[0] != rules.version
            tx.bindings.note_try(site, rules.version)
        quiet_period = house.timing.quiet_period
        if anew is not None:
            made = provision_anew(
                site, rules, anew, at.badges, house.store, quiet_period=quiet_period
            )
        else:
            made = provision(
                site,
                rules,
                at.badges,
                house.store,
                quiet_period=quiet_period,
                read_anew=is_new or read_anew,
            )
        for one in made.renamed:
            log.info(
                "a badge has another title at Wix now",
                site=site, badge=one.badge, was=one.was, title=one.title,
            )  # fmt: skip
        decided, done = take_up(site, rules, house.store, batches=BATCHES_A_JOB)
        if is_new:
            register(house, [site])
            with house.store.begin() as tx:
                for source in at.wanted_sources():
                    # A source that no rule read until now has been at rest.
                    tx.scans.make_resting_due(site, source, asked_by="rules change")
                    tx.scans.make_due(
                        site, source, if_waiting=True, unless_failing=True, asked_by="rules change"
                    )
        counted = {name: getattr(made, name) for name in _PROVISIONED}
        numbers = counted | {"gone": len(made.gone)} | asdict(decided)
        told = Told(numbers=numbers, more=not done, version=rules.version)
        if made.error:
            raise Stopped(told, made.error)
        return told

    return as_duty(house, at, PROVISION, unit, by=by, every=timedelta(hours=1))


@by_what_is_told_now
def run_flip(house: House, site: str, *, by: str) -> Outcome:
    """Decide the members whose time has come, and all of a site that is to be decided anew.

    A version of the rules that was not taken up yet is provisioning's affair.
    """
    at = house.at(site)

    def unit(_failures: int) -> Told:
        rules = at.rules()
        with house.store.begin() as tx:
            is_taken_up = tx.bindings.applied(site)[0] == rules.version
        total, done = Decided(), True
        if is_taken_up:
            total, done = take_up(site, rules, house.store, batches=BATCHES_A_JOB)
        if done:
            flipped, done = flip(site, rules, house.store, batches=BATCHES_A_JOB)
            total += flipped
        return Told(numbers=asdict(total), more=not done, version=rules.version)

    return as_duty(house, at, FLIP, unit, by=by, every=timedelta(days=1))


def due_flips(house: House, sites: Collection[str], limit: int) -> list[str]:
    """Those of ``sites`` that ``run_flip`` would decide something of.

    Their rules must be usable (``RulesError`` and ``Later`` otherwise).
    """
    with house.store.read() as tx:
        undecided = tx.bindings.undecided(sites)
        due = tx.wake_ups.due_sites(sites, tx.scans.known_to_of)
    anew = [
        site for site, version in undecided.items() if house.at(site).rules().version == version
    ]
    return list(dict.fromkeys((*anew, *due)))[:limit]


def wake_quarantine(house: House) -> None:
    """Let quarantine be worked on where records of it are due; nothing more than a row is made."""
    with house.store.begin() as tx:
        sites = tx.quarantine.due_sites(house.configured)
        for site in tx.waking.without(QUARANTINE, sites):
            tx.scans.register(site, QUARANTINE, "window")
        tx.waking.at(QUARANTINE, sites)


@by_what_is_told_now
def run_quarantine(house: House, site: str, *, by: str) -> Outcome:
    """Ask Wix again for the records that could not be understood and are due."""
    at = house.at(site)
    time_is_up = alarm(house.slice)

    def unit(_failures: int) -> Told:
        rules = at.rules()
        done = reread(
            site,
            lambda name: at.source(name, rules.wants) if name in at.wanted_sources() else None,
            at.reading,
            at.rules,
            house.store,
            wants=rules.wants,
            miss_gap=timedelta(seconds=house.settings.scan.miss_gap_seconds),
            time_is_up=time_is_up,
        )
        version = rules.version if done.asked else None
        told = Told(numbers=_counted(done), more=done.more, version=version)
        if done.error:
            raise Stopped(told, done.error)
        return told

    with house.store.begin() as tx:
        tx.scans.register(site, QUARANTINE, "window")
    return as_duty(house, at, QUARANTINE, unit, by=by, every=_SELDOM)


@by_what_is_told_now
def run_check(house: House, request: int, *, by: str) -> Outcome | None:
    """Decide the one member that a request row names; ``None`` where it is done already."""
    with house.store.begin() as tx:
        row = tx.requests.get(request)
    if row is None or row.done_at is not None:
        return None
    # Rules that cannot be used are no run that failed: it has not begun, and stays open.
    at = house.at(row.site)
    rules = at.rules()
    at.require_own()

    def unit() -> Told:
        with house.store.begin() as tx:
            decided = decide(tx, row.site, [row.member_id], rules)
            tx.requests.done(request, f"opened {decided.opened}, withdrew {decided.withdrawn}")
        return Told(numbers=asdict(decided), version=rules.version)

    return as_run(house, at, "check_member", unit, by=by)


def prune(house: House) -> None:
    """Forget rows of old runs, and of requests and notifications that were settled long ago."""
    with house.store.begin() as tx:
        tx.runs.prune(timedelta(days=house.settings.runs_kept_days))
        tx.requests.prune(REQUESTS_KEPT)
        tx.notifications.prune(NOTIFICATIONS_KEPT)


def _register_for_guests(house: House, site: str, wants: Wants, done: Scanned) -> None:
    """The first order of a guest asks for members, where it is to find its own."""
    if wants.guests and done.seen:
        register(house, [site])


def _counted(done: Scanned | Reread) -> dict[str, int]:
    """The numbers of a result; what is only said of it with yes or no is none."""
    told = {one.name: getattr(done, one.name) for one in fields(done)}
    return {name: value for name, value in told.items() if type(value) is int}


def alarm(after: timedelta) -> Callable[[], bool]:
    """Tells whether so long a time is over."""
    ends = time.monotonic() + after.total_seconds()
    return lambda: time.monotonic() >= ends
