"""All that the stages know of the other rooms; bootstrap binds the real ones."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from contextlib import AbstractContextManager
from datetime import datetime, timedelta
from typing import Protocol

from badgejobs.core.activity import Activity, Unreadable
from badgejobs.core.award import Award, State
from badgejobs.core.ledger import (
    AuditSummary,
    Claimed,
    Earned,
    Lease,
    Missing,
    Recorded,
    WakeUp,
)
from badgejobs.core.milestone import Look, Wants
from badgejobs.core.source import Known, Resources, Track
from badgejobs.core.watermark import Place
from badgejobs.core.wixfacts import Created, Fence, SiteFacts, WixAssignment, WixBadge
from badgejobs.errors import BadgeJobsError

# ---------------------------------------------------------------- Wix


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


# ---------------------------------------------------------------- store


class Activities(Protocol):
    """The facts."""

    def take_turns(self, site: str) -> None:
        """Until this transaction ends, nobody else records or decides for this site.

        Without it two pages of one member, written at once, would each decide without the
        other.
        """
        ...

    def record(
        self, activities: Sequence[Activity], *, site: str, source: str, generation: int
    ) -> Recorded:
        """Insert or renew activities.

        An older revision never replaces a newer one, and a member once known is kept where a
        later state names none. ``generation`` is 0 for window sources.
        """
        ...

    def mark_missing(
        self,
        site: str,
        source: str,
        *,
        unseen_since: int,
        gap: timedelta,
        on: Resources | None = None,
        changed_before: datetime | None = None,
    ) -> Missing:
        """Note what a complete reading did not find; what was missed before that too is gone.

        ``unseen_since`` is the reading's number, ``on`` what it read where that was not all, and
        of a source with a watermark only what ``changed_before`` it began. Gone is what was
        missed first at least ``gap`` ago.
        """
        ...

    def number(self, site: str, source: str) -> int:
        """How many activities of a source are known, whatever their marks."""
        ...

    def of_members(self, site: str, members: Collection[str]) -> dict[str, list[Activity]]:
        """All activities of these members; a member without any is absent."""
        ...

    def members_after(self, site: str, after: str, limit: int) -> list[str]:
        """Member ids in key order, beginning behind ``after``."""
        ...


class Quarantine(Protocol):
    """The records that could not be understood."""

    def add(self, records: Sequence[Unreadable], *, site: str, generation: int) -> None:
        """Keep what could not be understood, with its reason.

        What is known of such a record was seen by this reading all the same: it is not gone.
        """
        ...

    def understood(self, site: str, source: str, ids: Collection[str]) -> int:
        """Forget these, which are understood now; how many of them were here."""
        ...

    def due_sources(self, site: str) -> list[str]:
        """The sources with records that are to be asked for now."""
        ...

    def due(self, site: str, source: str, *, limit: int) -> list[str]:
        """Some that are to be asked for now, those that wait for longest first."""
        ...

    def tried(
        self,
        site: str,
        source: str,
        ids: Collection[str],
        *,
        missing: Collection[str] = (),
        gap: timedelta = ...,
    ) -> int:
        """Note that these were asked for; how many of the ``missing`` among them are gone.

        Gone is what Wix did not give twice, at least ``gap`` apart: it is forgotten.
        """
        ...

    def rest(self, site: str, source: str) -> None:
        """Ask for nothing of this source before tomorrow: it cannot be asked for by itself."""
        ...

    def not_seen(self, site: str, source: str, *, since: datetime, gap: timedelta) -> None:
        """Note what a full reading that began then, and is at its end, did not come across."""
        ...


class ResourceMemo(Protocol):
    """What is known of each resource, and which may have changed."""

    def known(self, site: str, source: str) -> Known:
        """How many published activities each resource has, by part."""
        ...

    def rebuild(self, site: str, source: str) -> None:
        """Make the numbers anew from the facts."""
        ...

    def hint(
        self,
        site: str,
        source: str,
        resources: Collection[Resources],
        *,
        due_in: timedelta = ...,
    ) -> None:
        """Note resources that may have changed, to be read from then on."""
        ...

    def hints(self, site: str, source: str) -> int:
        """How many are noted and not read yet."""
        ...

    def take(self, site: str, source: str, *, generation: int, limit: int) -> Resources | None:
        """Take up some hints of one part under this number; ``None`` where none is due."""
        ...

    def taken(self, site: str, source: str, *, generation: int) -> Resources | None:
        """What a reading that was cut off had taken up, less what was noted anew since."""
        ...

    def read(self, site: str, source: str, *, generation: int) -> None:
        """Forget the hints that this reading took up, unless they were noted anew meanwhile."""
        ...


class Audits(Protocol):
    """What complete readings of window sources found by month."""

    def note(
        self,
        site: str,
        source: str,
        *,
        generation: int,
        known_before: datetime,
        changed_before: datetime,
    ) -> AuditSummary:
        """Hold what was known before against what this reading saw, by month."""
        ...


class Scans(Protocol):
    """The places of scans, under leases."""

    def register(
        self,
        site: str,
        source: str,
        mode: str,
        *,
        tracks: Sequence[Track] = ...,
        wants: Collection[str] | None = None,
    ) -> None:
        """Make sure that a row exists for each track of this source; due at once when new.

        Where ``wants`` names more than was read until now beside the plain facts, the source is
        read again from its beginning.
        """
        ...

    def complete(self, site: str, wants: Wants) -> frozenset[str]:
        """The sources whose history is read to its end, with all that these wants ask of them."""
        ...

    def known_to(self, site: str) -> Mapping[str, datetime]:
        """The moment by source up to which all is recorded; absent before the first full scan."""
        ...

    def lease(
        self,
        site: str,
        source: str,
        track: Track = ...,
        *,
        holds: timedelta,
        if_rested: bool = False,
        if_due: bool = False,
    ) -> Lease:
        """Take the lease of a scan, or raise ``LeaseTaken``.

        ``if_rested`` asks more: after a failure, that its wait is over too; and ``if_due`` that
        it is due at all.
        """
        ...

    def newest_generation(self, site: str, source: str) -> int:
        """The highest number that a reading of this source has had."""
        ...

    def begin_live(self, site: str, source: str, *, at: datetime) -> None:
        """Let the live track of a window source begin at a time of Wix's, if it has not yet."""
        ...

    def live_reached(self, site: str, source: str) -> datetime | None:
        """How far the live track of a window source has come."""
        ...

    def walked_from(self, site: str, source: str) -> datetime | None:
        """When the last complete full reading began."""
        ...

    def bring_forward(self, site: str, source: str, track: Track, *, to: datetime) -> None:
        """Let a track be due then, where it would only be later."""
        ...

    def keep(self, lease: Lease, place: Place, *, holds: timedelta) -> None:
        """Save a place and renew the lease; ``LeaseLost`` where a later epoch has begun."""
        ...

    def release(
        self, lease: Lease, *, due_in: timedelta, completed: bool, error: str | None = None
    ) -> None:
        """Give the lease back after work well done and say when the source is due again.

        ``error`` is what stood in the way of a part of it.
        """
        ...

    def postpone(self, lease: Lease, *, due_in: timedelta, error: BadgeJobsError) -> None:
        """Give the lease back after an error; a mere wait (``Later``) is no failure."""
        ...


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


class Links(Protocol):
    """Which guest's order is which member's."""

    def undo(self, site: str, link_id: int) -> frozenset[str]:
        """Undo a link for good, by a person's word; the members whose activities changed.

        Raises ``StateError`` where there is no such link, or it is undone already.
        """
        ...


class Erasing(Protocol):
    """All that is known of one member, by the kind of its rows."""

    def count(self, site: str, member_id: str) -> dict[str, int]:
        """How many rows of each kind would go."""
        ...

    def erase(self, site: str, member_id: str) -> dict[str, int]:
        """Delete them, and see to it that nothing of them comes back; how many went."""
        ...


class Requests(Protocol):
    """Wishes that one member be looked at."""

    def add(self, site: str, member_id: str) -> int:
        """Ask that a member be decided; the id of the request."""
        ...


class Transaction(Protocol):
    """One database transaction; ``now`` is the database's time, the same throughout."""

    @property
    def now(self) -> datetime:
        """The database's time, the same throughout."""
        ...

    @property
    def activities(self) -> Activities:
        """The facts."""
        ...

    @property
    def quarantine(self) -> Quarantine:
        """The records that could not be understood."""
        ...

    @property
    def resources(self) -> ResourceMemo:
        """What is known of each resource, and which may have changed."""
        ...

    @property
    def audits(self) -> Audits:
        """What complete readings found by month."""
        ...

    @property
    def scans(self) -> Scans:
        """The places of scans."""
        ...

    @property
    def awards(self) -> Awards:
        """The ledger."""
        ...

    @property
    def wake_ups(self) -> WakeUps:
        """When time alone may change what members have earned."""
        ...

    @property
    def versions(self) -> Versions:
        """The versions of the rules that were in force."""
        ...

    @property
    def bindings(self) -> Bindings:
        """Which Wix badge each badge is."""
        ...

    @property
    def links(self) -> Links:
        """Which guest's order is which member's."""
        ...

    @property
    def erasing(self) -> Erasing:
        """The way in which all of a member is erased."""
        ...

    @property
    def requests(self) -> Requests:
        """Wishes that one member be looked at."""
        ...


class Store(Protocol):
    """Where the record is kept."""

    def begin(self) -> AbstractContextManager[Transaction]:
        """A transaction for writing: commits at the end, rolls back on an error."""
        ...
