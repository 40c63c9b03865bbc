"""What can never be met is refused, and what can be met, even barely, is not."""

import pytest
from writing import refusal, ruleset, with_badge, with_when, written

WINTER = "{between: {from: 2026-01-01, to: 2026-02-28}}"
NEVER = [
    (
        "{count: orders, gte: 1, window: {between: {from: 2026-02-01, to: 2026-02-01}}}",
        "3:72: between: can never be met: it ends before it begins",
    ),
    ("{count: membership, gte: 2}", "3:55: gte: can never be met: a member joins once"),
    (
        "{streak: membership, every: day, length: 2}",
        "length: can never be met: a member joins once",
    ),
    ("{gap: membership, gte: 5d}", "gap: can never be met: a member joins once; 'age' asks"),
    ("{streak: orders, every: month, length: 3, miss: 3}", "miss: is not below the length (3)"),
    (
        f"{{streak: orders, every: month, length: 3, window: {WINTER}}}",
        "length: can never be met: the window touches at most 2 months",
    ),
    (
        "{streak: orders, every: week, length: 5, window: {first: 14d}}",
        "length: can never be met: the window touches at most 4 weeks",
    ),
    ("{gap: orders, gte: 30d, window: {first: 30d}}", "gte: can never be met: the window is not"),
    (
        "{gap: orders, gte: 1y, window: {between: {from: 2026-01-01, to: 2026-12-31}}}",
        "gte: can never be met: the window is not longer",
    ),
    (
        "{distinct: orders.day, gte: 10, window: {rolling: 7d}}",
        "gte: can never be met: there are at most 9 days in the window",
    ),
    ("{distinct: comments.day, gte: 8, window: {calendar: week}}", "at most 7 days"),
    ("{distinct: comments.day, gte: 2, window: {calendar: day}}", "at most 1 days in the window"),
    (
        "{distinct: orders.day, gte: 3, window: {between: {from: 2026-01-01, to: 2026-01-03}}}",
        "at most 2 days in the window",
    ),
    (
        "{distinct: comments.post, where: {post: [a, b]}, gte: 3}",
        "at most 2 posts that 'where' lets pass",
    ),
    (
        "{distinct: orders.items.catalog, where: {catalog: stores}, gte: 2}",
        "at most 1 catalogues that 'where' lets pass",
    ),
    (
        "{count: orders, where: {product: Mug, not_product: [mug, Mug]}, gte: 1}",
        "product: can never be met: 'not_product' leaves out all of them",
    ),
    (
        "{all: [{count: orders, gte: 1}, {none: [{count: membership, gte: 2}]}]}",
        "gte: can never be met: a member joins once",
    ),
]


@pytest.mark.parametrize(("when", "problem"), NEVER, ids=written)
def test_a_condition_that_can_never_be_met_is_refused(when: str, problem: str) -> None:
    assert problem in refusal(with_when(when))


BARELY = [
    "{count: orders, gte: 1, window: {between: {from: 2026-02-01, to: 2026-02-02}}}",
    "{count: membership, gte: 1}",
    "{streak: orders, every: month, length: 3, miss: 2}",
    # 31 January to 1 March in 29 days and some hours
    "{streak: orders, every: month, length: 3, window: {first: 30d}}",
    "{streak: orders, every: day, length: 2, window: {between: {from: 2026-01-01}}}",
    "{gap: orders, gte: 30d, window: {first: 31d}}",
    "{gap: orders, gte: 1mo, window: {first: 30d}}",
    # the last seven days touch nine where the clocks skip an hour
    "{distinct: orders.day, gte: 9, window: {rolling: 7d}}",
    "{distinct: orders.day, gte: 31, window: {calendar: month}}",
    "{distinct: orders.day, gte: 7, window: {calendar: week}}",
    "{distinct: comments.post, where: {post: [a, b]}, gte: 2}",
    # a name may be that of several products
    "{distinct: orders.items.product, where: {product: [Mug]}, gte: 5}",
    "{count: orders, where: {product: [Mug, Cup], not_product: Mug}, gte: 1}",
    "{at_least: 2, of: [{count: orders, gte: 1}, {count: comments, gte: 1}]}",
]


@pytest.mark.parametrize("when", BARELY)
def test_a_condition_that_can_just_be_met_is_taken(when: str) -> None:
    assert ruleset(with_when(when)).milestones


SPRING = "{count: orders, gte: 1, window: {between: {from: 2026-03-01}}}"
OFTEN = "{count: comments, gte: 100, window: {rolling: 30d}}"
NEVER_A_BADGE = [
    ("earnable: {from: 2026-12-01, to: 2026-11-01}", SPRING, "6:13: earnable: can never be earned"),
    ("earnable: {to: 2026-03-01}", SPRING, "to: can never be earned: the condition cannot be met"),
    # settled on 15 March only
    ("earnable: {to: 2026-03-10}\n  settle_after: 14d", SPRING, "to: can never be earned"),
    (
        "earnable: {to: 2026-03-10}",
        f"{{at_least: 2, of: [{SPRING}, {{count: orders, gte: 1}}, {SPRING}]}}",
        "",
    ),
    ("earnable: {to: 2026-03-01}", f"{{at_least: 2, of: [{SPRING}, {SPRING}]}}", "never be earned"),
    ("earnable: {to: 2026-03-01}", f"{{any: [{SPRING}, {OFTEN}]}}", ""),
    ("earnable: {to: 2026-03-01}", f"{{all: [{SPRING}, {OFTEN}]}}", "never be earned"),
    ("earnable: {to: 2026-03-01}", f"{{none: [{SPRING}]}}", ""),
    (
        "lifecycle: {expires: {at: 2026-03-01}}",
        SPRING,
        "it expires before it can be earned",
    ),
    ("lifecycle: {expires: {at: 2026-03-02}}", SPRING, ""),
    (
        "lifecycle: {expires: {at: 2026-03-01}}\n  earnable: {from: 2026-03-01}",
        OFTEN,
        "it expires before it can be earned; correct one of the dates",
    ),
    ("settle_after: 30d", OFTEN, "rolling: can never be met: an activity leaves it before it is"),
    ("settle_after: 29d", OFTEN, ""),
    (
        "settle_after: 8d",
        "{count: orders, gte: 1, window: {calendar: week}}",
        "calendar: can never be met: a period is over before its activities are settled",
    ),
    ("settle_after: 8d", "{count: orders, gte: 1, window: {calendar: month}}", ""),
    (
        "backfill: {history: {from: 2026-03-02}}",
        "{count: orders, gte: 1, window: {between: {to: 2026-03-02}}}",
        "between: can never be met: the rule's history begins after it",
    ),
    (
        "backfill: {history: {from: 2026-03-01}}\n  earnable: {to: 2026-06-01}",
        "{age: orders, gte: 6mo}",
        "never be earned",
    ),
    # who joined before the history began is a member all the same
    (
        "backfill: {history: {from: 2026-03-01}}\n  earnable: {to: 2026-06-01}",
        "{age: membership, gte: 6mo}",
        "",
    ),
    (
        "policies: {comments: {max_per_post_per_day: 2}}",
        "{count: comments, where: {post: [a]}, window: {calendar: day}, gte: 3}",
        "gte: can never be met: max_per_post_per_day lets at most 2 count",
    ),
    (
        "policies: {comments: {max_per_post_per_day: 2}}",
        "{count: comments, where: {post: [a, b]}, window: {calendar: day}, gte: 3}",
        "",
    ),
    ("policies: {comments: {max_per_post_per_day: 2}}", OFTEN, ""),
    (
        "policies: {orders: {imported: ignore}}",
        "{count: orders, where: {imported: true}, gte: 1}",
        "imported: can never be met: the policy leaves out imported orders",
    ),
    (
        "policies: {orders: {imported: ignore}}",
        "{count: orders, where: {imported: false}, gte: 1}",
        "",
    ),
]


@pytest.mark.parametrize(("more", "when", "problem"), NEVER_A_BADGE, ids=written)
def test_a_badge_that_can_never_be_earned_is_refused_and_no_other(
    more: str, when: str, problem: str
) -> None:
    text = with_badge(more, when=when)
    if problem:
        assert problem in refusal(text)
    else:
        assert ruleset(text).milestones
