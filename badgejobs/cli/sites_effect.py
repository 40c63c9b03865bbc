"""What another pack or other overrides of a site would change of its awards."""

from __future__ import annotations

from badgejobs.bootstrap import House
from badgejobs.bootstrap.told import FromPack
from badgejobs.cli.progress import Progress
from badgejobs.flow.difference import Difference, difference
from badgejobs.store.sites import SiteRow


def effect(house: House, row: SiteRow, tell: Progress) -> dict[str, Difference]:
    """By badge, over all stored members of the site; ``RulesError`` where they do not fit."""
    with house.store.read() as tx:
        version = tx.packs.existing(row.pack).version_for(row.name)
    rules = house.rules_of(row.name, FromPack(pack=row.pack, overrides=row.overrides))
    if version is None:
        rules.reading()  # says that the pack has no version yet
        return {}
    return difference(
        row.name,
        rules.under(version),
        house.store,
        heard=lambda number: tell.counted("members looked at", number),
    )
