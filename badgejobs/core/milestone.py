"""What earns a badge: a small closed tree of conditions, a lifecycle, and the badge's look."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from badgejobs.core.calendar import NO_TIME, UTC_CALENDAR, Calendar, Period, Span
from badgejobs.core.policy import CommentPolicy, OrderPolicy, PlainPolicy, Policy
from badgejobs.core.selection import (
    Between,
    First,
    InPeriod,
    Rolling,
    Selection,
    Stretch,
    Where,
)

__all__ = [
    "Age", "AllOf", "AnyOf", "AtLeast", "Between", "Calendar", "CommentPolicy", "Condition",
    "Count", "Distinct", "First", "Gap", "Has", "InPeriod", "Leaf", "Lifecycle", "Look", "Max",
    "Milestone", "NoneOf", "OnChange", "OrderPolicy", "Period", "PlainPolicy", "Policy", "Renew",
    "Rolling", "Ruleset", "Selection", "Span", "Streak", "Stretch", "Sum", "Wants", "Where",
    "knows_only_the_present", "leaves",
]  # fmt: skip


# ---------------------------------------------------------------- conditions


@dataclass(frozen=True, slots=True, kw_only=True)
class Count:
    """At least ``gte`` activities."""

    of: Selection
    gte: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Sum:
    """Values that add up to at least ``gte``.

    ``field`` is ``amount`` (minor units of ``currency``) or ``items.quantity``.
    """

    of: Selection
    gte: int
    field: str = "amount"
    currency: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Distinct:
    """At least ``gte`` different things.

    ``field`` is ``items.product``, ``items.category``, ``items.catalog``, ``post`` or ``day``
    (local days).
    """

    of: Selection
    field: str
    gte: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Max:
    """One activity whose value is at least ``gte``.

    ``field`` is ``amount`` (minor units of ``currency``), ``items.quantity`` (the units of one
    order) or ``length`` (characters).
    """

    of: Selection
    gte: int
    field: str = "amount"
    currency: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Streak:
    """Activity in ``length`` periods running, of which up to ``miss`` between may be without.

    A missed period does not add to the length. The present period can extend a streak and
    never breaks it before it is over.
    """

    of: Selection
    every: Period
    length: int
    miss: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Gap:
    """An activity that came at least ``gte`` after the one before it.

    What was taken back later (refunded, cancelled, hidden, deleted) ends no gap, but its member
    was there: it fills one.
    """

    of: Selection
    gte: Span


@dataclass(frozen=True, slots=True, kw_only=True)
class Age:
    """The first activity lies at least ``gte`` back."""

    of: Selection
    gte: Span


@dataclass(frozen=True, slots=True, kw_only=True)
class Has:
    """The rules give another badge too."""

    milestone: Milestone


@dataclass(frozen=True, slots=True, kw_only=True)
class AllOf:
    """Every part is met; earned when the last of them was."""

    parts: tuple[Condition, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class AnyOf:
    """One part at least is met; earned when the first of them was."""

    parts: tuple[Condition, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class AtLeast:
    """``number`` parts at least are met; earned when so many of them were."""

    number: int
    parts: tuple[Condition, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class NoneOf:
    """No part is met. It is known only of the present, so nothing is back-dated behind it."""

    parts: tuple[Condition, ...]


Leaf = Count | Sum | Distinct | Max | Streak | Gap | Age
Composite = AllOf | AnyOf | AtLeast | NoneOf
Condition = Leaf | Has | Composite


# ---------------------------------------------------------------- the badge


class Renew(StrEnum):
    """What may begin a period of an award that expired."""

    NEVER = "never"
    #: Each time that the condition comes to be met again.
    AGAIN = "again"
    #: It does not expire while the condition is met, but so long after.
    WHILE_MET = "while_met"


class OnChange(StrEnum):
    """What a change of the rules means for those who hold the badge."""

    GRANDFATHER = "grandfather"
    REEVALUATE = "reevaluate"


@dataclass(frozen=True, slots=True, kw_only=True)
class Lifecycle:
    """How long a badge stays with those who earned it, and who may earn it."""

    #: Whether ``revoke`` was written in the rules at all.
    stated: bool = False
    #: ``False``: once earned, for good. ``True``: while the condition is met, and ``grace``.
    revokes: bool = False
    grace: Span = NO_TIME
    #: Taken only at the beginning of such a period.
    checked: Period | None = None
    expires_after: Span | None = None
    expires_at: datetime | None = None
    renew: Renew = Renew.NEVER
    on_change: OnChange = OnChange.GRANDFATHER
    #: New awards are opened in [earnable_from, earnable_until) only.
    earnable_from: datetime | None = None
    earnable_until: datetime | None = None
    #: Only so many members, in the order in which they crossed the line.
    first: int | None = None
    #: Out of use: nobody earns it any more, and those who have it keep it.
    retired: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """How a badge of ours looks at Wix; colours as ``#RRGGBB``."""

    title: str
    description: str = ""
    background: str = "#796EFF"
    text: str = "#FFFFFF"
    icon: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Milestone:
    """A condition, the badge it earns, and for how long."""

    #: Permanent and unique in the file; what the ledger stores.
    badge: str
    #: The title at Wix: of the look, or of a badge that must exist there already.
    title: str
    #: ``None`` for a badge that exists at Wix and is never created or changed by us.
    look: Look | None
    condition: Condition
    lifecycle: Lifecycle = Lifecycle()
    calendar: Calendar = UTC_CALENDAR
    #: The ladder it is a tier of, and the tiers above it, whose holders do not show this one.
    ladder: str | None = None
    above: tuple[Milestone, ...] = ()
    #: Whether its permissions are switched on at Wix, as the rules say: it opens pages.
    opens_pages: bool = False
    #: Whether a member hears of an award, of a revocation, and of an award of the first scan.
    notify_award: bool = True
    notify_revoke: bool = False
    notify_backfill: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Wants:
    """Facts that cost calls of their own, and are read only where a rule needs them."""

    #: When orders were paid.
    payments: bool = False
    #: The categories of the products that were bought.
    categories: bool = False
    #: Who wrote the posts that are commented on.
    post_authors: bool = False
    #: By which contact or address a guest's order may find its member.
    guests: bool = False

    def of(self, source: str) -> frozenset[str]:
        """The names of those that this source reads.

        >>> sorted(Wants(payments=True, post_authors=True).of("orders"))
        ['payments']
        """
        names = {
            "orders": ("payments", "categories", "guests"),
            "comments": ("post_authors",),
            "membership": ("guests",),
        }
        return frozenset(name for name in names.get(source, ()) if getattr(self, name))


@dataclass(frozen=True, slots=True, kw_only=True)
class Ruleset:
    """All milestones of one site, under one version."""

    #: Hash of the normalised rules: equal rules have equal versions.
    version: str
    milestones: tuple[Milestone, ...]
    wants: Wants = Wants()
    #: The file that says them, so that this version can be read again.
    text: str = field(default="", repr=False, compare=False)
    #: By version and badge: what those who were given a badge under that version are held to
    #: still, where the rule has changed since and says ``on_rule_change: grandfather``.
    earlier: Mapping[str, Mapping[str, Milestone]] = field(
        default_factory=dict, repr=False, compare=False
    )

    def held_to(self, milestone: Milestone, version: str) -> Milestone:
        """What a badge of this milestone, given under an earlier version, is held to now."""
        return self.earlier.get(version, {}).get(milestone.badge, milestone)

    @property
    def sources(self) -> frozenset[str]:
        """The sources that the milestones read."""
        return frozenset(source for one in self.milestones for source in sources_of(one.condition))


def leaves(condition: Condition) -> Iterator[Leaf]:
    """Every leaf of a condition, left to right; those of another badge's condition too."""
    match condition:
        case AllOf(parts=parts) | AnyOf(parts=parts) | AtLeast(parts=parts) | NoneOf(parts=parts):
            for part in parts:
                yield from leaves(part)
        case Has(milestone=milestone):
            yield from leaves(milestone.condition)
        case leaf:
            yield leaf


def sources_of(condition: Condition) -> frozenset[str]:
    """The sources that a condition reads."""
    return frozenset(leaf.of.source for leaf in leaves(condition))


def knows_only_the_present(condition: Condition) -> bool:
    """Whether a condition holds a ``none``, so that nothing is known of when it began to be met.

    Such a badge can have neither a grace nor a term that begins when it was earned.
    """
    match condition:
        case NoneOf():
            return True
        case AllOf(parts=parts) | AnyOf(parts=parts) | AtLeast(parts=parts):
            return any(map(knows_only_the_present, parts))
        case Has(milestone=milestone):
            return knows_only_the_present(milestone.condition)
        case _:
            return False


def leans_on_history(milestone: Milestone) -> bool:
    """Whether an older activity, read later, could still take an award back.

    True for windows, ``none``, ``gap``, ``streak``, ``limit``, and a term that begins when the
    badge was earned, since that may prove to be long ago: such an award waits until the history
    is read in full, and so does a tier that a higher one would hide. What only ever grows is sure
    already.
    """
    lifecycle = milestone.lifecycle
    has_term = lifecycle.expires_after is not None and lifecycle.renew is not Renew.WHILE_MET
    if lifecycle.first is not None or has_term or milestone.above:
        return True
    return _leans(milestone.condition)


def _leans(condition: Condition) -> bool:
    match condition:
        case NoneOf() | Gap() | Streak():
            return True
        case AllOf(parts=parts) | AnyOf(parts=parts) | AtLeast(parts=parts):
            return any(map(_leans, parts))
        case Has(milestone=milestone):
            return leans_on_history(milestone)
        case Age():
            return False
        case Max(field="length", of=of) if getattr(of.policy, "max_per_post_per_day", 0):
            return True  # an older comment takes the place of a later one, and may be shorter
        case leaf:
            return leaf.of.stretch is not None
