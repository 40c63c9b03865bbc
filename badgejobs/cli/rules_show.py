"""``badgejobs rules show``: the rules that a site goes by, and where each of them comes from."""

from __future__ import annotations

from typing import Annotated

import typer

from badgejobs.bootstrap import House
from badgejobs.bootstrap.pack_shelf import PackRules
from badgejobs.cli.opening import known_site, opened, settled
from badgejobs.cli.output import Output
from badgejobs.cli.rules_reading import print_described, read_file
from badgejobs.config import Settings
from badgejobs.rules import Reading, in_words
from badgejobs.rules.merging import Merged, Text, merged


def show(
    site: Annotated[
        str | None, typer.Argument(help="Default: the only site.", show_default=False)
    ] = None,
    *,
    words: Annotated[bool, typer.Option("--words", help="Tell each rule in plain words.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Show the rules that a site goes by as one whole rules file: its pack with its overrides.

    A comment says of each badge where it comes from, and what is said otherwise of it.

    Example: badgejobs rules show my-shop

    Example: badgejobs rules show my-shop --words
    """
    settings, out = settled(), Output(as_json=as_json)
    name = known_site(settings, site)
    whole, found = _told(settings, name)
    beside = {"site": name, "from": whole.pack.file}
    if words:
        print_described(found, out, beside)
        return
    badges = [
        {
            "id": one.badge,
            "title": one.title,
            "earned_by": in_words(one.condition),
            "from": whole.origin(one.badge),
        }
        for one in found.ruleset.milestones
    ]
    told = {"version": found.ruleset.version, "badges": badges, "left_out": whole.removed}
    text = whole.annotated()
    out.result({**beside, **told, "notes": found.notes, "text": whole.text}, text.rstrip("\n"))
    for note in found.notes:
        out.note(f"note: {note}")


def _told(settings: Settings, site: str) -> tuple[Merged, Reading]:
    configured = settings.sites.get(site)
    if configured and (file := configured.rules):
        # needs no database, which may not be there yet
        found = read_file(file)
        own = Text(text=found.ruleset.text, file=str(file))
        return merged(own, Text(text="", file="")), found
    with opened(settings) as house:
        return _of_pack(house, site)


def _of_pack(house: House, site: str) -> tuple[Merged, Reading]:
    rules = house.site_rules(site)
    assert isinstance(rules.told, PackRules), "it has no file of its own"
    return rules.told.merged(), rules.reading()
