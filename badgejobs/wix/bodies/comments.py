"""Comments (Wix docs, Comments: Comment Object)."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar, Literal

from pydantic import BeforeValidator, Field

from badgejobs.wix.bodies.fields import Body, MaybeGuid, Record, RecordId, Revision, Stamp

#: More nodes than any comment has.
_MOST_NODES = 100_000


def _length(content: object) -> int:
    """How many characters of text there are in rich content; white space in a row is one.

    The text itself goes no further. What is no text, or not understood, adds nothing.

    >>> text = {"type": "TEXT", "textData": {"text": "Well  said "}}
    >>> paragraph = {"type": "PARAGRAPH", "nodes": [text, text]}
    >>> _length({"richContent": {"nodes": [paragraph, {"type": "IMAGE"}]}})
    19
    """
    root = content.get("richContent") if isinstance(content, dict) else None
    waiting, texts, seen = [root], list[str](), 0
    while waiting and seen < _MOST_NODES:
        node = waiting.pop()
        seen += 1
        if not isinstance(node, dict):
            continue
        data = node.get("textData")
        text = data.get("text") if isinstance(data, dict) else None
        # parts of one paragraph follow each other closely, paragraphs do not
        texts.append(text if isinstance(text, str) else " ")
        nodes = node.get("nodes")
        waiting.extend(reversed(nodes) if isinstance(nodes, list) else ())
    return len(" ".join("".join(texts).split()))


class Author(Body):
    """Who wrote: exactly one of member, visitor and user; nobody once it is deleted."""

    member_id: MaybeGuid = None
    #: A Wix user: the site's owner or staff.
    user_id: str | None = None


class ParentComment(Body):
    """What a reply replies to."""

    id: RecordId | None = None
    author: Author | None = None


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
    #: Only there where it is a reply.
    parent_comment: ParentComment | None = None
    #: In characters; a deleted comment has no content, and 0.
    length: Annotated[int, BeforeValidator(_length), Field(validation_alias="content")] = 0
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
