"""The JSON Schema that is shipped: it takes what the reader takes, and refuses typos."""

import copy
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml
from test_rules_refusals import BADGES, CONDITIONS
from writing import with_badge, with_when, written

from badgejobs import rules
from badgejobs.rules.schema import PATH, schema_text

EXAMPLES = sorted(
    path
    for path in (Path(rules.__file__).parent / "examples").glob("*.yaml")
    if not path.name.endswith(".cases.yaml")
)
SCHEMA = json.loads(PATH.read_text(encoding="utf-8"))
VALIDATOR = jsonschema.Draft202012Validator(SCHEMA)


class Editor(yaml.SafeLoader):
    """YAML as editors read it, by its version 1.2: a date and a ``yes`` are texts."""


Editor.yaml_implicit_resolvers = {
    first: [one for one in resolvers if one[0].rpartition(":")[2] not in {"timestamp", "bool"}]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}
Editor.add_implicit_resolver("tag:yaml.org,2002:bool", re.compile("true|false"), ["t", "f"])


def as_an_editor(text: str) -> Any:
    return yaml.load(text, Loader=Editor)  # noqa: S506 - a SafeLoader with one type less


def test_the_shipped_schema_is_up_to_date() -> None:
    assert PATH.read_text(encoding="utf-8") == schema_text(), "run python -m badgejobs.rules.schema"
    jsonschema.Draft202012Validator.check_schema(SCHEMA)


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.name)
def test_every_example_names_the_schema_and_is_taken_by_it(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    first, _ = text.split("\n", 1)
    assert first.startswith("# yaml-language-server: $schema=")
    assert (path.parent / first.partition("=")[2]).resolve() == PATH
    VALIDATOR.validate(as_an_editor(text))


def mappings(node: Any, trail: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    if isinstance(node, dict):
        yield trail
    children = node.items() if isinstance(node, dict) else enumerate(node)
    for key, child in children:
        if isinstance(child, dict | list):
            yield from mappings(child, (*trail, key))


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.name)
def test_a_key_that_is_misspelt_is_refused_wherever_it_stands(path: Path) -> None:
    tree = as_an_editor(path.read_text(encoding="utf-8"))
    tried = 0
    for trail in mappings(tree):
        wrong = copy.deepcopy(tree)
        node = wrong
        for step in trail:
            node = node[step]
        node["tpyo"] = "1"
        assert not VALIDATOR.is_valid(wrong), trail
        tried += 1
    assert tried > 3


@pytest.mark.parametrize(
    "change",
    [
        {"version": 2},
        {"badges": []},
        {"badges": None},
        {"ladders": []},
        {"ladders": [{"id": "l", "measure": {"count": "orders", "gte": 1}, "tiers": []}]},
        {"site": {"currency": "gbp"}},
        {"site": {"week_starts": "Monday"}},
    ],
)
def test_what_the_reader_refuses_at_the_top_is_refused(change: dict[str, object]) -> None:
    good = {"version": 1, "badges": [{"id": "a", "badge": "G", "when": {"has": "a"}}]}
    VALIDATOR.validate(good)
    assert not VALIDATOR.is_valid(good | change)


def test_a_file_of_ladders_alone_is_taken_and_an_empty_one_is_not() -> None:
    tier = {"id": "t", "badge": "T", "gte": "1y"}
    VALIDATOR.validate(
        {"version": 1, "ladders": [{"id": "l", "measure": {"age": "orders"}, "tiers": [tier]}]}
    )
    assert not VALIDATOR.is_valid({"version": 1})


#: What takes more than one place to see is left to the reader.
SEEN_BY_THE_READER = (
    "'1.5' is not a whole number", "not a time zone", "can never be met", "nested more than",
    "less than nothing", "more than nothing", "keep 'after' or 'at'", "has no end", "has no bound",
    "is not renewed", "or use 'after'", "nothing to renew", "more decimal places",
)  # fmt: skip


@pytest.mark.parametrize(("when", "problem"), CONDITIONS, ids=written)
def test_a_wrong_condition_is_refused_in_the_editor_too(when: str, problem: str) -> None:
    taken = VALIDATOR.is_valid(as_an_editor(with_when(when)))
    assert taken == any(seen in problem for seen in SEEN_BY_THE_READER)


@pytest.mark.parametrize(("more", "column", "problem"), BADGES, ids=written)
def test_a_wrong_badge_is_refused_in_the_editor_too(more: str, column: str, problem: str) -> None:
    taken = VALIDATOR.is_valid(as_an_editor(with_badge(more)))
    assert taken == any(seen in problem for seen in SEEN_BY_THE_READER), column
