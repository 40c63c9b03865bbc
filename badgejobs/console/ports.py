"""All that the console knows of the rest: what it shows, explains and has done.

Every method blocks; the application calls them in threads of its own. A site that there is not
raises :class:`badgejobs.errors.SettingsError`, whose text is fit for a page.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from badgejobs.core.explanation import Line
from badgejobs.core.overview import (
    AlertLine,
    BadgeLine,
    Day,
    DriftLine,
    Funnel,
    Happening,
    HolderLine,
    Page,
    QuarantineLine,
    RunLine,
    SiteLine,
    Totals,
)


class Views(Protocol):
    """What the pages show; each call is one transaction that only reads.

    ``after`` is the ``after`` of the page before, or ``None`` for the first one.
    """

    def totals(self) -> Totals:
        """All sites added up."""
        ...

    def sites(
        self, *, search: str = "", after: str | None = None, limit: int = 50
    ) -> Page[SiteLine]:
        """Sites by name, of those with ``search`` in it."""
        ...

    def site(self, name: str) -> SiteLine:
        """One site."""
        ...

    def badges(self, site: str) -> Sequence[BadgeLine]:
        """The badges of a site."""
        ...

    def days(self, site: str, *, badge: str | None = None, last: int = 90) -> Sequence[Day]:
        """What was given and taken, the oldest day first."""
        ...

    def steps(self, site: str) -> Funnel:
        """How far the members are with each badge."""
        ...

    def happenings(self, site: str, *, limit: int = 20) -> Sequence[Happening]:
        """The latest changes of awards, the newest first."""
        ...

    def holders(
        self, site: str, badge: str, *, after: str | None = None, limit: int = 50
    ) -> Page[HolderLine]:
        """Who has a badge."""
        ...

    def runs(
        self,
        site: str | None = None,
        *,
        after: str | None = None,
        limit: int = 50,
        failed: bool = False,
    ) -> Page[RunLine]:
        """What ran, the newest first; of all sites where none is named."""
        ...

    def drift(self, site: str, *, after: str | None = None, limit: int = 50) -> Page[DriftLine]:
        """Where Wix and the ledger differ."""
        ...

    def quarantine(
        self, site: str, *, after: str | None = None, limit: int = 50
    ) -> Page[QuarantineLine]:
        """Records that are not understood."""
        ...

    def alerts(self, site: str | None = None) -> Sequence[AlertLine]:
        """What a person must know."""
        ...


class Explaining(Protocol):
    """Why a member has a badge or not, and what a badge is given for."""

    def explain(self, site: str, member: str, badge: str) -> Line:
        """The proof as a tree; ``SettingsError`` for a badge that nobody knows."""
        ...

    def rule_in_words(self, site: str, badge: str) -> str:
        """The rule; empty for a badge that the rules do not have (any more)."""
        ...

    def sources(self, site: str) -> Sequence[str]:
        """What the site's rules read; none where they cannot be used now."""
        ...


class Acting(Protocol):
    """What an operator may have done; each answers in a sentence what came of it.

    A :class:`badgejobs.errors.BadgeJobsError` says why it was not done, fit for a page. ``who`` is
    kept in the record with all that changes. No act waits for Wix without bound.
    """

    def scan(self, site: str, source: str | None, *, who: str) -> str:
        """Have a source read now, or all that the rules read."""
        ...

    def retry(self, site: str, *, who: str) -> str:
        """Try again what was given up."""
        ...

    def grant(self, site: str, member: str, badge: str, *, who: str, note: str) -> str:
        """Give a member a badge."""
        ...

    def revoke(
        self,
        site: str,
        member: str,
        badge: str,
        *,
        who: str,
        note: str,
        removes_access: bool = False,
    ) -> str:
        """Take a badge from a member; ``RemovesAccess`` where that must be said and was not."""
        ...
