"""What the stages and the store say to each other, as values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from badgejobs.core.award import Award
from badgejobs.core.watermark import Place


@dataclass(frozen=True, slots=True, kw_only=True)
class Recorded:
    """What recording a page changed."""

    new: int
    changed: int
    #: Members whose facts are not what they were, both the old and the new of a moved activity.
    touched: frozenset[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Lease:
    """The right to write the place of one scan; a later lease has a higher epoch."""

    site: str
    source: str
    epoch: int
    place: Place
    #: How many tries in a row have failed before this one.
    failures: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Claimed:
    """A batch of one site's awards in hand, and the Wix id of each badge in it."""

    token: str
    awards: tuple[Award, ...]
    wix_badge_ids: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Earned:
    """What decide found for one member and badge."""

    member_id: str
    badge: str
    earned_at: datetime
    #: The id of the activity that crossed the line; empty where time alone did.
    crossed_by: str = ""
    #: Why it must not be given now; empty where nothing stands in its way.
    hold: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class WakeUp:
    """When time alone may change what a member has earned."""

    member_id: str
    at: datetime
    #: The sources that must be known up to that moment first; none for what is known already.
    waits_for: frozenset[str] = frozenset()
