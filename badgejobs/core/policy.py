"""What counts: the one place that turns the facts of an activity into counted or refused."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import ROUND_FLOOR, Decimal
from enum import StrEnum

from badgejobs.core.activity import Activity, Link, Mark
from badgejobs.core.money import digits


class Refusal(StrEnum):
    """Why an activity does not count; each value reads as the end of "not counted: ..."."""

    CANCELLED = "cancelled"
    REJECTED = "rejected"
    REFUNDED = "refunded in full"
    CHARGED_BACK = "charged back"
    DEMO = "demo order"
    IMPORTED = "imported order"
    TRIAL = "free trial, nothing paid"
    GUEST = "placed as a guest, and not linked as the policy asks"
    CREDIT = "gives money back, and is no order"
    NOT_YET = "not paid, approved or fulfilled as the policy asks"
    BELOW_MINIMUM = "below the minimum amount"
    OTHER_CURRENCY = "in another currency"
    HIDDEN = "hidden"
    DELETED = "deleted"
    PENDING = "waits for moderation"
    GONE = "no longer found at Wix"
    STAFF = "written by the site's staff"
    TOO_SHORT = "shorter than the policy asks"
    OVER_CAP = "above the number that counts for one post and day"
    #: Not of the policy: what the rule itself leaves out.
    FILTERED = "not what the rule's 'where' asks for"
    NO_VALUE = "has nothing of what the rule counts"
    OUTSIDE = "outside the rule's window"
    BEFORE_HISTORY = "before the history that the rule looks at"
    SETTLING = "waits until it is settled"
    AHEAD = "lies in the future"


#: What happened and was taken back later. It never counts, but the member was there.
TAKEN_BACK = frozenset(
    {
        Refusal.CANCELLED,
        Refusal.REFUNDED,
        Refusal.CHARGED_BACK,
        Refusal.HIDDEN,
        Refusal.DELETED,
        Refusal.GONE,
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderPolicy:
    """Which orders count, on which date, and with which amount."""

    count_when: Mark = Mark.PAID
    #: ``False``: when it was purchased; ``True``: when it was paid, where that is known.
    dated_by_payment: bool = False
    #: ``items``: lines after discounts, without tax and shipping; ``total``: what was charged.
    amount: str = "items"
    #: Minor units; an order below it does not count at all.
    min_amount: int = 0
    void_when_refunded: bool = True
    void_when_cancelled: bool = True
    subtract_refunds: bool = True
    count_imported: bool = True
    #: The ways in which a guest's order may have come to a member.
    guests: frozenset[Link] = frozenset({Link.VERIFIED_EMAIL})
    currency: str | None = None
    #: Another currency is converted by the rate that stands with the order.
    convert: bool = False

    def refusal_of_marks(self, marks: frozenset[Mark]) -> Refusal | None:
        """What the marks alone say against an order."""
        if Mark.DEMO in marks:
            return Refusal.DEMO
        if Mark.GONE in marks:
            return Refusal.GONE
        if Mark.REJECTED in marks:
            return Refusal.REJECTED
        if Mark.CANCELLED in marks and self.void_when_cancelled:
            return Refusal.CANCELLED
        if Mark.CHARGED_BACK in marks and self.void_when_refunded:
            return Refusal.CHARGED_BACK
        if Mark.REFUNDED in marks and self.void_when_refunded:
            return Refusal.REFUNDED
        if Mark.CREDIT in marks:
            return None if self.subtract_refunds else Refusal.CREDIT
        if Mark.TRIAL in marks:
            return Refusal.TRIAL
        if Mark.IMPORTED in marks and not self.count_imported:
            return Refusal.IMPORTED
        return None if self.count_when in marks else Refusal.NOT_YET

    def refusal(self, activity: Activity) -> Refusal | None:
        """Why this order does not count, or ``None`` where it does."""
        return self.refusal_of_marks(activity.marks) or self.refusal_beside_marks(activity)

    def refusal_beside_marks(self, activity: Activity) -> Refusal | None:
        """What all but the marks says against an order."""
        if activity.linked_by and activity.linked_by not in self.guests:
            return Refusal.GUEST
        if self.min_amount and Mark.CREDIT not in activity.marks:
            gross = self.in_currency(activity, self._gross(activity))
            if gross is None:
                return Refusal.OTHER_CURRENCY
            if gross < self.min_amount:
                return Refusal.BELOW_MINIMUM
        return None

    def date(self, activity: Activity) -> datetime:
        """The moment that counts for it."""
        paid_at = activity.paid_at if self.dated_by_payment else None
        return paid_at or activity.occurred_at

    def value(self, activity: Activity, /) -> int | Refusal:
        """What an order that counts adds to a sum: minor units, below zero for a credit alone."""
        amounts = activity.amounts
        gross = amounts.get(self.amount, 0)
        if Mark.CREDIT not in activity.marks:
            if self.subtract_refunds:
                gross -= amounts.get("refunded", 0)
            gross = max(gross, 0)
        if self.currency is None or activity.currency == self.currency:
            return gross
        value = self.in_currency(activity, gross)
        return Refusal.OTHER_CURRENCY if value is None else value

    def in_currency(self, activity: Activity, minor: int) -> int | None:
        """An amount of this activity in the site's currency; ``None`` where it cannot be said.

        A converted amount is rounded down: what is in doubt does not count.
        """
        if self.currency is None or activity.currency == self.currency:
            return minor
        known = activity.base_currency == self.currency and activity.currency and activity.rate
        if not self.convert or not known:
            return None
        assert activity.currency, "asked just now"
        assert activity.rate, "asked just now"
        shift = digits(self.currency) - digits(activity.currency)
        exact = Decimal(minor).scaleb(shift) / activity.rate
        return int(exact.to_integral_value(rounding=ROUND_FLOOR))

    def _gross(self, activity: Activity) -> int:
        return activity.amounts.get(self.amount, 0)


@dataclass(frozen=True, slots=True, kw_only=True)
class CommentPolicy:
    """Which comments count."""

    include_staff: bool = False
    #: A deleted comment keeps counting, for communities that do not punish tidying up.
    keep_deleted: bool = False
    #: Shorter ones do not count; 0 for all.
    min_chars: int = 0
    #: Of one member's comments on one post in one local day, only the first so many count; 0: all.
    max_per_post_per_day: int = 0

    def refusal_of_marks(self, marks: frozenset[Mark]) -> Refusal | None:
        """What the marks alone say against a comment."""
        if Mark.DELETED in marks and not self.keep_deleted:
            return Refusal.DELETED
        if Mark.GONE in marks and not self.keep_deleted:
            return Refusal.GONE
        if Mark.HIDDEN in marks:
            return Refusal.HIDDEN
        if not marks & {Mark.PUBLISHED, Mark.DELETED, Mark.GONE} or Mark.PENDING in marks:
            return Refusal.PENDING
        if Mark.STAFF in marks and not self.include_staff:
            return Refusal.STAFF
        return None

    def refusal(self, activity: Activity) -> Refusal | None:
        """Why this comment does not count, or ``None`` where it does.

        The cap of one post and day is not asked here: it needs the member's other comments.
        """
        return self.refusal_of_marks(activity.marks) or self.refusal_beside_marks(activity)

    def refusal_beside_marks(self, activity: Activity) -> Refusal | None:
        """What all but the marks says against a comment."""
        # a deleted comment has lost its text, and was long enough or not before
        if activity.length < self.min_chars and Mark.DELETED not in activity.marks:
            return Refusal.TOO_SHORT
        return None

    def date(self, activity: Activity) -> datetime:
        """The moment that counts for it."""
        return activity.occurred_at

    def value(self, _activity: Activity, /) -> int | Refusal:
        """Comments carry no money: each adds one."""
        return 1


@dataclass(frozen=True, slots=True, kw_only=True)
class PlainPolicy:
    """What counts of a source that has no policy of its own: all that stands in public."""

    def refusal_of_marks(self, marks: frozenset[Mark]) -> Refusal | None:
        """What the marks say against it."""
        if Mark.DELETED in marks:
            return Refusal.DELETED
        if Mark.GONE in marks:
            return Refusal.GONE
        if Mark.HIDDEN in marks:
            return Refusal.HIDDEN
        if not marks & {Mark.PUBLISHED, Mark.JOINED} or Mark.PENDING in marks:
            return Refusal.PENDING
        return Refusal.STAFF if Mark.STAFF in marks else None

    def refusal(self, activity: Activity) -> Refusal | None:
        """Why it does not count, or ``None`` where it does."""
        return self.refusal_of_marks(activity.marks)

    def refusal_beside_marks(self, _activity: Activity, /) -> Refusal | None:
        """Nothing else can be said against it."""
        return None

    def date(self, activity: Activity) -> datetime:
        """The moment that counts for it."""
        return activity.occurred_at

    def value(self, _activity: Activity, /) -> int | Refusal:
        """Each adds one."""
        return 1


Policy = OrderPolicy | CommentPolicy | PlainPolicy
