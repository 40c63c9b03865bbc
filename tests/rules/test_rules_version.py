"""The version of rules: equal for equal rules, different where an answer or a look differs."""

from pathlib import Path
from random import Random
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from badgejobs import rules
from badgejobs.rules import load_rules, parse_rules

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
