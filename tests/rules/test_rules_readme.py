"""The page that documents the language says all of it, and says it right."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args

import pytest
from pydantic import BaseModel
from writing import SITE

from badgejobs import rules
from badgejobs.rules import parse_rules
from badgejobs.rules.checks.references import LONGEST_CHAIN
from badgejobs.rules.checks.shape import DEEPEST_CONDITION
from badgejobs.rules.language.conditions import MEASURES
from badgejobs.rules.language.document import Rules
from badgejobs.rules.language.names import CATALOGS
from badgejobs.rules.language.policies import CommentRules, OrderRules
from badgejobs.rules.yaml_tree import DEEPEST, MOST_BYTES, MOST_NODES
from badgejobs.wix.wire import COMMENT_APPS

README = (Path(rules.__file__).parent / "README.md").read_text(encoding="utf-8")

#: Each question on which an award has turned somewhere: what is not answered here is not defined.
QUESTIONS = [
    "order-status",
    "order-scan",
    "order-window",
    "order-paid",
    "order-zero",
    "order-void",
    "order-partial-refund",
    "order-edited",
    "order-date",
    "order-imported",
    "order-demo",
    "order-archived",
    "order-channel",
    "order-catalog",
    "order-subscription",
    "order-quantity",
    "order-category",
    "order-amount",
    "order-lines",
    "order-currency",
    "order-gift-card",
    "order-same-second",
    "comment-status",
    "comment-hidden",
    "comment-deleted",
    "comment-date",
    "comment-apps",
    "comment-author",
    "comment-reply",
    "comment-post-gone",
    "comment-edited",
    "comment-quality",
    "comment-count",
    "time-zone",
    "time-window",
    "time-week",
    "time-streak",
    "time-leap",
    "time-future",
    "time-settle",
    "time-gap",
    "time-watermark",
    "time-clock",
    "time-earned",
    "member-guest",
    "member-email",
    "member-merged",
    "member-blocked",
    "member-erased",
    "member-staff",
    "badge-two-rules",
    "badge-repeat",
    "badge-by-hand",
    "badge-removed",
    "badge-deleted",
    "badge-twice",
    "badge-bulk",
    "badge-first",
    "badge-edited",
    "badge-notify",
    "badge-permissions",
    "badge-retired",
    "badge-tiers",
    "complete-history",
    "complete-sources",
    "complete-pruning",
]


def answers() -> dict[str, str]:
    exact = README.split("## Exact meaning", 1)[1].split("\n## ", 1)[0]
    rows = re.findall(r"^\| ([a-z]+-[a-z-]+) \| ([^|]+) \| ([^|]+) \|$", exact, re.MULTILINE)
    assert len(rows) == len({name for name, _, _ in rows})
    return {name: answer for name, _, answer in rows}


def test_every_question_has_its_one_answer() -> None:
    assert set(answers()) == set(QUESTIONS)
    for name, answer in answers().items():
        assert len(answer) > 30 or name == "order-demo", name
        assert answer.strip().endswith("."), name


def models(model: type[BaseModel], seen: set[type[BaseModel]]) -> Iterator[type[BaseModel]]:
    """A model and all that may stand inside it."""
    if model in seen:
        return
    seen.add(model)
    yield model
    for field in model.model_fields.values():
        for inner in within(field.annotation):
            yield from models(inner, seen)


def within(annotation: Any) -> Iterator[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for part in get_args(annotation):
        yield from within(part)


def test_every_key_of_the_language_is_on_the_page() -> None:
    keys = {
        field.alias or name
        for model in models(Rules, set())
        for name, field in model.model_fields.items()
    }
    assert {"of", "from", "to", "miss", "not_product", "renew", "check", "grace"} <= keys
    missing = [key for key in keys if not re.search(rf"`[^`\n]*\b{key}\b[^`\n]*`", README)]
    assert missing == []


@pytest.mark.parametrize("model", [OrderRules, CommentRules])
def test_the_bold_values_of_policies_are_the_defaults(model: type[BaseModel]) -> None:
    head = f"| `policies.{'orders' if model is OrderRules else 'comments'}` |"
    table = README.split(head, 1)[1].split("\n\n", 1)[0]
    bold = dict(re.findall(r"^\| `(\w+)` \|.*\*\*`(\w+)`\*\*", table, re.MULTILINE))
    shown = {name: str(field.default).lower() for name, field in model.model_fields.items()}
    assert bold == shown


def test_the_numbers_and_names_of_the_page_are_those_of_the_code() -> None:
    assert f"nest up to {DEEPEST_CONDITION} levels" in README
    assert f"more than {LONGEST_CHAIN} in a row" in README
    size = f"at most {MOST_BYTES // 1024} KiB, {MOST_NODES:,} values and {DEEPEST} levels"
    assert size in README
    for name in (*CATALOGS, *COMMENT_APPS, *MEASURES):
        assert re.search(rf"`[^`\n]*\b{name}\b", README), name


def test_the_forms_that_the_page_shows_are_taken() -> None:
    forms = re.findall(
        r"^\| `(\{(?:count|sum|distinct|max|streak|gap|age)[^`]*\})` \|", README, re.MULTILINE
    )
    assert len(forms) == 7
    windows = re.findall(
        r"^\| `(\{(?:rolling|calendar|between|first): [^`]*)` \|", README, re.MULTILINE
    )
    assert len(windows) == 4
    forms += [f"{{count: orders, window: {window}, gte: 1}}" for window in windows]
    for form in forms:
        text = f"version: 1\nbadges: [{{id: a, badge: A, when: {form}}}]"
        assert parse_rules(text, file="README.md", site=SITE).milestones, form
