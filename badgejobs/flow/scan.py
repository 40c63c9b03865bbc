"""Scan: read one source of one site up to now, page by page, each with all that follows."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from badgejobs.core.ledger import Lease
from badgejobs.core.milestone import Ruleset, Wants
from badgejobs.core.source import Page, Probing, Source
from badgejobs.core.watermark import Place, Round, Watermark
from badgejobs.errors import Ambiguous, BadgeJobsError, CursorRefused, LeaseLost
from badgejobs.flow.decide import Decided, decide
from badgejobs.flow.ports import Store, Transaction

#: What sources read that rules ask no more of than plain facts.
NOTHING_MORE = Wants()

#: Pages in a row without a record, though each named a next one. Some are honest: a source that
#: is read part by part (comments, app by app) has one for each part that holds nothing.
MOST_EMPTY_PAGES = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Cadence:
    """How often a source is read, and how long one slice of it may last; settings."""

    every: timedelta = timedelta(seconds=60)
    overlap: timedelta = timedelta(minutes=10)
    #: A source that can only be walked is walked in full at least this often.
    walk_every: timedelta = timedelta(hours=6)
    #: A probe that differs brings the walk forward, but never closer than this.
    walk_at_most_every: timedelta = timedelta(minutes=10)
    slice: timedelta = timedelta(seconds=50)

    @property
    def lease(self) -> timedelta:
        """How long a scan holds its lease without a page: longer than a slice."""
        return self.slice + timedelta(seconds=30)


@dataclass(frozen=True, slots=True, kw_only=True)
class Scanned:
    """What a slice of a scan read and what came of it."""

    pages: int = 0
    seen: int = 0
    new: int = 0
    changed: int = 0
    quarantined: int = 0
    opened: int = 0
    held: int = 0
    cleared: int = 0
    withdrawn: int = 0
    #: The source has been read up to its present end.
    completed: bool = False
    #: The rules began to want more than this source reads: it is to be read by another.
    overtaken: bool = False


#: When to come back after an error that ended ``failures + 1`` tries in a row.
Patience = Callable[[BadgeJobsError, int], timedelta]


def scan(
    site: str,
    source: Source,
    rules: Callable[[], Ruleset],
    store: Store,
    *,
    cadence: Cadence,
    patience: Patience,
    time_is_up: Callable[[], bool],
    wants: Wants = NOTHING_MORE,
    heard: Callable[[Scanned], None] | None = None,
) -> Scanned:
    """Read pages until the source's end or until the time of this slice is up.

    Each page is one transaction: facts, touched members, their awards, the place. Wix is
    called only between transactions. An error leaves what was recorded, gives the lease back
    with the moment to come again, and is raised. ``rules`` is asked for each page: a change
    that is taken up meanwhile holds for the pages that follow. ``wants`` is what the source reads
    beside the plain facts; where it is more than before, all is read again, and where rules
    begin to want more meanwhile, this slice ends. ``heard`` is told after each page what this
    slice has done so far.
    """
    with store.begin() as tx:
        tx.scans.register(site, source.name, source.mode, wants=wants.of(source.name))
        lease = tx.scans.lease(site, source.name, holds=cadence.lease)
        now = tx.now
    total = Scanned()
    try:
        if rest := _rest(lease, source, store, cadence, now):
            _release(store, lease, due_in=rest.wait, completed=rest.is_current)
            return replace(total, completed=rest.is_current)
        total = _read(
            lease, source, rules, store,
            cadence=cadence, now=now, time_is_up=time_is_up, wants=wants, heard=heard or _nobody,
        )  # fmt: skip
    except LeaseLost:
        raise
    except BadgeJobsError as error:
        again = patience(error, lease.failures)
        with store.begin() as tx:
            tx.scans.postpone(lease, due_in=again, error=error)
        raise
    due_in = cadence.every if total.completed else timedelta(0)
    _release(store, lease, due_in=due_in, completed=total.completed)
    return total


def _nobody(_: Scanned) -> None:
    """Nobody waits to hear how far it is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Rest:
    """That no page need be read now: how long, and whether all there is is recorded."""

    wait: timedelta
    is_current: bool


def _rest(
    lease: Lease, source: Source, store: Store, cadence: Cadence, now: datetime
) -> _Rest | None:
    """Whether a source that must be walked in full may be left alone for now."""
    place = lease.place
    if isinstance(place, Watermark) or place.scanning or place.complete_from is None:
        return None
    age = now - place.complete_from
    if age >= cadence.walk_every:
        return None
    if not isinstance(source, Probing):
        return _Rest(wait=min(cadence.every, cadence.walk_every - age), is_current=False)
    with store.begin() as tx:
        known = tx.activities.tallies(lease.site, lease.source)
    if not source.probe(known):
        return _Rest(wait=cadence.every, is_current=True)
    too_soon = cadence.walk_at_most_every - age
    if too_soon <= timedelta(0):
        return None
    return _Rest(wait=min(cadence.every, too_soon), is_current=False)


def _read(
    lease: Lease,
    source: Source,
    rules: Callable[[], Ruleset],
    store: Store,
    *,
    cadence: Cadence,
    now: datetime,
    time_is_up: Callable[[], bool],
    wants: Wants,
    heard: Callable[[Scanned], None],
) -> Scanned:
    place = lease.place
    place = place.opened(cadence.overlap) if isinstance(place, Watermark) else place.opened(now)
    total, empty, cursors, may_drop = Scanned(), 0, set[str](), True
    while place.scanning and not (total.pages and time_is_up()):
        try:
            page = source.fetch(place.scope, place.cursor)
        except CursorRefused:
            if not may_drop:
                raise
            may_drop, place = False, place.cursor_dropped()
            cursors.clear()  # the same pages come again, perhaps under the same cursors
            continue
        more_of_nothing = page.next_cursor and not (page.activities or page.unreadable)
        empty = empty + 1 if more_of_nothing else 0
        if page.next_cursor in cursors or empty >= MOST_EMPTY_PAGES:
            raise Ambiguous(f"{lease.source}: the pages of Wix run in a circle")
        if page.next_cursor:
            cursors.add(page.next_cursor)
        in_force = rules()
        if not in_force.wants.of(source.name) <= wants.of(source.name):
            return replace(total, overtaken=True)
        with store.begin() as tx:
            place, total = _record(
                tx, lease, page, in_force, place=place, total=total, overlap=cadence.overlap
            )
            tx.scans.keep(lease, place, holds=cadence.lease)
        heard(total)
    return replace(total, completed=not place.scanning)


def _record(
    tx: Transaction,
    lease: Lease,
    page: Page,
    rules: Ruleset,
    *,
    place: Place,
    total: Scanned,
    overlap: timedelta,
) -> tuple[Place, Scanned]:
    """Write one page and all that follows from it; the place and the totals after it."""
    generation = place.generation if isinstance(place, Round) else 0
    tx.activities.take_turns(lease.site)
    recorded = tx.activities.record(
        page.activities, site=lease.site, source=lease.source, generation=generation
    )
    tx.activities.quarantine(page.unreadable, site=lease.site, generation=generation)
    touched = recorded.touched
    if isinstance(place, Round):
        place = place.turned(next_cursor=page.next_cursor)
        if not place.scanning:
            # Missing from this walk and from the one before it: gone.
            touched |= tx.activities.mark_gone(
                lease.site, lease.source, not_seen_since=generation - 1
            )
    else:
        place = place.turned(
            [one.updated_at for one in page.activities],
            next_cursor=page.next_cursor,
            answered_at=page.answered_at or tx.now,
            overlap=overlap,
        )
    decided: Decided = decide(tx, lease.site, touched, rules)
    return place, replace(
        total,
        pages=total.pages + 1,
        seen=total.seen + len(page.activities),
        new=total.new + recorded.new,
        changed=total.changed + recorded.changed,
        quarantined=total.quarantined + len(page.unreadable),
        opened=total.opened + decided.opened,
        held=total.held + decided.held,
        cleared=total.cleared + decided.cleared,
        withdrawn=total.withdrawn + decided.withdrawn,
    )


def _release(store: Store, lease: Lease, *, due_in: timedelta, completed: bool) -> None:
    """Give the lease back; the first time that a source is read to its end, decide all anew.

    What waited for the history is let go by that, in the same transaction or never.
    """
    with store.begin() as tx:
        grew = completed and lease.source not in tx.scans.known_to(lease.site)
        if grew:
            tx.bindings.decide_anew(lease.site, history_grew=True)
        tx.scans.release(lease, due_in=due_in, completed=completed)
