"""A file of cases to cases that can be run, or one error with its place and cure."""

from __future__ import annotations

from collections.abc import Iterator
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from pathlib import Path

from pydantic import ValidationError

from badgejobs.core.milestone import Ruleset
from badgejobs.errors import RulesError, TrialError
from badgejobs.rules.activities.facts import currency_of
from badgejobs.rules.cases.models import CaseFile, ExpectRule, Held, Moments
from badgejobs.rules.complaints import Complaint, as_error, complaints_of, named
from badgejobs.rules.language.names import OUR_SOURCES
from badgejobs.rules.language.scalars import did_you_mean
from badgejobs.rules.language.times import SITE
from badgejobs.rules.loader import load_rules, text_of_file
from badgejobs.rules.setting import SiteDefaults
from badgejobs.rules.yaml_tree import Document, Trail, load, shortened

#: What a missing key could look like.
_EXAMPLES = {
    "rules": "rules: shop.yaml",
    "cases": "cases: and a list of them",
    "name": "name: the only order is refunded",
    "expect": "expect: and a list of what must be true at some moment",
    "as_of": "as_of: 2026-12-01T00:00Z",
    "badges": "badges: {ada: [first-purchase]}",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Cases:
    """One file of cases, and the rules that it is about."""

    rules: CaseFile
    document: Document
    ruleset: Ruleset
    #: The site's own currency, where it is known.
    currency: str | None
    sources: AbstractSet[str]


def load_cases(path: Path, *, sources: AbstractSet[str] = OUR_SOURCES) -> Cases:
    """Read a file of cases and the rules that it names.

    Raises :class:`badgejobs.errors.TrialError` for what is wrong with it, and
    :class:`badgejobs.errors.RulesError` for what is wrong with the rules.
    """
    try:
        document = load(_not_empty(text_of_file(path), str(path)), file=str(path))
        found = _validated(document)
    except RulesError as error:
        raise _as_trial_error(error) from None
    zone, currency = found.site.timezone, found.site.currency
    defaults = SiteDefaults(
        timezone=None if zone == SITE else zone, currency=None if currency == SITE else currency
    )
    ruleset = load_rules(path.parent / found.rules, sources=sources, site=defaults)
    badges = [one.badge for one in ruleset.milestones]
    if complaints := list(_unknown_badges(found, document, badges)):
        raise _as_trial_error(as_error(complaints, file=str(path)))
    return Cases(
        rules=found,
        document=document,
        ruleset=ruleset,
        currency=currency_of(ruleset) or defaults.currency,
        sources=sources,
    )


def _as_trial_error(error: RulesError) -> TrialError:
    """What rules and cases are read by knows of rules only."""
    return TrialError(error.problem, file=error.file, line=error.line, column=error.column)


def _not_empty(text: str, file: str) -> str:
    if not text.strip():
        problem = "the file is empty; begin with 'rules: shop.yaml' and a list of 'cases:'"
        raise RulesError(problem, file=file, line=1)
    return text


def _validated(document: Document) -> CaseFile:
    try:
        return CaseFile.model_validate(document.tree)
    except ValidationError as error:
        complaints = complaints_of(error, document, root=CaseFile, examples=_EXAMPLES)
        raise as_error(complaints, file=document.file) from None


def _unknown_badges(found: CaseFile, document: Document, badges: list[str]) -> Iterator[Complaint]:
    """Badges that the rules do not know, or a case does not look at: nothing can be expected."""
    for number, case in enumerate(found.cases):
        trail: Trail = ("cases", number)
        for at, badge in enumerate(case.about):
            yield from _unless_known(badge, badges, (*trail, "about", at), document)
        looked_at = case.about or badges
        for step, expect in enumerate(case.expect):
            for badge, place in _named_in(expect, (*trail, "expect", step)):
                yield from _unless_known(badge, looked_at, place, document)


def _named_in(expect: ExpectRule, trail: Trail) -> Iterator[tuple[str, Trail]]:
    held: dict[str, Held] = {"badges": expect.badges, "withheld": expect.withheld}
    for key, members in held.items():
        for member, theirs in members.items():
            for at, badge in enumerate(theirs):
                yield badge, (*trail, key, member, at)
    dated: dict[str, Moments] = {"earned": expect.earned, "next_change": expect.next_change}
    for key, moments in dated.items():
        for member, dates in moments.items():
            for badge in dates:
                yield badge, (*trail, key, member, badge)


def _unless_known(
    badge: str, known: list[str], trail: Trail, document: Document
) -> Iterator[Complaint]:
    if badge not in known:
        text = f"'{shortened(badge)}' is no badge that is looked at; {did_you_mean(badge, known)}"
        yield Complaint(document.place(trail, of_key=True), named(trail, text))
