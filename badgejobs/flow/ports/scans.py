"""What the stages know of the places of scans."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Protocol

from badgejobs.core.ledger import (
    Lease,
)
from badgejobs.core.milestone import Wants
from badgejobs.core.source import Track
from badgejobs.core.watermark import Place
from badgejobs.errors import BadgeJobsError


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
        self, lease: Lease, *, due_in: timedelta | None, completed: bool, error: str | None = None
    ) -> None:
        """Give the lease back after work well done and say when the source is due again.

        Without ``due_in`` that was said before, and stays.

        ``error`` is what stood in the way of a part of it.
        """
        ...

    def finish(self, lease: Lease, *, due_in: timedelta) -> None:
        """A full reading is at its end; to be said in the transaction of its last page."""
        ...

    def postpone(self, lease: Lease, *, due_in: timedelta, error: BadgeJobsError) -> None:
        """Give the lease back after an error; a mere wait (``Later``) is no failure."""
        ...
