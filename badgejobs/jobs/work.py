"""The work of one site, one unit at a time, each with its row in the table of runs.

Celery tasks and the command line call these; none of them knows a queue. What is due, and when
something is due again, stands in the database alone.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Mapping
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from badgejobs.bootstrap import House
from badgejobs.core.source import Track
from badgejobs.errors import BadgeJobsError, LeaseTaken, Refused, SettingsError, SourceBroken
from badgejobs.flow.assign import Assigned, assign
from badgejobs.flow.decide import Decided, decide, flip, take_up
from badgejobs.flow.pages import Scanned
from badgejobs.flow.provision import provision
from badgejobs.flow.reconcile import reconcile
from badgejobs.flow.scan import scan
from badgejobs.jobs.retrying import patience

#: Duties that are no sources, kept beside the scans as rows with a lease and a due time.
PROVISION = "provision"
RECONCILE = "reconcile"
ASSIGN = "assign"
FLIP = "flip"
DUTIES = (PROVISION, RECONCILE, ASSIGN, FLIP)

#: Who starts work in the foreground; what a person asks for is not held up by old failures.
BY_HAND = "cli"

#: Rows of runs that a tick or a trigger started are kept this long.
RUNS_KEPT = timedelta(days=30)
#: A lease outlasts its slice by as much as the last step of it may take.
LEASE_MARGIN = timedelta(seconds=30)
#: Batches of members decided by one job after a change of rules.
BATCHES_A_JOB = 50


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


def register(house: House) -> None:
    """Make every site's sources and duties known to the database, due when new.

    Only sources that the site's rules read are read at all.
    """
    wanted = {
        (site, source, house.mode(source) or "window", track)
        for site in house.sites
        for source in (*house.at(site).wanted_sources(), *DUTIES)
        for track in house.tracks(source)
    }
    with house.store.read() as tx:
        known = tx.scans.known(house.sites)
    stands = {(site, source) for site, source, _, _ in known}
    # How a plug-in that is broken is read cannot be told now: its rows stay as they are.
    missing = {
        one for one in wanted - known if house.mode(one[1]) or (one[0], one[1]) not in stands
    }
    if missing:
        with house.store.begin() as tx:
            for site, source, mode, track in sorted(missing):
                tx.scans.register(site, source, mode, tracks=[track])


def run_scan(
    house: House,
    site: str,
    source: str,
    track: Track = Track.LIVE,
    *,
    by: str,
    heard: Callable[[Scanned], None] | None = None,
) -> Outcome:
    """One slice of a track; ``heard`` is told after each page what it has done so far."""
    at = house.at(site)
    cadence = house.cadence(site, source)
    time_is_up = _alarm(cadence.slice)

    def unit() -> _Told:
        if source not in at.wanted_sources():
            _let_rest(house, site, source, track)
            return _Told()
        wants = at.rules().wants
        try:
            reader = at.source(source, wants)
        except (SettingsError, SourceBroken) as error:
            _put_off(house, site, source, track, error)
            raise
        done = scan(
            site,
            reader,
            at.client(track),
            at.rules,
            house.store,
            track=track,
            cadence=cadence,
            patience=patience,
            time_is_up=time_is_up,
            wants=wants,
            heard=heard,
        )
        numbers = {name: number for name, number in asdict(done).items() if type(number) is int}
        # Without a page nothing was decided.
        version = at.rules().version if done.pages else None
        window = (done.since, done.until)
        told = _Told(numbers=numbers, more=done.more, version=version, window=window)
        if done.refused:
            raise _Stopped(told, Refused(done.refused))
        return told

    return _as_run(house, site, kind_of(house, site, source, track), unit, by=by)


def kind_of(house: House, site: str, source: str, track: Track) -> str:
    """What a run of this track is called, such as ``scan orders`` or ``backfill comments``."""
    if track is Track.LIVE:
        return f"scan {source}"
    if track is Track.RECENT:
        return f"re-scan {source}"
    with house.store.read() as tx:
        is_complete = tx.scans.is_complete(site, source)
    if not is_complete:
        return f"backfill {source}"
    return f"audit {source}" if house.mode(source) == "window" else f"walk {source}"


def run_assign(
    house: House, site: str, *, by: str, heard: Callable[[int], None] | None = None
) -> Outcome:
    """Batches of awards until none is due, the slice is over, or something stops it.

    ``heard`` is told after each batch how many awards it held.
    """
    at = house.at(site)
    time_is_up = _alarm(house.slice)

    def unit(failures: int) -> _Told:
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
                batch=house.settings.assign.batch,
                patience=patience,
                failures=failures,
            )
            if one is None:
                return _Told(numbers=totals, version=rules.version if totals["claimed"] else None)
            for name in totals:
                totals[name] += getattr(one, name)
            if heard:
                heard(one.claimed)
            told = _Told(numbers=totals, more=True, version=rules.version)
            if one.error:
                raise _Stopped(told, one.error)
            if time_is_up():
                return told

    return _as_duty(house, site, ASSIGN, unit, by=by, every=timedelta(days=1))


def run_provision(house: House, site: str, *, by: str) -> Outcome:
    """Bind the badges of the rules, then decide all stored members under their version."""
    at = house.at(site)

    def unit(_failures: int) -> _Told:
        at.learn_site_facts()
        rules = at.rules()
        with house.store.begin() as tx:
            is_new = tx.bindings.applied(site)[0] != rules.version
            tx.bindings.note_try(site, rules.version)
        made = provision(
            site, rules, at.badges, house.store, quiet_period=house.timing.quiet_period
        )
        decided, done = take_up(site, rules, house.store, batches=BATCHES_A_JOB)
        if is_new:
            with house.store.begin() as tx:
                for source in at.wanted_sources():
                    # A source that no rule read until now has been at rest.
                    tx.scans.make_due(site, source, if_waiting=True, unless_failing=True)
        numbers = {"created": made.created, "found": made.found} | asdict(decided)
        told = _Told(numbers=numbers, more=not done, version=rules.version)
        if made.error:
            raise _Stopped(told, made.error)
        return told

    return _as_duty(house, site, PROVISION, unit, by=by, every=timedelta(hours=1))


def run_flip(house: House, site: str, *, by: str) -> Outcome:
    """Decide the members whose time has come, and all of a site that is to be decided anew.

    A version of the rules that was not taken up yet is provisioning's affair.
    """
    at = house.at(site)

    def unit(_failures: int) -> _Told:
        rules = at.rules()
        with house.store.begin() as tx:
            is_taken_up = tx.bindings.applied(site)[0] == rules.version
        total, done = Decided(), True
        if is_taken_up:
            total, done = take_up(site, rules, house.store, batches=BATCHES_A_JOB)
        if done:
            flipped, done = flip(site, rules, house.store, batches=BATCHES_A_JOB)
            total += flipped
        return _Told(numbers=asdict(total), more=not done, version=rules.version)

    return _as_duty(house, site, FLIP, unit, by=by, every=timedelta(days=1))


def due_flips(house: House, sites: Collection[str], limit: int) -> list[str]:
    """Those of ``sites`` that ``run_flip`` would decide something of.

    Their rules must be usable (``RulesError`` and ``Later`` otherwise).
    """
    with house.store.read() as tx:
        undecided = tx.bindings.undecided(sites)
        due = tx.wake_ups.due_sites(sites, tx.scans.known_to, limit)
    anew = [
        site for site, version in undecided.items() if house.at(site).rules().version == version
    ]
    return list(dict.fromkeys((*anew, *due)))[:limit]


def run_reconcile(house: House, site: str, *, by: str) -> Outcome:
    """Compare the ledger with what stands at Wix; report, repair nothing."""
    at = house.at(site)

    def unit(_failures: int) -> _Told:
        return _Told(numbers=asdict(reconcile(site, at.reading, house.store)))

    return _as_duty(house, site, RECONCILE, unit, by=by, every=timedelta(days=1))


def run_check(house: House, request: int, *, by: str) -> Outcome | None:
    """Decide the one member that a request row names; ``None`` where it is done already."""
    with house.store.begin() as tx:
        row = tx.requests.get(request)
    if row is None or row.done_at is not None:
        return None
    # Rules that cannot be used are no run that failed: it has not begun, and stays open.
    rules = house.at(row.site).rules()
    house.at(row.site).require_own()

    def unit() -> _Told:
        with house.store.begin() as tx:
            decided = decide(tx, row.site, [row.member_id], rules)
            tx.requests.done(request, f"opened {decided.opened}, withdrew {decided.withdrawn}")
        return _Told(numbers=asdict(decided), version=rules.version)

    return _as_run(house, row.site, "check_member", unit, by=by)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Told:
    """What a unit did, whether there is more to do at once, and by which rules it decided."""

    numbers: Mapping[str, int] = field(default_factory=dict)
    more: bool = False
    version: str | None = None
    #: The time of last changes that it read.
    window: tuple[datetime | None, datetime | None] = (None, None)


class _Stopped(BadgeJobsError):
    """Carries what was done before the error that stopped it."""

    def __init__(self, told: _Told, by: BadgeJobsError) -> None:
        super().__init__(str(by))
        self.told, self.by = told, by


Unit = Callable[[], _Told]


def _as_run(house: House, site: str, kind: str, unit: Unit, *, by: str) -> Outcome:
    """Do a unit and keep its row; an error ends it well, since the database knows the rest."""
    with house.store.begin() as tx:
        tx.bindings.bind_site(site, house.at(site).at_wix)
        run = tx.runs.start(site, kind, started_by=by)
    told, cause = _Told(), None
    try:
        told = unit()
    except _Stopped as stopped:
        # what is left of it waits for the error to be over
        told, cause = replace(stopped.told, more=False), stopped.by
    except BadgeJobsError as failure:
        cause = failure
    error = str(cause) if cause else None
    with house.store.begin() as tx:
        if isinstance(cause, LeaseTaken):
            tx.runs.discard(run)
        else:
            tx.runs.finish(
                run,
                numbers=told.numbers,
                error=error,
                rules_version=told.version,
                window=told.window,
            )
    return Outcome(
        site=site,
        kind=kind,
        numbers=dict(told.numbers),
        error=error,
        more=told.more,
        cause=cause,
    )


def _as_duty(
    house: House,
    site: str,
    duty: str,
    unit: Callable[[int], _Told],
    *,
    by: str,
    every: timedelta,
) -> Outcome:
    """Do a unit under the lease of its duty, so that one worker at a time is at it.

    The unit is told how many tries in a row have failed before.
    """

    def leased() -> _Told:
        with house.store.begin() as tx:
            lease = tx.scans.lease(
                site, duty, holds=house.slice + LEASE_MARGIN, if_rested=by != BY_HAND
            )
        try:
            house.at(site).require_own()
            told = unit(lease.failures)
        except BadgeJobsError as error:
            cause = error.by if isinstance(error, _Stopped) else error
            with house.store.begin() as tx:
                wait = patience(cause, lease.failures)
                tx.scans.postpone(lease, due_in=wait, error=cause)
            raise
        with house.store.begin() as tx:
            due_in = timedelta(0) if told.more else every
            tx.scans.release(lease, due_in=due_in, completed=not told.more)
        return told

    return _as_run(house, site, duty, leased, by=by)


def prune(house: House) -> None:
    """Forget rows of old runs and of requests that were answered long ago."""
    with house.store.begin() as tx:
        tx.runs.prune(RUNS_KEPT)
        tx.requests.prune(RUNS_KEPT)


def _let_rest(house: House, site: str, source: str, track: Track) -> None:
    """Keep the place of a source that no rule reads any more, and ask again tomorrow."""
    with house.store.begin() as tx:
        lease = tx.scans.lease(site, source, track, holds=LEASE_MARGIN)
        tx.scans.release(lease, due_in=timedelta(days=1), completed=False)


def _put_off(house: House, site: str, source: str, track: Track, error: BadgeJobsError) -> None:
    """Keep the place of a source that cannot even begin, with its error, and ask again later."""
    with house.store.begin() as tx:
        lease = tx.scans.lease(site, source, track, holds=LEASE_MARGIN)
        tx.scans.postpone(lease, due_in=patience(error, lease.failures), error=error)


def _alarm(after: timedelta) -> Callable[[], bool]:
    ends = time.monotonic() + after.total_seconds()
    return lambda: time.monotonic() >= ends
