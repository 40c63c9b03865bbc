"""What tags look like, in requests and in records: two lists of short ids."""

from __future__ import annotations

from typing import Any, Final

from badgejobs.sandbox import validation

#: Tag ids by the kind of the list that they stand in.
Tags = dict[str, list[str]]

#: The lists there are: for those who manage the site, and for everybody.
KINDS: Final = ("privateTags", "tags")
#: The SDK's limits: tags a list, and characters a tag id.
MOST_TAGS: Final = 100
_LONGEST_TAG = 5


def tags_of(given: object, field: str) -> Tags:
    """The lists that were sent, checked; ``field`` is where they stood."""
    one = validation.mapping(given, field)
    found: Tags = {}
    for kind in KINDS:
        if one.get(kind) is None:
            continue
        where = f"{field}.{kind}"
        given_ids = validation.mapping(one[kind], where).get("tagIds")
        ids = validation.items(given_ids or [], f"{where}.tagIds", most=MOST_TAGS)
        found[kind] = [
            validation.text(tag, f"{where}.tagIds[{place}]", most=_LONGEST_TAG)
            for place, tag in enumerate(ids)
        ]
    return found


def as_json(tags: Tags) -> dict[str, Any]:
    """Tags as Wix writes them."""
    return {kind: {"tagIds": ids} for kind, ids in tags.items()}
