"""The version of rules: equal for equal rules, different where an answer or a look differs."""

from pathlib import Path
from random import Random
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st
from writing import SITE

from badgejobs import rules
from badgejobs.rules import NO_CURRENCY, SiteDefaults, load_rules, parse_rules

DEMO = Path(rules.__file__).parent / "examples" / "demo.yaml"
TREE = yaml.load(DEMO.read_text(encoding="utf-8"), Loader=yaml.BaseLoader)  # noqa: S506 - texts only
VERSION = load_rules(DEMO).version


def shuffled(node: Any, random: Random) -> Any:
    if isinstance(node, dict):
        keys = random.sample(sorted(node), len(node))
        return {key: shuffled(node[key], random) for key in keys}
    return [shuffled(one, random) for one in node] if isinstance(node, list) else node


def dumped(tree: Any, *, flow: bool | None = None) -> str:
    return yaml.safe_dump(tree, sort_keys=False, default_flow_style=flow, default_style="'")


@settings(max_examples=40, deadline=None)
@given(random=st.randoms(use_true_random=False), flow=st.sampled_from([True, False, None]))
def test_the_order_of_keys_and_the_formatting_do_not_matter(random: Random, flow: bool) -> None:
    text = dumped(shuffled(TREE, random), flow=flow)
    assert parse_rules(f"# a comment\n{text}", file="x").version == VERSION


def test_nor_do_the_order_of_badges_and_ways_to_write_a_value() -> None:
    text = DEMO.read_text(encoding="utf-8")
    for old, new in [
        ("'#14532D'", '"#14532d"'),
        ("'1000'", "1000.00"),
        ("gte: 25", "gte: '25'"),
        ("    deleted: void\n", ""),
        ("title: First Purchase", "title: ' First Purchase '"),
    ]:
        assert old in text
        assert parse_rules(text.replace(old, new), file="x").version == VERSION, new
    turned = TREE | {"badges": TREE["badges"][::-1]}
    assert parse_rules(dumped(turned), file="x").version == VERSION


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("gte: 25", "gte: 24"),
        ("currency: GBP", "currency: EUR"),
        ("count_when: paid", "count_when: approved"),
        ("amount: total", "amount: items"),
        ("'0.01'", "'0.02'"),
        ("cancelled: void", "cancelled: keep"),
        ("full_refund: keep", "full_refund: void"),
        ("partial_refund: keep", "partial_refund: subtract"),
        ("deleted: void", "deleted: keep"),
        ("include_staff: false", "include_staff: true"),
        ("id: first-purchase", "id: first-order"),
        ("title: First Purchase", "title: First Order"),
        ("'#14532D'", "'#14532E'"),
        ("Welcome!", "Hello!"),
        ("{count: comments, gte: 10}", "{all: [{count: comments, gte: 10}]}"),
    ],
)
def test_whatever_changes_an_answer_or_a_look_changes_the_version(old: str, new: str) -> None:
    text = DEMO.read_text(encoding="utf-8")
    assert old in text
    assert parse_rules(text.replace(old, new), file="x").version != VERSION


def test_all_and_any_of_the_same_parts_differ() -> None:
    text = DEMO.read_text(encoding="utf-8").replace(
        "{count: comments, gte: 10}", "{all: [{count: comments, gte: 10}, {count: orders, gte: 1}]}"
    )
    either = text.replace("{all: [", "{any: [")
    assert parse_rules(text, file="x").version != parse_rules(either, file="x").version


TWELVE = DEMO.with_name("twelve.yaml")
MORE = DEMO.with_name("more.yaml")
TOKYO = SiteDefaults(timezone="Asia/Tokyo", currency="GBP")


def version(text: str, site: SiteDefaults = SITE) -> str:
    return parse_rules(text, file="x", site=site).version


@pytest.mark.parametrize("path", [TWELVE, MORE], ids=lambda path: path.stem)
@settings(max_examples=10, deadline=None)
@given(random=st.randoms(use_true_random=False))
def test_no_order_of_keys_or_of_badges_matters_in_the_whole_language(
    random: Random, path: Path
) -> None:
    tree = yaml.load(path.read_text(encoding="utf-8"), Loader=yaml.BaseLoader)  # noqa: S506 - texts
    mixed = shuffled(tree, random)
    random.shuffle(mixed["badges"])
    random.shuffle(mixed["ladders"])
    assert version(dumped(mixed)) == version(path.read_text(encoding="utf-8"))


WRITTEN_OUT = """
site: {timezone: site, week_starts: monday, currency: site}
policies:
  orders: {count_when: paid, dated_by: purchased, amount: items, min_amount: 0, full_refund: void,
    partial_refund: subtract, cancelled: void, imported: count, guests: link_verified_email,
    convert: none}
  comments: {count_when: published, hidden: void, deleted: void, include_staff: false,
    min_chars: 0, max_per_post_per_day: 0}
version: 1
badges:
- id: a
  badge: {title: A, description: '', background: '#796eff', text: '#ffffff', permissions: false}
  when: {all: [{streak: orders, every: month, length: 2, miss: 0, where: {}}]}
  policies: {orders: {cancelled: void}}
  settle_after: 0
  lifecycle: {revoke: never, expires: never, renew: never, on_rule_change: grandfather}
  notify: {award: true, revoke: false}
  backfill: {notify: false}
  retired: false
  opens_pages: false
ladders:
- id: l
  measure: {count: orders}
  show: highest
  down: never
  settle_after: 0h
  tiers: [{id: t, badge: T, gte: '1', retired: false}]
"""
LEFT_OUT = """
version: '1'
ladders: [{id: l, measure: {count: orders}, tiers: [{id: t, badge: T, gte: 1}]}]
badges: [{id: a, badge: {title: A}, when: {all: [{streak: orders, every: month, length: 2}]}}]
"""


def test_defaults_written_out_change_nothing() -> None:
    assert version(WRITTEN_OUT) == version(LEFT_OUT)


def test_the_zone_and_the_currency_of_the_site_are_part_of_the_version() -> None:
    text = TWELVE.read_text(encoding="utf-8")
    named = text.replace("timezone: site ", "timezone: Asia/Tokyo ")
    assert version(text, TOKYO) == version(named) == version(named, TOKYO)
    assert version(text, TOKYO) != version(text)
    assert version(text, SiteDefaults(timezone="Europe/London", currency="EUR")) != version(text)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("week_starts: monday", "week_starts: sunday"),
        ("dated_by: purchased", "dated_by: paid"),
        ("guests: link_verified_email", "guests: never"),
        ("min_chars: 20", "min_chars: 21"),
        ("max_per_post_per_day: 5", "max_per_post_per_day: 6"),
        ("settle_after: 14d", "settle_after: 15d"),
        ("{revoke: {grace: 7d}", "{revoke: {grace: 8d}"),
        ("on_rule_change: grandfather", "on_rule_change: reevaluate"),
        ("on_own_content: false", "on_own_content: true"),
        ("distinct: comments.post", "distinct: comments.day"),
        ("miss: 1", "miss: 2"),
        ("every: month", "every: week"),
        ("category: Coffee", "category: Tea"),
        ("first: 100", "first: 101"),
        ("to: 2026-12-01", "to: 2026-12-02"),
        ("to: 2026-12-15", "to: 2026-12-16"),
        ("at: 2027-01-01", "at: 2027-01-02"),
        ("at_least: 2", "at_least: 3"),
        ("gte: 365d", "gte: 1y"),
        ("catalog: stores", "catalog: bookings"),
        ("not_product: [Gift Card]", "not_product: [Gift Cards]"),
        ("rolling: 90d", "rolling: 91d"),
        ("award: true", "award: false"),
        ("from: 2026-01-01", "from: 2026-01-02"),
        ("show: highest", "show: all"),
        ("check: monthly", "check: weekly"),
        ("gte: 1500}", "gte: 1501}"),
        ("id: vip\n", "id: vips\n"),
        ("title: VIP Gold}", "title: VIP Gold, permissions: true}"),
        ("{id: vip-gold,", "{id: vip-gold, retired: true,"),
    ],
)
def test_whatever_changes_an_answer_changes_the_version_in_the_whole_language(
    old: str, new: str
) -> None:
    text = TWELVE.read_text(encoding="utf-8")
    assert old in text
    assert version(text.replace(old, new)) != version(text)


def test_tiers_that_change_places_change_the_version() -> None:
    text = TWELVE.read_text(encoding="utf-8")
    swapped = text.replace("vip-bronze", "vip-x").replace("vip-silver", "vip-bronze")
    assert version(swapped.replace("vip-x", "vip-silver")) != version(text)


def test_the_version_of_rules_without_money_is_the_same_before_the_currency_is_known() -> None:
    text = "version: 1\nbadges:\n  - {id: a, badge: {title: A}, when: {count: orders, gte: 2}}\n"

    known, unknown = (
        parse_rules(text, file="r", site=SiteDefaults(timezone="UTC", currency=currency))
        for currency in (None, NO_CURRENCY)
    )
    assert known.version == unknown.version
