"""What stands at Wix, as values that the stages and the client exchange."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
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
    #: Whether its permissions are switched on: whoever holds it may open pages.
    permissions_enabled: bool = False


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


@dataclass(frozen=True, slots=True, kw_only=True)
class Removed:
    """Wix's word on one item of a delete: it is gone, unless there is an ``error``.

    ``error`` is a ``Refused`` or ``PermissionMissing``, or an ``Ambiguous`` for an item that the
    answer does not tell about.
    """

    #: False where it was gone before: somebody else took it, or an answer of ours was lost.
    was_there: bool = True
    error: BadgeJobsError | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class WixMember:
    """A member as Wix tells about them; never in a log."""

    id: str
    nickname: str = field(default="", repr=False)
    slug: str = field(default="", repr=False)
    #: ``PENDING``, ``APPROVED``, ``BLOCKED`` or ``OFFLINE``; ``UNKNOWN`` where it was not told.
    status: str = "UNKNOWN"
    #: Told only where it was asked for.
    login_email: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Addressee:
    """A member who logs in with an address; never in a log."""

    member_id: str
    #: Whether they proved that the address is theirs: anybody can write down another's.
    is_proved: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class WixInstance:
    """Our app as it is installed on a site."""

    instance_id: str
    site_id: str | None
    permissions: frozenset[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class WixToken:
    """What an access token is good for, by Wix's word."""

    active: bool
    app_id: str | None
    instance_id: str | None
    site_id: str | None
    expires_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class SiteFacts:
    """What the owner set for a site at Wix, and rules lean on."""

    #: An IANA name such as ``Europe/Berlin``; ``None`` where none is set.
    timezone: str | None = None
    #: The ISO 4217 code of the currency in which customers are billed; ``None`` as above.
    currency: str | None = None


#: Called right before the bytes leave; raises :class:`badgejobs.errors.Fenced` to stop them.
Fence = Callable[[], None]
