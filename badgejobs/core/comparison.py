"""What one complete reading of Wix says of one award: a pure answer, held against nothing else.

No single reading leads to anything that a second one could contradict: what it does not show is
noted, and what moved while it went on is left for the next.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from badgejobs.core.award import CLOCK_SKEW, Award, Giver, State, Timing, Unmet
from badgejobs.core.drift import Kind
from badgejobs.core.wixfacts import WixAssignment

#: States that are settled by their own stage, which asks Wix itself.
_UNDER_WAY = frozenset({State.INFLIGHT, State.UNKNOWN, State.REVOKING})

#: The note on what a person gave.
KEPT = "kept as a person's: no rule takes it"
AGAIN = "taken away before, and still there"
STAYED = "never went at Wix"


class Found(StrEnum):
    """What comparing one award with Wix came to."""

    AGREED = "agreed"
    #: Under way, in hand, or moved since the reading began: nothing is concluded.
    LEFT = "left"
    #: Absent for the first time, or not long enough after it.
    MISSED = "missing"
    #: Absent for the second time: taken, unless its member or its badge is gone.
    ABSENT = "taken"
    #: Taken by a person, and absent as it should be.
    OVERRIDDEN = "overridden"
    #: It was noted as missing, or held to be taken, and stands there.
    RETURNED = "returned"
    #: An attempt of ours, whose answer was lost, explains it.
    EXPLAINED = "found"
    #: A person gave it.
    GIVEN = "extra"
    #: We took it away, and the same assignment stands there still.
    LINGERING = "lingering"


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """An award as the ledger has it, and what its history says of it."""

    award: Award
    #: Since when it is in its state.
    changed_at: datetime
    #: When the first attempt of its present period was sent, as far as is known.
    first_sent_at: datetime | None = None
    #: Whether it is ``taken`` because a command of ours took it away.
    taken_by_command: bool = False

    def is_settled(self, reading: Reading) -> bool:
        """Whether it has been where it is for so long that the reading must show it."""
        return self.changed_at + reading.timing.quiet_period <= reading.began

    def missed_before(self, reading: Reading) -> bool:
        """Whether it was missed by a reading a quiet period before this one."""
        missed_at = self.award.missed_at
        return missed_at is not None and (missed_at + reading.timing.quiet_period <= reading.began)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """A complete reading: when it began, and how long each uncertainty lasts."""

    began: datetime
    timing: Timing


@dataclass(frozen=True, slots=True, kw_only=True)
class Compared:
    """What a reading says of one award."""

    found: Found
    #: The award from now on; ``None`` where nothing changes.
    after: Award | None = None
    drift: Kind | None = None
    note: str = ""


def oldest_first(rows: Sequence[WixAssignment]) -> list[WixAssignment]:
    """Assignments of one pair by their birth; one of unknown birth is taken for a young one."""
    return sorted(rows, key=lambda row: (row.created_at is None, row.created_at, row.id))


def compared(
    kept: Kept, rows: Sequence[WixAssignment], reading: Reading, now: datetime
) -> Compared:
    """What the assignments of one pair at Wix, oldest first and perhaps none, say of its award."""
    award = kept.award
    in_hand = award.claim is not None and (award.claimed_until is None or award.claimed_until > now)
    if in_hand or award.state in _UNDER_WAY:
        return Compared(found=Found.LEFT)
    if award.state is State.ASSIGNED:
        return _standing(kept, rows, reading, now)
    if not rows:
        if award.state is State.TAKEN:
            return Compared(found=Found.OVERRIDDEN, drift=Kind.TAKEN, note=award.reason)
        return Compared(found=Found.AGREED)
    # what stood once may be shown for a while after it went
    stood_once = award.assignment_id is not None or award.period > 1
    if kept.changed_at >= reading.began or (stood_once and not kept.is_settled(reading)):
        return Compared(found=Found.LEFT)
    if award.state in {State.REVOKED, State.TAKEN}:
        return _gone_before(kept, rows, reading, now)
    return _given(award, rows[0], reading)


def settled_absent(
    kept: Kept, reading: Reading, now: datetime, *, member_gone: bool, told: bool = True
) -> Compared:
    """The end of an award that is absent for the second time: a person took it, or is gone.

    ``told`` is whether Wix would have told of a member who is gone. What moved meanwhile is left.
    """
    again = compared(kept, (), reading, now)
    if again.found is not Found.ABSENT:
        return again
    award = replace(kept.award, missed_at=None)
    if member_gone:
        after = award.refused(State.BLOCKED, reason="the member is gone at Wix")
        return Compared(found=Found.ABSENT, after=after)
    reason = "a person took it at Wix"
    if not told:
        reason += ", or the member is gone there: we may not read members"
    return Compared(
        found=Found.ABSENT, after=award.taken(reason=reason), drift=Kind.TAKEN, note=reason
    )


def surplus(kept: Kept, rows: Sequence[WixAssignment], reading: Reading) -> tuple[str, ...]:
    """The ids of assignments, all but the oldest, that are surely attempts of ours repeated.

    None where a single one of them may be a person's: then all of them are told, and stay.
    """
    award, born = kept.award, kept.first_sent_at
    if (
        len(rows) <= 1
        or award.state is not State.ASSIGNED
        or award.giver is not Giver.OURS
        or award.by_hand
        or award.sent_at is None
        or born is None
        or not 1 < len(rows) <= award.attempt
        or not kept.is_settled(reading)
    ):
        return ()
    timing = reading.timing
    last = award.sent_at + timing.request_deadline + timing.late_apply + CLOCK_SKEW
    ours = [
        row.created_at is not None and born - CLOCK_SKEW <= row.created_at <= last for row in rows
    ]
    return tuple(row.id for row in rows[1:]) if all(ours) else ()


def recorded(
    site: str, badge: str, row: WixAssignment, now: datetime, *, rules_version: str
) -> Award:
    """The award of a pair that stands at Wix and is not in the ledger: a person gave it."""
    return Award(
        site=site,
        member_id=row.member_id,
        badge=badge,
        state=State.ASSIGNED,
        earned_at=row.created_at or now,
        rules_version=rules_version,
        giver=Giver.PERSON,
        assignment_id=row.id,
    )


def _standing(
    kept: Kept, rows: Sequence[WixAssignment], reading: Reading, now: datetime
) -> Compared:
    award = kept.award
    if rows and award.assignment_id is None:
        # "stands already" was all that Wix said of it: the create that it answered did not make
        # it, however near to that it was born, so that whose it is stays as it was found then
        found = award.found(rows[0].id, rows[0].created_at, reading.timing)
        ours = award.giver is Giver.OURS and found.giver is Giver.OURS
        return _told(award, found if ours else replace(found, giver=Giver.PERSON))
    if any(row.id == award.assignment_id for row in rows):
        if award.missed_at:
            return replace(_told(award, award.seen()), found=Found.RETURNED)
        return _told(award, None)
    if not kept.is_settled(reading):
        return Compared(found=Found.LEFT)
    if not kept.missed_before(reading):
        note = "one reading did not find it; a second one settles it, a quiet period later"
        return Compared(found=Found.MISSED, after=award.missed(now), drift=Kind.MISSING, note=note)
    if rows:
        # ours went, and another one stands there
        return _given(award, rows[0], reading)
    return Compared(found=Found.ABSENT, drift=Kind.TAKEN)


def _told(before: Award, after: Award | None) -> Compared:
    """It stands there as the ledger says; whoever gave it."""
    stands = after or before
    if stands.giver is Giver.PERSON and not stands.by_hand:
        return Compared(found=Found.AGREED, after=after, drift=Kind.EXTRA, note=KEPT)
    return Compared(found=Found.AGREED, after=after)


def _given(award: Award, row: WixAssignment, reading: Reading) -> Compared:
    after = award.found(row.id, row.created_at, reading.timing)
    if award.assignment_id not in {None, row.id}:
        # the attempt that would explain it made another one
        after = award.given(row.id, Giver.PERSON)
    if after.giver is Giver.OURS or after.by_hand:
        return Compared(found=Found.EXPLAINED, after=after)
    return Compared(found=Found.GIVEN, after=after, drift=Kind.EXTRA, note=KEPT)


def _gone_before(
    kept: Kept, rows: Sequence[WixAssignment], reading: Reading, now: datetime
) -> Compared:
    """It stands there, though it went: the same one still, or one that was given since."""
    award = kept.award
    others = [row for row in rows if row.id != award.assignment_id]
    by_us = award.state is State.REVOKED or kept.taken_by_command
    if by_us and not others:
        return Compared(
            found=Found.LINGERING,
            after=_once_more(kept, now),
            drift=Kind.LINGERING,
            note="it is taken away once more",
        )
    if len(others) < len(rows) and not by_us:
        after = award.given(award.assignment_id, award.giver or Giver.PERSON, reason=STAYED)
        return replace(_told(award, after), found=Found.RETURNED)
    return _given(award, others[0], reading)


def _once_more(kept: Kept, now: datetime) -> Award:
    """Back to be taken away, due now, with all that says that it should be."""
    award = kept.award.removal_lost(now, wait=0, reason=AGAIN)
    award = replace(award, removal_sent_at=kept.changed_at)
    if kept.taken_by_command:
        return replace(award, by_hand=True)
    known = kept.award.reason in set(Unmet)
    because = Unmet(kept.award.reason) if known else Unmet.CONDITION
    return replace(award, unmet_since=kept.changed_at, unmet_because=because, revoke_at=now)
