"""What the stages know of the ledger, and of what it is decided by."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Protocol

from badgejobs.core.award import Award, State
from badgejobs.core.ledger import (
    Bound,
    Claimed,
    Earned,
    Lapse,
    WakeUp,
)
from badgejobs.core.milestone import Look
from badgejobs.core.wixfacts import SiteFacts


class Changed(Protocol):
    """A change of an award, as its history keeps it."""

    @property
    def badge(self) -> str:
        """The badge's id in the rules."""
        ...

    @property
    def at(self) -> datetime:
        """When."""
        ...

    @property
    def to_state(self) -> State:
        """Where the award stood from then on."""
        ...

    @property
    def reason(self) -> str:
        """Why, in a few words."""
        ...

    @property
    def actor(self) -> str:
        """Who: the rules, a person at Wix, or whoever ran a command."""
        ...

    @property
    def note(self) -> str:
        """What that person wrote beside it."""
        ...


class Awards(Protocol):
    """The ledger."""

    def history(self, site: str, member_id: str) -> Sequence[Changed]:
        """Every change of state of one member's awards, oldest first."""
        ...

    def before_in_line(self, one: Award) -> int:
        """How many waiting awards of a badge with a limit come before this one."""
        ...

    def of_members(self, site: str, members: Collection[str]) -> dict[tuple[str, str], Award]:
        """All awards of these members by (member_id, badge)."""
        ...

    def open(
        self,
        site: str,
        earned: Sequence[Earned],
        *,
        rules_version: str,
        silent: bool = False,
        declared: bool = False,
    ) -> int:
        """Open an award for each that has none, or one withdrawn or taken by rules; how many.

        With a reason to ``hold`` it is opened as held. Of ``silent`` ones nobody is told, and
        ``declared`` ones are outside the hourly cap.
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

    def mark(self, site: str, lapses: Sequence[Lapse]) -> None:
        """Note of awards that stand at Wix whether they should, and when they are to go."""
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

    def claim(
        self,
        site: str,
        *,
        limit: int,
        holds: timedelta,
        to_send: int | None = None,
        most_an_hour: int | None = None,
    ) -> Claimed | None:
        """Take a batch of due awards (pending or unknown, bound badge) in hand.

        No more than ``to_send`` of them are pending. Of new ones that nobody declared the site
        is given ``most_an_hour``; the others wait.
        """
        ...

    def waiting_for_cap(self, site: str) -> tuple[int, datetime | None]:
        """How many awards wait for the hourly cap, and when the first may go by itself."""
        ...

    def bulk_size(self, site: str, *, usual: int) -> int:
        """How many awards the next bulk create of a site may hold."""
        ...

    def bulk_answered(self, site: str, *, usual: int, cut_to: int | None) -> None:
        """Note that a create was answered clearly, or (``cut_to``) that a bulk's answer is lost."""
        ...

    def lost_sendings(
        self, site: str, pairs: Collection[tuple[str, str]]
    ) -> dict[tuple[str, str], list[datetime]]:
        """When the creates of (member_id, badge) were sent whose answers were lost."""
        ...

    def settle(
        self, awards: Sequence[Award], *, claim: str, was: Sequence[Award] | None = None
    ) -> int:
        """Write awards that are still in this claim's hand; how many were.

        Where it is told how they ``was``, one whose state or attempt is another by now is let be.
        """
        ...

    def holds(self, awards: Sequence[Award], *, claim: str, at_least: timedelta) -> bool:
        """Whether this claim still has all of them in hand for so long, at this very attempt."""
        ...

    def recover(self, *, quiet_period: timedelta) -> int:
        """Turn awards whose claim ran out back: in flight to unknown, others to free.

        What was being taken away is to be taken at once.
        """
        ...

    def turn_all(
        self,
        site: str,
        badge: str,
        change: Callable[[Award], Award],
        *,
        of: Collection[State],
        limit: int,
    ) -> int:
        """Change those of one badge that are in these states and nobody's hand; how many.

        No more than ``limit`` at once, so that the change must lead out of these states.
        """
        ...

    def in_hand(self, site: str, badge: str) -> bool:
        """Whether a worker has an award of this badge in hand, or its request is under way."""
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

    def bound(self, site: str) -> dict[str, Bound]:
        """All that is known of each bound badge."""
        ...

    def gone(self, site: str) -> frozenset[str]:
        """The bound badges that were deleted at Wix."""
        ...

    def note_gone(self, site: str, badge: str) -> bool:
        """Remember that a bound badge was deleted at Wix; whether it was not known before."""
        ...

    def note_look(self, site: str, badge: str, look: Look | None) -> None:
        """Remember the look that the rules file gave a bound badge; ``None`` for none of its."""
        ...

    def note_titles(self, site: str, titles: Mapping[str, str]) -> dict[str, str]:
        """Remember the titles of bound badges at Wix; of those that changed, the former ones."""
        ...

    def note_places(self, site: str, places: Mapping[str, int]) -> None:
        """Remember at which place bound badges are shown, among those that the file owns."""
        ...

    def await_quiet(self, site: str, *, quiet_period: timedelta) -> None:
        """Raise ``Later`` while the answer of a create may still be on its way.

        To be asked before a list of badges is read that shall tell what is missing.
        """
        ...

    def begin_create(
        self, site: str, badge: str, *, quiet_period: timedelta, instead_of: str | None = None
    ) -> None:
        """Note that a badge is about to be created at Wix, perhaps ``instead_of`` a gone one.

        Raises ``Later`` while an earlier try, whose answer may be lost, is younger than the
        quiet period: a query could not show its badge yet.
        """
        ...

    def bind(self, site: str, badge: str, wix_badge_id: str) -> None:
        """Remember for good; a badge that was bound to another one is bound anew.

        Raises ``StateError`` where another badge is bound to this Wix badge.
        """
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

    def since(self, site: str, version: str) -> datetime | None:
        """When a version was taken up last; ``None`` where it was not yet."""
        ...

    def is_first(self, site: str, version: str) -> bool:
        """Whether no other version was ever taken up."""
        ...


class Requests(Protocol):
    """Wishes that one member be looked at."""

    def add(self, site: str, member_id: str) -> int:
        """Ask that a member be decided; the id of the request."""
        ...
