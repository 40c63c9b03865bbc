"""What awards are held to that were given under earlier versions of a site's rules."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import replace

from badgejobs.core.lifecycle import held_as_before
from badgejobs.core.milestone import Lifecycle, Milestone, OnChange, Ruleset
from badgejobs.errors import RulesError, StateError
from badgejobs.store import SqlStore

#: For so long a process goes by the versions that awards were given under when it last looked.
_KEPT_SECONDS = 60.0


class EarlierRules:
    """Reads those earlier versions again that awards stand under; each of them once."""

    def __init__(self, site: str, store: SqlStore, parse: Callable[[str], Ruleset]) -> None:
        self._site, self._store, self._parse = site, store, parse
        self._parsed = dict[str, Mapping[str, Milestone] | None]()
        self._beside: Ruleset | None = None
        self._until = 0.0

    def beside(self, rules: Ruleset) -> Ruleset:
        """These rules, with what the earlier ones meant otherwise.

        Raises ``DatabaseUnavailable`` where that cannot be told now: by the rules in force alone
        those would lose a badge who keep it by earlier ones.
        """
        kept = self._beside
        same = kept is not None and kept.version == rules.version
        if kept and same and time.monotonic() < self._until:
            # of one version texts may differ: in what is stated of that which was meant before
            return kept if kept.text == rules.text else replace(rules, earlier=kept.earlier)
        try:
            kept = replace(rules, earlier=self._earlier(rules))
        except StateError:
            # there are no tables, or none that can be read: nothing is decided before that is over
            return rules
        self._beside, self._until = kept, time.monotonic() + _KEPT_SECONDS
        return kept

    def _earlier(self, rules: Ruleset) -> Mapping[str, Mapping[str, Milestone]]:
        with self._store.read() as tx:
            versions = tx.versions.held_to(self._site) - {rules.version}
            texts = {one: tx.versions.text(self._site, one) for one in versions - set(self._parsed)}
        for version, text in texts.items():
            self._parsed[version] = self._read(text)
        words = {version: _differing(self._parsed[version], rules) for version in sorted(versions)}
        return {version: differing for version, differing in words.items() if differing}

    def _read(self, text: str | None) -> Mapping[str, Milestone] | None:
        try:
            rules = self._parse(text) if text else None
        except RulesError:
            return None
        return {one.badge: one for one in rules.milestones} if rules else None


def _differing(known: Mapping[str, Milestone] | None, rules: Ruleset) -> dict[str, Milestone]:
    """The milestones that meant something else, of those whose holders keep what they had.

    Where it cannot be told any more what a version meant, nothing is taken that it gave.
    """
    found = dict[str, Milestone]()
    for now in rules.milestones:
        if now.lifecycle.on_change is OnChange.REEVALUATE:
            continue
        before = known.get(now.badge) if known else None
        if before is None:
            found[now.badge] = replace(now, lifecycle=Lifecycle(), above=())
        elif (earlier := held_as_before(before, now)) != now:
            found[now.badge] = earlier
    return found
