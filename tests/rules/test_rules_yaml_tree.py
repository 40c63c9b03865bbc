"""YAML that is a trap is refused, with its place; scalars are what was written."""

import time

import pytest

from badgejobs.errors import RulesError
from badgejobs.rules.yaml_tree import MOST_NODES, load

BOMB = "a: &a [x, x]\n" + "\n".join(
    f"{b}: &{b} [{', '.join(['*' + a] * 9)}]" for a, b in zip("abcdefgh", "bcdefghi", strict=True)
)


def test_scalars_are_the_text_that_was_written() -> None:
    written = {
        "country": "NO", "minutes": "22:22", "octal": "0123", "exponent": "1e3", "on": "yes",
        "day": "2026-12-01", "nothing": "null", "tilde": "~", "quoted": "12", "hex": "0x1F",
    }  # fmt: skip
    text = "".join(f"{key}: {value}\n" for key, value in written.items())
    tree = load(text.replace("12\n", "'12'\n"), file="x").tree
    assert tree == written


def test_only_an_empty_plain_value_is_nothing() -> None:
    assert load("a:\nb: ''\nc: [x, ]", file="x").tree == {"a": None, "b": "", "c": ["x"]}


def test_every_node_knows_its_place() -> None:
    document = load("a: 1\nb:\n  - c: x\n    d: [y, z]\n", file="x")
    assert document.keys["b", 0, "d"] == (4, 5)
    assert document.values["b", 0, "d", 1] == (4, 12)
    assert document.place(("b", 0, "d", 7, "far")) == (4, 8)


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        (BOMB, "x:1:4: the anchor '&a' is not allowed"),
        ("a: *b", "x:1:4: the alias '*b' is not allowed"),
        ("<<: *b", "the alias '*b' is not allowed"),
        (
            "a: !!python/object:os.system x",
            "the tag 'tag:yaml.org,2002:python/",
        ),
        ("a: ! x", "the tag '!' is not allowed"),
        ("a: 1\nb: 2\na: 3", "x:3:1: the key 'a' is written twice (first in line 1)"),
        ("'a': 1\na: 3", "the key 'a' is written twice"),
        ("a: 1\n---\nb: 2", "x:2:1: a second document begins here"),
        ("? [a]\n: b", "x:1:3: a key must be a plain word"),
        ("? {a: b}\n: b", "a key must be a plain word"),
        ("a:\n\tb: 1", "x:2:1: a tab cannot stand here; indent with spaces"),
        ("a: [", "not valid YAML"),
        ("a: 'b", "not valid YAML"),
        ("a: b: c", "x:1:5: not valid YAML"),
        ("a: \x07", "x:1:4: the character U+0007 is not allowed"),
        ('a: "\\ud800"', "x:1:4: the character U+D800 is not allowed"),
        ('a: "\\0"', "the character U+0000 is not allowed"),
        ('"\\0": a', "the character U+0000 is not allowed"),
        ('a: "\\U00110000"', " not valid YAML ("),
        ("a: \ud800", "the character U+D800 is not allowed"),
        ("%YAML 1." + "9" * 5000 + "\n---\na: b", " not valid YAML ("),
        ("%FOO\n%FOO\n--- [", "x:3:6: not valid YAML"),
        ("\x00\x01\x02\xff", "x:1:1: the character U+0000"),
        ("a: [" * 30, "nested more than 20 levels deep"),
        ("- " * 100 + "x", "nested more than 20 levels deep"),
        ("a:\n" + "- x\n" * MOST_NODES, f"more than {MOST_NODES} values"),
    ],
)
def test_a_trap_is_refused_with_its_place(text: str, problem: str) -> None:
    with pytest.raises(RulesError) as caught:
        load(text, file="x")
    assert problem in str(caught.value)
    assert caught.value.line
    assert caught.value.column


def test_a_hundred_thousand_brackets_neither_crash_nor_hang() -> None:
    began = time.process_time()
    with pytest.raises(RulesError, match="nested more than 20 levels deep"):
        load("[" * 100_000, file="x")
    assert time.process_time() - began < 20
