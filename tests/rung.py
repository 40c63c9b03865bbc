"""What a tick would ring for, as tests ask for it: every lane without a bound."""

from __future__ import annotations

from collections.abc import Collection
from datetime import timedelta

from badgejobs.core.lane import Lane
from badgejobs.core.source import Track
from badgejobs.store.dispatch import RING_AGAIN_AFTER
from badgejobs.store.sql import SqlTransaction


def rung(
    tx: SqlTransaction,
    sites: Collection[str],
    limit: int = 10,
    *,
    again_after: timedelta = RING_AGAIN_AFTER,
) -> list[tuple[str, str, Track]]:
    """The (site, source, track) that are due at ``sites``; each is noted as rung."""
    found = list[tuple[str, str, Track]]()
    for lane in Lane:
        due = tx.dispatch.claim(
            lane,
            sites,
            bound=10_000,
            limit=limit - len(found),
            again_after=dict.fromkeys(Lane, again_after),
        )
        found += [(one.site, one.source, one.track) for one in due]
    return found
