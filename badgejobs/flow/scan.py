"""Scan: read one track of one source of one site, page by page, each with all that follows."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from badgejobs.core.ledger import Lease, Missing
from badgejobs.core.milestone import Ruleset, Wants
from badgejobs.core.source import Mode, Page, Probing, Scope, Source, Track, Window, tracks_of
from badgejobs.core.watermark import Round, Watermark
from badgejobs.errors import BadgeJobsError, LeaseLost
from badgejobs.flow.cadence import Cadence
from badgejobs.flow.pages import C, Scanned, Slice, read
from badgejobs.flow.ports import Store, Transaction
from badgejobs.flow.probe import look

#: What sources read that rules ask no more of than plain facts.
NOTHING_MORE = Wants()

#: A part of which so many are known does not become empty from one reading to the next.
MANY = 10

#: The live scan of a source with a watermark waits so long for the backfill's first page.
_WAIT_FOR_BEGINNING = timedelta(seconds=5)

#: When to come back after an error that ended ``failures + 1`` tries in a row.
Patience = Callable[[BadgeJobsError, int], timedelta]


def scan(
    site: str,
    source: Source[C],
    client: C,
    rules: Callable[[], Ruleset],
    store: Store,
    *,
    track: Track = Track.LIVE,
    cadence: Cadence,
    patience: Patience,
    time_is_up: Callable[[], bool],
    wants: Wants = NOTHING_MORE,
    heard: Callable[[Scanned], None] | None = None,
) -> Scanned:
    """Read pages until the track's end or until the time of this slice is up.

    Each page is one transaction: facts, touched members, their awards, the place. Wix is
    called only between transactions. An error leaves what was recorded, gives the lease back
    with the moment to come again, and is raised. ``rules`` is asked for each page: a change
    that is taken up meanwhile holds for the pages that follow. ``wants`` is what the source reads
    beside the plain facts; where it is more than before, all is read again, and where rules
    begin to want more meanwhile, this slice ends. ``heard`` is told after each page what this
    slice has done so far. A full reading or a re-scan that is not due raises ``LeaseTaken``.
    """
    tracks = tracks_of(source.mode, is_probed=isinstance(source, Probing))
    with store.begin() as tx:
        tx.scans.register(
            site, source.name, source.mode, tracks=tracks, wants=wants.of(source.name)
        )
        lease = tx.scans.lease(
            site, source.name, track, holds=cadence.lease, if_due=track is not Track.LIVE
        )
    at = Slice(
        lease=lease, source=source, client=client, rules=rules, store=store, cadence=cadence,
        time_is_up=time_is_up, wants=wants, heard=heard or _nobody,
    )  # fmt: skip
    try:
        due_in = _read(at)
    except LeaseLost:
        raise
    except BadgeJobsError as error:
        again = patience(error, lease.failures)
        with store.begin() as tx:
            tx.scans.postpone(lease, due_in=again, error=error)
        raise
    _release(at, due_in=due_in)
    return at.total


def _nobody(_: Scanned) -> None:
    """Nobody waits to hear how far it is."""


def _read(at: Slice[C]) -> timedelta | None:
    """Read what this track asks for; when to come again, ``None`` for as soon as is usual."""
    place = at.lease.place
    if isinstance(place, Round) and at.lease.track is Track.LIVE:
        return look(at, place)
    if isinstance(place, Round):
        at_end = _read_whole(at, place)
        at.total = replace(at.total, completed=at_end)
        return None
    if place.reached is None and not place.scanning:
        return _WAIT_FOR_BEGINNING
    with at.store.begin() as tx:
        newest = tx.scans.newest_generation(at.lease.site, at.lease.source)
    place = read(at, _Live(newest, at.cadence.overlap), place.opened(at.cadence.overlap))
    at.total = replace(at.total, completed=not place.scanning)
    return None


def _read_whole(at: Slice[C], place: Round) -> bool:
    """Begin a full reading or a re-scan, or go on with it; whether it is at its end."""
    site, source = at.lease.site, at.lease.source
    with at.store.begin() as tx:
        tx.activities.take_turns(site)
        newest = tx.scans.newest_generation(site, source)
        if at.lease.track is Track.FULL:
            place = place.opened(tx.now, generation=newest + 1)
        else:
            reached = tx.scans.live_reached(site, source)
            since = reached - at.cadence.recent_reaches if reached else None
            place = place.opened(tx.now, generation=newest, since=since)
        known = tx.resources.known(site, source) if at.source.mode == "walk" else {}
        tx.scans.keep(at.lease, place, holds=at.cadence.lease)
    many = frozenset(part for part, here in known.items() if sum(here.values()) >= MANY)
    course = _Whole(at.lease, at.source.mode, at.cadence.miss_gap, place.generation, many)
    return not read(at, course, place).scanning


@dataclass(frozen=True, slots=True)
class _Live:
    """The live course of a source with a watermark: from a little before it, up to now."""

    generation: int
    overlap: timedelta
    silent: bool = False

    def scope(self, place: Watermark, /) -> Window:
        return place.scope

    def turned(self, place: Watermark, page: Page, now: datetime, /) -> Watermark:
        return place.turned(
            [one.updated_at for one in page.activities],
            next_cursor=page.next_cursor,
            answered_at=page.answered_at or now,
            overlap=self.overlap,
        )

    def follow(self, _tx: Transaction, _before: Watermark, _after: Watermark, /) -> Missing:
        return Missing()


#: An audit leaves out what changed within the hour: the live scan may not have come to it yet.
_TOO_FRESH_TO_AUDIT = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class _Whole:
    """The course of a full reading, or of a re-scan of the last days."""

    lease: Lease
    mode: Mode
    miss_gap: timedelta
    generation: int
    expected: frozenset[str]

    @property
    def silent(self) -> bool:
        """What the backfill opens was earned long ago."""
        return self.lease.track is Track.FULL and not self.lease.is_complete

    def scope(self, place: Round, /) -> Scope:
        return place.scope(self.mode, expected=self.expected)

    def turned(self, place: Round, page: Page, now: datetime, /) -> Round:
        return place.turned(
            [one.updated_at for one in page.activities] if self.mode == "window" else (),
            next_cursor=page.next_cursor,
            answered_at=page.answered_at or now,
        )

    def follow(self, tx: Transaction, before: Round, after: Round, /) -> Missing:
        if self.lease.track is not Track.FULL:
            return Missing()
        site, source = self.lease.site, self.lease.source
        if self.mode == "window" and after.until:
            tx.scans.begin_live(site, source, at=after.until)
        if after.scanning:
            return Missing()
        if self.mode == "window" and self.lease.is_complete and before.started_at and after.until:
            tx.audits.note(
                site,
                source,
                generation=self.generation,
                known_before=before.started_at,
                changed_before=after.until - _TOO_FRESH_TO_AUDIT,
            )
        missing = tx.activities.mark_missing(
            site,
            source,
            unseen_since=self.generation,
            gap=self.miss_gap,
            # what changed since the reading began is the live scan's to see
            changed_before=after.until if self.mode == "window" else None,
        )
        if before.started_at:
            tx.quarantine.not_seen(site, source, since=before.started_at, gap=self.miss_gap)
        if self.mode == "walk":
            tx.resources.rebuild(site, source)
        return missing


def _release(at: Slice[C], *, due_in: timedelta | None) -> None:
    """Give the lease back; when the history has been read, decide all anew.

    What waited for the history is let go by that, in the same transaction or never.
    """
    lease, done = at.lease, at.total.completed
    with at.store.begin() as tx:
        if done and lease.track is Track.FULL and not lease.is_complete:
            tx.bindings.decide_anew(lease.site, history_grew=True)
        if due_in is None and done:
            is_walk = lease.track is Track.FULL and at.source.mode == "walk"
            records = tx.activities.number(lease.site, lease.source) if is_walk else 0
            due_in = at.cadence.rest(lease.track, at.source.mode, records=records)
        at.total = replace(at.total, more=due_in is None)
        tx.scans.release(
            lease, due_in=due_in or timedelta(0), completed=done, error=at.total.refused or None
        )
