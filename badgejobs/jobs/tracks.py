"""The tracks of a source: which are rung for beside one, and what a run of one is called."""

from __future__ import annotations

from badgejobs.bootstrap import House
from badgejobs.core.source import Track


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
