"""What an operator looks at, as values: sites, badges, days, steps, runs and what stands aside.

A ``member`` is a member's id: it may be shown, and stands in no log, no address and no ``repr``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Generic, TypeVar

from badgejobs.core.award_state import Giver, State

Row_co = TypeVar("Row_co", covariant=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class Page(Generic[Row_co]):
    """Some rows of a list, and where it goes on."""

    rows: tuple[Row_co, ...]
    #: To be given back for the next page; ``None`` after the last. It means nothing to others and
    #: holds no member data in the clear. An unknown or old one begins at the beginning.
    after: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SiteLine:
    """One site in numbers."""

    site: str
    #: All that had changed by then is recorded, of every source; ``None`` while one is still read
    #: for the first time, or nothing was ever read.
    fresh_at: datetime | None
    #: Something has been due for long and nobody has taken it in hand, or it failed when last
    #: tried.
    late: bool
    #: Awards to be given or taken, held back, with a lost answer, and left to a person.
    pending: int
    held: int
    unknown: int
    needs_attention: int
    #: Records that could not be understood.
    quarantined: int
    #: Pairs of member and badge in which Wix and the ledger differ.
    drift: int
    #: Sources and duties that failed when they were tried last.
    errors: int
    suspended: bool
    #: API calls within the last minute, and how many there may be; ``budget_used`` is ``None``
    #: where it is not known: no Redis answers in which all workers share the pace.
    budget_used: int | None
    budget: int
    #: Until calls go on after Wix asked for a pause; 0 while they do.
    shut_seconds: float = 0
    #: Awards that stand at Wix, over all badges.
    holders: int
    #: What a person must know of.
    alerts: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Totals:
    """All sites added up, and whether the work goes on."""

    at: datetime
    sites: int
    suspended: int
    late: int
    pending: int
    held: int
    unknown: int
    needs_attention: int
    quarantined: int
    drift: int
    errors: int
    alerts: int
    #: Awards that stand at Wix.
    holders: int
    #: Processes of workers and of beat that were heard of lately.
    workers: int
    beats: int
    #: The sites that most need a person, the worst first; none where nothing is wrong.
    worst: tuple[SiteLine, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class BadgeLine:
    """One badge of a site in numbers."""

    badge: str
    #: As it is called at Wix, or in the rules; the badge's id where neither says.
    title: str
    #: Awards that stand at Wix.
    holders: int
    #: Members who were looked at when all were looked at last, for a share; ``None`` before.
    members: int | None
    #: Awards to be given or taken, or with a lost answer, and held back.
    pending: int
    held: int
    #: Awards left to a person.
    needs_attention: int
    #: How many awards stand in each state, of those that any stands in.
    states: Mapping[State, int]
    #: When it was given last; ``None`` where it never was.
    last_given_at: datetime | None
    #: Whether its holders may see pages that others may not.
    opens_pages: bool
    #: When it was found that it was deleted at Wix.
    gone_at: datetime | None = None

    @property
    def percent(self) -> float | None:
        """How many of a hundred members hold it: its rarity; ``None`` where not known.

        Members who came since all were looked at may hold it too, so it stops at a hundred.
        """
        return min(100 * self.holders / self.members, 100.0) if self.members else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Day:
    """How many badges were given and taken on one day of UTC."""

    day: date
    #: That were not on the member's profile before, or are there no more, for whatever reason.
    given: int
    taken: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """So many members were so far on the way to a badge: 0 to 9 tenths, and 10 where earned."""

    badge: str
    step: int
    members: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Funnel:
    """How far all members were when they were looked at last; no steps where they never were."""

    made_at: datetime | None
    steps: tuple[Step, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Happening:
    """One change of state of one award."""

    at: datetime
    #: In a word or two, such as ``given``.
    kind: str
    badge: str
    state: State
    #: Who: the rules, a person at Wix, or whoever ran a command.
    by: str
    member: str = field(repr=False)
    #: Why, without member data; empty where nothing is to be said.
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class HolderLine:
    """Who has a badge at Wix, and how they came by it."""

    member: str = field(repr=False)
    earned_at: datetime
    #: When it was given, or found to stand there.
    since: datetime
    giver: Giver | None
    by: str
    state: State


@dataclass(frozen=True, slots=True, kw_only=True)
class RunLine:
    """One run of one unit of work for one site."""

    id: int
    site: str
    kind: str
    started_by: str
    started_at: datetime
    #: ``None`` while it runs, and for good where its worker was lost.
    ended_at: datetime | None
    #: What it counted, by name.
    numbers: Mapping[str, int]
    error: str | None
    #: It began long ago and never ended: its worker was lost.
    lost: bool

    @property
    def seconds(self) -> float | None:
        """How long it took; ``None`` before its end."""
        return (self.ended_at - self.started_at).total_seconds() if self.ended_at else None


@dataclass(frozen=True, slots=True, kw_only=True)
class DriftLine:
    """One difference between Wix and the ledger."""

    member: str = field(repr=False)
    badge: str
    #: How they differ, in words.
    kind: str
    at_wix: int
    #: What was done about it, or why nothing.
    note: str
    first_seen_at: datetime
    seen_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class QuarantineLine:
    """One record that could not be understood."""

    site: str
    source: str
    #: Wix's id of the record, or what stands for it where it has none.
    id: str
    reason: str
    first_seen_at: datetime
    last_seen_at: datetime
    #: How often it was asked for by itself, and when it is next; ``None`` where it is not.
    tries: int
    due_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertLine:
    """What a person must know or do."""

    site: str
    kind: str
    #: A badge or a channel; empty where it is of the whole site.
    subject: str
    #: What is the matter, and by which command it is cured; no member data.
    text: str
    raised_at: datetime
