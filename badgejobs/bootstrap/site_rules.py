"""The rules of one site: its file, meant in the zone and the currency that the site has."""

from __future__ import annotations

import time
from collections.abc import Callable
from collections.abc import Set as AbstractSet
from pathlib import Path

import structlog

from badgejobs.bootstrap.earlier_rules import EarlierRules
from badgejobs.core.milestone import Ruleset
from badgejobs.core.wixfacts import SiteFacts
from badgejobs.errors import DatabaseUnavailable, RulesError, StateError
from badgejobs.flow.ports import SiteReader
from badgejobs.flow.sitefacts import site_facts
from badgejobs.rules import NO_CURRENCY, RulesFile, SiteDefaults, parse_rules, read_rules
from badgejobs.store import SqlStore

log = structlog.get_logger(__name__)

#: For so long a process goes by what the record said of the site's zone and currency.
_FACTS_KEPT_SECONDS = 2.0
#: A site of which nothing is known yet.
_UNTOLD = SiteDefaults(currency=NO_CURRENCY)


class SiteRules:
    """A site's rules file, and what it is meant by."""

    def __init__(
        self,
        site: str,
        path: Path,
        store: SqlStore,
        *,
        sources: AbstractSet[str],
        clock: Callable[[], float],
    ) -> None:
        self._site, self._path, self._store, self._names = site, path, store, sources
        self._facts = SiteFacts()
        self._facts_until = 0.0
        self._earlier = EarlierRules(site, store, self._parsed)
        self.file = RulesFile(
            path,
            load=self._load,
            recall=self._recalled,
            told=self._warn,
            beside=self.site_facts,
            clock=clock,
        )

    def in_force(self) -> Ruleset:
        """The rules to decide by, with what earlier awards are held to still; raises as the file.

        While the file is broken or just written, the last ones.
        """
        return self._earlier.beside(self.file.in_force())

    def now(self) -> Ruleset:
        """The rules as the file says them now, likewise; raises as the file, whatever was before.

        What they would change is told by them, and who keeps a badge by earlier words is no change.
        """
        return self._earlier.beside(self.file.now())

    def site_facts(self) -> SiteFacts:
        """What Wix told last of the site's time zone and currency; empty where it never did.

        Read from the record, never from Wix: rules are read by commands that ask nothing there,
        and some of them before there is a database.
        """
        if time.monotonic() >= self._facts_until:
            try:
                with self._store.read() as tx:
                    known = tx.bindings.site_facts(self._site)
            except (DatabaseUnavailable, StateError):
                known = None
            if known is None:
                return SiteFacts()
            self._facts, self._facts_until = known[0], time.monotonic() + _FACTS_KEPT_SECONDS
        return self._facts

    def learn_site_facts(self, wix: SiteReader, *, at_wix: str) -> None:
        """Ask Wix for the site's zone and currency, where its rules leave them to it.

        Raises ``SettingsError`` with the cure where Wix does not tell.
        """
        try:
            reading = read_rules(self._path, sources=self._names, site=_UNTOLD)
        except RulesError:
            return  # told where the rules are asked for
        if reading.left_open:
            with self._store.begin() as tx:
                # what is remembered stands with the site that the name is bound to
                tx.bindings.bind_site(self._site, at_wix)
            site_facts(self._site, wix, self._store)
            self._facts_until = 0.0

    def _load(self) -> Ruleset:
        """The rules, unless something of the site decides about badges and is not known yet."""
        reading = read_rules(self._path, sources=self._names, site=self._defaults())
        if reading.left_open:
            left, example = sorted(reading.left_open), {"timezone": "Europe/Berlin"}
            written = ", ".join(f"{one}: {example.get(one, 'EUR')}" for one in left)
            raise RulesError(
                f"the site's own {' and '.join(left)} decide about badges here and are not known "
                f"yet: Wix is asked when the badges are provisioned; or write site: {{{written}}}",
                file=str(self._path),
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
        return parse_rules(text, file="version", sources=self._names, site=self._defaults())

    def _warn(self, error: RulesError) -> None:
        log.warning("the old rules stay in force", site=self._site, error=str(error))
