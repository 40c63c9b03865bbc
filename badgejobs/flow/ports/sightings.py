"""What the stages keep of a reading that goes on over many slices."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from datetime import datetime
from typing import Protocol

from badgejobs.core.sighting import Begun
from badgejobs.core.wixfacts import WixAssignment


class Sightings(Protocol):
    """What a long reading of Wix has seen so far, and its place."""

    def begun(self, site: str) -> Begun | None:
        """The reading that was begun and is not forgotten yet."""
        ...

    def begin(
        self, site: str, badge_ids: Collection[str], *, instead_of: Begun | None, refusals: int = 0
    ) -> Begun:
        """Begin a reading now, and drop what another one saw; ``LeaseLost`` as ``keep``."""
        ...

    def keep(self, site: str, before: Begun, after: Begun, rows: Sequence[WixAssignment]) -> None:
        """Keep a page, and the place behind it; of members who were erased nothing.

        ``LeaseLost`` where the reading is not at that place: another worker is at it.
        """
        ...

    def seen(self, site: str, begun: Begun) -> Iterator[WixAssignment]:
        """All that a reading saw; ``LeaseLost`` where another one stands."""
        ...

    def forget(self, site: str, begun: Begun) -> datetime | None:
        """Drop a reading and what it saw; when another one was wished for meanwhile."""
        ...
