"""A plan: what rules would do to each award of a site, row by row, and what moved since."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from math import ceil

from badgejobs.core.activity import Activity
from badgejobs.core.award import UNSENT, Award, State
from badgejobs.errors import FileError

#: Members that a query, a bulk create and a bulk delete of Wix hold.
_A_CALL = 100
#: Members that are named of what moved.
_NAMED = 3

#: The reason of a row whose award the rules open.
EARNED = "earned"
#: That a badge stands at Wix, so that nothing is to be done.
STANDS = "stands already"
#: That a line is in one plan and not in the other.
NOTHING = "nothing"


class PlanError(FileError):
    """A file with a plan cannot be used."""


class Kind(StrEnum):
    """What is done about one member and badge."""

    #: Given at Wix.
    AWARD = "award"
    #: Earned, and waits: the reason says for what.
    HOLD = "hold"
    #: Not given after all: nothing was sent yet.
    WITHDRAWAL = "withdrawal"
    #: Taken away at Wix, now or later.
    REVOCATION = "revocation"
    #: Stands, and goes by time alone.
    EXPIRY = "expiry"
    #: Met, and yet nothing is done.
    SKIP = "skip"


#: The kinds that change something as soon as a plan is applied.
ACTIONS = frozenset({Kind.AWARD, Kind.HOLD, Kind.WITHDRAWAL, Kind.REVOCATION})

#: States in which Wix, or a badge that is gone there, ended an attempt: no fact and no rule did.
ENDED_AT_WIX = frozenset({State.BLOCKED, State.PAUSED, State.NEEDS_ATTENTION})


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanRow:
    """What is done about one member and badge, and why."""

    kind: Kind
    member_id: str
    badge: str
    #: In a few words, without member data.
    reason: str
    earned_at: datetime | None = None
    #: The id of the activity that crossed the line; empty where time alone did.
    crossed_by: str = ""
    #: When it goes: of a revocation and of an expiry. ``None`` where it is not known yet, since
    #: something else must come first.
    at: datetime | None = None
    #: Whether a revocation waits: for ``at``, or for what must come first.
    later: bool = False
    #: Whether the guard counts it, or the hourly cap of new awards.
    guarded: bool = False
    capped: bool = False
    #: The state of the award before; empty where there is none.
    was: str = ""
    #: A digest of the member's facts that decide about the badge; empty where nothing is done.
    evidence: str = ""

    @property
    def pair(self) -> tuple[str, str]:
        """The member and the badge."""
        return self.member_id, self.badge

    @property
    def goes(self) -> bool:
        """Whether a badge is taken as the plan is carried out: at once, or after what comes first.

        What comes first, such as the tier to fall back to, is given by the plan itself.
        """
        return self.kind is Kind.REVOCATION and (not self.later or self.at is None)

    @property
    def column(self) -> str:
        """The name under which it is counted."""
        if self.kind is Kind.REVOCATION:
            return "taken later" if self.later else "taken now"
        return _COLUMN[self.kind]


_COLUMN = {
    Kind.AWARD: "award", Kind.HOLD: "hold", Kind.WITHDRAWAL: "withdrawal",
    Kind.EXPIRY: "expiry", Kind.SKIP: "skip",
}  # fmt: skip
#: States of an award that is being given.
_UNDER_WAY = frozenset({State.PENDING, State.INFLIGHT, State.UNKNOWN})
COLUMNS = ("award", "hold", "withdrawal", "taken now", "taken later", "expiry", "skip")


@dataclass(slots=True)
class Totals:
    """Rows counted by badge and kind, and some of each kind by name."""

    sample_of: int = 3
    by_badge: dict[str, Counter[str]] = field(default_factory=dict)
    sample: dict[str, list[PlanRow]] = field(default_factory=dict)
    #: Awards and removals that are to be sent as it is carried out.
    to_send: int = 0
    to_take: int = 0
    #: Of those that are to be taken, what the guard counts.
    guarded: int = 0
    #: Awards that the hourly cap would count.
    capped: int = 0

    def add(self, row: PlanRow) -> None:
        """Count one more row."""
        self.by_badge.setdefault(row.badge, Counter())[row.column] += 1
        some = self.sample.setdefault(row.column, [])
        if len(some) < self.sample_of:
            some.append(row)
        self.to_send += row.kind is Kind.AWARD
        self.capped += row.kind is Kind.AWARD and row.capped
        self.to_take += row.goes
        self.guarded += row.goes and row.guarded

    def number(self, column: str) -> int:
        """How many rows of a kind there are."""
        return sum(told[column] for told in self.by_badge.values())

    @property
    def is_any(self) -> bool:
        """Whether applying it would change anything now."""
        return any(self.number(one) for one in COLUMNS[:5])


@dataclass(frozen=True, slots=True, kw_only=True)
class Calls:
    """Requests to Wix that a plan needs, as far as can be told beforehand."""

    queries: int
    creates: int
    deletes: int
    #: Of badges: the list, those that are created and put in order, and those whose look changes.
    badges: int

    @property
    def total(self) -> int:
        """All of them."""
        return self.queries + self.creates + self.deletes + self.badges

    def seconds(self, requests_per_minute: int) -> int:
        """How long they take at the pace of the site, at the least.

        >>> Calls(queries=2, creates=2, deletes=0, badges=0).seconds(60)
        4
        """
        return ceil(60 * self.total / requests_per_minute)


def calls_for(totals: Totals, *, created: int, dressed: int, listed: bool) -> Calls:
    """What sending all of it costs, where no answer is lost and nothing is refused.

    ``listed`` where the badges of the site are read anew, as they are for new rules.
    """
    return Calls(
        queries=ceil(totals.to_send / _A_CALL),
        creates=ceil(totals.to_send / _A_CALL),
        deletes=ceil(totals.to_take / _A_CALL),
        # each new one is moved to its place among the others
        badges=2 * created + dressed + (listed or created > 0),
    )


def evidence_of(facts: Iterable[Activity], sources: Collection[str]) -> str:
    """A digest of what facts say, the same however often and in which order they were read.

    When a record was changed last, and its revision, do not enter into it.
    """
    told = sorted(_told(one) for one in facts if one.source in sources)
    return hashlib.sha256("\n".join(told).encode()).hexdigest()[:16]


def _told(one: Activity) -> str:
    plain = (
        one.source, one.activity_id, one.occurred_at.isoformat(), one.part, sorted(one.marks),
        sorted(one.amounts.items()), one.currency, one.base_currency, str(one.rate),
        one.paid_at.isoformat() if one.paid_at else "", one.channel, one.post, one.parent, one.own,
        one.length, str(one.linked_by or ""),
        [(i.product, i.name, i.catalog, sorted(i.categories), i.quantity, i.refunded, i.amount)
         for i in one.items],
    )  # fmt: skip
    return repr(plain)


@dataclass(slots=True, kw_only=True)
class Moved:
    """Rows of one badge that would be otherwise now, all in the same way."""

    badge: str
    #: What the plan says, and what would be done now: a kind with its reason.
    was: str
    now: str
    members: int = 0
    #: The first few of them.
    named: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        more = f" and {self.members - len(self.named)} more" * (self.members > len(self.named))
        return f"{self.badge}: {self.was} -> {self.now}: {', '.join(self.named)}{more}"


class Comparison:
    """A plan held against what would be planned now.

    Only rows that do something are compared. What was brought to Wix meanwhile, by workers or by
    an earlier call, is the plan coming true; so is what Wix refused of it. Where the plan is of
    other rules than those in force (``beside`` them), awards that scans opened meanwhile by those
    in force, and that the planned ones give too, are no part of it and do not make it stale.
    """

    def __init__(self, planned: Mapping[tuple[str, str], PlanRow], *, beside: bool = False) -> None:
        self._beside = beside
        #: What the plan does, by (member_id, badge).
        self._left = {pair: one for pair, one in planned.items() if one.kind in ACTIONS}
        self._found = dict[tuple[str, str, str], Moved]()

    def add(self, now: PlanRow) -> None:
        """Hold one row of now against the plan."""
        row = self._left.pop(now.pair, None)
        if row is None:
            is_others = self._beside and now.kind is Kind.AWARD and now.was in _UNDER_WAY
            if now.kind in ACTIONS and not is_others:
                self._note(now, NOTHING, _words(now))
        elif not _agree(row, now):
            words = _words(now)
            if _words(row) == words:
                words = "the same, by other facts"
            self._note(now, _words(row), words)

    @property
    def left(self) -> list[PlanRow]:
        """What the plan does, and what nothing would be done about now."""
        return list(self._left.values())

    def settle(self, awards: Mapping[tuple[str, str], Award]) -> None:
        """Note what is ``left``, where these awards do not show that it was done."""
        for pair, row in self._left.items():
            award = awards.get(pair)
            if not came_true(row, award) and not ended_at_wix(row, award):
                self._note(row, _words(row), NOTHING)
        self._left = {}

    @property
    def moved(self) -> list[Moved]:
        """What is otherwise now."""
        return list(self._found.values())

    def _note(self, row: PlanRow, was: str, now: str) -> None:
        one = self._found.setdefault(
            (row.badge, was, now), Moved(badge=row.badge, was=was, now=now)
        )
        one.members += 1
        if len(one.named) < _NAMED:
            one.named.append(row.member_id)


def _agree(row: PlanRow, now: PlanRow) -> bool:
    if row.kind is Kind.AWARD and now.kind in {Kind.SKIP, Kind.EXPIRY}:
        return now.was == State.ASSIGNED or now.was in ENDED_AT_WIX
    if row.kind is Kind.REVOCATION and now.kind is Kind.SKIP:
        return now.was in _TAKEN
    if row.kind is Kind.WITHDRAWAL and now.kind is Kind.SKIP:
        return now.was == State.WITHDRAWN
    # an award's reason tells how far it has come; when it goes counts from when that is noted
    same = row.kind is now.kind and (row.kind is Kind.AWARD or row.reason == now.reason)
    return same and row.evidence == now.evidence


_TAKEN = frozenset({State.REVOKED, State.TAKEN})


def came_true(row: PlanRow, award: Award | None) -> bool:
    """Whether the ledger shows that what a row says was done."""
    if award is None:
        return False
    match row.kind:
        case Kind.AWARD:
            return award.state is State.ASSIGNED
        case Kind.HOLD:
            return award.state is State.HELD
        case Kind.WITHDRAWAL:
            return award.state is State.WITHDRAWN
        case Kind.REVOCATION if row.later:
            return award.state in _TAKEN or award.unmet_since is not None
        case Kind.REVOCATION:
            return award.state in _TAKEN
        case _:
            return True


def is_gone(award: Award | None) -> bool:
    """Whether a badge was taken away."""
    return award is not None and award.state in _TAKEN


def ended_at_wix(row: PlanRow, award: Award | None) -> bool:
    """Whether an award that was to be given did not come about because of Wix alone."""
    return row.kind is Kind.AWARD and award is not None and award.state in ENDED_AT_WIX


def in_places(waiting: Iterable[PlanRow], places: int, in_line: str) -> list[PlanRow]:
    """The rows of a badge with a limit, its places given out in the order of the lines crossed."""
    rows = sorted(waiting, key=_crossing)
    return [
        replace(one, kind=Kind.AWARD, reason=opened_as(one.was))
        if n < places
        else replace(one, reason=in_line)
        for n, one in enumerate(rows)
    ]


def _crossing(row: PlanRow) -> tuple[datetime, str, str]:
    assert row.earned_at, "who waits for a place has earned it at some time"
    return row.earned_at, row.crossed_by, row.member_id


def opened_as(was: str) -> str:
    """The reason of an award that is given, by the state that it was in before.

    >>> opened_as(""), opened_as("revoked"), opened_as("held")
    ('earned', 'earned again', 'nothing stands in its way any more')
    """
    match was:
        case State.REVOKED:
            return "earned again"
        case State.HELD:
            return "nothing stands in its way any more"
        case _ if was in UNSENT:
            return "opened already, and waits for its turn"
        case State.INFLIGHT:
            return "under way to Wix"
        case State.UNKNOWN:
            return "the answer of Wix is lost: settled by reading"
        case _:
            return EARNED


def _words(row: PlanRow) -> str:
    return row.column if row.kind is Kind.AWARD else f"{row.column} ({row.reason})"
