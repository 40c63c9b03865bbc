"""An id is used once, and a badge at Wix has one rule."""

from __future__ import annotations

from collections.abc import Iterator

from badgejobs.rules.checks.walking import owners
from badgejobs.rules.complaints import Complaint, named
from badgejobs.rules.language.badges import BadgeRule
from badgejobs.rules.language.document import Rules
from badgejobs.rules.language.ladders import LadderRule, TierRule
from badgejobs.rules.language.looks import LookRule, title_of
from badgejobs.rules.yaml_tree import Document, Trail


def about_doubles(rules: Rules, document: Document) -> Iterator[Complaint]:
    """Ids and titles that are taken by another badge, ladder or tier."""
    ids: dict[str, tuple[int, str]] = {}
    titles: dict[str, int] = {}
    for trail, rule in _named(rules):
        place = document.place((*trail, "id"))
        if rule.id in ids:
            line, kind = ids[rule.id]
            text = f"'{rule.id}' is taken by the {kind} in line {line}; an id is used once"
            if kind.startswith("retired"):
                text += " and never again, since the ledger still knows its holders"
            yield Complaint(place, named(("id",), text))
        ids.setdefault(rule.id, (place.line, _kind(rule)))
        if isinstance(rule, LadderRule):
            continue
        title = title_of(rule.badge)
        at: Trail = (
            (*trail, "badge", "title") if isinstance(rule.badge, LookRule) else (*trail, "badge")
        )
        place = document.place(at)
        if title.casefold() in titles:
            text = (
                f"'{title}' is the title of the badge in line {titles[title.casefold()]} too; "
                "one Wix badge has one rule: join the conditions with 'any'"
            )
            yield Complaint(place, named(at, text))
        titles.setdefault(title.casefold(), place.line)


def _kind(rule: BadgeRule | LadderRule | TierRule) -> str:
    if isinstance(rule, LadderRule):
        return "ladder"
    return "retired badge" if rule.retired else "badge"


def _named(rules: Rules) -> Iterator[tuple[Trail, BadgeRule | LadderRule | TierRule]]:
    for trail, rule in owners(rules):
        yield trail, rule
        if isinstance(rule, LadderRule):
            for index, tier in enumerate(rule.tiers):
                yield (*trail, "tiers", index), tier
