"""Every form of the language becomes exactly one value of core."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from writing import SITE, condition, milestone, ruleset, with_badge, written

from badgejobs.core.activity import Link, Mark, label
from badgejobs.core.milestone import (
    Age,
    AllOf,
    AnyOf,
    AtLeast,
    Between,
    Calendar,
    CommentPolicy,
    Condition,
    Count,
    Distinct,
    First,
    Gap,
    Has,
    InPeriod,
    Lifecycle,
    Max,
    NoneOf,
    OnChange,
    OrderPolicy,
    Period,
    PlainPolicy,
    Renew,
    Rolling,
    Selection,
    Span,
    Streak,
    Stretch,
    Sum,
    Wants,
    Where,
)
from badgejobs.errors import RulesError

CALENDAR = Calendar(zone=ZoneInfo("Europe/London"))
DAY = timedelta(days=1)


def orders(where: Where | None = None, stretch: Stretch | None = None) -> Selection:
    return Selection(
        source="orders",
        policy=OrderPolicy(currency="GBP"),
        where=where or Where(),
        stretch=stretch,
        calendar=CALENDAR,
    )


def comments(where: Where | None = None, stretch: Stretch | None = None) -> Selection:
    return Selection(
        source="comments",
        policy=CommentPolicy(),
        where=where or Where(),
        stretch=stretch,
        calendar=CALENDAR,
    )


JOINING = Selection(source="membership", policy=PlainPolicy(), calendar=CALENDAR)
ONE = Count(of=orders(), gte=1)
FORMS: list[tuple[str, Condition]] = [
    ("{count: orders, gte: 3}", Count(of=orders(), gte=3)),
    ("{count: comments, gte: '3'}", Count(of=comments(), gte=3)),
    ("{count: membership, gte: 1}", Count(of=JOINING, gte=1)),
    ("{sum: orders.amount, gte: 12.5}", Sum(of=orders(), gte=1250, currency="GBP")),
    (
        "{sum: orders.items.quantity, gte: 5}",
        Sum(of=orders(), gte=5, field="items.quantity"),
    ),
    *(
        (f"{{distinct: orders.{field}, gte: 2}}", Distinct(of=orders(), field=field, gte=2))
        for field in ("items.product", "items.category", "items.catalog", "day")
    ),
    *(
        (f"{{distinct: comments.{field}, gte: 2}}", Distinct(of=comments(), field=field, gte=2))
        for field in ("post", "day")
    ),
    ("{max: orders.amount, gte: 250}", Max(of=orders(), gte=25_000, currency="GBP")),
    ("{max: orders.items.quantity, gte: 9}", Max(of=orders(), gte=9, field="items.quantity")),
    ("{max: comments.length, gte: 9}", Max(of=comments(), gte=9, field="length")),
    (
        "{streak: orders, every: month, length: 6}",
        Streak(of=orders(), every=Period.MONTH, length=6),
    ),
    (
        "{streak: comments, every: week, length: 6, miss: 2}",
        Streak(of=comments(), every=Period.WEEK, length=6, miss=2),
    ),
    (
        "{streak: orders, every: day, length: 6, miss: 0}",
        Streak(of=orders(), every=Period.DAY, length=6),
    ),
    ("{gap: orders, gte: 180d}", Gap(of=orders(), gte=Span(exact=180 * DAY))),
    ("{age: membership, gte: 1y}", Age(of=JOINING, gte=Span(months=12))),
    ("{age: orders, gte: 6mo}", Age(of=orders(), gte=Span(months=6))),
    ("{all: [{count: orders, gte: 1}]}", AllOf(parts=(ONE,))),
    ("{any: [{count: orders, gte: 1}]}", AnyOf(parts=(ONE,))),
    ("{none: [{count: orders, gte: 1}]}", NoneOf(parts=(ONE,))),
    (
        "{at_least: 1, of: [{count: orders, gte: 1}, {age: membership, gte: 2w}]}",
        AtLeast(number=1, parts=(ONE, Age(of=JOINING, gte=Span(exact=14 * DAY)))),
    ),
]


@pytest.mark.parametrize(("when", "value"), FORMS, ids=written)
def test_every_condition_becomes_its_core_value(when: str, value: Condition) -> None:
    assert condition(when) == value


MARCH = datetime(2026, 3, 1, tzinfo=UTC)
WINDOWS: list[tuple[str, Stretch]] = [
    ("{rolling: 12h}", Rolling(span=Span(exact=timedelta(hours=12)))),
    ("{rolling: 6mo}", Rolling(span=Span(months=6))),
    ("{first: 30d}", First(span=Span(exact=30 * DAY))),
    *((f"{{calendar: {period}}}", InPeriod(period=period)) for period in Period),
    ("{between: {from: 2026-03-01}}", Between(since=MARCH)),
    ("{between: {to: '2026-03-01T01:00:00+01:00'}}", Between(until=MARCH)),
    # the local midnight, after the clocks went forward
    (
        "{between: {from: 2026-03-01, to: 2026-04-01}}",
        Between(since=MARCH, until=datetime(2026, 3, 31, 23, tzinfo=UTC)),
    ),
    ("{between: {from: '2026-03-01T00:00Z'}}", Between(since=MARCH)),
]


@pytest.mark.parametrize(("window", "value"), WINDOWS, ids=written)
def test_every_window_becomes_its_core_value(window: str, value: Stretch) -> None:
    found = condition(f"{{count: orders, window: {window}, gte: 1}}")
    assert found == Count(of=orders(stretch=value), gte=1)


STORES, BLOG = "215238eb-22a5-4c36-9e7b-e7c08025e04e", "14bcded7-0066-7c35-14d7-466cb3f09103"
ORDER_FILTERS = [
    ("{channel: POS}", Where(channels=frozenset({"POS"}))),
    ("{channel: [POS, WEB, POS]}", Where(channels=frozenset({"POS", "WEB"}))),
    ("{catalog: stores}", Where(catalogs=frozenset({STORES}))),
    (f"{{catalog: [{STORES.upper()}]}}", Where(catalogs=frozenset({STORES}))),
    ("{category: [Coffee, Tea]}", Where(categories=frozenset({"coffee", "tea"}))),
    ("{product: Mug}", Where(products=frozenset({"Mug", label("Mug")}))),
    (
        "{not_product: [Gift  Card]}",
        Where(not_products=frozenset({"Gift Card", label("gift card")})),
    ),
    ("{min_amount: 0.5}", Where(min_amount=50)),
    ("{imported: false}", Where(imported=False)),
    ("{}", Where()),
]
COMMENT_FILTERS = [
    ("{app: blog}", Where(parts=frozenset({BLOG}))),
    ("{post: [x, Y]}", Where(posts=frozenset({"x", "Y"}))),
    ("{is_reply: true, on_own_content: false}", Where(is_reply=True, on_own_content=False)),
    ("{min_chars: 20}", Where(min_chars=20)),
]


@pytest.mark.parametrize(("where", "value"), ORDER_FILTERS, ids=written)
def test_every_filter_of_orders_becomes_its_core_value(where: str, value: Where) -> None:
    found = condition(f"{{count: orders, where: {where}, gte: 1}}")
    assert found == Count(of=orders(where=value), gte=1)


@pytest.mark.parametrize(("where", "value"), COMMENT_FILTERS, ids=written)
def test_every_filter_of_comments_becomes_its_core_value(where: str, value: Where) -> None:
    found = condition(f"{{count: comments, where: {where}, gte: 1}}")
    assert found == Count(of=comments(where=value), gte=1)


GOOD = OrderPolicy(currency="GBP")
ORDER_POLICIES = [
    ("{}", GOOD),
    ("{count_when: fulfilled}", OrderPolicy(currency="GBP", count_when=Mark.FULFILLED)),
    ("{dated_by: paid}", OrderPolicy(currency="GBP", dated_by_payment=True)),
    ("{amount: total}", OrderPolicy(currency="GBP", amount="total")),
    ("{min_amount: '5.00'}", OrderPolicy(currency="GBP", min_amount=500)),
    ("{min_amount: 0}", GOOD),
    ("{full_refund: keep}", OrderPolicy(currency="GBP", void_when_refunded=False)),
    ("{partial_refund: keep}", OrderPolicy(currency="GBP", subtract_refunds=False)),
    ("{cancelled: keep}", OrderPolicy(currency="GBP", void_when_cancelled=False)),
    ("{imported: ignore}", OrderPolicy(currency="GBP", count_imported=False)),
    ("{guests: never}", OrderPolicy(currency="GBP", guests=frozenset())),
    # who takes the weaker link takes the stronger one too
    ("{guests: link_contact}", OrderPolicy(currency="GBP", guests=frozenset(Link))),
    ("{convert: order_rate}", OrderPolicy(currency="GBP", convert=True)),
]
COMMENT_POLICIES = [
    ("{count_when: published, hidden: void}", CommentPolicy()),
    ("{deleted: keep}", CommentPolicy(keep_deleted=True)),
    ("{include_staff: true}", CommentPolicy(include_staff=True)),
    ("{min_chars: 20}", CommentPolicy(min_chars=20)),
    ("{max_per_post_per_day: 5}", CommentPolicy(max_per_post_per_day=5)),
]


@pytest.mark.parametrize(("policy", "value"), ORDER_POLICIES, ids=written)
def test_every_policy_of_orders_becomes_its_core_value(policy: str, value: OrderPolicy) -> None:
    for text in (
        with_badge(f"policies: {{orders: {policy}}}"),
        with_badge("retired: false") + f"policies: {{orders: {policy}}}\n",
    ):
        found = milestone(text).condition
        assert isinstance(found, Count)
        assert found.of.policy == value


@pytest.mark.parametrize(("policy", "value"), COMMENT_POLICIES, ids=written)
def test_every_policy_of_comments_becomes_its_core_value(policy: str, value: CommentPolicy) -> None:
    text = with_badge(f"policies: {{comments: {policy}}}", when="{count: comments, gte: 1}")
    found = milestone(text).condition
    assert isinstance(found, Count)
    assert found.of.policy == value


def test_a_badges_policy_changes_only_the_keys_that_it_writes_and_only_for_itself() -> None:
    text = (
        "policies: {orders: {min_amount: 5, cancelled: keep}, comments: {min_chars: 20}}\n"
        + with_badge("policies: {orders: {min_amount: 0, imported: ignore}}")
        + "- {id: b, badge: Silver, when: {count: orders, gte: 1}}\n"
    )
    own, others = (one.condition for one in ruleset(text).milestones)
    assert isinstance(own, Count)
    assert isinstance(others, Count)
    kept = OrderPolicy(currency="GBP", void_when_cancelled=False, count_imported=False)
    assert own.of.policy == kept
    assert others.of.policy == OrderPolicy(
        currency="GBP", void_when_cancelled=False, min_amount=500
    )


LIFECYCLES = [
    ("lifecycle: {}", Lifecycle()),
    ("lifecycle: {revoke: never}", Lifecycle(stated=True)),
    ("lifecycle: {revoke: when_unmet}", Lifecycle(stated=True, revokes=True)),
    (
        "lifecycle: {revoke: {grace: 7d}}",
        Lifecycle(stated=True, revokes=True, grace=Span(exact=7 * DAY)),
    ),
    ("lifecycle: {revoke: {grace: 0}}", Lifecycle(stated=True, revokes=True)),
    ("lifecycle: {expires: never}", Lifecycle()),
    (
        "lifecycle: {expires: {after: 1y}, renew: again}",
        Lifecycle(expires_after=Span(months=12), renew=Renew.AGAIN),
    ),
    (
        "lifecycle: {expires: {after: 30d}, renew: while_met}",
        Lifecycle(expires_after=Span(exact=30 * DAY), renew=Renew.WHILE_MET),
    ),
    (
        "lifecycle: {expires: {at: 2027-07-01}}",
        Lifecycle(expires_at=datetime(2027, 6, 30, 23, tzinfo=UTC)),
    ),
    ("lifecycle: {on_rule_change: reevaluate}", Lifecycle(on_change=OnChange.REEVALUATE)),
    (
        "earnable: {from: 2026-03-01, to: '2026-03-02T00:00:00Z'}",
        Lifecycle(earnable_from=MARCH, earnable_until=MARCH + DAY),
    ),
    ("limit: {first: 100}", Lifecycle(first=100)),
    ("retired: true", Lifecycle(retired=True)),
]


@pytest.mark.parametrize(("more", "value"), LIFECYCLES, ids=written)
def test_every_lifecycle_becomes_its_core_value(more: str, value: Lifecycle) -> None:
    assert milestone(with_badge(more)).lifecycle == value


def test_settling_and_history_hold_for_every_activity_but_joining() -> None:
    when = "{all: [{count: orders, gte: 1}, {age: membership, gte: 1y}]}"
    text = with_badge("settle_after: 14d\n  backfill: {history: {from: 2026-03-01}}", when=when)
    found = milestone(text).condition
    assert isinstance(found, AllOf)
    count, age = found.parts
    assert isinstance(count, Count)
    assert isinstance(age, Age)
    assert (count.of.settle, count.of.history_from) == (14 * DAY, MARCH)
    assert (age.of.settle, age.of.history_from) == (14 * DAY, None)


def test_who_hears_of_a_badge_is_kept() -> None:
    silent = milestone(with_badge("notify: {award: false, revoke: true}"))
    assert (silent.notify_award, silent.notify_revoke, silent.notify_backfill) == (
        False,
        True,
        False,
    )
    loud = milestone(with_badge("backfill: {notify: true}"))
    assert (loud.notify_award, loud.notify_revoke, loud.notify_backfill) == (True, False, True)


def test_a_badge_that_opens_pages_says_so_by_look_or_by_title() -> None:
    stated = "lifecycle: {revoke: never}"
    look = milestone(with_badge(stated, badge="{title: T, permissions: true}"))
    title = milestone(with_badge(f"{stated}\n  opens_pages: true"))
    assert look.opens_pages
    assert title.opens_pages
    assert not milestone(with_badge("opens_pages: false")).opens_pages


def test_has_holds_the_other_badge_whole_wherever_it_stands() -> None:
    text = with_badge("retired: false", when="{has: b}") + (
        "- {id: b, badge: Silver, when: {has: low}, lifecycle: {revoke: when_unmet}}\n"
        "ladders:\n- {id: l, measure: {count: orders}, tiers: [{id: low, badge: Low, gte: 2}]}\n"
    )
    first, second, tier = ruleset(text).milestones
    assert first.condition == Has(milestone=second)
    assert second.condition == Has(milestone=tier)
    assert tier.condition == Count(of=orders(), gte=2)


def test_equal_parts_are_one_object() -> None:
    text = with_badge("retired: false") + (
        "- {id: b, badge: Silver,\n"
        "   when: {any: [{count: orders, gte: 1}, {sum: orders.amount, gte: 1}]}}\n"
    )
    first, second = (one.condition for one in ruleset(text).milestones)
    assert isinstance(second, AnyOf)
    assert isinstance(first, Count)
    count, total = second.parts
    assert first is count
    assert isinstance(total, Sum)
    assert first.of is total.of


WANTED = [
    ("{count: orders, gte: 1}", "{}", Wants(guests=True)),
    ("{count: orders, gte: 1}", "{orders: {guests: link_contact}}", Wants(guests=True)),
    ("{count: orders, gte: 1}", "{orders: {guests: never}}", Wants()),
    (
        "{count: orders, gte: 1}",
        "{orders: {dated_by: paid, guests: never}}",
        Wants(payments=True),
    ),
    ("{count: comments, gte: 1}", "{orders: {dated_by: paid}}", Wants()),
    ("{distinct: orders.items.category, gte: 2}", "{}", Wants(categories=True, guests=True)),
    (
        "{count: orders, where: {category: A}, gte: 1}",
        "{}",
        Wants(categories=True, guests=True),
    ),
    ("{distinct: orders.items.product, gte: 2}", "{}", Wants(guests=True)),
    ("{count: comments, where: {on_own_content: false}, gte: 1}", "{}", Wants(post_authors=True)),
    ("{count: comments, where: {is_reply: true}, gte: 1}", "{}", Wants()),
]


@pytest.mark.parametrize(("when", "policies", "wants"), WANTED)
def test_what_costs_calls_is_wanted_only_where_a_rule_needs_it(
    when: str, policies: str, wants: Wants
) -> None:
    assert ruleset(with_badge(f"policies: {policies}", when=when)).wants == wants


def test_the_zone_week_and_currency_are_those_of_the_file_before_those_of_the_site() -> None:
    text = "site: {timezone: Asia/Tokyo, week_starts: sunday, currency: JPY}\n" + with_badge(
        "policies: {orders: {min_amount: 500}}"
    )
    found = milestone(text)
    assert found.calendar == Calendar(zone=ZoneInfo("Asia/Tokyo"), week_starts=6)
    assert isinstance(found.condition, Count)
    assert found.condition.of.policy == OrderPolicy(currency="JPY", min_amount=500)
    own = milestone(with_badge("retired: false"))
    assert SITE.timezone
    assert own.calendar.zone.key == SITE.timezone


def test_a_file_without_a_site_is_in_utc_and_takes_no_money() -> None:
    found = ruleset(with_badge("retired: false"), site=type(SITE)())
    assert found.milestones[0].calendar == Calendar()
    with pytest.raises(RulesError, match="money needs a currency"):
        ruleset(with_badge("policies: {orders: {min_amount: 1}}"), site=type(SITE)())
