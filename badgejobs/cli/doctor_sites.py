"""The doctor's look at each site: how it stands, its pack, who is told, and Wix."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from badgejobs.bootstrap import House
from badgejobs.cli.doctor_notify import Channels
from badgejobs.cli.doctor_wix import examined_wix
from badgejobs.cli.finding import Finding, failed, looked_at
from badgejobs.errors import BadgeJobsError
from badgejobs.jobs.standing import suspended_in_words
from badgejobs.rules import Reading
from badgejobs.sources.installed import found_sources


def examined_sites(house: House, sites: list[str]) -> Iterator[Finding]:
    """Every check that needs the house, site by site."""
    try:
        suspended = _suspended(house, sites)
        in_both = house.directory.in_both()
    except BadgeJobsError:
        suspended, in_both = {}, []  # told of the database already
    channels = Channels(house)
    for name in sites:
        if name in in_both:
            yield Finding(
                check=f"{name}: name", ok=False,
                finding="stands in the configuration file and in the database; the file counts",
                cure=f"take it out of the file, or run `badgejobs sites remove {name}`",
            )  # fmt: skip
        if name in suspended:
            yield suspended[name]
        if name not in house.configured or house.settings.sites[name].pack:
            yield looked_at(
                f"{name}: rules", partial(_rules, house, name), cure="see `badgejobs rules show`"
            )
        yield from channels.examined(name)
        yield from examined_wix(house, name)


def _suspended(house: House, sites: list[str]) -> dict[str, Finding]:
    with house.store.read() as tx:
        found = tx.standings.suspended(sites)
    return {
        one.site: failed(
            f"{one.site}: standing",
            BadgeJobsError(suspended_in_words(one)),
            cure=f"`badgejobs sites resume {one.site}`",
        )
        for one in found
    }


def _rules(house: House, site: str) -> str:
    """Those that a site shares with others, which stand in the database."""
    rules = house.site_rules(site)
    return f"{rules.told.name}, {told_of(rules.reading())}"


def told_of(found: Reading) -> str:
    """What is to be said of rules that can be used; raises ``SourceBroken``."""
    sources = found_sources()
    for source in found.ruleset.sources:
        sources.get(source)  # imports it, which may show that it is broken
    told = f"{len(found.ruleset.milestones)} badge(s), version {found.ruleset.version[:12]}"
    if found.left_open:
        # the version is that of the site's own values, which are asked of Wix further below
        left = " and ".join(sorted(found.left_open))
        told = f"{len(found.ruleset.milestones)} badge(s), in the site's own {left}"
    return told
