"""Leaves that nothing a member does can ever meet, as far as the rules alone can prove it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from badgejobs.core.calendar import Period, Span
from badgejobs.core.milestone import (
    Age,
    Between,
    Count,
    Distinct,
    First,
    Gap,
    InPeriod,
    Leaf,
    Rolling,
    Selection,
    Streak,
)
from badgejobs.core.policy import CommentPolicy, OrderPolicy
from badgejobs.rules.checks.lengths import (
    longest,
    longest_period,
    most_days,
    most_touched,
    shortest,
)
from badgejobs.rules.yaml_tree import Trail

#: The key that is wrong, below the leaf, and why.
Reason = tuple[Trail, str]

LINE: Trail = ("gte",)


def why_never(leaf: Leaf) -> Iterator[Reason]:
    """The reasons why a leaf can never be met; none for all that can be met or is not known."""
    yield from _of_selection(leaf.of)
    yield from _of_line(leaf)
    if leaf.of.source == "membership":
        yield from _of_membership(leaf)


def _of_selection(of: Selection) -> Iterator[Reason]:
    """A window that is empty, and filters that let nothing pass."""
    match of.stretch:
        case Between(since=datetime() as since, until=datetime() as until) if since >= until:
            yield ("window", "between"), "can never be met: it ends before it begins"
        case Between(until=datetime() as until) if of.history_from and of.history_from >= until:
            yield ("window", "between"), "can never be met: the rule's history begins after it"
        case Rolling(span=span) if of.settle and of.settle >= longest(span):
            text = "can never be met: an activity leaves it before it is settled (settle_after)"
            yield ("window", "rolling"), text
        case InPeriod(period=period) if of.settle >= longest_period(period):
            text = "can never be met: a period is over before its activities are settled"
            yield ("window", "calendar"), f"{text} (settle_after)"
    where, policy = of.where, of.policy
    if where.products is not None and where.products <= (where.not_products or frozenset()):
        yield ("where", "product"), "can never be met: 'not_product' leaves out all of them"
    if where.imported and isinstance(policy, OrderPolicy) and not policy.count_imported:
        text = "can never be met: the policy leaves out imported orders"
        yield ("where", "imported"), text


def _of_line(leaf: Leaf) -> Iterator[Reason]:
    match leaf:
        case Streak(length=length, miss=miss, every=every):
            if miss >= length:
                yield ("miss",), f"is not below the length ({length}); forgive fewer periods"
            most = _most_periods(leaf.of, every)
            if most is not None and length > most:
                text = f"can never be met: the window touches at most {most} {every.value}s"
                yield ("length",), text
        case Gap(gte=gte) if (room := _room(leaf.of)) and shortest(gte) >= longest(room):
            yield LINE, "can never be met: the window is not longer than that"
        case Distinct(field=field, gte=gte):
            most, what = _most_distinct(leaf.of, field)
            if most is not None and gte > most:
                yield LINE, f"can never be met: there are at most {most} {what}"
        case Count(gte=gte):
            most = _most_comments(leaf.of)
            if most is not None and gte > most:
                text = f"can never be met: max_per_post_per_day lets at most {most} count"
                yield LINE, text


def _of_membership(leaf: Leaf) -> Iterator[Reason]:
    match leaf:
        case Count(gte=gte) if gte > 1:
            yield LINE, "can never be met: a member joins once"
        case Streak(length=length) if length > 1:
            yield ("length",), "can never be met: a member joins once"
        case Gap():
            yield ("gap",), "can never be met: a member joins once; 'age' asks how long ago"


def _room(of: Selection) -> Span | None:
    """How long a window is that does not move."""
    match of.stretch:
        case Between(since=datetime() as since, until=datetime() as until):
            return Span(exact=until - since)
        case First(span=span):
            return span
        case _:
            return None


def _most_periods(of: Selection, period: Period) -> int | None:
    """How many periods a window can touch; ``None`` where there is no bound."""
    match of.stretch:
        case Between(since=datetime() as since, until=datetime() as until) if since < until:
            last = of.calendar.index(period, until - datetime.resolution)
            return last - of.calendar.index(period, since) + 1
        case Rolling(span=span) | First(span=span):
            return most_touched(longest(span), period)
        case InPeriod(period=whole) if period is Period.DAY:
            return most_days(whole)
        case _:
            return None


def _most_distinct(of: Selection, field: str) -> tuple[int | None, str]:
    match field:
        case "day":
            return _most_periods(of, Period.DAY), "days in the window"
        case "post" if of.where.posts is not None:
            return len(of.where.posts), "posts that 'where' lets pass"
        case "items.catalog" if of.where.catalogs is not None:
            return len(of.where.catalogs), "catalogues that 'where' lets pass"
        case _:
            return None, ""


def _most_comments(of: Selection) -> int | None:
    days, posts = _most_periods(of, Period.DAY), of.where.posts
    cap = of.policy.max_per_post_per_day if isinstance(of.policy, CommentPolicy) else 0
    return cap * days * len(posts) if cap and days and posts else None


def earliest(leaf: Leaf) -> datetime | None:
    """Before which moment a leaf cannot be met; ``None`` where there is no bound."""
    since = leaf.of.stretch.since if isinstance(leaf.of.stretch, Between) else None
    begins = max(filter(None, (since, leaf.of.history_from)), default=None)
    if begins is None:
        return None
    settled, calendar = begins + leaf.of.settle, leaf.of.calendar
    match leaf:
        case Age(gte=gte):
            return max(settled, calendar.plus(begins, gte))
        case Gap(gte=gte):
            return calendar.plus(settled, gte)
        case _:
            return settled
