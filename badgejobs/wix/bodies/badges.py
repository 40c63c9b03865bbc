"""Badges and their assignments (Wix docs, Badges V4 and Badge Assignments V4)."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar

from pydantic import Field

from badgejobs.wix.bodies.fields import Body, Guid, Record, Stamp


class Icon(Body):
    """A badge's picture."""

    url: str | None = None


class Badge(Record):
    """A badge (Wix docs, Badges V4: Badge Object)."""

    many: ClassVar[str] = "badges"
    alone: ClassVar[str] = "badge"

    id: Guid
    revision: Annotated[str, Field(strict=False, coerce_numbers_to_str=True)] = ""
    title: str
    description: str | None = None
    background_color: str | None = None
    text_color: str | None = None
    icon: Icon | str | None = None
    #: Told with each badge by Wix's docs, and set in the dashboard only.
    permissions_enabled: bool | None = None


class Assignment(Record):
    """A badge assignment; it has no revision and is never changed."""

    many: ClassVar[str] = "badgeAssignments"
    alone: ClassVar[str] = "badgeAssignment"

    id: Guid
    badge_id: Guid
    member_id: Guid
    created_date: Stamp | None = None


class BadgeAnswer(Body):
    """The answer of Create, Get and Update Badge."""

    badge: Badge


class AssignmentAnswer(Body):
    """The answer of Create Badge Assignment."""

    badge_assignment: Assignment


class ItemError(Body):
    """Why one item of a bulk call failed."""

    code: str = ""
    description: str = ""


class ItemMetadata(Body):
    """Which item of a bulk call, and how it went."""

    id: Guid | None = None
    original_index: int | None = None
    success: bool | None = None
    error: ItemError | None = None


class ItemResult(Body):
    """One row of a bulk answer."""

    item_metadata: ItemMetadata
    item: Assignment | None = None


class BulkTotals(Body):
    """What a bulk call says of itself as a whole."""

    total_successes: int | None = None


class BulkAnswer(Body):
    """The answer of a bulk call; rows that cannot be read count as missing."""

    results: list[Any] = Field(default_factory=list)
    bulk_action_metadata: BulkTotals | None = None


class Nothing(Body):
    """The answer of a delete and of a move: an object that does not speak of an error.

    ``{}`` by Wix's docs; nothing else is looked for in it, so all that could go wrong is that
    it is no answer of such a call at all.
    """

    message: None = None
    error: None = None
    error_code: None = None
    details: None = None
