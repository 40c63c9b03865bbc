"""The rules of one site: its file or its pack, meant in the site's own zone and currency."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from collections.abc import Set as AbstractSet
from pathlib import Path

import structlog

from badgejobs.bootstrap.earlier_rules import EarlierRules
from badgejobs.bootstrap.pack_shelf import PackRules
from badgejobs.bootstrap.readings import Readings
from badgejobs.bootstrap.shelf import Shelf
from badgejobs.bootstrap.told import FromFile, FromPack
from badgejobs.core.milestone import Ruleset
from badgejobs.core.wixfacts import SiteFacts
from badgejobs.errors import DatabaseUnavailable, RulesError, StateError
from badgejobs.flow.ports import SiteReader
from badgejobs.flow.sitefacts import site_facts
from badgejobs.rules import (
    NO_CURRENCY,
    Reading,
    RulesFile,
    SiteDefaults,
)
from badgejobs.store import SqlStore

log = structlog.get_logger(__name__)

#: A site of which nothing is known yet.
_UNTOLD = SiteDefaults(currency=NO_CURRENCY)


class FileRules:
    """The rules of a site that has a file of its own."""

    def __init__(self, told: FromFile, readings: Readings) -> None:
        self.path: Path | None = told.path
        self.name = str(told.path)
        self._file, self._readings = told.path, readings

    def beside(self) -> Hashable:
        """Nothing but the file says which rules these are."""
        return None

    def settling(self) -> float:
        """And a file is looked at itself."""
        return 0.0

    def look_anew(self) -> None:
        """It is looked at each time."""

    def reading(self, site: SiteDefaults) -> Reading:
        """What the file says now; raises ``RulesError``."""
        return self._readings.of_file(self._file, site)


class SiteRules:
    """A site's rules, and what they are meant by."""

    def __init__(
        self,
        site: str,
        rules: FromFile | FromPack,
        store: SqlStore,
        *,
        sources: AbstractSet[str],
        clock: Callable[[], float],
        shelf: Shelf | None = None,
    ) -> None:
        self._site, self._store = site, store
        shelf = shelf or Shelf(store, sources=sources, clock=clock)
        self._readings, self._facts = shelf.readings, shelf.facts
        self.told: FileRules | PackRules
        if isinstance(rules, FromFile):
            self.told = FileRules(rules, self._readings)
        else:
            self.told = PackRules(site, rules, shelf.packs)
        self._earlier = EarlierRules(site, store, self._parsed)
        self.file = RulesFile(
            self.told.path,
            name=self.told.name,
            load=self._load,
            recall=self._recalled,
            told=self._warn,
            beside=lambda: (self.site_facts(), self.told.beside()),
            settling=self.told.settling,
            clock=clock,
        )

    def in_force(self) -> Ruleset:
        """The rules to decide by, with what earlier awards are held to still; raises as the file.

        While the file is broken or just written, the last ones.
        """
        return self._earlier.beside(self.file.in_force())

    def version(self) -> str:
        """The version of the rules to decide by; raises as the file."""
        return self.file.in_force().version

    def now(self) -> Ruleset:
        """The rules as the file says them now, likewise; raises as the file, whatever was before.

        What they would change is told by them, and who keeps a badge by earlier words is no change.
        """
        return self._earlier.beside(self.file.now())

    def reading(self) -> Reading:
        """The rules as they are told now, with what is to be said of them; ``RulesError``.

        Something of the site may be left open that decides about badges.
        """
        return self.told.reading(self._defaults())

    def as_written(self) -> Ruleset:
        """The rules as their file is written at this moment, however young; ``RulesError``.

        Nobody is decided by them: they are only looked at.
        """
        return self._load()

    def under(self, version: int) -> Ruleset:
        """The rules by a version of the site's pack, likewise; raises ``RulesError``."""
        assert isinstance(self.told, PackRules), "asked for sites of a pack only"
        return self._earlier.beside(self._closed(self.told.reading(self._defaults(), version)))

    def by_text(self, text: str, name: str, wix: SiteReader, *, at_wix: str) -> Ruleset:
        """Rules that are not the site's yet, meant as its own would be; raises ``RulesError``.

        ``name`` is what errors call them. Wix is asked as for its own. Asked for sites with a
        file of their own only.
        """
        assert isinstance(self.told, FileRules), "a pack has its versions"
        reading = self._readings.of_text(text, file=name, site=self._defaults())
        if reading.left_open:
            self._ask(wix, at_wix)
            reading = self._readings.of_text(text, file=name, site=self._defaults())
        return self._earlier.beside(self._closed(reading, name))

    def site_facts(self) -> SiteFacts:
        """What Wix told last of the site's time zone and currency; empty where it never did."""
        return self._facts.get(self._site)

    def learn_site_facts(self, wix: SiteReader, *, at_wix: str) -> None:
        """Ask Wix for the site's zone and currency, where its rules leave them to it.

        Raises ``SettingsError`` with the cure where Wix does not tell.
        """
        self.told.look_anew()
        try:
            reading = self.told.reading(_UNTOLD)
        except RulesError:
            return  # told where the rules are asked for
        if reading.left_open:
            self._ask(wix, at_wix)

    def _ask(self, wix: SiteReader, at_wix: str) -> None:
        with self._store.begin() as tx:
            # what is remembered stands with the site that the name is bound to
            tx.bindings.bind_site(self._site, at_wix)
        site_facts(self._site, wix, self._store)
        self._facts.forget([self._site])

    def _load(self) -> Ruleset:
        """The rules, unless something of the site decides about badges and is not known yet."""
        return self._closed(self.reading())

    def _closed(self, reading: Reading, name: str | None = None) -> Ruleset:
        if reading.left_open:
            left, example = sorted(reading.left_open), {"timezone": "Europe/Berlin"}
            written = ", ".join(f"{one}: {example.get(one, 'EUR')}" for one in left)
            raise RulesError(
                f"the site's own {' and '.join(left)} decide about badges here and are not known "
                f"yet: Wix is asked when the badges are provisioned; or write site: {{{written}}}",
                file=name or self.told.name,
            )
        return reading.ruleset

    def _defaults(self) -> SiteDefaults:
        facts = self.site_facts()
        return SiteDefaults(timezone=facts.timezone, currency=facts.currency or NO_CURRENCY)

    def _recalled(self) -> Ruleset | None:
        """The rules that this site was decided by last, from the database."""
        try:
            with self._store.read() as tx:
                version, _ = tx.bindings.applied(self._site)
                text = tx.versions.text(self._site, version) if version else None
            if text is None:
                return None
            rules = self._parsed(text)
        except (DatabaseUnavailable, RulesError, StateError):
            return None
        # What it means must not have changed since, with badgejobs or with the site.
        return rules if rules.version == version else None

    def _parsed(self, text: str) -> Ruleset:
        """What the text of a version means today; raises ``RulesError``."""
        if isinstance(self.told, PackRules):
            return self.told.parsed(text, self._defaults())
        return self._readings.of_text(text, file="version", site=self._defaults()).ruleset

    def _warn(self, error: RulesError) -> None:
        log.warning("the old rules stay in force", site=self._site, error=str(error))
