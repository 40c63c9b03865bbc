"""What the console explains: members and rules, in the words of the rules room."""

from __future__ import annotations

from collections.abc import Sequence

from badgejobs.bootstrap.house import House
from badgejobs.core.explanation import Line
from badgejobs.errors import BadgeJobsError
from badgejobs.flow.explaining import explain, named
from badgejobs.rules.wording.explanations import grown
from badgejobs.rules.wording.milestones import described


class ConsoleExplaining:
    """Answers from the record and the rules; Wix is not asked."""

    def __init__(self, house: House) -> None:
        self._house = house

    def explain(self, site: str, member: str, badge: str) -> Line:
        """The proof as a tree; ``SettingsError`` for a badge that nobody knows."""
        rules = self._house.at(site).rules()
        return grown(explain(self._house.store, site, member, badge, rules))

    def rule_in_words(self, site: str, badge: str) -> str:
        """The rule; empty where the rules do not have it, or cannot be read now."""
        try:
            found = named(self._house.at(site).rules(), badge)
        except BadgeJobsError:
            return ""
        return described(found) if found else ""

    def sources(self, site: str) -> Sequence[str]:
        """What the rules read; none where they cannot be read now."""
        try:
            self._house.at(site).rules()
            return self._house.at(site).wanted_sources()
        except BadgeJobsError:
            return ()
