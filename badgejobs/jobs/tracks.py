"""The tracks of a source: which are due beside one, what a run is called, how one is put off."""

from __future__ import annotations

from datetime import timedelta

from badgejobs.bootstrap import House
from badgejobs.core.source import Track
from badgejobs.errors import BadgeJobsError
from badgejobs.jobs.retrying import patience
from badgejobs.store.scans import RESTING


def due_beside(house: House, site: str, source: str, track: Track) -> list[Track]:
    """The other tracks of a source to ring for once this one has been at work.

    The live scan of a new site and its backfill make each other due; beat may not run at all.
    """
    with house.store.read() as tx:
        if track is Track.FULL:
            others = [Track.LIVE]
        else:
            others = [] if tx.scans.is_complete(site, source) else [Track.FULL]
        return [
            one
            for one in others
            if one in house.tracks(source) and tx.scans.is_due(site, source, one)
        ]


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


def let_rest(house: House, site: str, source: str, track: Track) -> None:
    """Keep the place of a source that no rule reads any more, and ask again tomorrow."""
    with house.store.begin() as tx:
        lease = tx.scans.lease(site, source, track, holds=house.lease)
        tx.scans.release(lease, due_in=timedelta(days=1), completed=False, error=RESTING)


def put_off(house: House, site: str, source: str, track: Track, error: BadgeJobsError) -> None:
    """Keep the place of a source that cannot even begin, with its error, and ask again later."""
    with house.store.begin() as tx:
        lease = tx.scans.lease(site, source, track, holds=house.lease)
        tx.scans.postpone(lease, due_in=patience(error, lease.failures), error=error)
