from __future__ import annotations

import doctest
import importlib
from pathlib import Path

import pytest

import badgejobs

_ROOT = Path(badgejobs.__file__).parent
MODULES = sorted(
    ".".join(("badgejobs", *path.relative_to(_ROOT).with_suffix("").parts))
    for path in _ROOT.rglob("*.py")
    if "\n    >>> " in path.read_text(encoding="utf-8")
)


@pytest.mark.parametrize("name", MODULES)
def test_the_examples_in_docstrings_are_true(name: str) -> None:
    tried = doctest.testmod(importlib.import_module(name))
    assert tried.failed == 0
    assert tried.attempted > 0


def test_money_the_verdict_and_the_wire_have_examples() -> None:
    assert {"badgejobs.core.money", "badgejobs.jobs.retrying", "badgejobs.wix.wire"} <= set(MODULES)
