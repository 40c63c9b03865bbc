"""The facts: what members did, as the sources read it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType


class Mark(StrEnum):
    """What is true of an activity now; a policy decides which of these make it count.

    Marks are facts of the latest state that was read, so a refund or an un-hide replaces
    them and nothing is ever added up or taken back.
    """

    APPROVED = "approved"
    PAID = "paid"
    FULFILLED = "fulfilled"
    PARTLY_REFUNDED = "partly_refunded"
    REFUNDED = "refunded"
    CANCELLED = "cancelled"
    REJECTED = "rejected"
    IMPORTED = "imported"
    DEMO = "demo"
    PUBLISHED = "published"
    PENDING = "pending"
    HIDDEN = "hidden"
    DELETED = "deleted"
    STAFF = "staff"
    #: Set by the ledger, not by a source: missing from two complete walks.
    GONE = "gone"


@dataclass(frozen=True, slots=True, kw_only=True)
class Activity:
    """One thing that one member did.

    ``(site, source, activity_id)`` names it for good: read twice, it counts once. It carries
    ids, times and amounts only: no names, no addresses, no texts.
    """

    site: str
    source: str
    activity_id: str
    #: ``None`` for a guest, and for a deleted comment whose author Wix no longer tells.
    member_id: str | None
    occurred_at: datetime
    #: The last change, by Wix's clock.
    updated_at: datetime
    #: Wix's revision where it has one, else 0; decides with ``updated_at`` which state is newer.
    revision: int = 0
    #: The part of a source it belongs to: for comments the app id.
    part: str = ""
    marks: frozenset[Mark] = frozenset()
    #: Money in minor units of ``currency``, by name: ``items``, ``total``, ``refunded``.
    amounts: Mapping[str, int] = field(default_factory=lambda: MappingProxyType({}))
    currency: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Unreadable:
    """A record that a source could not understand; the scan goes on without it."""

    source: str
    #: The record's id where it could be found, else an empty string.
    activity_id: str
    #: Which field is wrong and how; never a value, which could be a member's.
    reason: str
