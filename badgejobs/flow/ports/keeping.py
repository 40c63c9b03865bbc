"""What the stages keep beside the ledger: alerts, what was declared, and drift."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime, timedelta
from typing import Protocol

from badgejobs.core import alert, allowance
from badgejobs.core.award import Award, State
from badgejobs.core.comparison import Kept
from badgejobs.core.drift import Drift, Kind


class Alerts(Protocol):
    """What a person must know."""

    def raised(self, site: str, kind: alert.Kind, text: str, *, subject: str = "") -> bool:
        """See to it that an alert is open, with this text; whether it was not before."""
        ...

    def clear(self, site: str, kind: alert.Kind, *, subject: str | None = None) -> int:
        """The cause is over, of one subject or of all; how many were open."""
        ...


class Allowances(Protocol):
    """What was said beforehand of how much there will be."""

    def declare(
        self, site: str, kind: allowance.Kind, number: int, *, holds: timedelta, declared_by: str
    ) -> None:
        """Let so many more pass; for so long."""
        ...

    def left(self, site: str, kind: allowance.Kind) -> int:
        """How many may pass still."""
        ...

    def spend(self, site: str, kind: allowance.Kind, number: int) -> int:
        """Let up to so many pass now; how many may."""
        ...

    def give_back(self, site: str, kind: allowance.Kind, number: int) -> None:
        """What passed did not happen after all: so many more may, as long as the word holds."""
        ...


class Drifts(Protocol):
    """Where Wix and the ledger differ."""

    def found(self, site: str, differences: Iterable[Drift]) -> None:
        """Keep what a reading found."""
        ...

    def close(self, site: str, *, before: datetime, but: Collection[str] = ()) -> int:
        """Forget what the reading that began then did not find any more, ``but`` of these badges.

        How many went.
        """
        ...

    def since(self, site: str, kind: Kind, *, before: datetime) -> frozenset[tuple[str, str]]:
        """The (member_id, badge) that a reading found to differ so by that moment, or earlier."""
        ...

    def over(self, site: str, pairs: Collection[tuple[str, str]]) -> None:
        """Forget the differences of these (member_id, badge)."""
        ...


class Comparing(Protocol):
    """The ledger as it is held against Wix."""

    def managed(self, site: str) -> dict[str, str]:
        """Badge to Wix badge id, of those that are bound and not known to be gone at Wix."""
        ...

    def known(
        self,
        site: str,
        badges: Collection[str],
        states: Collection[State],
        *,
        after: tuple[str, str],
        limit: int,
    ) -> list[Kept]:
        """Awards in these states in the order of (member_id, badge), beginning behind ``after``."""
        ...

    def of(
        self, site: str, pairs: Collection[tuple[str, str]], *, lock: bool
    ) -> dict[tuple[str, str], Kept]:
        """The awards of these (member_id, badge), with what their history says of them.

        With ``lock`` nobody else changes them before this transaction ends, and those that
        somebody else is just changing are left out.
        """
        ...

    def write(self, changes: Sequence[tuple[Award, Award]]) -> None:
        """Write (before, after) of awards that were read with ``lock`` in this transaction."""
        ...

    def record(self, awards: Sequence[Award]) -> int:
        """Add awards that the ledger does not have; how many it did not have."""
        ...

    def erased(self, site: str, members: Collection[str]) -> frozenset[str]:
        """Those of these members who were erased: nothing of theirs is recorded again."""
        ...

    def taken(self, site: str, badge: str, *, limit: int) -> list[tuple[str, str]]:
        """Some (member_id, badge) that a person took, in key order."""
        ...

    def clear_overrides(self, site: str, pairs: Collection[tuple[str, str]]) -> int:
        """Let what a person took be given by the rules again; how many of these it was."""
        ...
