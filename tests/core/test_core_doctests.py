from __future__ import annotations

import doctest
import importlib
import pkgutil

import pytest

import badgejobs.core

MODULES = [
    *(f"badgejobs.core.{one.name}" for one in pkgutil.iter_modules(badgejobs.core.__path__)),
    "badgejobs.jobs.retrying",
]


@pytest.mark.parametrize("name", MODULES)
def test_the_examples_in_docstrings_are_true(name: str) -> None:
    assert doctest.testmod(importlib.import_module(name)).failed == 0


def test_core_and_the_verdict_have_examples() -> None:
    examples = {
        name: sum(
            len(one.examples) for one in doctest.DocTestFinder().find(importlib.import_module(name))
        )
        for name in MODULES
    }
    assert examples["badgejobs.core.money"] >= 3
    assert examples["badgejobs.jobs.retrying"] >= 2
