"""What stands at Wix, as values that the stages and the client exchange."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from badgejobs.core.milestone import Look
from badgejobs.errors import BadgeJobsError


@dataclass(frozen=True, slots=True, kw_only=True)
class WixBadge:
    """A badge as it stands at Wix."""

    id: str
    revision: str
    title: str
    look: Look


@dataclass(frozen=True, slots=True, kw_only=True)
class WixAssignment:
    """A badge assignment as it stands at Wix."""

    id: str
    badge_id: str
    member_id: str
    created_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Created:
    """Wix's word on one item of a create: exactly one of ``assignment`` and ``error``.

    ``error`` is an ``AlreadyExists``, ``NotFound``, ``Refused`` or, for an item that the answer
    does not tell about (``undetailedFailures``), an ``Ambiguous``.
    """

    assignment: WixAssignment | None = None
    error: BadgeJobsError | None = None


#: Called right before the bytes leave; raises :class:`badgejobs.errors.Fenced` to stop them.
Fence = Callable[[], None]
