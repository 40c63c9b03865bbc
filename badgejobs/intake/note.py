"""Note what may have changed, as a scan, a person or new rules do: rows that are due."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from badgejobs.core.source import Track
from badgejobs.intake.events import RECONCILE, Change
from badgejobs.intake.ports import Store

#: Who asked, in the table of runs.
BY: Final = "webhook"
#: The bell for a site that Wix may take us for again, in place of a source.
PROBE: Final = "probe"
#: A person who gives and takes badges is rarely at the end after one: the ledger is compared so
#: long after the first.
SETTLES: Final = timedelta(minutes=10)


@dataclass(frozen=True, slots=True, kw_only=True)
class Served:
    """A site of ours as webhooks need to know it."""

    name: str
    #: The ids of the apps whose comments count, as they stand in the record.
    comment_apps: tuple[str, ...] = ()
    #: The app that we are there.
    own_app: str | None = None
    #: The sources that its rules read.
    wanted: Callable[[], Collection[str]]
    #: The least time between two full readings that are asked for between times.
    walks_apart: timedelta


@dataclass(frozen=True, slots=True, kw_only=True)
class Bell:
    """A track that can be read at once."""

    site: str
    source: str
    track: Track


def note(change: Change, site: Served, store: Store) -> Bell | None:
    """Write down, in one transaction, what is to be read; what to ring for where it is due now.

    Noted twice, it is read once, unless it was read in between. What rests after a failure
    keeps its rest: it reads what is noted when it is tried again.
    """
    track = change.track
    with store.begin() as tx:
        if change.source == RECONCILE:
            tx.scans.bring_forward(site.name, RECONCILE, track, to=tx.now + SETTLES)
            # one that is going on may have passed this by
            tx.sightings.wish(site.name, tx.now + SETTLES)
            return None
        if track is Track.FULL:
            walked = tx.scans.walked_from(site.name, change.source)
            soonest = walked + site.walks_apart if walked else tx.now
            tx.scans.bring_forward(site.name, change.source, track, to=max(tx.now, soonest))
            is_due = soonest <= tx.now
        else:
            if change.resources is not None:
                tx.resources.hint(site.name, change.source, [change.resources])
            made_due = tx.scans.make_due(
                site.name, change.source, track, unless_failing=True, asked_by=BY
            )
            is_due = made_due > 0
    return Bell(site=site.name, source=change.source, track=track) if is_due else None
