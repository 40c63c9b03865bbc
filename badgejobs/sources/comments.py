"""Comments of a site's apps as activities: read in full walks, and post by post.

Wix lets nobody filter or sort comments by date, and query them only app by app. What changed
shows in the numbers of published comments (``core.probing``).
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from badgejobs.core import probing
from badgejobs.core.activity import Activity, Mark, Unreadable
from badgejobs.core.probing import Found
from badgejobs.core.site import Site
from badgejobs.core.source import Known, Mode, Page, Probed, Resources, Scope, Walk
from badgejobs.errors import Ambiguous, CursorRefused, Later, NotFound, Refused, SettingsError
from badgejobs.sources.posts import Writers
from badgejobs.wix import calls, wire
from badgejobs.wix.bodies import Comment
from badgejobs.wix.client import WixClient
from badgejobs.wix.pages import Listed
from badgejobs.wix.protocol import TooManyToCount

_MARK_OF_STATUS = {
    "PUBLISHED": Mark.PUBLISHED,
    "PENDING": Mark.PENDING,
    "HIDDEN": Mark.HIDDEN,
    "DELETED": Mark.DELETED,
}

#: A probe that lasts longer tells what it has found: a lease outlives it, and the calls that the
#: site's pace still allows within a slice may read that.
_MOST_SECONDS = 25.0
#: A few comments may all have been removed; so many at once look as if the app had been.
_MORE_THAN_A_HANDFUL = 10


class _ListRefused(Exception):
    """Wix does not count so many resources at once."""


class Comments:
    """The comments of one site, app after app in the site's order.

    A cursor here is the app id, a colon and Wix's own cursor, which is empty at an app's start.
    Where the rules want to know who wrote the posts, members who were not met before are asked
    for theirs.
    """

    name = "comments"
    mode: Mode = "walk"

    def __init__(self, site: Site, clock: Callable[[], float] = time.monotonic) -> None:
        self._site, self._clock = site, clock
        self._writers = Writers()
        self._apps = tuple(dict.fromkeys(site.comment_apps))
        for app in self._apps:
            if not calls.is_guid(app):
                raise SettingsError(
                    f"comment_apps of site {site.name}: {app!r} is no app id; an app id is a GUID"
                )
        #: How many resources a count may name, by app.
        self._longest = dict.fromkeys(self._apps, calls.MOST_COUNTED)

    def fetch(self, client: WixClient, scope: Scope, cursor: str | None) -> Page:
        """One page of up to 100 comments of one app, every status.

        Of a part that is no longer in comment_apps, and of ids that Wix cannot be asked about,
        there are none. An app that cannot be read is told as refused, and the walk goes on with
        the next one.
        """
        if isinstance(scope, Resources):
            ids = [one for one in scope.ids if calls.is_resource_id(one)]
            if not ids or scope.part not in self._apps:
                return Page(activities=())
            found = self._queried(client, scope.part, cursor, ids)
            if cursor is None and scope.expected and not found.records:
                self._see_any(client, scope.part)
            return self._page(client, scope.part, found, found.next_cursor)
        assert isinstance(scope, Walk), "comments know no time"
        app, wix_cursor = self._place(cursor)
        try:
            found = self._queried(client, app, wix_cursor)
            if wix_cursor is None and app in scope.expected:
                self._require_any(app, found)
        except CursorRefused:
            raise
        except Refused as error:
            return Page(activities=(), next_cursor=self._next(app, None), refused={app: str(error)})
        return self._page(client, app, found, self._next(app, found.next_cursor))

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
                raise Refused(self._unknown(app, str(error))) from error
            page = self._page(client, app, told, None)
            found = replace(
                page,
                activities=found.activities + page.activities,
                unreadable=found.unreadable + page.unreadable,
            )
            here = {one.activity_id for one in page.activities}
            here |= {one.activity_id for one in page.unreadable}
            left = [one for one in left if one not in here]
        return found

    def probe(self, client: WixClient, known: Known, offsets: Mapping[str, int]) -> Probed:
        """What the live numbers tell, app by app; how, and at which cost: ``core.probing``.

        An app that looks as if it were no longer installed is told as refused, since nothing can
        be concluded from the numbers of an app that is not there; the others are probed all the
        same.
        """
        ends = self._clock() + _MOST_SECONDS
        live, found, refused = dict[str, int](), dict[str, Found](), list[str]()
        for app in self._apps:
            if self._clock() >= ends and found:
                break
            here = known.get(app, {})
            try:
                now = self._published(client, app)
                if now == 0 and sum(here.values()) >= _MORE_THAN_A_HANDFUL:
                    self._see_any(client, app)
                found[app] = self._searched(
                    client, app, here, live=now, offset=offsets.get(app, 0), ends=ends
                )
            except Refused as error:
                refused.append(str(error))
                found[app] = Found()
                continue
            except Later:
                if not any(one.changed for one in found.values()):
                    raise
                break
            if now is not None:
                live[app] = now
        return Probed(
            live=live,
            changed=tuple(
                Resources(part=app, ids=one.changed[start : start + wire.MOST_ITEMS])
                for app, one in found.items()
                for start in range(0, len(one.changed), wire.MOST_ITEMS)
            ),
            unexplained={app: one.unexplained for app, one in found.items() if one.unexplained},
            to_walk=frozenset(app for app, one in found.items() if one.to_walk),
            refused="; ".join(refused),
            unfinished=frozenset(
                app for app in self._apps if app not in found or found[app].unfinished
            ),
        )

    def count(self, client: WixClient) -> int | None:
        """How many comments are published in all apps; ``None`` where Wix will not count."""
        numbers = [self._published(client, app) for app in self._apps]
        told = [one for one in numbers if one is not None]
        return sum(told) if len(told) == len(numbers) else None

    def _page(
        self, client: WixClient, app: str, found: Listed[Comment], next_cursor: str | None
    ) -> Page:
        activities = tuple(self._activity(comment, app) for comment in found.records)
        return Page(
            activities=self._writers.owned(client, activities)
            if self._site.wants.post_authors
            else activities,
            unreadable=tuple(
                Unreadable(source=self.name, activity_id=bad.id, reason=bad.reason)
                for bad in found.bad
            ),
            next_cursor=next_cursor,
            answered_at=found.answered_at,
        )

    def _queried(
        self,
        client: WixClient,
        app: str,
        cursor: str | None,
        resource_ids: Sequence[str] | None = None,
    ) -> Listed[Comment]:
        try:
            return client.query_comments(app, cursor, resource_ids=resource_ids)
        except CursorRefused:
            raise
        except (NotFound, Refused) as error:
            raise Refused(self._unknown(app, str(error))) from error

    def _searched(
        self,
        client: WixClient,
        app: str,
        known: Mapping[str, int],
        *,
        live: int | None,
        offset: int,
        ends: float,
    ) -> Found:
        """Search among the resources that Wix can be asked about; the others are for walks."""
        askable = {name: n for name, n in known.items() if calls.is_resource_id(name)}
        if live is not None:
            live -= sum(known.values()) - sum(askable.values())
        while True:
            longest = self._longest[app]
            try:
                return probing.search(
                    askable,
                    live=live,
                    offset=offset,
                    count=lambda ids: self._published(client, app, ids),
                    longest=longest,
                    time_is_up=lambda: self._clock() >= ends,
                )
            except _ListRefused:
                self._longest[app] = wire.MOST_ITEMS

    def _published(
        self, client: WixClient, app: str, resource_ids: Sequence[str] | None = None
    ) -> int | None:
        """How many there are; ``None``, which is no known number, where Wix will not count."""
        try:
            return client.count_comments(app, resource_ids=resource_ids)
        except TooManyToCount:
            return None
        except (NotFound, Refused, Ambiguous) as error:
            # What is too long for a server on the way is refused without a word of Wix's.
            if resource_ids is not None and len(resource_ids) > wire.MOST_ITEMS:
                raise _ListRefused from error
            if isinstance(error, Ambiguous):
                raise
            raise Refused(self._unknown(app, str(error))) from error

    def _see_any(self, client: WixClient, app: str) -> None:
        """Raise ``Refused`` where the app lists nothing any more."""
        self._require_any(app, self._queried(client, app, None))

    def _require_any(self, app: str, found: Listed[Comment]) -> None:
        """Of an app that is there, deleted and hidden comments are still listed."""
        if not found.records and not found.bad and found.next_cursor is None:
            raise Refused(self._unknown(app, "Wix lists none any more, of the many it had"))

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

    def _unknown(self, app: str, error: str) -> str:
        return (
            f"site {self._site.name}: the comments of app {app} cannot be read ({error}); "
            "install that app or take it out of comment_apps"
        )
