"""Facts to reason about, each with as little as its test needs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta

from badgejobs.core.activity import Activity, Mark
from badgejobs.core.milestone import Condition, Count, Milestone, Selection, Sum
from badgejobs.core.policy import CommentPolicy, OrderPolicy

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
GBP = OrderPolicy(currency="GBP")


def at(minutes: float) -> datetime:
    """A moment so many minutes after noon."""
    return NOON + timedelta(minutes=minutes)


def order(
    activity_id: str,
    *,
    minute: float = 0,
    items: int = 1000,
    marks: Iterable[Mark] = (Mark.APPROVED, Mark.PAID),
    currency: str | None = "GBP",
    amounts: Mapping[str, int] | None = None,
) -> Activity:
    """An order of ada's."""
    return Activity(
        site="shop",
        source="orders",
        activity_id=activity_id,
        member_id="ada",
        occurred_at=at(minute),
        updated_at=at(minute),
        marks=frozenset(marks),
        amounts=amounts or {"items": items, "total": items},
        currency=currency,
    )


def comment(
    activity_id: str, *, minute: float = 0, marks: Iterable[Mark] = (Mark.PUBLISHED,)
) -> Activity:
    """A comment of ada's."""
    return Activity(
        site="shop",
        source="comments",
        activity_id=activity_id,
        member_id="ada",
        occurred_at=at(minute),
        updated_at=at(minute),
        part="blog",
        marks=frozenset(marks),
    )


def orders_at_least(number: int, policy: OrderPolicy = GBP) -> Count:
    return Count(of=Selection(source="orders", policy=policy), gte=number)


def spent_at_least(minor: int, policy: OrderPolicy = GBP) -> Sum:
    return Sum(of=Selection(source="orders", policy=policy), gte=minor, currency="GBP")


def comments_at_least(number: int, policy: CommentPolicy | None = None) -> Count:
    return Count(of=Selection(source="comments", policy=policy or CommentPolicy()), gte=number)


def badge(condition: Condition) -> Milestone:
    return Milestone(badge="b", title="B", look=None, condition=condition)
