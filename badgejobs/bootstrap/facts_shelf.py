"""What Wix told of the sites, as one process knows it: looked at now and then, for many at once."""

from __future__ import annotations

import time
from collections.abc import Collection, Iterable, Mapping

from badgejobs.core.wixfacts import SiteFacts
from badgejobs.errors import DatabaseUnavailable, StateError
from badgejobs.store import SqlStore

#: For so long a process goes by what the record said, and by that it said nothing: more may be
#: known in a moment, and sites that are looked at in turn need not each be asked about.
_KEPT_SECONDS, _UNTOLD_SECONDS = 2.0, 0.5
_UNTOLD = SiteFacts()


class FactsShelf:
    """The time zones and currencies of all sites of one process.

    Read from the record, never from Wix: rules are read by commands that ask nothing there, and
    some of them before there is a database.
    """

    def __init__(self, store: SqlStore) -> None:
        self._store = store
        #: By site: what was told, and until when that is gone by.
        self._seen = dict[str, tuple[SiteFacts, float]]()

    def get(self, site: str) -> SiteFacts:
        """What Wix told last of a site; empty where it never did."""
        facts, until = self._seen.get(site, (_UNTOLD, 0.0))
        if time.monotonic() < until:
            return facts
        try:
            with self._store.read() as tx:
                told = tx.bindings.facts_of([site])
        except (DatabaseUnavailable, StateError):
            return facts
        if not told:
            # That more is known is to be heard at once, and nothing of another site of that name.
            self.forget([site])
        self._keep(told)
        return told.get(site, _UNTOLD)

    def look_at(self, sites: Collection[str]) -> None:
        """Read what was told of all of these, in one transaction.

        Raises ``DatabaseUnavailable``, and ``StateError`` where there are no tables of ours.
        """
        with self._store.read() as tx:
            told = tx.bindings.facts_of(sites)
        self._keep({site: told.get(site, _UNTOLD) for site in sites})

    def _keep(self, told: Mapping[str, SiteFacts]) -> None:
        now = time.monotonic()
        for site, facts in told.items():
            kept = _UNTOLD_SECONDS if facts == _UNTOLD else _KEPT_SECONDS
            self._seen[site] = facts, now + kept

    def forget(self, sites: Iterable[str]) -> None:
        """Look anew when these are asked for: something was learnt of them, or they are others."""
        for one in sites:
            self._seen.pop(one, None)
