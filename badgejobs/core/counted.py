"""Which facts of one member count for a rule, and since when each of them does."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta

from badgejobs.core.activity import Activity, Mark
from badgejobs.core.lines import amount_of, lines_of
from badgejobs.core.milestone import Selection, Where
from badgejobs.core.policy import TAKEN_BACK, CommentPolicy, OrderPolicy, Refusal

#: A fact further ahead of ``as_of`` than this is held until its time has come.
FUTURE_TOLERANCE = timedelta(minutes=5)

#: What a policy says of marks, once it was asked: there are few different ones.
KnownMarks = dict[frozenset[Mark], Refusal | None]


@dataclass(slots=True)
class Counted:
    """The facts of one member that count for a selection, but for its window.

    ``facts``, ``dates`` and ``starts`` run together, in order of the dates: the fact, the moment
    that windows and periods look at, and the moment from which on it counts.
    """

    facts: list[Activity] = field(default_factory=list)
    dates: list[datetime] = field(default_factory=list)
    starts: list[datetime] = field(default_factory=list)
    #: Records that give money back, and the moments from which on they do.
    credits: list[tuple[datetime, Activity]] = field(default_factory=list)
    refused: list[tuple[Activity, Refusal]] = field(default_factory=list)
    #: What was taken back and is of the kind that the rule looks at, with its date.
    taken_back: list[tuple[datetime, Activity]] = field(default_factory=list)
    #: When the first fact that is still ahead is near enough.
    ahead_until: datetime | None = None
    #: What measures keep here to compute it once.
    kept: dict[object, object] = field(default_factory=dict)


class Counting:
    """How facts are told apart for one selection; made once, used for every member."""

    def __init__(self, of: Selection) -> None:
        self.of = of
        self._known: KnownMarks = {}
        self._of_any_size = replace(of.where, min_amount=None, min_chars=None)
        policy = of.policy
        self._most = policy.max_per_post_per_day if isinstance(policy, CommentPolicy) else 0
        #: Whether marks alone decide, of a fact that is not ahead and not linked to its member.
        self._simple = (
            of.where == Where()
            and of.history_from is None
            and not (isinstance(policy, OrderPolicy) and policy.min_amount)
            and not (isinstance(policy, CommentPolicy) and policy.min_chars)
            and not self._most
        )
        by_payment = isinstance(policy, OrderPolicy) and policy.dated_by_payment
        self._date = policy.date if by_payment else None

    def over(self, facts: Sequence[Activity], as_of: datetime) -> Counted:
        """What counts of the facts of this source, given in order of (occurred_at, id)."""
        found = Counted()
        known, settle, simple = self._known, self.of.settle, self._simple
        near = as_of + FUTURE_TOLERANCE
        keep, dates, refused = found.facts, found.dates, found.refused
        crowd = Counter[tuple[str, date]]()
        for one, at in self._dated(facts):
            marks = one.marks
            try:
                refusal = known[marks]
            except KeyError:
                refusal = known[marks] = self.of.policy.refusal_of_marks(marks)
            if refusal is None and not (simple and at <= near and one.linked_by is None):
                refusal = self._beside_marks(one, at, near=near, found=found, crowd=crowd)
            if refusal is not None:
                refused.append((one, refusal))
                if refusal in TAKEN_BACK and self._looked_at(one, at):
                    found.taken_back.append((at, one))
            elif Mark.CREDIT in marks:
                found.credits.append((at + settle, one))
            else:
                keep.append(one)
                dates.append(at)
        found.starts = [at + settle for at in dates] if settle else dates
        return found

    def _beside_marks(
        self,
        one: Activity,
        at: datetime,
        *,
        near: datetime,
        found: Counted,
        crowd: Counter[tuple[str, date]],
    ) -> Refusal | None:
        """What all but its marks says against a fact."""
        refusal = self.of.policy.refusal_beside_marks(one) or self._beside_policy(one, at)
        if refusal is None and at > near:
            # the dates are in order, so this is the first of them
            found.ahead_until = found.ahead_until or at - FUTURE_TOLERANCE
            refusal = Refusal.AHEAD
        if refusal is None and self._most:
            place = one.post, self.of.calendar.day(at)
            crowd[place] += 1
            refusal = Refusal.OVER_CAP if crowd[place] > self._most else None
        return refusal

    def _dated(self, facts: Sequence[Activity]) -> Iterable[tuple[Activity, datetime]]:
        if self._date is None:
            return zip(facts, [one.occurred_at for one in facts], strict=True)
        dated = [(one, self._date(one)) for one in facts]
        return sorted(dated, key=lambda pair: (pair[1], pair[0].activity_id))

    def _beside_policy(self, one: Activity, at: datetime) -> Refusal | None:
        if self.of.history_from is not None and at < self.of.history_from:
            return Refusal.BEFORE_HISTORY
        return self._filtered(one)

    def _looked_at(self, one: Activity, at: datetime) -> bool:
        """Whether what was taken back is of the kind that the rule looks at.

        How large it was is not asked: of what was refunded or deleted that is told no more.
        """
        history, where = self.of.history_from, self._of_any_size
        return (
            (history is None or history <= at)
            and not _is_refused(one, where)
            and (not where.of_lines or bool(lines_of(one, where)))
            and self.of.policy.refusal_beside_marks(one) is not Refusal.GUEST
        )

    def _filtered(self, one: Activity) -> Refusal | None:
        where = self.of.where
        if _is_refused(one, where):
            return Refusal.FILTERED
        if Mark.CREDIT in one.marks:
            return None
        if where.of_lines and not lines_of(one, where):
            return Refusal.FILTERED
        if where.min_amount is not None:
            amount = amount_of(one, self.of)
            if isinstance(amount, Refusal):
                return amount
            if amount < where.min_amount:
                return Refusal.FILTERED
        return None


def _is_refused(one: Activity, where: Where) -> bool:
    """Whether a filter of whole activities leaves it out."""
    return (
        (where.channels is not None and one.channel not in where.channels)
        or (where.imported is not None and (Mark.IMPORTED in one.marks) != where.imported)
        or (where.parts is not None and one.part not in where.parts)
        or (where.posts is not None and one.post not in where.posts)
        or (where.is_reply is not None and (one.parent is not None) != where.is_reply)
        or (where.on_own_content is not None and one.own != where.on_own_content)
        or (where.min_chars is not None and one.length < where.min_chars)
    )
