"""All that the intake knows of the record; bootstrap's store fits."""

from __future__ import annotations

from collections.abc import Collection
from contextlib import AbstractContextManager
from datetime import datetime, timedelta
from typing import Protocol

from badgejobs.core.source import Resources, Track


class Hints(Protocol):
    """Which resources may have changed."""

    def hint(
        self,
        site: str,
        source: str,
        resources: Collection[Resources],
        *,
        due_in: timedelta = timedelta(0),
    ) -> None:
        """Note resources that may have changed; noted twice, they are read once."""
        ...


class DueTimes(Protocol):
    """When what is to be read."""

    def make_due(
        self,
        site: str,
        source: str | None = None,
        track: Track = Track.LIVE,
        *,
        if_waiting: bool = False,
        unless_failing: bool = False,
        asked_by: str | None = None,
    ) -> int:
        """Ask for a scan now; where one is at work, another follows it."""
        ...

    def bring_forward(self, site: str, source: str, track: Track, *, to: datetime) -> None:
        """Let a track be due then, where it would only be later."""
        ...

    def walked_from(self, site: str, source: str) -> datetime | None:
        """When the last complete full reading began."""
        ...


class Readings(Protocol):
    """The readings of who has which badge that are going on."""

    def wish(self, site: str, at: datetime) -> None:
        """Let another reading follow then, where one is going on."""
        ...


class Transaction(Protocol):
    """One transaction, at one moment."""

    @property
    def now(self) -> datetime:
        """The database's time, the same throughout."""
        ...

    @property
    def resources(self) -> Hints:
        """Which resources may have changed."""
        ...

    @property
    def sightings(self) -> Readings:
        """The readings of who has which badge that are going on."""
        ...

    @property
    def scans(self) -> DueTimes:
        """When what is to be read."""
        ...


class Store(Protocol):
    """Where the record is kept."""

    def begin(self) -> AbstractContextManager[Transaction]:
        """A transaction for writing: commits at the end, rolls back on an error."""
        ...
