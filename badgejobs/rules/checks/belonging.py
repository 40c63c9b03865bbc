"""Filters and settings that belong to what they stand beside."""

from __future__ import annotations

from collections.abc import Iterator

from badgejobs.rules.checks.walking import measures_of, owners
from badgejobs.rules.complaints import Complaint, named
from badgejobs.rules.language.document import Rules
from badgejobs.rules.language.measures import source_of
from badgejobs.rules.language.wheres import FILTERS
from badgejobs.rules.yaml_tree import Document


def about_belonging(rules: Rules, document: Document) -> Iterator[Complaint]:
    """Filters of another source than the one that is looked at."""
    for owner, rule in owners(rules):
        for trail, measure in measures_of(rule, owner):
            source = source_of(measure)
            known = FILTERS.get(source, ())
            for key in measure.where.model_fields_set if measure.where else ():
                if key in known:
                    continue
                place = (*trail, "where", key)
                cure = f"write one of: {', '.join(sorted(known))}" if known else "remove it"
                whose = next((name for name, keys in FILTERS.items() if key in keys), "another")
                text = f"'{key}' is a filter of {whose}, and this looks at {source}; {cure}"
                yield Complaint(document.place(place, of_key=True), named(("where",), text))
