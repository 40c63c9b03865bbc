"""Comments (Wix docs, Comments: Comment Object)."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar, Literal

from pydantic import Field

from badgejobs.wix.bodies.fields import Body, MaybeGuid, Record, RecordId, Revision, Stamp


class Author(Body):
    """Who wrote: exactly one of member, visitor and user; nobody once it is deleted."""

    member_id: MaybeGuid = None
    #: A Wix user: the site's owner or staff.
    user_id: str | None = None


class Comment(Record):
    """A comment; a status that Wix added since makes it unreadable, for it would decide."""

    many: ClassVar[str] = "comments"
    alone: ClassVar[str] = "comment"

    id: RecordId
    revision: Revision = 0
    created_date: Stamp
    updated_date: Stamp
    #: When it was really written, which for imported ones is not when it was stored.
    comment_date: Stamp | None = None
    #: What it is about, a post for example, within its context.
    context_id: str | None = None
    resource_id: str | None = None
    author: Author | None = None
    status: Literal["PUBLISHED", "HIDDEN", "PENDING", "DELETED"]


class Count(Body):
    """The answer of Count Comments."""

    count: Annotated[int, Field(ge=0)]


class _More(Body):
    has_next: bool | None = None


class Replies(Body):
    """The replies to one comment, as far as they were asked for."""

    replies: list[Any] = Field(default_factory=list)
    paging_metadata: _More | None = None


class RepliesByComment(Body):
    """The part of List Comments By Resource that no other list has."""

    comment_replies: dict[str, Replies] | None = None
