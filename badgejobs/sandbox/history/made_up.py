"""Made-up comments, as many as are asked for: the same ones each time.

They are for measuring how much reading costs, and mean nothing: on each post stand equally many,
written in turn by some thousand members, one a minute.
"""

from __future__ import annotations

import random
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from badgejobs.sandbox.records.stamps import stamp
from badgejobs.wix import wire

#: A sandbox holds all of them in memory.
MOST: Final = 1_000_000
_MEMBERS: Final = 5_000
_FIRST: Final = datetime(2023, 1, 1, tzinfo=UTC)


def post_id(number: int) -> str:
    """The post of that number, from 0.

    >>> post_id(7)
    '00000b10-0000-4000-8000-000000000007'
    """
    return f"00000b10-0000-4000-8000-{number:012d}"


def member_id(number: int) -> str:
    """The member of that number, from 0."""
    return f"0000abcd-0000-4000-8000-{number:012d}"


def members() -> Iterator[dict[str, Any]]:
    """All that write."""
    at = stamp(_FIRST)
    for number in range(_MEMBERS):
        yield {
            "id": member_id(number),
            "status": "APPROVED",
            "privacyStatus": "PUBLIC",
            "createdDate": at,
            "updatedDate": at,
        }


def comment(comment_id: str, *, number: int, post: int, at: datetime) -> dict[str, Any]:
    """A published comment of the blog, by the member whose turn it is."""
    stamped = stamp(at)
    return {
        "id": comment_id,
        "revision": "1",
        "createdDate": stamped,
        "updatedDate": stamped,
        "commentDate": stamped,
        "appId": wire.COMMENT_APPS["blog"],
        "contextId": post_id(post),
        "resourceId": post_id(post),
        "author": {"memberId": member_id(number % _MEMBERS)},
        "content": {"richContent": {"nodes": []}},
        "status": "PUBLISHED",
        "replyCount": 0,
        "marked": False,
        "contentEdited": False,
    }


def comments(number: int, posts: int) -> Iterator[dict[str, Any]]:
    """So many comments on so many posts; ids tell nothing of the order."""
    ids = random.Random(number)  # noqa: S311 - ids of made-up comments
    for one in range(number):
        comment_id = str(uuid.UUID(int=ids.getrandbits(128), version=4))
        at = _FIRST + timedelta(minutes=one)
        yield comment(comment_id, number=one, post=one % posts, at=at)
