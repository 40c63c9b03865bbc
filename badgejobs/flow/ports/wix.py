"""What the stages know of Wix."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Literal, Protocol

from badgejobs.core.milestone import Look
from badgejobs.core.wixfacts import (
    Addressee,
    Created,
    Fence,
    Removed,
    SiteFacts,
    WixAssignment,
    WixBadge,
    WixMember,
)


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

    def assignments_page(
        self, badge_ids: Collection[str], cursor: str | None
    ) -> tuple[Sequence[WixAssignment], str | None]:
        """One page of the assignments of at most 100 badges, and the cursor of the next one.

        ``CursorRefused`` where Wix does not take the cursor any more.
        """
        ...

    def create_assignment(self, badge_id: str, member_id: str, *, fence: Fence) -> WixAssignment:
        """Give one badge to one member."""
        ...

    def create_assignments(
        self, pairs: Sequence[tuple[str, str]], *, fence: Fence
    ) -> list[Created]:
        """Give up to 100 (badge id, member id) pairs in one call; one result a pair, in order."""
        ...

    def delete_assignments(self, assignment_ids: Sequence[str], *, fence: Fence) -> list[Removed]:
        """Take up to 100 assignments away in one call; one result an id, in order."""
        ...

    def get_badge(self, badge_id: str) -> WixBadge:
        """One badge as it is now, without lag; ``NotFound`` where there is none."""
        ...

    def update_badge(
        self,
        badge_id: str,
        revision: str,
        *,
        title: str | None = None,
        description: str | None = None,
        background: str | None = None,
        text: str | None = None,
        icon: str | None = None,
    ) -> WixBadge:
        """Change what is given; ``StaleRevision`` where it was changed since it was read."""
        ...

    def move_badge(
        self,
        badge_id: str,
        *,
        place: Literal["FIRST", "LAST"] | None = None,
        after: str | None = None,
    ) -> None:
        """Show a badge first, last, or right behind another one."""
        ...


class Members(Protocol):
    """What Wix tells of members, for one site. Raises the errors of ``badgejobs.errors``."""

    def members(self, member_ids: Collection[str]) -> Mapping[str, WixMember]:
        """Those of these members that the site has."""
        ...


class MemberFinder(Members, Protocol):
    """What Wix tells of members by their ids and by their addresses."""

    def members_by_email(self, addresses: Collection[str]) -> Mapping[str, Sequence[Addressee]]:
        """Who logs in with these addresses, by the addresses as given; absent where nobody."""
        ...


class SiteReader(Protocol):
    """What Wix tells of one site as a whole. Raises the errors of ``badgejobs.errors``."""

    def site_facts(self) -> SiteFacts:
        """The site's time zone and currency, as its owner set them."""
        ...
