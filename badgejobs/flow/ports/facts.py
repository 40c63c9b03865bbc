"""What the stages know of the stored facts."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from typing import Protocol

from badgejobs.core.activity import Activity, Unreadable
from badgejobs.core.ledger import (
    AuditSummary,
    Missing,
    Recorded,
)
from badgejobs.core.source import Known, Resources


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
        later state names none. ``generation`` is the number of the reading.
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
        but: Collection[str] = (),
    ) -> Missing:
        """Note what a complete reading did not find; what was missed before that too is gone.

        ``unseen_since`` is the reading's number, ``on`` what it read where that was not all, and
        of a source with a watermark only what ``changed_before`` it began. Gone is what was
        missed first at least ``gap`` ago.
        """
        ...

    def standing(self, site: str, source: str, *, seen_since: int) -> tuple[int, int]:
        """How many are known and not gone, and how many of them a reading of this number saw."""
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

    def published(self, site: str, source: str, on: Resources) -> int:
        """How many published activities these resources have together."""
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
