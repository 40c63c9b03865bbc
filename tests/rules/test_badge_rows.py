"""Each answer about badges on the page of the rules is held by a test that names it."""

from __future__ import annotations

import re
from pathlib import Path

from badgejobs import rules

PAGE = Path(rules.__file__).parent / "README.md"
TESTS = Path(__file__).parents[1] / "flow"


def test_every_question_about_badges_has_tests_under_its_name() -> None:
    names = set(re.findall(r"^\| (badge-[a-z-]+) \|", PAGE.read_text("utf-8"), re.MULTILINE))
    text = "".join(file.read_text("utf-8") for file in sorted(TESTS.glob("test_badge_*.py")))
    assert len(names) > 10
    assert {name for name in names if not re.search(rf"\b{name}\b", text)} == set()
