"""Rules files: checked, explained, and shown in words."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path
from typing import Annotated

import typer

from badgejobs.cli.opening import known_site, settled
from badgejobs.cli.output import Output, Page, Rows
from badgejobs.cli.rules_apply import apply
from badgejobs.cli.rules_cases import cases
from badgejobs.cli.rules_eval import evaluate, known_sources
from badgejobs.rules import (
    NO_CURRENCY,
    Reading,
    SiteDefaults,
    described,
    in_words,
    read_rules,
)
from badgejobs.rules.schema import schema_text
from badgejobs.sources.installed import found_sources

AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON object.")]
File = Annotated[Path, typer.Argument(help="The rules file.")]
#: Wix is not asked here, so what 'site' stands for can be told by hand.
TimeZone = Annotated[
    str | None, typer.Option("--timezone", help="What 'timezone: site' stands for; else UTC.")
]
Currency = Annotated[
    str | None, typer.Option("--currency", help="What 'currency: site' stands for.")
]

rules = typer.Typer(help="Rules files: which members earn which badge.")
rules.command("apply")(apply)
rules.command("eval")(evaluate)
rules.command("test")(cases)


@rules.callback()
def _rules() -> None:
    """Rules files: which members earn which badge."""


@rules.command("check")
def check(
    file: File, *, timezone: TimeZone = None, currency: Currency = None, as_json: AsJson = False
) -> None:
    """Check a rules file, and say what it means; Wix is not asked.

    Example: badgejobs rules check my-shop.yaml
    """
    found = _read(file, timezone, currency)
    _print(found, Output(as_json=as_json))
    Output().note(f"{file}: {len(found.ruleset.milestones)} badge(s), all well")


@rules.command("describe")
def describe(
    file: File, *, timezone: TimeZone = None, currency: Currency = None, as_json: AsJson = False
) -> None:
    """Tell each rule of a file in plain words, with all that decides who has the badge.

    Example: badgejobs rules describe my-shop.yaml
    """
    found, out = _read(file, timezone, currency), Output(as_json=as_json)
    told = [(one, described(one)) for one in found.ruleset.milestones]
    out.result(
        {
            "version": found.ruleset.version,
            "badges": [{"id": one.badge, "title": one.title, "rule": words} for one, words in told],
            "notes": found.notes,
        },
        *(f"{one.title} ({one.badge})\n  {words}\n" for one, words in told),
    )
    _tell_notes(found)


@rules.command("show")
def show(
    site: Annotated[str | None, typer.Argument(help="Default: the only site.")] = None,
    *,
    as_json: AsJson = False,
) -> None:
    """Show the rules of a configured site in words.

    Example: badgejobs rules show my-shop
    """
    settings = settled()
    name = known_site(settings, site)
    _print(_read(settings.sites[name].rules), Output(as_json=as_json))


@rules.command("schema")
def schema() -> None:
    """Print the JSON Schema of rules files, with which an editor completes and checks them.

    It knows the sources of the plug-ins that are installed here.

    Example: badgejobs rules schema > rules.schema.json
    """
    typer.echo(schema_text(sources=known_sources()), nl=False)


@rules.command("help")
def language(*, as_json: AsJson = False) -> None:
    """Show the whole rule language, with the exact meaning of every key.

    Example: badgejobs rules help
    """
    text = files("badgejobs.rules").joinpath("README.md").read_text(encoding="utf-8")
    Output(as_json=as_json).result({"text": text}, Page(text))


def _read(file: Path, timezone: str | None = None, currency: str | None = None) -> Reading:
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


def _print(found: Reading, out: Output) -> None:
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


def _tell_notes(found: Reading) -> None:
    for note in found.notes:
        Output().note(f"note: {note}")
