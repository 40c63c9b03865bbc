"""What was said beforehand of how much there will be, so that no cap or guard stops it."""

from __future__ import annotations

from enum import StrEnum


class Kind(StrEnum):
    """What may pass."""

    #: New awards beyond a site's number in an hour.
    AWARDS = "awards"
    #: Revocations beyond the share that the guard lets pass.
    REVOCATIONS = "revocations"
