"""An award and its life: every state it can be in, and every change as a new value.

The states and who gave a badge follow the reasoning that a create at Wix has no idempotency
key, may be applied after its time-out, and is seen late by queries: what cannot be known stays
``unknown`` through a quiet period and is settled by reading. In doubt a badge is a person's.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum


class State(StrEnum):
    """Where an award stands."""

    #: Earned, and not to be given now: ``reason`` says why. Nobody takes it in hand.
    HELD = "held"
    PENDING = "pending"
    INFLIGHT = "inflight"
    UNKNOWN = "unknown"
    ASSIGNED = "assigned"
    #: The condition was no longer met before anything was sent.
    WITHDRAWN = "withdrawn"
    #: Wix refuses this member for this badge; terminal until something changes.
    BLOCKED = "blocked"
    #: The badge is gone at Wix; waits for a person.
    PAUSED = "paused"
    NEEDS_ATTENTION = "needs_attention"


class Giver(StrEnum):
    """Who gave a badge that stands at Wix."""

    OURS = "ours"
    PERSON = "person"


#: States with work to do once ``not_before`` has passed.
OPEN = frozenset({State.PENDING, State.UNKNOWN})

#: States in which nothing has been sent to Wix that could still take effect there.
UNSENT = frozenset({State.HELD, State.PENDING})

#: States that tell of a request to Wix, or of a badge that stands there.
_SENT = frozenset({State.INFLIGHT, State.UNKNOWN, State.ASSIGNED, State.NEEDS_ATTENTION})

#: How far Wix's clock and the database's may lie apart when a birth is explained.
CLOCK_SKEW = timedelta(seconds=5)
#: Attempts whose outcome could not be told; after so many a person must look.
MOST_ATTEMPTS = 3
#: How many reads must find nothing before a lost answer counts as never applied.
EMPTY_READS_NEEDED = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Timing:
    """How long each uncertainty lasts; settings, with the defaults of real operation."""

    request_deadline: timedelta = timedelta(seconds=30)
    quiet_period: timedelta = timedelta(seconds=120)
    read_gap: timedelta = timedelta(seconds=30)
    #: How long after our deadline Wix may still apply a request.
    late_apply: timedelta = timedelta(seconds=60)

    @property
    def claim(self) -> timedelta:
        """How long a worker has an award in hand: longer than a request can take."""
        return self.request_deadline + timedelta(seconds=15)


@dataclass(frozen=True, slots=True, kw_only=True)
class Award:
    """Our decision that a member shall have a badge, named by (site, member_id, badge)."""

    site: str
    member_id: str
    badge: str
    state: State
    earned_at: datetime
    #: The rules under which it was opened.
    rules_version: str
    #: The id of the activity that crossed the line; empty where time alone did.
    crossed_by: str = ""
    attempt: int = 0
    #: Nothing is to be done about it before this moment.
    not_before: datetime | None = None
    #: The worker that has it in hand, until ``claimed_until``.
    claim: str | None = None
    claimed_until: datetime | None = None
    #: When the latest attempt was sent; earlier ones were read to have come to nothing.
    sent_at: datetime | None = None
    empty_reads: int = 0
    giver: Giver | None = None
    #: Wix's id of the badge assignment, where known.
    assignment_id: str | None = None
    #: Why it is where it is, in a few words without member data.
    reason: str = ""
    #: Whether it takes one of the places of a badge with a limit for good.
    has_slot: bool = False
    #: Opened while the past was read: nobody is told of it.
    silent: bool = False
    #: Since when it is known that a badge of ours which stands at Wix should not stand there.
    unmet_since: datetime | None = None

    @property
    def takes_slot(self) -> bool:
        """Whether its place is used up: it was sent once, and the answer was not a clear no.

        A request that surely never happened (``not_sent``) gives the place back; what was read
        to have come to nothing afterwards does not.
        """
        return self.state in _SENT or self.sent_at is not None or self.attempt > 0

    def sent(self, now: datetime, timing: Timing) -> Award:
        """The next step is the request itself; committed before the socket is touched.

        The claim is renewed, so that what is left of it is longer than a request can take.
        """
        return replace(
            self,
            state=State.INFLIGHT,
            claimed_until=now + timing.claim,
            attempt=self.attempt + 1,
            sent_at=now,
            empty_reads=0,
            reason="",
        )

    def given(self, assignment_id: str | None, giver: Giver, *, reason: str = "") -> Award:
        """It stands at Wix."""
        return self._free(State.ASSIGNED, assignment_id=assignment_id, giver=giver, reason=reason)

    def answered(self, assignment_id: str, created_at: datetime | None) -> Award:
        """Wix answered our create: ours only if the assignment was born of it.

        Where Wix answers a repeated create with the standing assignment, its birth is older.
        """
        ours = (
            self.sent_at is not None
            and created_at is not None
            and created_at >= self.sent_at - CLOCK_SKEW
        )
        return self.given(assignment_id, Giver.OURS if ours else Giver.PERSON)

    def found(self, assignment_id: str, created_at: datetime | None, timing: Timing) -> Award:
        """A read shows it at Wix: ours only where an attempt of ours explains its birth."""
        ours = (
            self.sent_at is not None
            and created_at is not None
            and self.sent_at - CLOCK_SKEW
            <= created_at
            <= self.sent_at + timing.request_deadline + timing.late_apply + CLOCK_SKEW
        )
        return self.given(assignment_id, Giver.OURS if ours else Giver.PERSON)

    def not_sent(self, now: datetime, *, wait: float, reason: str) -> Award:
        """The request surely did not happen: it waits for its turn again."""
        return replace(
            self._free(State.PENDING, reason=reason),
            attempt=max(0, self.attempt - 1),
            sent_at=None,
            not_before=now + timedelta(seconds=wait),
        )

    def lost(self, now: datetime, timing: Timing, *, reason: str) -> Award:
        """The answer is lost: nobody asks or sends until the quiet period is over."""
        return replace(
            self._free(State.UNKNOWN, reason=reason),
            not_before=now + timing.quiet_period,
            empty_reads=0,
        )

    def not_found(self, now: datetime, timing: Timing) -> Award:
        """A read after the quiet period shows nothing: once more, then it may be sent again."""
        reads = self.empty_reads + 1
        if reads < EMPTY_READS_NEEDED:
            return replace(
                self._free(State.UNKNOWN, reason=self.reason),
                empty_reads=reads,
                not_before=now + timing.read_gap,
            )
        if self.attempt >= MOST_ATTEMPTS:
            return self._free(
                State.NEEDS_ATTENTION, reason=f"{self.attempt} attempts without a clear answer"
            )
        return replace(self._free(State.PENDING, reason=self.reason), not_before=now)

    def refused(self, state: State, *, reason: str) -> Award:
        """Wix refuses it for good: ``blocked`` for the member, ``paused`` for the badge."""
        return self._free(state, reason=reason)

    def revived(self) -> Award:
        """A person says: try again. What may stand at Wix after all is looked for first."""
        state = State.UNKNOWN if self.state is State.NEEDS_ATTENTION else State.PENDING
        return replace(self._free(state, reason="tried again by hand"), attempt=0, empty_reads=0)

    def released(self, now: datetime, *, wait: float) -> Award:
        """Nothing was done: the claim is given back, and it waits for its turn again."""
        return replace(
            self._free(self.state, reason=self.reason), not_before=now + timedelta(seconds=wait)
        )

    def held(self, *, reason: str) -> Award:
        """It stays earned, and waits until what stands in its way is gone."""
        return self._free(State.HELD, reason=reason)

    def cleared(self) -> Award:
        """Nothing stands in its way any more: it may be given."""
        return self._free(State.PENDING, reason="")

    def withdrawn(self, *, reason: str) -> Award:
        """The facts no longer earn it, and nothing was sent."""
        return self._free(State.WITHDRAWN, reason=reason)

    def _free(
        self,
        state: State,
        *,
        reason: str,
        assignment_id: str | None = None,
        giver: Giver | None = None,
    ) -> Award:
        return replace(
            self,
            state=state,
            reason=reason,
            claim=None,
            claimed_until=None,
            not_before=None,
            assignment_id=assignment_id or self.assignment_id,
            giver=giver or self.giver,
        )
