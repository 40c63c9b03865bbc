"""What there is to do for each site, as rows of the database: its sources, and its duties."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from itertools import groupby

import structlog

from badgejobs.bootstrap import House
from badgejobs.errors import SettingsError

log = structlog.get_logger(__name__)

#: Duties that are no sources, kept beside the scans as rows with a lease and a due time.
PROVISION = "provision"
RECONCILE = "reconcile"
ASSIGN = "assign"
FLIP = "flip"
DUTIES = (PROVISION, RECONCILE, ASSIGN, FLIP)
#: Duties that only those sites have that ever had something to do there.
QUARANTINE, NOTIFY = "quarantine", "notify"
ALL_DUTIES = (*DUTIES, QUARANTINE, NOTIFY)

#: So many sites are changed in one transaction, for which others wait.
_SITES_AT_ONCE = 100


def some_at_once(sites: Collection[str]) -> Iterator[Sequence[str]]:
    """The sites in parts, each small enough for one transaction.

    >>> [len(some) for some in some_at_once([f"site-{number}" for number in range(250)])]
    [100, 100, 50]
    """
    them = sorted(sites)
    for first in range(0, len(them), _SITES_AT_ONCE):
        yield them[first : first + _SITES_AT_ONCE]


def register(house: House, sites: Collection[str] | None = None) -> None:
    """Make the sources and duties of these sites known to the database, due when new.

    Without ``sites``: of the configured ones. Only sources that the site's rules read are read.
    """
    for some in some_at_once(house.configured if sites is None else sites):
        _register(house, some)


def _register(house: House, sites: Sequence[str]) -> None:
    house.shelf.facts.look_at(sites)
    wanted = {
        (site, source, house.mode(source) or "window", track)
        for site in sites
        for source in (*_wanted_sources(house, site), *DUTIES)
        for track in house.tracks(source)
    }
    with house.store.read() as tx:
        known = tx.scans.known(sites)
    stands = {(site, source) for site, source, _, _ in known}
    # How a plug-in that is broken is read cannot be told now: its rows stay as they are.
    missing = {
        one for one in wanted - known if house.mode(one[1]) or (one[0], one[1]) not in stands
    }
    if not missing:
        return
    wants = {
        (site, source): house.at(site).rules().wants.of(source)
        for site, source, _, _ in missing
        if source not in DUTIES
    }
    new = {site for site, *_ in missing} - {site for site, _ in stands}
    by_source = groupby(
        sorted(one for one in missing if one[0] not in new or one[1] not in DUTIES),
        key=lambda one: one[:3],
    )
    with house.store.begin() as tx:
        tx.site_records.begin(sorted(new), DUTIES)
        for (site, source, mode), rows in by_source:
            tracks = [track for *_, track in rows]
            tx.scans.register(site, source, mode, tracks=tracks, wants=wants.get((site, source)))


def _wanted_sources(house: House, site: str) -> list[str]:
    """The sources that a site's rules read; none of one that cannot be served, which is told."""
    try:
        return house.at(site).wanted_sources()
    except SettingsError as error:
        log.warning("a site cannot be served", site=site, error=str(error))
        return []
