"""Comments of a site's apps as activities, read in full walks.

Wix lets nobody filter or sort comments by date, and query them only app by app.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from badgejobs.core.activity import Activity, Mark, Unreadable
from badgejobs.core.site import Site
from badgejobs.core.source import Known, Mode, Page, Probed, Scope, Walk
from badgejobs.errors import CursorRefused, NotFound, Refused, SettingsError
from badgejobs.sources.posts import Writers
from badgejobs.wix.bodies import Comment
from badgejobs.wix.calls import is_guid
from badgejobs.wix.client import WixClient
from badgejobs.wix.pages import Listed
from badgejobs.wix.protocol import TooManyToCount

_MARK_OF_STATUS = {
    "PUBLISHED": Mark.PUBLISHED,
    "PENDING": Mark.PENDING,
    "HIDDEN": Mark.HIDDEN,
    "DELETED": Mark.DELETED,
}


class Comments:
    """The comments of one site, app after app in the site's order.

    A cursor here is the app id, a colon and Wix's own cursor, which is empty at an app's start.
    Where the rules want to know who wrote the posts, members who were not met before are asked
    for theirs.
    """

    name = "comments"
    mode: Mode = "walk"

    def __init__(self, site: Site) -> None:
        self._site = site
        self._writers = Writers()
        self._apps = tuple(dict.fromkeys(site.comment_apps))
        for app in self._apps:
            if not is_guid(app):
                raise SettingsError(
                    f"comment_apps of site {site.name}: {app!r} is no app id; an app id is a GUID"
                )

    def fetch(self, client: WixClient, scope: Scope, cursor: str | None) -> Page:
        """One page of up to 100 comments of one app, every status."""
        assert isinstance(scope, Walk), "comments are read by walks"
        app, wix_cursor = self._place(cursor)
        try:
            found = client.query_comments(app, wix_cursor)
        except CursorRefused:
            raise
        except (NotFound, Refused) as error:
            raise Refused(self._unknown(app, error)) from error
        next_cursor = self._next(app, found.next_cursor)
        return replace(self._page(client, app, found), next_cursor=next_cursor)

    def reread(self, client: WixClient, activity_ids: Sequence[str]) -> Page:
        """Up to 100 comments as they are now; those that no app has any more are left out.

        Whose they are is not known, so one app after the other is asked, until all are found.
        """
        left, found = list(activity_ids), Page(activities=())
        for app in self._apps:
            if not left:
                break
            try:
                told = client.comments_by_id(app, left)
            except (NotFound, Refused) as error:
                raise Refused(self._unknown(app, error)) from error
            page = self._page(client, app, told)
            found = replace(
                page,
                activities=found.activities + page.activities,
                unreadable=found.unreadable + page.unreadable,
            )
            here = {one.activity_id for one in page.activities}
            here |= {one.activity_id for one in page.unreadable}
            left = [one for one in left if one not in here]
        return found

    def _page(self, client: WixClient, app: str, found: Listed[Comment]) -> Page:
        """Comments of one app as activities, with what the rules want beside them."""
        activities = tuple(self._activity(comment, app) for comment in found.records)
        return Page(
            activities=self._writers.owned(client, activities)
            if self._site.wants.post_authors
            else activities,
            unreadable=tuple(
                Unreadable(source=self.name, activity_id=bad.id, reason=bad.reason)
                for bad in found.bad
            ),
            answered_at=found.answered_at,
        )

    def probe(self, client: WixClient, known: Known, offsets: Mapping[str, int]) -> Probed:
        """Whether any app has another number of published comments than is known."""
        live = {app: self._published(client, app) for app in self._apps}
        return Probed(
            live={app: number for app, number in live.items() if number is not None},
            to_walk=frozenset(
                app for app, number in live.items() if number != sum(known.get(app, {}).values())
            ),
        )

    def _published(self, client: WixClient, app: str) -> int | None:
        """How many there are; ``None``, which is no known number, where Wix will not count."""
        try:
            return client.count_comments(app)
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

    def _activity(self, comment: Comment, app: str) -> Activity:
        author, parent = comment.author, comment.parent_comment
        member = author.member_id if author else None
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
            post=comment.resource_id or "",
            parent=parent.id if parent else None,
            own=member is not None and member == answered,
            length=comment.length,
        )

    def _unknown(self, app: str, error: Exception) -> str:
        return (
            f"site {self._site.name}: the comments of app {app} cannot be read ({error}); "
            "install that app or take it out of comment_apps"
        )
