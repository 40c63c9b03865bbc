"""Every rule of the sandbox's contract has a test that carries its name.

``pytest -k g9_`` runs the tests of rule G9. A test of the admin interface is named ``admin``.
"""

from __future__ import annotations

import ast
import re
from pathlib import Path

#: How many rules of each letter there are: general, query, badges, assignments, orders,
#: comments, members.
RULES = {"g": 11, "q": 9, "b": 5, "a": 5, "o": 2, "c": 4, "m": 1}
NAMED = re.compile(r"test_((?:[a-z][0-9]+_)+|admin_)[a-z]")


def test_every_rule_has_a_test_and_every_test_of_the_contract_names_its_rule() -> None:
    names = [
        one.name
        for file in Path(__file__).parent.glob("test_contract_*.py")
        if file != Path(__file__)
        for one in ast.parse(file.read_text(encoding="utf-8")).body
        if isinstance(one, ast.FunctionDef) and one.name.startswith("test_")
    ]
    proved: set[str] = set()
    for name in names:
        found = NAMED.match(name)
        assert found, f"{name} names no rule"
        proved.update(found[1].strip("_").split("_"))
    expected = {
        f"{letter}{number}" for letter, most in RULES.items() for number in range(1, most + 1)
    }
    assert proved == expected | {"admin"}
