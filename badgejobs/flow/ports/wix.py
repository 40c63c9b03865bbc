"""What the stages know of Wix."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Protocol

from badgejobs.core.milestone import Look
from badgejobs.core.wixfacts import Created, Fence, SiteFacts, WixAssignment, WixBadge


class Badges(Protocol):
    """Wix's badges and assignments, for one site. Raises the errors of ``badgejobs.errors``."""

    def badges(self) -> list[WixBadge]:
        """Every badge of the site."""
        ...

    def create_badge(self, look: Look) -> WixBadge:
        """Create a badge."""
        ...

    def assignments(
        self, badge_ids: Collection[str], member_ids: Collection[str] | None = None
    ) -> list[WixAssignment]:
        """All assignments of these badges, to these members where given (at most 100)."""
        ...

    def create_assignment(self, badge_id: str, member_id: str, *, fence: Fence) -> WixAssignment:
        """Give one badge to one member."""
        ...

    def create_assignments(
        self, pairs: Sequence[tuple[str, str]], *, fence: Fence
    ) -> list[Created]:
        """Give up to 100 (badge id, member id) pairs in one call; one result a pair, in order."""
        ...


class SiteReader(Protocol):
    """What Wix tells of one site as a whole. Raises the errors of ``badgejobs.errors``."""

    def site_facts(self) -> SiteFacts:
        """The site's time zone and currency, as its owner set them."""
        ...
