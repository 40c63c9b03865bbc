"""Who wrote the posts of the blog."""

from __future__ import annotations

from collections.abc import Collection

from badgejobs.errors import Ambiguous
from badgejobs.wix import bodies, calls, pages
from badgejobs.wix.calls import is_guid
from badgejobs.wix.client import asking
from badgejobs.wix.exchange import Exchange


class BlogCalls:
    """What :class:`WixClient` can read of the blog."""

    _exchange: Exchange

    def posts_of(self, member_ids: Collection[str]) -> dict[str, str]:
        """The published posts that these members wrote: each with its writer.

        A post is named as comments name it (their ``resourceId``), a member as they were asked
        for. Costs a call for up to 100 members, and more where they wrote above 100 posts.
        """
        wanted = {one.lower(): one for one in member_ids if is_guid(one)}
        found: dict[str, str] = {}
        for some in asking.chunks(wanted.values()):
            for one in self._posts(some):
                # Wix answers a filter that it does not see with everything it has.
                writer = wanted.get((one.member_id or "").lower())
                if writer is not None:
                    found[one.reference_id or one.id] = writer
        return found

    def _posts(self, member_ids: list[str]) -> list[bodies.Post]:
        """All posts of up to 100 members.

        They are paged by offset, where a post that goes pushes another one past us: a number of
        posts that changes meanwhile is :class:`Ambiguous`, and so is a page with nothing new
        before there are as many as were told of.
        """
        posts: dict[str, bodies.Post] = {}
        first: int | None = None
        while True:
            known = len(posts)
            call = calls.query_posts(member_ids, offset=known)
            told = self._exchange.ask(call)
            page = pages.page(
                told.body, bodies.Post, answered_at=told.answered_at, what=told.what, paged=False
            )
            if page.bad:
                raise Ambiguous(f"{told.what}: a post cannot be read: {page.bad[0].reason}")
            totals = pages.decoded(told.body, bodies.PostsTold, what=told.what).totals
            total = totals.total if totals else None
            first = first if known else total
            if total != first:
                raise Ambiguous(f"{told.what}: the blog changed while it was read")
            posts |= {one.id: one for one in page.records}
            if not page.records if total is None else len(posts) >= total:
                return list(posts.values())
            if len(posts) == known:
                raise Ambiguous(f"{told.what}: a page holds nothing new and more must follow")
