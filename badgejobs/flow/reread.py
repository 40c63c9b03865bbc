"""Read again, record by record, what could not be understood."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TypeVar

from badgejobs.core.milestone import Ruleset, Wants
from badgejobs.core.source import Page, Rereading, Source
from badgejobs.errors import BadgeJobsError, Permanent
from badgejobs.flow.decide import decide
from badgejobs.flow.ports import Store

#: Records asked for in one call, and recorded in one transaction.
BATCH = 100

C = TypeVar("C")


@dataclass(frozen=True, slots=True, kw_only=True)
class Reread:
    """What came of the records that were asked for."""

    asked: int = 0
    understood: int = 0
    #: Not understood this time either.
    quarantined: int = 0
    #: Not there at Wix for the first time; asked for once more.
    missing: int = 0
    #: Not there for the second time, and forgotten.
    gone: int = 0
    new: int = 0
    changed: int = 0
    void: int = 0
    opened: int = 0
    held: int = 0
    cleared: int = 0
    withdrawn: int = 0
    #: There is more to do at once.
    more: bool = False
    #: What stopped it; other sources were asked all the same where only a person can mend it.
    error: BadgeJobsError | None = None


def reread(
    site: str,
    sources: Callable[[str], Source[C] | None],
    client: C,
    rules: Callable[[], Ruleset],
    store: Store,
    *,
    wants: Wants,
    miss_gap: timedelta,
    time_is_up: Callable[[], bool],
) -> Reread:
    """Ask for what is due of a site's quarantine until none is, or the time of the slice is up.

    Each batch is recorded like a page of a scan: facts, touched members, their awards, in one
    transaction. What is known of a record from before stays until it is understood. ``sources``
    gives a source by its name, ``None`` where no rule reads it. That, and a source that cannot
    read by id (``core.source.Rereading``), is left to full readings.
    """
    with store.begin() as tx:
        waiting = tx.quarantine.due_sources(site)
    total = Reread()
    for name in waiting:
        try:
            source = sources(name)
        except Permanent as error:  # such as a plug-in that cannot be used
            total = replace(total, error=total.error or error)
            continue
        if not isinstance(source, Rereading):
            with store.begin() as tx:
                tx.quarantine.rest(site, name)
            continue
        while True:
            with store.begin() as tx:
                ids = tx.quarantine.due(site, name, limit=BATCH)
            if not ids:
                break
            if total.asked and time_is_up():
                return replace(total, more=True)
            try:
                page = source.reread(client, ids)
            except BadgeJobsError as error:
                total = replace(total, error=total.error or error)
                if isinstance(error, Permanent):
                    break
                return total
            by = rules()
            if not by.wants.of(name) <= wants.of(name):
                # the rules began to want more than this source reads: another is to read it
                return replace(total, more=True)
            total = _recorded(
                site, name, ids, page, rules=by, store=store, so_far=total, gap=miss_gap
            )
    return total


def _recorded(
    site: str,
    source: str,
    ids: Sequence[str],
    page: Page,
    *,
    rules: Ruleset,
    store: Store,
    so_far: Reread,
    gap: timedelta,
) -> Reread:
    """Write a batch and all that follows from it; the totals after it."""
    there = {one.activity_id for one in page.activities}
    unreadable = {one.activity_id for one in page.unreadable}
    missing = [one for one in ids if one not in there | unreadable]
    with store.begin() as tx:
        tx.activities.take_turns(site)
        # Seen now, so seen by the reading that is open, whichever has begun last.
        generation = tx.scans.newest_generation(site, source)
        recorded = tx.activities.record(
            page.activities, site=site, source=source, generation=generation
        )
        tx.quarantine.add(page.unreadable, site=site, generation=generation)
        gone = tx.quarantine.tried(site, source, ids, missing=missing, gap=gap)
        is_past = tx.scans.walked_from(site, source) is None
        decided = decide(tx, site, recorded.touched, rules, silent=is_past)
    return replace(
        so_far,
        asked=so_far.asked + len(ids),
        understood=so_far.understood + sum(one in there for one in ids),
        quarantined=so_far.quarantined + sum(one in unreadable for one in ids),
        missing=so_far.missing + len(missing) - gone,
        gone=so_far.gone + gone,
        new=so_far.new + recorded.new,
        changed=so_far.changed + recorded.changed,
        void=so_far.void + recorded.void,
        opened=so_far.opened + decided.opened,
        held=so_far.held + decided.held,
        cleared=so_far.cleared + decided.cleared,
        withdrawn=so_far.withdrawn + decided.withdrawn,
    )
