"""What counts: the one place that turns the facts of an activity into counted or refused."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from badgejobs.core.activity import Activity, Mark


class Refusal(StrEnum):
    """Why an activity does not count; each value reads as the end of "not counted: ..."."""

    CANCELLED = "cancelled"
    REJECTED = "rejected"
    REFUNDED = "refunded in full"
    DEMO = "demo order"
    NOT_YET = "not paid, approved or fulfilled as the policy asks"
    BELOW_MINIMUM = "below the minimum amount"
    OTHER_CURRENCY = "in another currency"
    HIDDEN = "hidden"
    DELETED = "deleted"
    PENDING = "waits for moderation"
    GONE = "no longer found at Wix"
    STAFF = "written by the site's staff"


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderPolicy:
    """Which orders count, and with which amount."""

    count_when: Mark = Mark.PAID
    #: ``items``: lines after discounts, without tax and shipping; ``total``: what was charged.
    amount: str = "items"
    #: Minor units; an order below it does not count at all.
    min_amount: int = 0
    void_when_refunded: bool = True
    void_when_cancelled: bool = True
    subtract_refunds: bool = True
    currency: str | None = None

    def refusal(self, activity: Activity) -> Refusal | None:
        """Why this order does not count, or ``None`` where it does."""
        marks = activity.marks
        if Mark.DEMO in marks:
            return Refusal.DEMO
        if Mark.GONE in marks:
            return Refusal.GONE
        if Mark.REJECTED in marks:
            return Refusal.REJECTED
        if Mark.CANCELLED in marks and self.void_when_cancelled:
            return Refusal.CANCELLED
        if Mark.REFUNDED in marks and self.void_when_refunded:
            return Refusal.REFUNDED
        if self.count_when not in marks:
            return Refusal.NOT_YET
        if self.min_amount and (self._foreign(activity) or self._gross(activity) < self.min_amount):
            return Refusal.OTHER_CURRENCY if self._foreign(activity) else Refusal.BELOW_MINIMUM
        return None

    def value(self, activity: Activity, /) -> int | Refusal:
        """What an order that counts adds to a sum: minor units, never below zero."""
        if self._foreign(activity):
            return Refusal.OTHER_CURRENCY
        refunded = activity.amounts.get("refunded", 0) if self.subtract_refunds else 0
        return max(0, self._gross(activity) - refunded)

    def _gross(self, activity: Activity) -> int:
        return activity.amounts.get(self.amount, 0)

    def _foreign(self, activity: Activity) -> bool:
        return self.currency is not None and activity.currency != self.currency


@dataclass(frozen=True, slots=True, kw_only=True)
class CommentPolicy:
    """Which comments count."""

    include_staff: bool = False
    #: A deleted comment keeps counting, for communities that do not punish tidying up.
    keep_deleted: bool = False

    def refusal(self, activity: Activity) -> Refusal | None:
        """Why this comment does not count, or ``None`` where it does."""
        marks = activity.marks
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

    def value(self, _activity: Activity, /) -> int | Refusal:
        """Comments carry no money: each adds one."""
        return 1


Policy = OrderPolicy | CommentPolicy
