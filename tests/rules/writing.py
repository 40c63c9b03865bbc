"""Rules files for tests, written around the one thing that a test is about."""

from typing import Any

import pytest

from badgejobs.core.milestone import Condition, Milestone, Ruleset
from badgejobs.errors import RulesError
from badgejobs.rules import SiteDefaults, parse_rules

#: What stands before a condition: it begins in line 3, column 28.
HEAD = "version: 1\nbadges:\n- {id: a, badge: Gold, when: "
SITE = SiteDefaults(timezone="Europe/London", currency="GBP")


def ruleset(text: str, **more: Any) -> Ruleset:
    return parse_rules(text, file="r.yaml", **({"site": SITE} | more))


def milestone(text: str) -> Milestone:
    """The first badge of a file."""
    return ruleset(text).milestones[0]


def with_when(when: str) -> str:
    return f"{HEAD}{when}}}\n"


def with_badge(more: str, *, badge: str = "Gold", when: str = "{count: orders, gte: 1}") -> str:
    """One badge with more keys, which begin in line 6, column 3."""
    return f"version: 1\nbadges:\n- id: a\n  badge: {badge}\n  when: {when}\n  {more}\n"


def condition(when: str) -> Condition:
    return milestone(with_when(when)).condition


def refusal(text: str, *, site: SiteDefaults = SITE) -> str:
    """What is wrong with a file, from the line on: ``line:column: sentence``."""
    with pytest.raises(RulesError) as caught:
        parse_rules(text, file="r.yaml", site=site)
    return str(caught.value).removeprefix("r.yaml:")


def written(value: object) -> str:
    """The name of a parameter in a test's id: what stands in the file, not what comes of it."""
    return value if isinstance(value, str) else "so"
