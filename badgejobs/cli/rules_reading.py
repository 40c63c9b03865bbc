"""Rules that hold: read for a command, and printed in words."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import typer

from badgejobs.cli.output import Output, Rows
from badgejobs.cli.rules_eval import known_sources
from badgejobs.rules import (
    NO_CURRENCY,
    Reading,
    SiteDefaults,
    described,
    in_words,
    read_rules,
)
from badgejobs.sources.installed import found_sources

#: Wix is not asked here, so what 'site' stands for can be told by hand.
TimeZone = Annotated[
    str | None, typer.Option("--timezone", help="What 'timezone: site' stands for; else UTC.")
]
Currency = Annotated[
    str | None, typer.Option("--currency", help="What 'currency: site' stands for.")
]


def read_file(file: Path, timezone: str | None = None, currency: str | None = None) -> Reading:
    """The rules of a file; an unknown currency of the site does not keep one from looking.

    Raises ``SourceBroken`` where they read a plug-in that cannot be used.
    """
    sources = found_sources()
    site = SiteDefaults(timezone=timezone, currency=currency or NO_CURRENCY)
    for note in sources.notes:
        Output().note(f"note: {note}")
    found = read_rules(file, sources=known_sources(), site=site)
    for source in found.ruleset.sources:
        sources.get(source)  # imports it
    return found


def print_reading(found: Reading, out: Output) -> None:
    """What each badge is earned by, in short."""
    rows = [(one.badge, one.title, in_words(one.condition)) for one in found.ruleset.milestones]
    out.result(
        {
            "version": found.ruleset.version,
            "badges": [
                {"id": badge, "title": title, "earned_by": words} for badge, title, words in rows
            ],
            "notes": found.notes,
        },
        Rows(("badge", "title", "earned by"), rows),
    )
    _tell_notes(found)


def print_described(found: Reading, out: Output, beside: Mapping[str, Any] | None = None) -> None:
    """Each rule in plain words, with all that decides who has the badge."""
    told = [(one, described(one)) for one in found.ruleset.milestones]
    out.result(
        {
            **(beside or {}),
            "version": found.ruleset.version,
            "badges": [{"id": one.badge, "title": one.title, "rule": words} for one, words in told],
            "notes": found.notes,
        },
        *(f"{one.title} ({one.badge})\n  {words}\n" for one, words in told),
    )
    _tell_notes(found)


def _tell_notes(found: Reading) -> None:
    for note in found.notes:
        Output().note(f"note: {note}")
