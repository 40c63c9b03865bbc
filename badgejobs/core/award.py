"""An award and its life: every state it can be in, and every change as a new value.

The states and who gave a badge follow the reasoning that a create at Wix has no idempotency
key, may be applied after its time-out, and is seen late by queries: what cannot be known stays
``unknown`` through a quiet period and is settled by reading. In doubt a badge is a person's.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from badgejobs.core.award_state import (
    BEGINS_WITH_BADGE,
    OPEN,
    REOPENED,
    SENT,
    UNSENT,
    WAITS_WITH_BADGE,
    Giver,
    State,
    Unmet,
)

__all__ = [
    "BADGE_GONE",
    "BEGINS_WITH_BADGE",
    "CLOCK_SKEW",
    "EMPTY_READS_NEEDED",
    "MOST_ATTEMPTS",
    "OPEN",
    "REMOVAL_SHOWS",
    "REOPENED",
    "TAKEN_BY_HAND",
    "UNSENT",
    "WAITS_FOR_CAP",
    "WAITS_WITH_BADGE",
    "Award",
    "Giver",
    "State",
    "Timing",
    "Unmet",
]  # fmt: skip

#: The reason of an award that waits because a site is given no more within this hour.
WAITS_FOR_CAP = "more new awards than the site is given in an hour"
#: For so long a query may still show what was taken away: it is not given anew before.
REMOVAL_SHOWS = timedelta(seconds=120)

#: How far Wix's clock and the database's may lie apart when a birth is explained.
CLOCK_SKEW = timedelta(seconds=5)
#: Attempts whose outcome could not be told; after so many a person must look.
MOST_ATTEMPTS = 3
#: Why an award is paused, or held from the beginning.
BADGE_GONE = "the badge is gone at Wix"

#: How many reads must find nothing before a lost answer counts as never applied.
EMPTY_READS_NEEDED = 2
#: Why an award is being taken away, or was, that a person revoked by command.
TAKEN_BY_HAND = "revoked by hand"


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
    #: Since when it is known that a badge of ours which stands at Wix should not stand there,
    #: grace or not.
    unmet_since: datetime | None = None
    #: Why, a value of :class:`Unmet`; empty where it should stand.
    unmet_because: str = ""
    #: From when on it is to be taken away; ``None`` where it is not, or grace says not yet.
    revoke_at: datetime | None = None
    #: When a delete of it was sent last, whose answer may be lost.
    removal_sent_at: datetime | None = None
    #: When a complete reading first did not find it at Wix, though the ledger has it there.
    missed_at: datetime | None = None
    #: How often it was opened after it had been taken away, and once.
    period: int = 1
    #: A person's wish (``badgejobs grant``, ``revoke``): facts do not enter into it.
    by_hand: bool = False
    #: Opened by something that said beforehand how many it would open: outside the hourly cap.
    declared: bool = False

    @property
    def takes_slot(self) -> bool:
        """Whether its place is used up: it was sent once, and the answer was not a clear no.

        A request that surely never happened (``not_sent``) gives the place back; what was read
        to have come to nothing afterwards does not, and neither does what stood once before.
        """
        once = self.sent_at is not None or self.attempt > 0 or self.period > 1
        return once or self.state in SENT

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
        """It stands at Wix; what a person wished for is a person's, whoever carried it there."""
        award = self._free(
            State.ASSIGNED,
            assignment_id=assignment_id,
            giver=Giver.PERSON if self.by_hand else giver,
            reason=reason,
        )
        return replace(award, missed_at=None, removal_sent_at=None)

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
        ours = _explains(self.sent_at, created_at, timing)
        return self.given(assignment_id, Giver.OURS if ours else Giver.PERSON)

    def stood(
        self,
        assignment_id: str | None,
        created_at: datetime | None,
        timing: Timing,
        *,
        lost: Iterable[datetime] = (),
    ) -> Award:
        """Wix answered our create with what stood before it: this attempt did not make it.

        Ours only where one of the attempts whose answers were ``lost`` explains its birth.
        """
        ours = any(_explains(sent_at, created_at, timing) for sent_at in lost)
        giver = Giver.OURS if ours else Giver.PERSON
        return self.given(assignment_id, giver, reason="stood at Wix already")

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
        return replace(self._free(State.HELD, reason=reason), not_before=self.not_before)

    def cleared(self) -> Award:
        """Nothing stands in its way any more: it may be given, once its time has come."""
        return replace(self._free(State.PENDING, reason=""), not_before=self.not_before)

    def withdrawn(self, *, reason: str) -> Award:
        """The facts no longer earn it, and nothing was sent."""
        return self._free(State.WITHDRAWN, reason=reason)

    # ------------------------------------------------------------ taking away

    def revoking(self, now: datetime, timing: Timing, *, claim: str) -> Award:
        """The next step is the delete itself; committed before the socket is touched."""
        return replace(
            self,
            state=State.REVOKING,
            claim=claim,
            claimed_until=now + timing.claim,
            not_before=None,
            removal_sent_at=now,
            reason=TAKEN_BY_HAND if self.by_hand else self.unmet_because,
        )

    def removed(self, *, was_there: bool = True, sent_before: bool = False) -> Award:
        """It stands at Wix no more.

        Gone before our first delete of it: somebody else took it, and a person's word counts.
        """
        if self.by_hand:
            after = self.taken(reason=self.reason)
        elif not was_there and not sent_before:
            after = self.taken(reason="gone at Wix before a rule took it")
        else:
            after = self._gone(State.REVOKED, reason=self.reason or self.unmet_because)
        # which one went, and when, since queries show it for a while
        return replace(after, removal_sent_at=self.removal_sent_at)

    def shows_still(self, assignment_id: str, now: datetime) -> bool:
        """Whether a query that shows this assignment may only trail behind its removal."""
        if self.removal_sent_at is None or assignment_id != self.assignment_id:
            return False
        return now < self.removal_sent_at + REMOVAL_SHOWS

    def removal_lost(self, now: datetime, *, wait: float, reason: str) -> Award:
        """The answer to a delete is lost. A delete by id can be repeated: it is, after a wait."""
        return replace(
            self._free(State.REVOKING, reason=reason), not_before=now + timedelta(seconds=wait)
        )

    def not_removed(self, now: datetime, *, wait: float, reason: str, sent_before: bool) -> Award:
        """The delete surely did not happen: it stands as before, and waits for its turn again."""
        moment = now + timedelta(seconds=wait)
        if self.by_hand or sent_before:
            return replace(self._free(State.REVOKING, reason=reason), not_before=moment)
        stays = replace(self._free(State.ASSIGNED, reason=reason), revoke_at=moment)
        return replace(stays, removal_sent_at=None)

    def taken(self, *, reason: str) -> Award:
        """A person took it away, or is held to have: it is not given again by itself."""
        return self._gone(State.TAKEN, reason=reason)

    def missed(self, now: datetime) -> Award:
        """A complete reading does not show it, once: nothing follows from that yet."""
        return self if self.missed_at else replace(self, missed_at=now)

    def seen(self) -> Award:
        """A complete reading shows it, where one before did not."""
        return replace(self, missed_at=None)

    def override_cleared(self) -> Award:
        """A person says: what a person took may be given by the rules again.

        A place of a limit that it took stays its own.
        """
        free = self._free(State.WITHDRAWN, reason="override cleared")
        return replace(free, by_hand=False, period=self.period + self.has_slot)

    # ------------------------------------------------------------ the badge itself

    def badge_gone(self) -> Award:
        """Its badge was deleted at Wix: it waits for a person, and nothing of it stands.

        A person's wish to have it taken has come true with that.
        """
        if self.by_hand and self.state is State.REVOKING:
            return self.taken(reason=self.reason)
        return self._free(State.PAUSED, reason=BADGE_GONE)

    def badge_created_anew(self) -> Award:
        """Its badge stands at Wix anew, given to nobody: it begins from nothing.

        What a person wished for is given again; for the rest the facts are asked once more. A
        place of a limit that it took stays its own.
        """
        state = State.PENDING if self.by_hand else State.WITHDRAWN
        return replace(
            self._gone(state, reason="badge created anew"),
            by_hand=self.by_hand,
            attempt=0,
            sent_at=None,
            empty_reads=0,
            giver=None,
            assignment_id=None,
            period=self.period + self.takes_slot,
        )

    def _gone(self, state: State, *, reason: str) -> Award:
        return replace(
            self._free(state, reason=reason),
            unmet_since=None,
            unmet_because="",
            revoke_at=None,
            removal_sent_at=None,
            missed_at=None,
            by_hand=False,
        )

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


def _explains(sent_at: datetime | None, born: datetime | None, timing: Timing) -> bool:
    """Whether a request that was sent then may have made what was born then."""
    if sent_at is None or born is None:
        return False
    latest = sent_at + timing.request_deadline + timing.late_apply
    return sent_at - CLOCK_SKEW <= born <= latest + CLOCK_SKEW
