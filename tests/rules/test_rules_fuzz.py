"""Whatever stands in the file: a ruleset or a ``RulesError``, never another exception."""

import json
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from badgejobs.core.milestone import Ruleset
from badgejobs.errors import RulesError
from badgejobs.rules import load_rules, parse_rules

SEED = 20261122
MUTANTS = 2500

#: Every construct once, short enough to be parsed thousands of times.
SEEDLING = """\
version: 1
site: {currency: GBP}
policies:
  orders: {count_when: paid, amount: items, min_amount: '5.00', cancelled: keep}
  comments: {deleted: keep, include_staff: false}
badges:
- id: a
  badge: {title: "A \\u263A", background: '#14532D', text: "#FFFFFF"}
  when: {all: [{count: orders, gte: 10}, {any: [{sum: orders.amount, gte: '12.50'}]}]}
- id: b
  badge: Gold
  when:
    count: comments
    gte: 7
"""
FRAGMENTS = [
    "&a ", "*a", "!!int ", "!x ", "[", "]", "{", "}", ": ", "- ", "? ", "| ", ">\n", "#", "'", '"',
    "\t", "\n", "---\n", "...\n", "%YAML 9.9\n", "\ufeff", "\x00", "\x85", "\u2028", "\ud800",
    "<<: ", "no", "1e3", "1:30", "010", "0x1", ".inf", "null", "~", "", "9" * 5000, "-1",
    "\\U00110000",
    "window", "streak", "none", "all", "any", "count", "sum", "gte", "badge", "title",
    "version", "\U0001f3c5", "\u202e", "{text}", "%s",
]  # fmt: skip


def mutant(random: Random) -> str:
    text = SEEDLING
    for _ in range(random.randint(1, 3)):
        at, until = sorted(random.choices(range(len(text) + 1), k=2))
        lines = text.split("\n")
        match random.randrange(6):
            case 0:
                text = text[:at] + random.choice(FRAGMENTS) + text[at:]
            case 1:
                text = text[:at] + text[min(until, at + random.randint(1, 9)) :]
            case 2:
                text = text[:at] + chr(random.randrange(0x250)) + text[at + 1 :]
            case 3:
                line = random.randrange(len(lines))
                text = "\n".join(lines[:line] + [lines[line]] * 2 + lines[line + 1 :])
            case 4:
                words = text.split(" ")
                words[random.randrange(len(words))] = random.choice(FRAGMENTS)
                text = " ".join(words)
            case _:
                random.shuffle(lines)
                text = "\n".join(lines) if random.random() < 0.3 else text[:at]
    return text


def outcome(text: str) -> Ruleset | RulesError:
    try:
        return parse_rules(text, file="fuzz.yaml")
    except RulesError as error:
        return error


def check(text: str) -> type:
    """The kind of the outcome, which is one of the two and clear."""
    found = outcome(text)
    if isinstance(found, RulesError):
        assert found.line, text
        assert found.column, text
        assert str(found).isprintable(), text
        assert len(str(found)) < 400, text
    return type(found)


@pytest.mark.parametrize("seed", range(SEED, SEED + 4))
def test_thousands_of_mutants_give_a_ruleset_or_one_clear_error(seed: int) -> None:
    random = Random(seed)
    kinds = {check(mutant(random)) for _ in range(MUTANTS // 4)}
    assert kinds == {Ruleset, RulesError}, "the mutants are all alike; they test little"


@settings(max_examples=200, deadline=None)
@given(content=st.binary(max_size=300))
def test_any_bytes_give_a_ruleset_or_one_clear_error(
    content: bytes, tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = tmp_path_factory.getbasetemp() / "bytes.yaml"
    path.write_bytes(content)
    with pytest.raises(RulesError):
        load_rules(path)


scalars = st.none() | st.text(max_size=8) | st.sampled_from(["orders", "1", "void", "10", "gold"])
keys = st.sampled_from(FRAGMENTS[-25:]) | st.text(max_size=5)
trees = st.recursive(
    scalars, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(keys, inner, max_size=3)
)


@settings(max_examples=200, deadline=None)
@given(tree=trees)
def test_any_tree_in_the_place_of_a_condition_gives_a_ruleset_or_an_error(tree: object) -> None:
    badges = [{"id": "a", "badge": "G", "when": tree}]
    check(json.dumps({"version": 1, "badges": badges}, ensure_ascii=False))
