"""Whatever stands in the file: a ruleset or a ``RulesError``, never another exception."""

import json
import subprocess
import sys
from pathlib import Path
from random import Random
from typing import Any

import fuzzing
import pytest
from fuzzing import FRAGMENTS, SEEDLINGS, VALUES, kind_of, mutant
from hypothesis import given, settings
from hypothesis import strategies as st

from badgejobs.core.milestone import Ruleset
from badgejobs.errors import RulesError
from badgejobs.rules import load_rules

SEED = 20261122
MUTANTS = 2000
MANY_MUTANTS = 50_000


@pytest.mark.parametrize("text", SEEDLINGS)
def test_what_the_mutants_are_made_of_holds(text: str) -> None:
    assert kind_of(text) is Ruleset


@pytest.mark.parametrize("seed", range(SEED, SEED + 4))
def test_thousands_of_mutants_give_a_ruleset_or_one_clear_error(seed: int) -> None:
    random = Random(seed)
    kinds = [kind_of(mutant(random)) for _ in range(MUTANTS // 4)]
    # were they all alike, they would test little
    assert kinds.count(Ruleset) > MUTANTS // 100
    assert kinds.count(RulesError) > MUTANTS // 8


def tried_apart(seed: int, count: int) -> dict[str, Any]:
    """What came of so many mutants in a process of its own."""
    ended = subprocess.run(
        [sys.executable, fuzzing.__file__, str(seed), str(count)],
        capture_output=True, text=True, check=False, timeout=500,
    )  # fmt: skip
    assert ended.returncode == 0, f"seed {seed}: {ended.stderr[-2000:]}"
    outcome: dict[str, Any] = json.loads(ended.stdout)
    return outcome


def test_mutants_neither_hang_nor_eat_the_memory() -> None:
    outcome = tried_apart(SEED - 1, 200)
    assert outcome["longest"] < 1, "seconds of processor; one takes some milliseconds"
    assert outcome["memory"] < 200, "MiB, most of which is the interpreter with its libraries"


@pytest.mark.slow
@pytest.mark.parametrize(
    "seed",
    [
        *range(SEED + 100, SEED + 104),
        *(pytest.param(one, marks=pytest.mark.at_length) for one in range(SEED + 104, SEED + 110)),
    ],
)
def test_fifty_thousand_mutants_give_a_ruleset_or_one_clear_error(seed: int) -> None:
    outcome = tried_apart(seed, MANY_MUTANTS // 10)
    assert set(outcome["kinds"]) == {"Ruleset", "RulesError"}
    assert outcome["longest"] < 1
    assert outcome["memory"] < 200


@settings(max_examples=200, deadline=None)
@given(content=st.binary(max_size=300))
def test_any_bytes_give_one_clear_error(
    content: bytes, tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = tmp_path_factory.getbasetemp() / "bytes.yaml"
    path.write_bytes(content)
    with pytest.raises(RulesError):
        load_rules(path)


scalars = st.none() | st.text(max_size=8) | st.sampled_from(VALUES)
keys = st.sampled_from(FRAGMENTS[-50:]) | st.text(max_size=5)
trees = st.recursive(
    scalars, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(keys, inner, max_size=3)
)


def whole(**more: object) -> str:
    badge = {"id": "a", "badge": "G", "when": {"count": "orders", "gte": "1"}} | more
    return json.dumps({"version": "1", "badges": [badge]}, ensure_ascii=False)


@settings(max_examples=200, deadline=None)
@given(tree=trees, key=st.sampled_from(["when", "lifecycle", "badge", "policies", "earnable"]))
def test_any_tree_in_any_place_of_a_badge_gives_a_ruleset_or_an_error(
    tree: object, key: str
) -> None:
    assert kind_of(whole(**{key: tree})) in {Ruleset, RulesError}


@settings(max_examples=200, deadline=None)
@given(where=trees, window=trees, gte=trees)
def test_any_tree_in_any_place_of_a_condition_gives_a_ruleset_or_an_error(
    where: object, window: object, gte: object
) -> None:
    when = {"count": "orders", "where": where, "window": window, "gte": gte}
    assert kind_of(whole(when=when)) in {Ruleset, RulesError}


def test_the_largest_file_that_is_read_is_settled_in_bounded_memory(tmp_path: Path) -> None:
    parts = ", ".join(["{count: orders, gte: 1}"] * 50)
    text = "version: 1\nbadges:\n" + "".join(
        f"- {{id: b{n}, badge: B{n}, when: {{any: [{parts}]}}}}\n" for n in range(60)
    )
    path = tmp_path / "large.yaml"
    path.write_text(text, encoding="utf-8")
    assert len(load_rules(path).milestones) == 60
    path.write_text(text + text.split("badges:\n")[1] * 2, encoding="utf-8")
    with pytest.raises(RulesError, match="more than 20000 values"):
        load_rules(path)
