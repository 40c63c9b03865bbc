"""A rule in words leaves nothing unsaid that changes an answer."""

from collections.abc import Iterator
from dataclasses import fields, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from writing import SITE, condition, milestone, ruleset, with_badge, written

from badgejobs import rules
from badgejobs.core.activity import Link, Mark
from badgejobs.core.milestone import (
    Between,
    Calendar,
    CommentPolicy,
    Count,
    First,
    InPeriod,
    Lifecycle,
    Milestone,
    OnChange,
    OrderPolicy,
    Period,
    Renew,
    Rolling,
    Selection,
    Span,
    Where,
)
from badgejobs.rules import described, in_words, load_rules

EXAMPLES = Path(rules.__file__).parent / "examples"

PHRASES = [
    ("{count: orders, gte: 1}", "1 or more paid orders"),
    ("{count: membership, gte: 1}", "joining the site"),
    ("{sum: orders.items.quantity, gte: 5}", "paid orders with 5 or more units in total"),
    ("{max: orders.amount, gte: 250}", "one paid order worth 250.00 GBP or more"),
    ("{max: orders.items.quantity, gte: 9}", "one paid order with 9 or more units"),
    ("{max: comments.length, gte: 9}", "one comment with 9 or more characters"),
    ("{distinct: orders.items.product, gte: 8}", "8 or more different products in paid orders"),
    ("{distinct: comments.day, gte: 8}", "comments on 8 or more different days"),
    (
        "{streak: orders, every: month, length: 6, miss: 1}",
        "paid orders in 6 months running, up to 1 month without between",
    ),
    ("{gap: orders, gte: 180d}", "a paid order 180 days or more after the one before"),
    ("{age: membership, gte: 1y}", "membership for 1 year or more"),
    ("{age: orders, gte: 18mo}", "18 months or more since the first paid order"),
    (
        "{none: [{count: orders, gte: 2}, {count: comments, gte: 2}]}",
        "none of: 2 or more paid orders; 2 or more comments",
    ),
    (
        "{count: comments, window: {rolling: 36h}, gte: 2}",
        "2 or more comments in the last 36 hours",
    ),
    ("{count: comments, window: {rolling: 1mo}, gte: 2}", "2 or more comments in the last month"),
    (
        "{count: comments, window: {calendar: week}, gte: 2}",
        "2 or more comments in the present calendar week",
    ),
    (
        "{count: comments, window: {first: 2w}, gte: 2}",
        "2 or more comments within 14 days of the first one that counts",
    ),
    (
        "{count: comments, gte: 2, window: {between: {from: 2026-07-01, to: '2026-07-02T09:30Z'}}}",
        "2 or more comments from 2026-07-01 to before 2026-07-02 10:30",
    ),
    (
        "{count: comments, window: {between: {to: '2026-07-02T09:30:05Z'}}, gte: 2}",
        "2 or more comments before 2026-07-02 10:30:05",
    ),
    (
        (
            "{sum: orders.amount, where: {catalog: stores, category: [Tea, Coffee], product: Mug,"
            " not_product: Gift Card, channel: POS, imported: false, min_amount: 5}, gte: 100}"
        ),
        (
            "paid orders (only through POS; ones that were not imported; of 5.00 GBP or more; "
            "lines of"
            " stores and in the category coffee or tea and of the product Mug and not of the "
            "product"
            " Gift Card) worth 100.00 GBP or more in total"
        ),
    ),
    (
        (
            "{count: comments, where: {app: blog, post: x, is_reply: false, on_own_content: true,"
            " min_chars: 9}, gte: 1}"
        ),
        (
            "1 or more comments (only in blog; about the post x; no replies; on their own content;"
            " of 9 characters or more)"
        ),
    ),
]


@pytest.mark.parametrize(("when", "words"), PHRASES, ids=written)
def test_a_condition_reads_as_people_say_it(when: str, words: str) -> None:
    assert in_words(condition(when)) == words


WHOLE = [
    (
        "settle_after: 14d\n  lifecycle: {revoke: {grace: 7d}}",
        (
            "1 or more paid orders, each settled for 14 days; taken back 7 days after it is "
            "no longer"
            " met; a change of this rule takes it from nobody."
        ),
    ),
    (
        "limit: {first: 100}\n  earnable: {from: 2026-11-27, to: 2026-12-15}",
        (
            "1 or more paid orders; only the first 100 members to get there; awarded only from"
            " 2026-11-27 to before 2026-12-15; kept once earned; a change of this rule takes "
            "it from"
            " nobody. Days and dates are those of the time of Europe/London."
        ),
    ),
    (
        "lifecycle: {expires: {after: 1y}, renew: again, on_rule_change: reevaluate}",
        (
            "1 or more paid orders; kept once earned; expires 1 year after it was earned and "
            "is earned"
            " anew when the condition comes to be met again; a change of this rule holds for "
            "those who"
            " have the badge too. Days and dates are those of the time of Europe/London."
        ),
    ),
    (
        "policies: {orders: {dated_by: paid, amount: total, guests: never}}",
        (
            "1 or more paid orders; kept once earned; a change of this rule takes it from nobody."
            " Orders are dated by when they were paid. Amounts are what was charged, with tax and"
            " shipping. Orders placed as a guest never count."
        ),
    ),
]


@pytest.mark.parametrize(("more", "words"), WHOLE, ids=written)
def test_a_rule_reads_as_people_say_it(more: str, words: str) -> None:
    assert described(milestone(with_badge(more))) == words


def test_a_tier_says_which_ladder_it_is_of_and_which_tiers_hide_it() -> None:
    tiers = (
        "[{id: a, badge: Low, gte: 1}, {id: b, badge: Mid, gte: 2}, {id: c, badge: Top, gte: 3}]"
    )
    text = f"version: 1\nladders: [{{id: l, measure: {{count: orders}}, tiers: {tiers}}}]"
    low, _, top = map(described, ruleset(text).milestones)
    assert low.endswith("It is a tier of the ladder l, and not for those who have Mid or Top.")
    assert top.endswith("It is a tier of the ladder l.")


WHERE = Where(
    channels=frozenset({"POS"}),
    catalogs=frozenset({"x"}),
    categories=frozenset({"coffee"}),
    products=frozenset({"mug"}),
    not_products=frozenset({"cup"}),
    min_amount=5,
    imported=True,
    parts=frozenset({"app"}),
    posts=frozenset({"post"}),
    is_reply=True,
    on_own_content=True,
    min_chars=9,
)
ORDERS = OrderPolicy(
    count_when=Mark.FULFILLED,
    dated_by_payment=True,
    amount="total",
    min_amount=500,
    void_when_refunded=False,
    void_when_cancelled=False,
    subtract_refunds=False,
    count_imported=False,
    guests=frozenset(Link),
    currency="GBP",
    convert=True,
)
COMMENTS = CommentPolicy(
    include_staff=True, keep_deleted=True, min_chars=20, max_per_post_per_day=3
)
MOMENT = datetime(2026, 3, 4, 5, tzinfo=UTC)
LIFECYCLE = Lifecycle(
    revokes=True,
    grace=Span(exact=timedelta(days=7)),
    checked=Period.MONTH,
    expires_after=Span(months=6),
    expires_at=MOMENT,
    renew=Renew.AGAIN,
    on_change=OnChange.REEVALUATE,
    earnable_from=MOMENT,
    earnable_until=MOMENT + timedelta(days=9),
    first=7,
    retired=True,
)


NEVER_TAKEN = Lifecycle()


def differing(value: Any, empty: Any) -> Iterator[Any]:
    """A value, each time with one of its fields as it is in another one of its kind."""
    for field in fields(value):
        yield replace(value, **{field.name: getattr(empty, field.name)})


def told(selection: Selection, lifecycle: Lifecycle = NEVER_TAKEN) -> str:
    found = Milestone(
        badge="a", title="A", look=None, condition=Count(of=selection, gte=1),
        lifecycle=lifecycle, calendar=selection.calendar,
    )  # fmt: skip
    return described(found)


def test_every_filter_and_every_policy_changes_the_words() -> None:
    full = Selection(source="orders", policy=ORDERS, where=WHERE)
    for where in differing(WHERE, Where()):
        assert told(replace(full, where=where)) != told(full), where
    for policy in differing(ORDERS, OrderPolicy(currency="EUR")):
        assert told(replace(full, policy=policy)) != told(full), policy
    said = Selection(source="comments", policy=COMMENTS)
    for more in differing(COMMENTS, CommentPolicy()):
        assert told(replace(said, policy=more)) != told(said), more


def test_every_field_of_a_lifecycle_but_whether_it_was_written_changes_the_words() -> None:
    plain = Selection(source="orders", policy=OrderPolicy())
    same = [
        lifecycle
        for lifecycle in differing(LIFECYCLE, Lifecycle(stated=True))
        if told(plain, lifecycle) == told(plain, LIFECYCLE)
    ]
    assert same == [replace(LIFECYCLE, stated=True)]


def test_every_window_every_zone_and_every_start_of_a_week_changes_the_words() -> None:
    week, london = InPeriod(period=Period.WEEK), Calendar(zone=ZoneInfo("Europe/London"))
    stretches = [
        None, week, InPeriod(period=Period.DAY), Rolling(span=Span(months=1)),
        First(span=Span(months=1)), Between(since=MOMENT), Between(until=MOMENT),
    ]  # fmt: skip
    plain = Selection(source="orders", policy=OrderPolicy(), calendar=london)
    assert len({told(replace(plain, stretch=one)) for one in stretches}) == len(stretches)
    for calendar in (Calendar(), replace(london, week_starts=6)):
        moved = replace(plain, stretch=week, calendar=calendar)
        assert told(moved) != told(replace(plain, stretch=week))
    changes: list[Any] = [
        {"settle": timedelta(days=1)}, {"history_from": MOMENT}, {"source": "bookings"}
    ]  # fmt: skip
    for change in changes:
        assert told(replace(plain, **change)) != told(plain), change


def test_who_hears_and_what_is_opened_change_the_words() -> None:
    plain = milestone(with_badge("retired: false"))
    for name in ("opens_pages", "notify_award", "notify_revoke", "notify_backfill"):
        other: Any = {name: not getattr(plain, name)}
        assert described(replace(plain, **other)) != described(plain), name


@pytest.mark.parametrize("name", ["twelve", "more", "demo", "starter"])
def test_every_rule_of_the_examples_is_one_clear_paragraph(name: str) -> None:
    for one in load_rules(EXAMPLES / f"{name}.yaml", site=SITE).milestones:
        words = described(one)
        assert words[0].isupper() or words[0] in "(0123456789", words
        assert words.endswith("."), words
        assert "\n" not in words
        assert not any(odd in words for odd in ("None", "Span(", "frozenset", "  ", "..")), words
