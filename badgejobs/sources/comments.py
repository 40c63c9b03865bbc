"""Comments of a site's apps as activities, read in full walks.

Wix lets nobody filter or sort comments by date, and query them only app by app.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from typing import Literal

from badgejobs.core.activity import Activity, Mark, Unreadable
from badgejobs.core.site import Site
from badgejobs.core.source import Page, Scope, Tallies, Walk
from badgejobs.errors import CursorRefused, NotFound, Refused, SettingsError
from badgejobs.wix.bodies import Comment
from badgejobs.wix.calls import is_guid
from badgejobs.wix.client import WixClient
from badgejobs.wix.protocol import TooManyToCount

_MARK_OF_STATUS = {
    "PUBLISHED": Mark.PUBLISHED,
    "PENDING": Mark.PENDING,
    "HIDDEN": Mark.HIDDEN,
    "DELETED": Mark.DELETED,
}

#: The member who wrote each of these posts, where one did.
PostAuthors = Callable[[Collection[str]], Mapping[str, str]]


def nobody_known(_posts: Collection[str], /) -> Mapping[str, str]:
    """Of no post it is known who wrote it."""
    return {}


class Comments:
    """The comments of one site, app after app in the site's order.

    A cursor here is the app id, a colon and Wix's own cursor, which is empty at an app's start.
    Where the rules want to know who wrote the posts, ``post_authors`` is asked once a page.
    """

    name = "comments"
    mode: Literal["window", "walk"] = "walk"

    def __init__(
        self, site: Site, wix: WixClient, /, *, post_authors: PostAuthors = nobody_known
    ) -> None:
        self._site = site
        self._wix = wix
        self._post_authors = post_authors
        self._apps = tuple(dict.fromkeys(site.comment_apps))
        for app in self._apps:
            if not is_guid(app):
                raise SettingsError(
                    f"comment_apps of site {site.name}: {app!r} is no app id; an app id is a GUID"
                )

    def fetch(self, scope: Scope, cursor: str | None) -> Page:
        """One page of up to 100 comments of one app, every status."""
        assert isinstance(scope, Walk), "comments are read by walks"
        app, wix_cursor = self._place(cursor)
        try:
            found = self._wix.query_comments(app, wix_cursor)
        except CursorRefused:
            raise
        except (NotFound, Refused) as error:
            raise Refused(self._unknown(app, error)) from error
        authors = self._authors(found.records)
        return Page(
            activities=tuple(self._activity(comment, app, authors) for comment in found.records),
            unreadable=tuple(
                Unreadable(source=self.name, activity_id=bad.id, reason=bad.reason)
                for bad in found.bad
            ),
            next_cursor=self._next(app, found.next_cursor),
            answered_at=found.answered_at,
        )

    def probe(self, known: Tallies) -> bool:
        """Whether any app has another number of published comments than is known.

        Costs one count an app, up to the first that differs. An edit, or a hide and a publish
        between two probes, does not show in numbers.
        """
        return any(
            self._published(app) != known.get(app, {}).get(Mark.PUBLISHED, 0) for app in self._apps
        )

    def _published(self, app: str) -> int | None:
        """How many there are; ``None``, which is no known number, where Wix will not count."""
        try:
            return self._wix.count_comments(app)
        except TooManyToCount:
            return None
        except (NotFound, Refused) as error:
            raise Refused(self._unknown(app, error)) from error

    def _place(self, cursor: str | None) -> tuple[str, str | None]:
        if not self._apps:
            raise SettingsError(
                f"site {self._site.name} names no apps whose comments are to be read; "
                "set comment_apps"
            )
        if cursor is None:
            return self._apps[0], None
        app, _, wix_cursor = cursor.partition(":")
        if app not in self._apps:
            raise CursorRefused(
                f"the walk was at the comments of app {app}, which is no longer in comment_apps"
            )
        return app, wix_cursor or None

    def _next(self, app: str, wix_cursor: str | None) -> str | None:
        if wix_cursor is not None:
            return f"{app}:{wix_cursor}"
        behind = self._apps[self._apps.index(app) + 1 :]
        return f"{behind[0]}:" if behind else None

    def _authors(self, comments: Collection[Comment]) -> Mapping[str, str]:
        """Who wrote the posts of these comments; a post without a member's comment is no matter."""
        if not self._site.wants.post_authors:
            return {}
        posts = {
            one.resource_id
            for one in comments
            if one.resource_id and one.author and one.author.member_id
        }
        return self._post_authors(sorted(posts)) if posts else {}

    def _activity(self, comment: Comment, app: str, authors: Mapping[str, str]) -> Activity:
        author, parent = comment.author, comment.parent_comment
        member, post = author.member_id if author else None, comment.resource_id or ""
        answered = parent.author.member_id if parent and parent.author else None
        marks = {_MARK_OF_STATUS[comment.status]}
        if author is not None and author.user_id:
            marks.add(Mark.STAFF)
        return Activity(
            site=self._site.name,
            source=self.name,
            activity_id=comment.id,
            member_id=member,
            occurred_at=comment.comment_date or comment.created_date,
            updated_at=comment.updated_date,
            revision=comment.revision,
            part=app,
            marks=frozenset(marks),
            post=post,
            parent=parent.id if parent else None,
            own=member is not None and member in {answered, authors.get(post)},
            length=comment.length,
        )

    def _unknown(self, app: str, error: Exception) -> str:
        return (
            f"site {self._site.name}: the comments of app {app} cannot be read ({error}); "
            "install that app or take it out of comment_apps"
        )
