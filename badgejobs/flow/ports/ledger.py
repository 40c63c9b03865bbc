"""What the stages know of the ledger, and of what it is decided by."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Protocol

from badgejobs.core.award import Award, State
from badgejobs.core.ledger import (
    Claimed,
    Earned,
    WakeUp,
)
from badgejobs.core.wixfacts import SiteFacts


class Awards(Protocol):
    """The ledger."""

    def of_members(self, site: str, members: Collection[str]) -> dict[tuple[str, str], Award]:
        """All awards of these members by (member_id, badge)."""
        ...

    def open(
        self, site: str, earned: Sequence[Earned], *, rules_version: str, silent: bool = False
    ) -> int:
        """Open an award for each that has none or a withdrawn one; how many were opened.

        With a reason to ``hold`` it is opened as held. Of ``silent`` ones nobody is told.
        """
        ...

    def correct(self, site: str, earned: Sequence[Earned]) -> None:
        """Move ``earned_at`` and ``crossed_by`` of awards that stand already."""
        ...

    def withdraw(self, site: str, pairs: Collection[tuple[str, str]], *, reason: str) -> int:
        """Take back (member_id, badge) awards that are unsent and not in anyone's hand."""
        ...

    def hold(self, site: str, pairs: Collection[tuple[str, str]], *, reason: str) -> int:
        """Let unsent awards that are in nobody's hand wait; how many did not before."""
        ...

    def clear(self, site: str, pairs: Collection[tuple[str, str]]) -> int:
        """Let awards that are held be given; how many were held."""
        ...

    def mark_unmet(self, site: str, pairs: Collection[tuple[str, str]], *, unmet: bool) -> None:
        """Note of awards that stand at Wix that they should not any more, or that they should."""
        ...

    def reasons(self, site: str) -> list[tuple[str, State, str, int]]:
        """Why awards are given up or held, as (badge, state, reason, how many)."""
        ...

    def places(self, site: str, badge: str) -> tuple[int, int]:
        """Of a badge with a limit: (places used for good, unsent awards in line for the rest)."""
        ...

    def allot(
        self, site: str, badge: str, *, first: int, reason: str, instead_of: str
    ) -> tuple[int, int]:
        """Give the places of a badge with a limit to those who come first: (cleared, held).

        The others are held with ``reason``, also where they were held because of ``instead_of``.
        """
        ...

    def in_front(self, site: str, badge: str, *, first: int) -> frozenset[str]:
        """The members with an unsent award for whom a badge with a limit has a place."""
        ...

    def claim(self, site: str, *, limit: int, holds: timedelta) -> Claimed | None:
        """Take a batch of due awards (pending or unknown, bound badge) in hand."""
        ...

    def settle(self, awards: Sequence[Award], *, claim: str) -> int:
        """Write awards that are still in this claim's hand; how many were."""
        ...

    def holds(self, awards: Sequence[Award], *, claim: str, at_least: timedelta) -> bool:
        """Whether this claim still has all of them in hand for at least so long."""
        ...

    def recover(self, *, quiet_period: timedelta) -> int:
        """Turn awards whose claim ran out back: in flight to unknown, others to free."""
        ...

    def states(self, site: str) -> dict[tuple[str, State], int]:
        """How many awards stand in each (badge, state)."""
        ...


class Bindings(Protocol):
    """Which Wix badge each badge of the rules is, per site, and what Wix tells of the site."""

    def site_facts(self, site: str) -> tuple[SiteFacts, datetime] | None:
        """What Wix told of the site, and when; ``None`` where it was not asked yet."""
        ...

    def remember_site_facts(self, site: str, facts: SiteFacts) -> None:
        """Keep what Wix told of the site just now; of a name that is bound to a site."""
        ...

    def of(self, site: str) -> dict[str, str]:
        """Badge to Wix badge id."""
        ...

    def await_quiet(self, site: str, *, quiet_period: timedelta) -> None:
        """Raise ``Later`` while the answer of a create may still be on its way.

        To be asked before a list of badges is read that shall tell what is missing.
        """
        ...

    def begin_create(self, site: str, badge: str, *, quiet_period: timedelta) -> None:
        """Note that a badge is about to be created at Wix.

        Raises ``Later`` while an earlier try, whose answer may be lost, is younger than the
        quiet period: a query could not show its badge yet.
        """
        ...

    def bind(self, site: str, badge: str, wix_badge_id: str) -> None:
        """Remember for good."""
        ...

    def note_permissions(self, site: str, opens_pages: Mapping[str, bool]) -> None:
        """Remember of bound badges whether their permissions are on at Wix."""
        ...

    def opening_pages(self, site: str) -> frozenset[str]:
        """The bound badges whose permissions were on at Wix when they were read last."""
        ...

    def applied(self, site: str) -> tuple[str | None, str | None]:
        """The rules version last taken up, and the member up to whom it has been decided.

        The version is ``None`` before the first; the member is ``None`` when every stored
        member has been decided.
        """
        ...

    def apply(self, site: str, *, version: str, decided_to: str | None) -> None:
        """Save the version taken up, and how far it has been decided."""
        ...

    def whole(self, site: str) -> str | None:
        """The version under which every member was decided since the history grew complete."""
        ...

    def decide_anew(self, site: str, *, history_grew: bool = False) -> None:
        """Let every member of a site be decided once more, if any version was taken up.

        ``history_grew`` where a source was read to its end for the first time.
        """
        ...


class WakeUps(Protocol):
    """When time alone may change what members have earned."""

    def replace(self, site: str, members: Collection[str], wake_ups: Sequence[WakeUp]) -> None:
        """These are all the wake-ups of these members; what stood before is forgotten."""
        ...

    def due(
        self, site: str, known_to: Mapping[str, datetime], *, after: str, limit: int
    ) -> list[str]:
        """Members whose time has come, in key order, beginning behind ``after``."""
        ...


class Versions(Protocol):
    """The versions of each site's rules."""

    def note(self, site: str, version: str, text: str) -> None:
        """Keep the text of a version that is taken up."""
        ...


class Requests(Protocol):
    """Wishes that one member be looked at."""

    def add(self, site: str, member_id: str) -> int:
        """Ask that a member be decided; the id of the request."""
        ...
