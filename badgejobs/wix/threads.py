"""List Comments By Resource: published comments, and beside them the replies to each."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from badgejobs.errors import Ambiguous
from badgejobs.wix import bodies, pages
from badgejobs.wix.bodies import Comment
from badgejobs.wix.pages import BadRecord, Listed


@dataclass(frozen=True, slots=True, kw_only=True)
class Thread:
    """The replies to one comment."""

    replies: tuple[Comment, ...]
    bad: tuple[BadRecord, ...]
    #: Whether Wix has more than came; a query by the comment's resource finds them.
    more: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Threads:
    """One page of the comments of a resource."""

    comments: Listed[Comment]
    #: By the id of the comment that they reply to; one without replies may be absent.
    replies: Mapping[str, Thread]


def read(body: bytes, *, answered_at: datetime | None, what: str, cursor: str | None) -> Threads:
    """Read one page; raises :class:`Ambiguous` where the page as such makes no sense."""
    comments = pages.page(body, Comment, answered_at=answered_at, what=what)
    if cursor is not None and comments.next_cursor == cursor:
        raise Ambiguous(f"{what}: it leads to itself: the list would never end")
    told = pages.decoded(body, bodies.RepliesByComment, what=what).comment_replies or {}
    return Threads(comments=comments, replies={key: _thread(one) for key, one in told.items()})


def _thread(found: bodies.Replies) -> Thread:
    replies, bad = pages.one_by_one(found.replies, Comment)
    more = found.paging_metadata is not None and found.paging_metadata.has_next is True
    return Thread(replies=replies, bad=bad, more=more)
