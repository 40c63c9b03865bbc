"""Which activities of a member a rule looks at: a policy, filters, a window, a time to settle."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from badgejobs.core.calendar import UTC_CALENDAR, Calendar, Period, Span
from badgejobs.core.policy import Policy


@dataclass(frozen=True, slots=True, kw_only=True)
class Where:
    """Which of the activities that count a rule looks at; ``None`` asks for nothing.

    The filters of lines (``catalogs``, ``categories``, ``products``, ``not_products``) leave of
    an order the lines that pass all of them: an order without one is left out, and its amount
    is that of the lines that are left.
    """

    channels: frozenset[str] | None = None
    catalogs: frozenset[str] | None = None
    #: Names or ids in small letters.
    categories: frozenset[str] | None = None
    #: Ids, or labels of names (``core.activity.label``).
    products: frozenset[str] | None = None
    not_products: frozenset[str] | None = None
    #: Minor units of the site's currency: of the order, after ``policies``.
    min_amount: int | None = None
    imported: bool | None = None
    #: The parts of the source, for comments the app ids.
    parts: frozenset[str] | None = None
    posts: frozenset[str] | None = None
    is_reply: bool | None = None
    on_own_content: bool | None = None
    min_chars: int | None = None

    @property
    def of_lines(self) -> bool:
        """Whether it asks anything of single lines."""
        return (
            self.catalogs is not None
            or self.categories is not None
            or self.products is not None
            or self.not_products is not None
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Rolling:
    """An activity counts from its moment on until so much later."""

    span: Span


@dataclass(frozen=True, slots=True, kw_only=True)
class InPeriod:
    """Only the activities of the calendar's present period count."""

    period: Period


@dataclass(frozen=True, slots=True, kw_only=True)
class Between:
    """Only activities in [since, until) count; either may be open."""

    since: datetime | None = None
    until: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class First:
    """Only activities within so long of the first one that counts."""

    span: Span


Stretch = Rolling | InPeriod | Between | First


@dataclass(frozen=True, slots=True, kw_only=True)
class Selection:
    """Which activities a measure looks at."""

    source: str
    policy: Policy
    where: Where = Where()
    #: The rule's window, under a name of its own beside the window of a scan.
    stretch: Stretch | None = None
    #: An activity counts only so long after its date.
    settle: timedelta = timedelta(0)
    #: Older activities do not exist for this rule.
    history_from: datetime | None = None
    calendar: Calendar = UTC_CALENDAR
