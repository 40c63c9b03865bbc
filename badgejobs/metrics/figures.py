"""How things stand at one moment: what the numbers are made of. No names but those of sites."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from badgejobs.core.totals import Key


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """All durations are in seconds; a mapping has a label's value as its key."""

    #: Which version of badgejobs answers.
    version: str
    #: Whether the database answers; where it does not, nothing else is known.
    database_answers: bool
    totals: Mapping[Key, int] = field(default_factory=dict)
    #: Served and suspended ones.
    sites: Mapping[str, int] = field(default_factory=dict)
    #: For each source, the ages at all sites of what was last read to its end.
    ages: Mapping[str, Sequence[float]] = field(default_factory=dict)
    #: The same by (site, source); empty unless that may be told.
    site_ages: Mapping[tuple[str, str], float] = field(default_factory=dict)
    #: By lane: since when the oldest due row waits, and at how many sites any do.
    due_age: Mapping[str, float] = field(default_factory=dict)
    due_sites: Mapping[str, int] = field(default_factory=dict)
    awards: Mapping[str, int] = field(default_factory=dict)
    oldest_unknown: float | None = None
    drifts: Mapping[str, int] = field(default_factory=dict)
    quarantined: Mapping[str, int] = field(default_factory=dict)
    alerts: Mapping[str, int] = field(default_factory=dict)
    #: By kind of process, and by lane, how many jobs at once its workers take.
    processes: Mapping[str, int] = field(default_factory=dict)
    slots: Mapping[str, int] = field(default_factory=dict)
    #: Seconds since the beginning of 1970, as Prometheus wants it.
    last_tick: float | None = None


def quantile(values: Sequence[float], share: float) -> float:
    """The smallest value that so large a share of the values do not exceed.

    >>> [quantile([5, 1, 3, 2, 4], share) for share in (0, 0.5, 0.9, 1)]
    [1, 3, 5, 5]
    """
    ordered = sorted(values)
    return ordered[max(0, math.ceil(share * len(ordered)) - 1)]
