"""Which comments stand under the commenting member's own post."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from badgejobs.core.activity import Activity
from badgejobs.errors import PermissionMissing
from badgejobs.wix.client import WixClient
from badgejobs.wix.wire import COMMENT_APPS

#: How many posts and members are kept in mind; above that all are forgotten and asked for anew.
MOST_KEPT: Final = 100_000


class Writers:
    """Who wrote which post of the blog, as far as those who comment did, during one scan.

    Wix finds no post by what comments know it by, and few who comment write posts: so the
    posts of those members are asked for. A post that is gone has no writer any more. For forums
    and groups nothing is asked: what a member wrote there is not known to be theirs.
    """

    def __init__(self, *, most_kept: int = MOST_KEPT) -> None:
        self._most_kept = most_kept
        self._asked = set[str]()
        self._writers = dict[str, str]()

    def owned(self, wix: WixClient, comments: Sequence[Activity]) -> tuple[Activity, ...]:
        """The same comments, ``own`` where they stand under a post of their author's.

        Costs one call for each hundred members who were not met before, and more for those who
        wrote above a hundred posts. Raises :class:`PermissionMissing` with the cure.
        """
        under_posts = [one for one in comments if _under_a_post(one)]
        members = {one.member_id for one in under_posts if one.member_id}
        if len(self._asked) + len(self._writers) > self._most_kept:
            self._asked, self._writers = set(), {}
        if unknown := sorted(members - self._asked):
            self._writers |= self._posts_of(wix, unknown)
            self._asked |= set(unknown)
        return tuple(
            replace(one, own=True) if _under_a_post(one) and self._wrote(one) else one
            for one in comments
        )

    def _wrote(self, comment: Activity) -> bool:
        return comment.member_id is not None and (
            self._writers.get(comment.post) == comment.member_id
        )

    def _posts_of(self, wix: WixClient, members: Sequence[str]) -> dict[str, str]:
        try:
            return wix.posts_of(members)
        except PermissionMissing as error:
            raise PermissionMissing(
                "the rules ask whether a comment stands under one's own post, and the posts "
                f"cannot be read: {error}; or take on_own_content out of the rules"
            ) from error


def _under_a_post(comment: Activity) -> bool:
    return comment.part.lower() == COMMENT_APPS["blog"] and bool(comment.post)
