"""The doctor's look at each site: how it stands, its pack, and Wix."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from badgejobs.bootstrap import House
from badgejobs.cli.doctor_wix import examined_wix
from badgejobs.cli.finding import Finding, failed, looked_at
from badgejobs.errors import BadgeJobsError
from badgejobs.jobs.standing import suspended_in_words


def examined_sites(house: House, sites: list[str]) -> Iterator[Finding]:
    """Every check that needs the house, site by site."""
    try:
        suspended = _suspended(house, sites)
        in_both = house.directory.in_both()
    except BadgeJobsError:
        suspended, in_both = {}, []  # told of the database already
    for name in sites:
        if name in in_both:
            yield Finding(
                check=f"{name}: name", ok=False,
                finding="stands in the configuration file and in the database; the file counts",
                cure=f"take it out of the file, or run `badgejobs sites remove {name}`",
            )  # fmt: skip
        if name in suspended:
            yield suspended[name]
        if name not in house.configured:
            yield looked_at(
                f"{name}: rules", partial(_rules, house, name), cure="see `badgejobs packs list`"
            )
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
    found = house.at(site).rules_now()
    return f"{len(found.milestones)} badge(s), version {found.version[:12]}"
