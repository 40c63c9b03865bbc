"""What can be told of a site's pace to whoever looks on."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """How it stands with the pace of one site."""

    #: Slots of the window that are taken.
    taken: int
    #: The pace now: the whole, or what a 429 has left of it.
    per_minute: int
    #: Until the site's gate opens after a 429; 0 where it stands open.
    shut_seconds: float
