"""Rules files: checked, explained, and shown in words."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path
from typing import Annotated

import typer

from badgejobs.cli.output import Output, Page
from badgejobs.cli.rules_apply import apply
from badgejobs.cli.rules_cases import cases
from badgejobs.cli.rules_eval import evaluate, known_sources
from badgejobs.cli.rules_reading import (
    Currency,
    TimeZone,
    print_described,
    print_reading,
    read_file,
)
from badgejobs.cli.rules_show import show
from badgejobs.rules.schema import schema_text

AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON object.")]
File = Annotated[Path, typer.Argument(help="The rules file.")]

rules = typer.Typer(help="Rules files: which members earn which badge.")
rules.command("apply")(apply)
rules.command("eval")(evaluate)
rules.command("show")(show)
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
    found = read_file(file, timezone, currency)
    print_reading(found, Output(as_json=as_json))
    Output().note(f"{file}: {len(found.ruleset.milestones)} badge(s), all well")


@rules.command("describe")
def describe(
    file: File, *, timezone: TimeZone = None, currency: Currency = None, as_json: AsJson = False
) -> None:
    """Tell each rule of a file in plain words, with all that decides who has the badge.

    Example: badgejobs rules describe my-shop.yaml
    """
    print_described(read_file(file, timezone, currency), Output(as_json=as_json))


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
