"""What another version of a pack would change, site by site, from the recorded facts."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from badgejobs.bootstrap import House, told_rules
from badgejobs.bootstrap.site_rules import SiteRules
from badgejobs.bootstrap.told import FromPack
from badgejobs.cli.progress import Progress
from badgejobs.core.pack import Pack
from badgejobs.errors import RulesError
from badgejobs.flow.difference import Difference, difference

#: Sites that are read from the database at once.
_SITES_A_PAGE = 500
#: Sites whose rules would be broken that are named; of the others the number is told.
_NAMED = 20


@dataclass(slots=True)
class Effects:
    """What a change would come to, over all the sites that it touches."""

    sites: int = 0
    #: Sites of which an award would change.
    changing: int = 0
    by_badge: dict[str, Difference] = field(default_factory=dict)
    #: Sites that could not go by it, with the reason: some of them.
    broken: dict[str, str] = field(default_factory=dict)
    broken_sites: int = 0

    @property
    def total(self) -> Difference:
        """Over all badges."""
        return sum(self.by_badge.values(), Difference())

    def add(self, by_badge: Mapping[str, Difference]) -> None:
        """Count one more site."""
        self.changing += any(told.is_any for told in by_badge.values())
        for badge, told in by_badge.items():
            self.by_badge[badge] = self.by_badge.get(badge, Difference()) + told

    def break_at(self, site: str, error: RulesError) -> None:
        """Count a site that could not go by it."""
        self.broken_sites += 1
        if len(self.broken) < _NAMED:
            self.broken[site] = str(error)


def known_pack(house: House, name: str) -> Pack:
    """A pack that is there; ``Refused`` otherwise."""
    with house.store.read() as tx:
        return tx.packs.existing(name)


def configured_sites(house: House, pack: str) -> frozenset[str]:
    """The sites of the configuration file that go by a pack."""
    told = {name: told_rules(one) for name, one in house.settings.sites.items()}
    return frozenset(
        name for name, one in told.items() if isinstance(one, FromPack) and one.pack == pack
    )


def sites_of(house: House, pack: str) -> Iterator[tuple[str, SiteRules]]:
    """All sites that go by a pack, each with its rules."""
    for name in sorted(configured_sites(house, pack)):
        yield name, house.site_rules(name)
    last: str | None = ""
    while last is not None:
        with house.store.read() as tx:
            page = tx.packs.sites_after(pack, last, _SITES_A_PAGE)
        for name, overrides in page:
            if name not in house.configured:
                yield name, house.rules_of(name, FromPack(pack=pack, overrides=overrides))
        last = page[-1][0] if len(page) == _SITES_A_PAGE else None


def effects(house: House, before: Pack, after: Pack, tell: Progress, *, look: bool) -> Effects:
    """What changing a pack would come to; without ``look`` only how many sites it touches."""
    found, decided = Effects(), 0
    for site, rules in sites_of(house, before.name):
        version = after.version_for(site)
        if version is None or version == before.version_for(site):
            continue
        found.sites += 1
        if look:
            try:
                found.add(difference(site, rules.under(version), house.store))
            except RulesError as error:
                found.break_at(site, error)
            decided += 1
            tell.counted("sites looked at", decided)
    return found
