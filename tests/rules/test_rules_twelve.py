"""The twelve rules that are shipped mean what their comments say."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from writing import SITE

from badgejobs import rules
from badgejobs.core.activity import label
from badgejobs.core.milestone import (
    Age,
    AllOf,
    AtLeast,
    Between,
    Calendar,
    CommentPolicy,
    Count,
    Distinct,
    Gap,
    Lifecycle,
    Max,
    Milestone,
    OrderPolicy,
    Period,
    PlainPolicy,
    Rolling,
    Selection,
    Span,
    Streak,
    Sum,
    Wants,
    Where,
)
from badgejobs.rules import load_rules

RULESET = load_rules(Path(rules.__file__).parent / "examples" / "twelve.yaml", site=SITE)
BADGES = {one.badge: one for one in RULESET.milestones}
DAY = timedelta(days=1)
CALENDAR = Calendar(zone=ZoneInfo("Europe/London"))
ORDERS = Selection(source="orders", policy=OrderPolicy(currency="GBP"), calendar=CALENDAR)
COMMENTS = Selection(
    source="comments",
    policy=CommentPolicy(min_chars=20, max_per_post_per_day=5),
    calendar=CALENDAR,
)
JOINING = Selection(source="membership", policy=PlainPolicy(), calendar=CALENDAR)
STORES = "215238eb-22a5-4c36-9e7b-e7c08025e04e"


EVERY = Where()


def orders(
    *, where: Where = EVERY, stretch: Rolling | Between | None = None, settle: int = 0
) -> Selection:
    return replace(ORDERS, where=where, stretch=stretch, settle=settle * DAY)


def test_they_are_twelve_rules_in_fourteen_badges_and_want_what_costs_calls() -> None:
    assert len(BADGES) == 14
    assert RULESET.sources == {"orders", "comments", "membership"}
    assert RULESET.wants == Wants(payments=False, categories=True, post_authors=True, guests=True)


def test_counts_with_their_lifecycles() -> None:
    first, loyal, founding = (
        BADGES[name] for name in ("first-purchase", "loyal-customer", "founding-customer")
    )
    assert first.condition == Count(of=ORDERS, gte=1)
    assert first.lifecycle == Lifecycle(stated=True, revokes=True)
    assert loyal.condition == Count(of=orders(settle=14), gte=10)
    assert loyal.lifecycle == Lifecycle(stated=True, revokes=True, grace=Span(exact=7 * DAY))
    assert founding.condition == Count(of=ORDERS, gte=1)
    assert founding.lifecycle == Lifecycle(stated=True, first=100)


def test_composites() -> None:
    replies = Selection(
        source="comments", policy=COMMENTS.policy, calendar=CALENDAR,
        where=Where(is_reply=True, on_own_content=False),
    )  # fmt: skip
    assert BADGES["community-helper"].condition == AllOf(
        parts=(Count(of=replies, gte=25), Distinct(of=replies, field="post", gte=10))
    )
    assert BADGES["all-rounder"].condition == AtLeast(
        number=2,
        parts=(
            Count(of=ORDERS, gte=3),
            Count(of=COMMENTS, gte=10),
            Age(of=JOINING, gte=Span(exact=365 * DAY)),
        ),
    )


def test_habits_and_things() -> None:
    assert BADGES["monthly-regular"].condition == Streak(
        of=ORDERS, every=Period.MONTH, length=6, miss=1
    )
    assert BADGES["welcome-back"].condition == Gap(of=ORDERS, gte=Span(exact=180 * DAY))
    coffee = orders(where=Where(categories=frozenset({"coffee"})))
    assert BADGES["coffee-connoisseur"].condition == Distinct(
        of=coffee, field="items.product", gte=8
    )
    goods = Where(
        catalogs=frozenset({STORES}), not_products=frozenset({"Gift Card", label("Gift Card")})
    )
    assert BADGES["big-basket"].condition == Max(
        of=orders(where=goods, settle=30), gte=25_000, currency="GBP"
    )


def test_the_season_is_four_days_of_the_sites_zone() -> None:
    friday = BADGES["black-friday-2026"]
    begins = datetime(2026, 11, 27, tzinfo=UTC)
    season = Between(since=begins, until=begins + 4 * DAY)
    assert friday.condition == Count(of=orders(stretch=season), gte=1)
    assert friday.lifecycle == Lifecycle(
        earnable_from=begins,
        earnable_until=datetime(2026, 12, 15, tzinfo=UTC),
        expires_at=datetime(2027, 1, 1, tzinfo=UTC),
    )


def test_what_comes_and_goes() -> None:
    active = BADGES["active-member"]
    assert active.condition == Count(
        of=Selection(
            source="comments", policy=COMMENTS.policy, calendar=CALENDAR,
            stretch=Rolling(span=Span(exact=90 * DAY)),
            history_from=datetime(2026, 1, 1, tzinfo=UTC),
        ),
        gte=12,
    )  # fmt: skip
    assert active.lifecycle == Lifecycle(stated=True, revokes=True, grace=Span(exact=14 * DAY))
    assert (active.notify_award, active.notify_revoke, active.notify_backfill) == (
        True,
        True,
        False,
    )


def test_the_ladder_goes_up_at_once_and_down_slowly() -> None:
    year = orders(stretch=Rolling(span=Span(exact=365 * DAY)), settle=14)
    tiers: list[Milestone] = [BADGES[f"vip-{name}"] for name in ("bronze", "silver", "gold")]
    for tier, line in zip(tiers, (10_000, 50_000, 150_000), strict=True):
        assert tier.condition == Sum(of=year, gte=line, currency="GBP")
        assert tier.lifecycle == Lifecycle(
            stated=True, revokes=True, grace=Span(exact=30 * DAY), checked=Period.MONTH
        )
    assert [[one.badge for one in tier.above] for tier in tiers] == [
        ["vip-silver", "vip-gold"],
        ["vip-gold"],
        [],
    ]
