"""What one process knows of rules: for all its sites together, so that it is read once."""

from __future__ import annotations

import time
from collections.abc import Callable
from collections.abc import Set as AbstractSet

from badgejobs.bootstrap.facts_shelf import FactsShelf
from badgejobs.bootstrap.pack_shelf import PackShelf
from badgejobs.bootstrap.readings import Readings
from badgejobs.store import SqlStore


class Shelf:
    """The texts that were read, the packs, and what Wix told of the sites."""

    def __init__(
        self,
        store: SqlStore,
        *,
        sources: AbstractSet[str],
        clock: Callable[[], float] = time.time,
    ) -> None:
        self.readings = Readings(sources)
        self.packs = PackShelf(store, readings=self.readings, clock=clock)
        self.facts = FactsShelf(store)
