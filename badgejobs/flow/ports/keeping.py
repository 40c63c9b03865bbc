"""What the stages keep beside the ledger: alerts, what was declared, and drift."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from typing import Protocol

from badgejobs.core import alert, allowance
from badgejobs.core.drift import Drift


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


class Drifts(Protocol):
    """Where Wix and the ledger differ."""

    def found(self, site: str, differences: Iterable[Drift]) -> None:
        """Keep what a reading found."""
        ...

    def close(self, site: str) -> int:
        """Forget what this reading did not find any more."""
        ...
