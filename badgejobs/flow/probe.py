"""Probe: find by numbers what changed of a source that knows no time, and read only that.

Also what is noted from elsewhere (a webhook, a person) is read here: a hint says that a resource
may have changed, never how.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from badgejobs.core.ledger import Lease, Missing
from badgejobs.core.source import Known, Page, Probed, Probing, Resources, Track
from badgejobs.core.watermark import Round
from badgejobs.errors import Refused
from badgejobs.flow.cadence import MANY, PAGE
from badgejobs.flow.pages import C, Slice, read
from badgejobs.flow.ports import Transaction


def look(at: Slice[C], place: Round) -> timedelta | None:
    """Read what is noted, hold the numbers against ours, and read where they differ.

    Returns when to come again; ``None`` for at once, where the time of the slice was up.
    """
    site, source = at.lease.site, at.lease.source
    place, all_read = _read_noted(at, place)
    if not all_read:
        return None
    with at.store.begin() as tx:
        has_history = source in tx.scans.known_to(site)
        known = tx.resources.known(site, source) if has_history else {}
    # While the past is still being read, every number differs: the backfill is at it.
    if not has_history or not isinstance(at.source, Probing):
        return at.cadence.every
    probed = at.source.probe(at.client, known, place.offsets)
    with at.store.begin() as tx:
        tx.resources.hint(site, source, probed.changed)
        is_news = any(by != place.offsets.get(part) for part, by in probed.unexplained.items())
        if probed.to_walk or is_news:
            _bring_forward(tx, at)
        # What reading does not mend (a record removed without a trace, a number that lags) is no
        # news to the next probe, even if this slice ends before all is read.
        offsets = _offsets(probed, known)
        offsets = {part: by for part, by in offsets.items() if part not in probed.unfinished}
        place = replace(place, offsets=offsets)
        tx.scans.keep(at.lease, place, holds=at.cadence.lease)
    place, all_read = _read_noted(at, place)
    if not all_read:
        return None
    with at.store.begin() as tx:
        known_now = tx.resources.known(site, source)
        offsets = _offsets(probed, known_now)
        # Where what was found told us nothing new, asking again would find the same.
        goes_on = bool(probed.unfinished) and known_now != known
        if goes_on:
            offsets = {part: by for part, by in offsets.items() if part not in probed.unfinished}
        elif probed.unfinished:
            _bring_forward(tx, at)
        elif offsets != probed.unexplained and not tx.resources.hints(site, source):
            # The pages trail behind the numbers, or hold what is not understood.
            tx.resources.hint(site, source, probed.changed, due_in=at.cadence.every)
        tx.scans.keep(at.lease, replace(place, offsets=offsets), holds=at.cadence.lease)
    refused = "; ".join(dict.fromkeys(one for one in (at.total.refused, probed.refused) if one))
    is_known = not (offsets or probed.to_walk or probed.unfinished or refused)
    at.total = replace(at.total, completed=is_known, refused=refused)
    return None if goes_on else at.cadence.every


def _offsets(probed: Probed, known: Known) -> Mapping[str, int]:
    """By part, by how much the live numbers differ from ours after all was read that could be."""
    found = {part: live - sum(known.get(part, {}).values()) for part, live in probed.live.items()}
    return {part: by for part, by in found.items() if by}


def _bring_forward(tx: Transaction, at: Slice[C]) -> None:
    """Let a walk find what numbers cannot: new resources, and what is too costly to single out."""
    site, source = at.lease.site, at.lease.source
    begun = tx.scans.known_to(site).get(source, tx.now)
    soonest = tx.scans.walked_from(site, source) or begun
    to = max(tx.now, soonest + at.cadence.walk_at_most_every)
    tx.scans.bring_forward(site, source, Track.FULL, to=to)


def _read_noted(at: Slice[C], place: Round) -> tuple[Round, bool]:
    """Read resources that are noted, up to 100 at once; the place, and whether all are read."""
    site, source = at.lease.site, at.lease.source
    while True:
        with at.store.begin() as tx:
            tx.activities.take_turns(site)
            resources = None
            if place.scanning:
                resources = tx.resources.taken(site, source, generation=place.generation)
            if resources is None:
                generation = tx.scans.newest_generation(site, source) + 1
                resources = tx.resources.take(site, source, generation=generation, limit=PAGE)
                place = replace(place, scanning=False)
                if resources is not None:
                    place = place.opened(tx.now, generation=generation)
            published = tx.resources.published(site, source, resources) if resources else 0
            tx.scans.keep(at.lease, place, holds=at.cadence.lease)
        if resources is None:
            return place, True
        resources = replace(resources, expected=published >= MANY)
        if at.total.pages and at.time_is_up():
            return place, False
        course = _Some(at.lease, resources, at.cadence.miss_gap, place.generation)
        try:
            place = read(at, course, place)
        except Refused as error:
            place = _put_off(at, place, resources, str(error))
            continue
        if place.scanning:
            return place, False


def _put_off(at: Slice[C], place: Round, resources: Resources, why: str) -> Round:
    """Leave resources that cannot be read to a later slice, and go on with the others."""
    at.total = replace(at.total, refused=why)
    with at.store.begin() as tx:
        tx.resources.read(at.lease.site, at.lease.source, generation=place.generation)
        tx.resources.hint(
            at.lease.site, at.lease.source, [resources], due_in=at.cadence.walk_at_most_every
        )
    return replace(place, scanning=False, cursor=None)


@dataclass(frozen=True, slots=True)
class _Some:
    """The course over a few resources."""

    lease: Lease
    resources: Resources
    miss_gap: timedelta
    generation: int
    silent: bool = False
    declared: bool = False

    def scope(self, _place: Round, /) -> Resources:
        return self.resources

    def turned(self, place: Round, page: Page, _now: datetime, /) -> Round:
        return place.turned(next_cursor=page.next_cursor, answered_at=page.answered_at)

    def follow(self, tx: Transaction, _before: Round, after: Round, /) -> Missing:
        """What is missed for the first time is looked for once more, when the time is come."""
        if after.scanning:
            return Missing()
        site, source = self.lease.site, self.lease.source
        missing = tx.activities.mark_missing(
            site, source, unseen_since=self.generation, gap=self.miss_gap, on=self.resources
        )
        tx.resources.read(site, source, generation=self.generation)
        tx.resources.hint(site, source, missing.on, due_in=self.miss_gap)
        return missing

    def end(self, _tx: Transaction, /) -> bool:
        """The lease stays: more resources may be noted, and the numbers are compared again."""
        return False
