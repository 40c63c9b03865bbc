"""Scan: read one track of one source of one site, page by page, each with all that follows."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from badgejobs.core.ledger import Lease, Missing
from badgejobs.core.milestone import Ruleset, Wants
from badgejobs.core.source import Mode, Page, Probing, Scope, Source, Track, Window, tracks_of
from badgejobs.core.watermark import Round, Watermark
from badgejobs.errors import BadgeJobsError, LeaseLost, LeaseTaken, Refused
from badgejobs.flow.cadence import MANY, Cadence
from badgejobs.flow.pages import C, Scanned, Slice, read
from badgejobs.flow.ports import Store, Transaction
from badgejobs.flow.probe import look

#: What sources read that rules ask no more of than plain facts.
NOTHING_MORE = Wants()

_AT_ONCE = timedelta(0)
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
    declaring: Callable[[str | None], bool] = lambda _: False,
) -> Scanned:
    """Read pages until the track's end or until the time of this slice is up.

    Each page is one transaction: facts, touched members, their awards, the place. Wix is
    called only between transactions. An error leaves what was recorded, gives the lease back
    with the moment to come again, and is raised. ``rules`` is asked for each page: a change
    that is taken up meanwhile holds for the pages that follow. ``wants`` is what the source reads
    beside the plain facts; where it is more than before, all is read again, and where rules
    begin to want more meanwhile, this slice ends. ``heard`` is told after each page what this
    slice has done so far. A full reading or a re-scan that is not due raises ``LeaseTaken``. One
    for whom ``declaring`` says yes, by who asked for it, may open any number of awards in an hour.
    """
    tracks = tracks_of(source.mode, is_probed=isinstance(source, Probing))
    lease, newest = _leased(site, source, store, track, tracks=tracks, cadence=cadence, wants=wants)
    at = Slice(
        lease=lease, source=source, client=client, rules=rules, store=store, cadence=cadence,
        time_is_up=time_is_up, wants=wants, heard=heard or _nobody, newest=newest,
        declared=declaring(lease.asked_by),
    )  # fmt: skip
    try:
        due_in = _read(at)
    except LeaseLost:
        raise
    except KeyboardInterrupt:
        # A person stops it here; who goes on need not wait for the lease to run out.
        _release(at, due_in=_AT_ONCE)
        raise
    except BadgeJobsError as error:
        again = patience(error, lease.failures)
        with store.begin() as tx:
            tx.scans.postpone(lease, due_in=again, error=error)
        raise
    if not at.released:
        _release(at, due_in=due_in)
    return at.total


def _leased(
    site: str,
    source: Source[C],
    store: Store,
    track: Track,
    *,
    tracks: Sequence[Track],
    cadence: Cadence,
    wants: Wants,
) -> tuple[Lease, int]:
    """The lease of a track, and the newest generation of its source."""
    taken: LeaseTaken | None = None
    with store.begin() as tx:
        tx.scans.register(
            site, source.name, source.mode, tracks=tracks, wants=wants.of(source.name)
        )
        try:
            lease = tx.scans.lease(
                site, source.name, track, holds=cadence.lease, if_due=track is not Track.LIVE
            )
            return lease, tx.scans.newest_generation(site, source.name)
        except LeaseTaken as error:
            # what is wanted anew stands all the same
            taken = error
    raise taken


def _nobody(_: Scanned) -> None:
    """Nobody waits to hear how far it is."""


def _read(at: Slice[C]) -> timedelta | None:
    """Read what this track asks for; when to come again, ``None`` for as soon as is usual."""
    place = at.lease.place
    if isinstance(place, Round) and at.lease.track is Track.LIVE:
        return look(at, place)
    if isinstance(place, Round):
        return _read_whole(at, place)
    if place.reached is None and not place.scanning:
        return _WAIT_FOR_BEGINNING
    place = read(at, _Live(at), place.opened(at.cadence.overlap))
    at.total = replace(at.total, completed=not place.scanning)
    return None


def _read_whole(at: Slice[C], place: Round) -> timedelta | None:
    """Begin a full reading or a re-scan, or go on with it; when to come again, as ``_read``."""
    site, source = at.lease.site, at.lease.source
    with at.store.begin() as tx:
        tx.activities.take_turns(site)
        newest = tx.scans.newest_generation(site, source)
        if at.lease.track is Track.FULL:
            place = place.opened(tx.now, generation=newest + 1)
        else:
            reached = tx.scans.live_reached(site, source)
            place = place.opened(tx.now, generation=newest, since=_since(at, place, reached))
        known = tx.resources.known(site, source) if at.source.mode == "walk" else {}
        tx.scans.keep(at.lease, place, holds=at.cadence.lease)
    many = frozenset(part for part, here in known.items() if sum(here.values()) >= MANY)
    course = _Whole(at.lease, at.source.mode, at.cadence, place.generation, many, at.declared)
    place = read(at, course, place)
    refused = "; ".join(place.refused.values())
    at_end = not place.scanning
    # A history of which a part could not be read is not complete: what leans on it waits.
    completed = at_end and (at.lease.is_complete or not refused)
    at.total = replace(at.total, completed=completed, refused=refused if at_end else "")
    return at.cadence.walk_at_most_every if at_end and not completed else None


def _since(at: Slice[C], place: Round, reached: datetime | None) -> datetime | None:
    """Where a re-scan begins: so far back, and half as far behind the end of the last one.

    After workers were down for days, what came late in those days is among it.
    """
    if reached is None:
        return None
    back = at.cadence.recent_reaches
    return min(reached - back, place.until - back / 2) if place.until else reached - back


@dataclass(frozen=True, slots=True)
class _Live:
    """The live course of a source with a watermark: from a little before it, up to now."""

    at: Slice[Any]
    silent: bool = False
    declared: bool = False

    @property
    def generation(self) -> int:
        return self.at.newest

    def scope(self, place: Watermark, /) -> Window:
        return place.scope

    def turned(self, place: Watermark, page: Page, now: datetime, /) -> Watermark:
        return place.turned(
            [one.updated_at for one in page.activities],
            next_cursor=page.next_cursor,
            answered_at=page.answered_at or now,
            overlap=self.at.cadence.overlap,
        )

    def follow(self, _tx: Transaction, _before: Watermark, _after: Watermark, /) -> Missing:
        return Missing()

    def end(self, tx: Transaction, /) -> bool:
        """Give the lease back with the last page: most scans have one page, and it is empty."""
        rest = self.at.cadence.rest(Track.LIVE, self.at.source.mode, records=0)
        tx.scans.release(self.at.lease, due_in=rest, completed=True)
        return True


#: An audit leaves out what changed within the hour: the live scan may not have come to it yet.
_TOO_FRESH_TO_AUDIT = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class _Whole:
    """The course of a full reading, or of a re-scan of the last days."""

    lease: Lease
    mode: Mode
    cadence: Cadence
    generation: int
    expected: frozenset[str]
    is_asked_for: bool = False

    @property
    def silent(self) -> bool:
        """What the backfill opens was earned long ago, and so was what a person had read anew."""
        is_past = not self.lease.is_complete or self.is_asked_for
        return self.lease.track is Track.FULL and is_past

    @property
    def declared(self) -> bool:
        """How much the past holds nobody can help."""
        return self.silent

    def scope(self, place: Round, /) -> Scope:
        return place.scope(self.mode, expected=self.expected)

    def turned(self, place: Round, page: Page, now: datetime, /) -> Round:
        return place.turned(
            [one.updated_at for one in page.activities] if self.mode == "window" else (),
            next_cursor=page.next_cursor,
            answered_at=page.answered_at or now,
            refused=page.refused,
        )

    def follow(self, tx: Transaction, before: Round, after: Round, /) -> Missing:
        if self.lease.track is not Track.FULL:
            return Missing()
        site, source = self.lease.site, self.lease.source
        if self.mode == "window" and after.until:
            tx.scans.begin_live(site, source, at=after.until)
        if after.scanning:
            return Missing()
        self._require_any(tx)
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
            gap=self.cadence.miss_gap,
            but=after.refused,
            # what changed since the reading began is the live scan's to see
            changed_before=after.until if self.mode == "window" else None,
        )
        if before.started_at:
            tx.quarantine.not_seen(site, source, since=before.started_at, gap=self.cadence.miss_gap)
        if self.mode == "walk":
            tx.resources.rebuild(site, source)
        if self.lease.is_complete or not after.refused:
            self._finish(tx)
        return missing

    def end(self, _tx: Transaction, /) -> bool:
        """The lease stays: what could not be read is still to be said."""
        return False

    def _finish(self, tx: Transaction) -> None:
        """The reading is at its end from this very page on, whatever happens to the worker.

        The first time that a source is read to its end, all are decided anew: what waited for
        the history is let go by that, in the same transaction or never.
        """
        site, source = self.lease.site, self.lease.source
        records = tx.activities.number(site, source) if self.mode == "walk" else 0
        if not self.lease.is_complete:
            tx.bindings.decide_anew(site, history_grew=True)
        rest = self.cadence.rest(Track.FULL, self.mode, records=records)
        tx.scans.finish(self.lease, due_in=rest)

    def _require_any(self, tx: Transaction) -> None:
        """Refuse to believe that nothing is left of many."""
        site, source = self.lease.site, self.lease.source
        known, seen = tx.activities.standing(site, source, seen_since=self.generation)
        if known >= MANY and not seen:
            raise Refused(
                f"{site}: Wix lists none of the {known} {source} that are known; nothing is held "
                "to be gone. See that the app is installed and its permissions are granted"
            )


def _release(at: Slice[C], *, due_in: timedelta | None) -> None:
    """Give the lease back, and say when to come again."""
    done, track = at.total.completed, at.lease.track
    at.total = replace(at.total, more=due_in is None and not done)
    is_finished = done and track is Track.FULL
    if due_in is None and not is_finished:
        due_in = at.cadence.rest(track, at.source.mode, records=0) if done else _AT_ONCE
    with at.store.begin() as tx:
        tx.scans.release(
            at.lease,
            # when a full reading is due again was said with its last page
            due_in=due_in,
            completed=done and not is_finished,
            error=at.total.refused or None,
        )
