"""What the stages and the store say to each other, as values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from badgejobs.core.award import Award, Unmet
from badgejobs.core.milestone import Look
from badgejobs.core.source import Resources, Track
from badgejobs.core.watermark import Place


@dataclass(frozen=True, slots=True, kw_only=True)
class Recorded:
    """What recording a page changed."""

    new: int
    changed: int
    #: How many of them count for nothing now, and did before or are new: refunded, hidden, ...
    void: int = 0
    #: Members whose facts are not what they were, both the old and the new of a moved activity.
    touched: frozenset[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Missing:
    """What a complete reading did not find of what is known."""

    #: Missed for the first time: they count as before.
    first: int = 0
    #: Missed for the second time, long enough after the first.
    gone: int = 0
    #: The members of what is gone.
    touched: frozenset[str] = frozenset()
    #: The resources of what is missed and not gone yet: to be looked for once more.
    on: tuple[Resources, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditSummary:
    """What a complete reading of a window source found against what was known before."""

    #: Months whose numbers differ.
    months: int = 0
    #: Activities that no scan had found.
    missed: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Lease:
    """The right to write the place of one scan; a later lease has a higher epoch."""

    site: str
    source: str
    epoch: int
    place: Place
    track: Track = Track.LIVE
    #: How many tries in a row have failed before this one.
    failures: int = 0
    #: Who asked for it beside the schedule.
    asked_by: str | None = None
    #: Whether this track was ever read to its end.
    is_complete: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Claimed:
    """A batch of one site's awards in hand, and the Wix id of each badge in it."""

    token: str
    awards: tuple[Award, ...]
    wix_badge_ids: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Bound:
    """Which badge at Wix a badge of the rules is, and what was last read of and done to it."""

    badge: str
    wix_badge_id: str
    bound_at: datetime
    #: Whether its permissions were on at Wix when it was read last.
    opens_pages: bool = False
    #: When it was found that it was deleted at Wix; ``None`` where it was not.
    gone_at: datetime | None = None
    #: The look that the rules file gave it last; ``None`` where the file does not own it.
    look: Look | None = None
    #: Its title at Wix when it was read last; empty where it was not yet.
    title: str = ""
    #: Its place among those that the file owns, as it was put there last; 0 for none.
    place: int = 0


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
class Lapse:
    """What is noted of a badge of ours that stands: that it should go, or that it should not."""

    member_id: str
    badge: str
    #: Why it should not stand; ``None`` where it should.
    because: Unmet | None = None
    #: Since when that is known.
    since: datetime | None = None
    #: From when on it is to be taken away; ``None`` while something else must come first.
    goes_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class WakeUp:
    """When time alone may change what a member has earned."""

    member_id: str
    at: datetime
    #: The sources that must be known up to that moment first; none for what is known already.
    waits_for: frozenset[str] = frozenset()
