"""The client of one site: its badges, assignments, orders and comments, as values."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import datetime, timedelta
from types import TracebackType
from typing import Self

import httpx

from badgejobs.core.milestone import Look
from badgejobs.core.wixfacts import Created, Fence, WixAssignment, WixBadge
from badgejobs.errors import Ambiguous, NotFound, PermissionMissing, Refused
from badgejobs.wix import assigning, bodies, calls, pages, protocol, wire
from badgejobs.wix.auth import Credentials
from badgejobs.wix.bodies import Comment, Order
from badgejobs.wix.calls import Call
from badgejobs.wix.exchange import Exchange
from badgejobs.wix.pages import Listed, Record
from badgejobs.wix.transport import Transport


class WixClient:
    """Wix's API for one site, with the errors of :mod:`badgejobs.errors`.

    ``pace`` is called before each API request, not before a token request, and raises where
    there is no slot; ``on_rate_limited`` hears the seconds of each 429. Nothing is retried, but
    for one new token after a 401. Several threads may share a client; after a fork each
    process makes its own.
    """

    def __init__(
        self,
        *,
        base_url: str,
        credentials: Credentials,
        pace: Callable[[], None],
        request_deadline: timedelta,
        on_rate_limited: Callable[[float], None] | None = None,
        http: httpx.Client | None = None,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        """``http`` replaces the own connections, for tests; it is not closed here.

        Raises :class:`SettingsError` for a base URL that is neither Wix nor this machine.
        """
        self._transport = Transport(base_url, request_deadline=request_deadline, client=http)
        self._exchange = Exchange(
            self._transport,
            credentials,
            pace=pace,
            on_rate_limited=on_rate_limited,
            monotonic=monotonic,
        )

    # ------------------------------------------------------------ badges

    def badges(self) -> list[WixBadge]:
        """Every badge of the site."""
        found = self._all(lambda cursor: calls.query_badges(cursor=cursor), bodies.Badge)
        return [_badge(one) for one in found]

    def create_badge(self, look: Look) -> WixBadge:
        """Create a badge; after an :class:`Ambiguous` look for its title before trying again."""
        answer = self._exchange.ask(calls.create_badge(look))
        return _badge(pages.decoded(answer.body, bodies.BadgeAnswer, what="Create Badge").badge)

    def assignments(
        self, badge_ids: Collection[str], member_ids: Collection[str] | None = None
    ) -> list[WixAssignment]:
        """All assignments of these badges, to these members where given; by id, each once.

        Ids come back as they were asked for, whatever case Wix writes them in.
        """
        badges = {one.lower(): one for one in badge_ids}
        members = None if member_ids is None else {one.lower(): one for one in member_ids}
        found: dict[str, WixAssignment] = {}
        for some in _chunks(badges.values()):
            for them in [None] if members is None else _chunks(members.values()):
                for row in self._assignments(some, them):
                    badge = badges.get(row.badge_id.lower())
                    key = row.member_id.lower()
                    member = row.member_id if members is None else members.get(key)
                    # Wix answers a filter that it does not see with everything it has.
                    if badge is not None and member is not None:
                        found[row.id] = WixAssignment(
                            id=row.id,
                            badge_id=badge,
                            member_id=member,
                            created_at=row.created_date,
                        )
        return list(found.values())

    def create_assignment(self, badge_id: str, member_id: str, *, fence: Fence) -> WixAssignment:
        """Give one badge to one member; ``fence`` is asked right before the bytes leave."""
        pair = (badge_id, member_id)
        if not _well_formed(pair):
            raise Refused(_NO_GUID)
        answer = self._exchange.ask(calls.create_assignment(badge_id, member_id), fence)
        found = pages.decoded(answer.body, bodies.AssignmentAnswer, what="Create Badge Assignment")
        return assigning.assignment(found.badge_assignment, pair)

    def create_assignments(
        self, pairs: Sequence[tuple[str, str]], *, fence: Fence
    ) -> list[Created]:
        """Give up to 100 (badge id, member id) pairs in one call; one result a pair, in order.

        A pair with a malformed id, for which Wix would refuse all of them, is not sent.
        """
        assert len(pairs) <= wire.MOST_ITEMS, "more pairs than a bulk create takes"
        sent = [pair for pair in pairs if _well_formed(pair)]
        told: list[Created] = []
        if sent:
            answer = self._exchange.ask(calls.create_assignments(sent), fence)
            told = assigning.results(answer.body, sent)
        each = iter(told)
        return [
            next(each) if _well_formed(pair) else Created(error=Refused(_NO_GUID)) for pair in pairs
        ]

    # ------------------------------------------------------------ activities

    def search_orders(self, since: datetime | None, cursor: str | None) -> Listed[Order]:
        """A page of up to 100 orders by ascending last change, from ``since`` on, inclusive.

        Raises :class:`CursorRefused` where Wix no longer takes the cursor.
        """
        return self._page(calls.search_orders(since, cursor=cursor), Order, cursor)

    def query_comments(self, app_id: str, cursor: str | None) -> Listed[Comment]:
        """A page of up to 100 comments of one app, by ascending id."""
        return self._page(calls.query_comments(app_id, cursor=cursor), Comment, cursor)

    def count_comments(self, app_id: str) -> int:
        """How many published comments an app has; :class:`protocol.TooManyToCount` if too many."""
        answer = self._exchange.ask(calls.count_comments(app_id))
        return pages.decoded(answer.body, bodies.Count, what="a count of comments").count

    # ------------------------------------------------------------ health

    def probe(self, *, comment_app: str | None = None) -> dict[str, str | None]:
        """What these credentials may do: for each permission scope ``None``, or what is wrong.

        Costs one small request a scope. Raises :class:`CredentialsRefused` where Wix does not
        know us at all, and what is temporary as it comes. Writing is tried by deleting an
        assignment that exists nowhere.
        """
        reads = [calls.query_badges(limit=1), calls.search_orders(None, limit=1)]
        if comment_app is not None:
            reads.append(calls.count_comments(comment_app))
        reads.append(calls.delete_nothing())
        found: dict[str, str | None] = {}
        for call in reads:
            wrong = None
            try:
                self._exchange.ask(call)
            except protocol.TooManyToCount:
                pass
            except (NotFound, PermissionMissing, Refused) as error:
                wrong = str(error)
            found[str(call.scope)] = wrong
        return found

    @property
    def calls(self) -> int:
        """How many API requests left, token requests aside."""
        return sum(self.calls_by_path.values())

    @property
    def calls_by_path(self) -> Mapping[str, int]:
        """The same by path."""
        return self._exchange.sent()

    def close(self) -> None:
        """Close the connections."""
        self._transport.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    # ------------------------------------------------------------ inside

    def _assignments(
        self, badge_ids: list[str], member_ids: list[str] | None
    ) -> list[bodies.Assignment]:
        return self._all(
            lambda cursor: calls.query_assignments(badge_ids, member_ids, cursor=cursor),
            bodies.Assignment,
        )

    def _page(self, call: Call, record: type[Record], cursor: str | None) -> Listed[Record]:
        answer = self._exchange.ask(call)
        at = protocol.answered_at(answer.headers)
        found = pages.page(answer.body, record, answered_at=at)
        if cursor is not None and found.next_cursor == cursor:
            raise Ambiguous(_endless(call))
        return found

    def _all(self, call: Callable[[str | None], Call], record: type[Record]) -> list[Record]:
        """Every record of a list; one that cannot be read fails the whole.

        What is not in such a list would be taken for absent, and made a second time.
        """
        records: list[Record] = []
        seen: set[str] = set()
        cursor: str | None = None
        while True:
            one = call(cursor)
            found = self._page(one, record, cursor)
            if found.bad:
                raise Ambiguous(f"a record of {one.path} cannot be read: {found.bad[0].reason}")
            records.extend(found.records)
            cursor = found.next_cursor
            if cursor is None:
                return records
            if cursor in seen:
                raise Ambiguous(_endless(one))
            seen.add(cursor)


_NO_GUID = "the badge id or member id does not have the form of Wix's ids (a GUID)"


def _endless(call: Call) -> str:
    return f"{call.path} gives a cursor that it gave before: the list would never end"


def _well_formed(pair: tuple[str, str]) -> bool:
    return all(calls.is_guid(one) for one in pair)


def _badge(found: bodies.Badge) -> WixBadge:
    icon = found.icon.url if isinstance(found.icon, bodies.Icon) else found.icon
    look = Look(
        title=found.title,
        description=found.description or "",
        background=found.background_color or "",
        text=found.text_color or "",
        icon=icon,
    )
    return WixBadge(id=found.id, revision=found.revision, title=found.title, look=look)


def _chunks(items: Collection[str]) -> list[list[str]]:
    them, most = list(items), wire.MOST_ITEMS
    return [them[at : at + most] for at in range(0, len(them), most)]
