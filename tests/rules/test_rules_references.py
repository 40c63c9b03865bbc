"""Badges that lean on others, ids and titles that are taken, and ladders."""

from datetime import timedelta

import pytest
from writing import refusal, ruleset, with_badge, written

from badgejobs.core.milestone import Age, Count, Lifecycle, Period, Span, Streak, Sum
from badgejobs.rules.checks.references import LONGEST_CHAIN, MOST_LEAVES

LADDER = """\
version: 1
ladders:
- id: vip
  measure: {sum: orders.amount, window: {rolling: 365d}}
  %s
  tiers:
  - {id: low, badge: Low, gte: 100}
  - {id: mid, badge: {title: Mid}, gte: 500}
  - {id: high, badge: High, gte: '1500'}
"""


def badge(name: str, when: str, more: str = "") -> str:
    return f"- {{id: {name}, badge: T{name}, when: {when}{more}}}\n"


def chain(length: int) -> str:
    """Badges of which each leans on the next."""
    linked = (badge(f"b{n}", f"{{has: b{n + 1}}}") for n in range(1, length))
    return f"version: 1\nbadges:\n{''.join(linked)}{badge(f'b{length}', '{count: orders, gte: 1}')}"


def test_an_unknown_badge_is_told_with_the_one_that_was_meant() -> None:
    text = with_badge("retired: false", when="{has: gol}") + badge(
        "gold", "{count: orders, gte: 1}"
    )
    assert refusal(text).startswith("5:15: has: there is no badge 'gol'; did you mean 'gold'?")


def test_a_ladder_is_no_badge_and_its_tiers_are_told() -> None:
    text = (LADDER % "show: all") + "badges:\n" + badge("a", "{has: vip}")
    assert "11:34: has: 'vip' is a ladder; name one of its tiers, such as 'low'" in refusal(text)


@pytest.mark.parametrize(
    ("badges", "circle"),
    [
        (badge("a", "{has: a}"), "a > a"),
        (badge("a", "{has: b}") + badge("b", "{has: a}"), "a > b > a"),
        (
            badge("a", "{any: [{count: orders, gte: 1}, {has: b}]}")
            + badge("b", "{all: [{has: d}, {has: c}]}")
            + badge("c", "{none: [{has: b}]}")
            + badge("d", "{count: orders, gte: 2}"),
            "b > c > b",
        ),
    ],
    ids=written,
)
def test_a_circle_of_badges_is_told(badges: str, circle: str) -> None:
    told = refusal(f"version: 1\nbadges:\n{badges}")
    assert f"the badges lean on each other: {circle}; break the circle" in told


def test_a_badge_for_the_first_members_cannot_be_leaned_on() -> None:
    first = badge("b", "{count: orders, gte: 1}", ", limit: {first: 3}")
    told = refusal(f"version: 1\nbadges:\n{badge('a', '{has: b}')}{first}")
    assert "has: 'b' is for the first members only" in told


@pytest.mark.parametrize("key", ["earnable: {from: 2026-01-01}", "retired: true"])
def test_a_badge_that_is_not_given_at_all_times_cannot_be_leaned_on(key: str) -> None:
    sometimes = badge("b", "{count: orders, gte: 1}", f", {key}")
    told = refusal(f"version: 1\nbadges:\n{badge('a', '{has: b}')}{sometimes}")
    assert "has: 'b' is given at some times only" in told


def test_a_chain_of_badges_has_an_end() -> None:
    assert ruleset(chain(LONGEST_CHAIN)).milestones
    told = refusal(chain(LONGEST_CHAIN + 1))
    assert "'has' leads from badge to badge" in told
    assert "'has' leads from badge to badge" in refusal(chain(400))


def test_a_few_lines_cannot_come_to_more_than_can_be_looked_at() -> None:
    parts = ", ".join(["{has: b%d}"] * 10)
    grown = "".join(
        badge(f"b{n}", f"{{all: [{parts.replace('%d', str(n + 1))}]}}") for n in range(1, 6)
    )
    text = f"version: 1\nbadges:\n{grown}{badge('b6', '{count: orders, gte: 1}')}"
    assert f"conditions, with 'has'; at most {MOST_LEAVES}" in refusal(text)


LOW_TWICE = """\
ladders: [{id: l, measure: {count: orders}, tiers: [{id: b, badge: B, gte: 1},
  {id: c, badge: {title: b}, gte: 2}]}]
"""
TAKEN = [
    (
        badge("a", "{count: orders, gte: 2}"),
        "'a' is taken by the badge in line 3; an id is used once",
    ),
    (
        "ladders: [{id: a, measure: {count: orders}, tiers: [{id: b, badge: B, gte: 1}]}]\n",
        "'a' is taken by the badge in line 3",
    ),
    (
        "ladders: [{id: l, measure: {count: orders}, tiers: [{id: a, badge: B, gte: 1}]}]\n",
        "'a' is taken by the badge in line 3",
    ),
    (
        "ladders: [{id: l, measure: {count: orders}, tiers: [{id: l, badge: B, gte: 1}]}]\n",
        "'l' is taken by the ladder in line 7",
    ),
    (
        "ladders: [{id: l, measure: {count: orders}, tiers: [{id: b, badge: gold, gte: 1}]}]\n",
        "'gold' is the title of the badge in line 4 too; one Wix badge has one rule",
    ),
    (
        LOW_TWICE,
        "title: 'b' is the title of the badge in line 7 too",
    ),
]


@pytest.mark.parametrize(("more", "problem"), TAKEN, ids=written)
def test_an_id_and_a_title_are_used_once_over_badges_ladders_and_tiers(
    more: str, problem: str
) -> None:
    assert problem in refusal(with_badge("retired: false") + more)


def test_the_id_of_a_retired_badge_is_never_used_again() -> None:
    told = refusal(with_badge("retired: true") + badge("a", "{count: orders, gte: 2}"))
    assert "taken by the retired badge in line 3; an id is used once and never again" in told


def test_tiers_become_milestones_that_know_those_above_them() -> None:
    low, mid, high = ruleset(LADDER % "down: {grace: 30d, check: monthly}").milestones
    assert [one.badge for one in low.above] == ["mid", "high"]
    assert [one.badge for one in mid.above] == ["high"]
    assert high.above == ()
    assert {one.ladder for one in (low, mid, high)} == {"vip"}
    assert [one.condition.gte for one in (low, mid, high) if isinstance(one.condition, Sum)] == [
        10_000,
        50_000,
        150_000,
    ]
    assert low.lifecycle == Lifecycle(
        stated=True, revokes=True, grace=Span(exact=timedelta(days=30)), checked=Period.MONTH
    )
    assert (low.look, low.title) == (None, "Low")
    assert mid.look


DOWNS = [
    ("show: highest", Lifecycle()),
    ("down: never", Lifecycle(stated=True)),
    ("down: when_unmet", Lifecycle(stated=True, revokes=True)),
    ("down: {check: yearly}", Lifecycle(stated=True, revokes=True, checked=Period.YEAR)),
    ("down: {grace: 0}", Lifecycle(stated=True, revokes=True)),
    ("lifecycle: {expires: {after: 1y}}", Lifecycle(expires_after=Span(months=12))),
]


@pytest.mark.parametrize(("more", "value"), DOWNS, ids=written)
def test_how_a_member_goes_down_becomes_its_core_value(more: str, value: Lifecycle) -> None:
    assert {one.lifecycle for one in ruleset(LADDER % more).milestones} == {value}


def test_where_all_tiers_are_shown_none_hides_another() -> None:
    assert all(not one.above for one in ruleset(LADDER % "show: all").milestones)


def test_a_retired_tier_hides_none_below_it() -> None:
    text = (LADDER % "show: highest").replace("gte: '1500'", "gte: '1500', retired: true")
    low, mid, high = ruleset(text).milestones
    assert [one.badge for one in low.above] == ["mid"]
    assert mid.above == ()
    assert high.lifecycle.retired


LADDERS = [
    ("{age: membership}", "1y", "2y", Age, Span(months=24)),
    ("{age: orders}", "30d", "2mo", Age, Span(months=2)),
    ("{count: orders, where: {channel: POS}}", "1", "20", Count, 20),
    ("{streak: orders, every: month, miss: 1}", "2", "20", Streak, 20),
]


@pytest.mark.parametrize(("measure", "first", "second", "kind", "line"), LADDERS)
def test_a_tiers_line_is_what_the_measure_asks_for(
    measure: str, first: str, second: str, kind: type, line: object
) -> None:
    tiers = f"[{{id: a, badge: A, gte: {first}}}, {{id: b, badge: B, gte: {second}}}]"
    text = f"version: 1\nladders: [{{id: l, measure: {measure}, tiers: {tiers}}}]"
    found = ruleset(text).milestones[1].condition
    assert isinstance(found, kind)
    assert line in {getattr(found, "gte", None), getattr(found, "length", None)}


WRONG_LADDERS = [
    ("gte: 500", "gte: 100", "8:41: gte: is not above the tier before it"),
    ("gte: 500", "gte: 50", "is not above the tier before it; write the tiers from the lowest"),
    ("gte: 500", "gte: 5d", "'5d' is not an amount of money"),
    ("gte: 500", "gte: '500.001'", "more decimal places than GBP has"),
    (", gte: 500", "", "'gte' is missing"),
    ("window:", "gte: 5, window:", "'gte' of a ladder stands in its tiers"),
    ("{sum: orders.amount, window: {rolling: 365d}}", "{has: low}", "a ladder measures one thing"),
    ("{sum: orders.amount, window: {rolling: 365d}}", "orders", "is not a condition"),
    ("{sum: orders.amount, ", "{sun: orders.amount, ", "'sun' is not known; did you mean 'sum'?"),
    ("{sum: orders.amount, ", "{streak: orders, length: 3, ", "'length' of a ladder stands in its"),
    ("show: all", "show: both", "write one of: all, highest"),
    ("show: all", "down: {}", "down: says nothing; write {grace: 30d}, when_unmet or never"),
    ("show: all", "down: {check: month}", "did you mean 'monthly'?"),
    ("show: all", "down: slowly", "write never, when_unmet or {grace: 30d, check: monthly}"),
    ("show: all", "lifecycle: {revoke: never}", "'revoke' is not known here"),
    ("show: all", "limit: {first: 3}", "'limit' is not known here"),
    ("badge: Low", "badge: {title: Low, permissions: true}", "write 'down: never', or how"),
    ("gte: 100", "gte: 100, opens_pages: true", "opens_pages: a badge that opens pages must say"),
    ("id: low", "id: Low", "'Low' is not an id"),
]


@pytest.mark.parametrize(("old", "new", "problem"), WRONG_LADDERS, ids=written)
def test_what_a_ladder_says_wrongly_is_told(old: str, new: str, problem: str) -> None:
    text = LADDER % "show: all"
    assert old in text
    assert problem in refusal(text.replace(old, new))


def test_tiers_of_time_must_surely_rise() -> None:
    text = "version: 1\nladders: [{id: l, measure: {age: orders}, tiers: [%s]}]"
    tiers = "{id: a, badge: A, gte: 365d}, {id: b, badge: B, gte: 1y}"
    assert "is not above the tier before it" in refusal(text % tiers)
    assert ruleset(text % tiers.replace("365d", "364d")).milestones
    assert ruleset(text % tiers.replace("365d", "11mo")).milestones


def test_what_is_wrong_with_a_measure_is_told_once() -> None:
    text = (LADDER % "settle_after: 366d").replace("rolling: 365d", "rolling: 300d")
    told = refusal(text)
    assert told.startswith("4:51: rolling: can never be met: an activity leaves it before")
    assert "more problem" not in told


def test_a_file_may_have_ladders_alone_and_not_nothing() -> None:
    assert len(ruleset(LADDER % "show: all").milestones) == 3
    assert "'badges' is missing" in refusal("version: 1\nsite: {currency: EUR}")
    assert "ladders: is an empty list" in refusal("version: 1\nladders: []")


@pytest.mark.parametrize(
    ("lifecycle", "place"),
    [("{revoke: {grace: 7d}}", "revoke"), ("{expires: {after: 1y}}", "expires")],
)
def test_what_begins_when_a_rule_with_none_was_met_is_refused(lifecycle: str, place: str) -> None:
    quiet = "{none: [{count: orders, gte: 1}]}"
    told = refusal(f"version: 1\nbadges:\n{badge('a', quiet, f', lifecycle: {lifecycle}')}")
    assert f"{place}: of a rule with 'none' only the present is known" in told
