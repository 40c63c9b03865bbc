"""Rules files: checked, explained, and shown in words."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from badgejobs.cli.opening import known_site, settled
from badgejobs.cli.output import Output, Rows
from badgejobs.cli.rules_eval import evaluate
from badgejobs.core.milestone import Ruleset
from badgejobs.rules import in_words, load_rules

AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON object.")]

rules = typer.Typer(help="Rules files: which members earn which badge.")
rules.command("eval")(evaluate)

_LANGUAGE = """\
A rules file is YAML: a version, policies, and a list of badges.

  version: 1
  site: {currency: USD}              # needed for sums of money
  policies:
    orders: {count_when: paid}       # approved | paid | fulfilled
    comments: {include_staff: false}
  badges:
    - id: loyal-customer             # permanent
      badge: {title: Loyal Customer} # or the title alone of a badge that stands at Wix
      when: {count: orders, gte: 10}

A condition is one of
  {count: orders, gte: N}            so many orders that count
  {count: comments, gte: N}          so many comments that count
  {sum: orders.amount, gte: '250'}   orders worth so much in total
  {all: [CONDITION, ...]}            every one of them
  {any: [CONDITION, ...]}            at least one of them

Check a file with `badgejobs rules check FILE`; `badgejobs init` writes one to begin with.
"""


@rules.callback()
def _rules() -> None:
    """Rules files: which members earn which badge."""


@rules.command("check")
def check(
    file: Annotated[Path, typer.Argument(help="The rules file.")], *, as_json: AsJson = False
) -> None:
    """Check a rules file, and say what it means; Wix is not asked.

    Example: badgejobs rules check my-shop.yaml
    """
    found = load_rules(file)
    _print(found, Output(as_json=as_json))
    Output().note(f"{file}: {len(found.milestones)} badge(s), all well")


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
    _print(load_rules(settings.sites[name].rules), Output(as_json=as_json))


@rules.command("help")
def language(*, as_json: AsJson = False) -> None:
    """Show the rule language on one page.

    Example: badgejobs rules help
    """
    Output(as_json=as_json).result({"text": _LANGUAGE}, _LANGUAGE)


def _print(found: Ruleset, out: Output) -> None:
    rows = [(one.badge, one.title, in_words(one.condition)) for one in found.milestones]
    out.result(
        {
            "version": found.version,
            "badges": [
                {"id": badge, "title": title, "earned_by": words} for badge, title, words in rows
            ],
        },
        Rows(("badge", "title", "earned by"), rows),
    )
