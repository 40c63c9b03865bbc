"""Whether there is anything at all, and nothing too deep or too much."""

from __future__ import annotations

from collections.abc import Iterator

from badgejobs.rules.checks.walking import Composite, conditions
from badgejobs.rules.complaints import Complaint, named
from badgejobs.rules.language.conditions import AtLeastRule
from badgejobs.rules.language.document import Rules
from badgejobs.rules.yaml_tree import Document

#: How many composites may stand inside each other.
DEEPEST_CONDITION = 4


def about_shape(rules: Rules, document: Document) -> Iterator[Complaint]:
    """No badge, conditions too deep, more parts asked for than there are."""
    if not rules.badges and not rules.ladders:
        text = "'badges' is missing; add for example 'badges: and a list of them'"
        yield Complaint(document.place(()), text)
    for trail, condition, depth in conditions(rules):
        if depth == DEEPEST_CONDITION + 1 and isinstance(condition, Composite):
            text = f"nested more than {DEEPEST_CONDITION} levels deep; flatten the condition"
            yield Complaint(document.place(trail), named(trail, text))
        if isinstance(condition, AtLeastRule) and condition.at_least > len(condition.of):
            place = (*trail, "at_least")
            text = (
                f"{condition.at_least} of {len(condition.of)} parts can never be met; "
                f"write at most {len(condition.of)}"
            )
            yield Complaint(document.place(place), named(place, text))
