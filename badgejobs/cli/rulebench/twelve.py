"""The twelve rules that are measured; the first nine are counts and sums."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from badgejobs.cli.rulebench.workload import CURRENCY
from badgejobs.core.calendar import Period, Span
from badgejobs.core.milestone import (
    CommentPolicy,
    Condition,
    Count,
    Distinct,
    Milestone,
    OrderPolicy,
    Rolling,
    Selection,
    Streak,
    Sum,
)

#: What each rule asks for, for everyone who does the same work in another way.
ORDERS: Final = {"orders-1": 1, "orders-10": 10, "orders-50": 50}
SPENT: Final = {"spent-100": 100_00, "spent-500": 500_00, "spent-2000": 2000_00}
COMMENTS: Final = {"comments-1": 1, "comments-25": 25, "comments-100": 100}
IN_A_ROW: Final = {"orders-3-in-30-days": (3, timedelta(days=30))}
PRODUCTS: Final = {"products-5": 5}
STREAK: Final = {"comments-7-days-running": 7}

_BOUGHT = Selection(source="orders", policy=OrderPolicy(currency=CURRENCY))
_WRITTEN = Selection(source="comments", policy=CommentPolicy())


def counts_and_sums() -> tuple[Milestone, ...]:
    """The nine."""
    conditions: dict[str, Condition] = {
        **{badge: Count(of=_BOUGHT, gte=gte) for badge, gte in ORDERS.items()},
        **{badge: Sum(of=_BOUGHT, gte=gte, currency=CURRENCY) for badge, gte in SPENT.items()},
        **{badge: Count(of=_WRITTEN, gte=gte) for badge, gte in COMMENTS.items()},
    }
    return tuple(_milestone(*one) for one in conditions.items())


def all_twelve() -> tuple[Milestone, ...]:
    """The nine, and three that look at times, things and days."""
    conditions: dict[str, Condition] = {
        **{badge: Count(of=_rolling(span), gte=gte) for badge, (gte, span) in IN_A_ROW.items()},
        **{
            badge: Distinct(of=_BOUGHT, field="items.product", gte=gte)
            for badge, gte in PRODUCTS.items()
        },
        **{
            badge: Streak(of=_WRITTEN, every=Period.DAY, length=days)
            for badge, days in STREAK.items()
        },
    }
    return (*counts_and_sums(), *(_milestone(*one) for one in conditions.items()))


def _rolling(span: timedelta) -> Selection:
    return Selection(source="orders", policy=_BOUGHT.policy, stretch=Rolling(span=Span(exact=span)))


def _milestone(badge: str, condition: Condition) -> Milestone:
    return Milestone(badge=badge, title=badge, look=None, condition=condition)
