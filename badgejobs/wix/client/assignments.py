"""Who has which badge: read, given and taken."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager

from badgejobs.core.wixfacts import Created, Fence, Removed, WixAssignment
from badgejobs.errors import NotFound, Refused
from badgejobs.wix import bodies, bulk, calls, wire
from badgejobs.wix.calls import NO_GUID, is_guid
from badgejobs.wix.client import asking
from badgejobs.wix.exchange import Exchange
from badgejobs.wix.protocol import PathUnknown


class AssignmentCalls:
    """What :class:`WixClient` can do with badge assignments."""

    _exchange: Exchange

    def assignments(
        self, badge_ids: Collection[str], member_ids: Collection[str] | None = None
    ) -> list[WixAssignment]:
        """All assignments of these badges, to these members where given; by id, each once.

        Ids come back as they were asked for, whatever case Wix writes them in.
        """
        badges = {one.lower(): one for one in badge_ids}
        members = None if member_ids is None else {one.lower(): one for one in member_ids}
        found: dict[str, WixAssignment] = {}
        for some in asking.chunks(badges.values()):
            for them in [None] if members is None else asking.chunks(members.values()):
                for row in self._rows(some, them):
                    badge = badges.get(row.badge_id.lower())
                    key = row.member_id.lower()
                    member = row.member_id if members is None else members.get(key)
                    # Wix answers a filter that it does not see with everything it has.
                    if badge is not None and member is not None:
                        found[row.id] = _fact(row, badge, member)
        return list(found.values())

    def assignments_page(
        self, badge_ids: Collection[str], cursor: str | None
    ) -> tuple[list[WixAssignment], str | None]:
        """One page of the assignments of up to 100 badges, and the cursor of the next one.

        Raises :class:`CursorRefused` where Wix does not take the cursor any more, and
        :class:`Ambiguous` for a page that leads to itself, or that cannot be read completely.
        """
        badges = {one.lower(): one for one in badge_ids}
        assert len(badges) <= wire.MOST_ITEMS, "more badges than a list takes"
        with _cure_of_a_path():
            found = asking.readable(
                self._exchange,
                calls.query_assignments(list(badges.values()), None, cursor=cursor),
                bodies.Assignment,
                cursor=cursor,
            )
        # Wix answers a filter that it does not see with everything it has.
        rows = [
            _fact(row, badges[row.badge_id.lower()], row.member_id)
            for row in found.records
            if row.badge_id.lower() in badges
        ]
        return rows, found.next_cursor

    def create_assignment(self, badge_id: str, member_id: str, *, fence: Fence) -> WixAssignment:
        """Give one badge to one member; ``fence`` is asked right before the bytes leave."""
        pair = (badge_id, member_id)
        if not _well_formed(pair):
            raise Refused(NO_GUID)
        call = calls.create_assignment(badge_id, member_id)
        found = asking.thing(self._exchange, call, bodies.AssignmentAnswer, fence=fence)
        return bulk.assignment(found.badge_assignment, pair)

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
            call = calls.create_assignments(sent)
            answer = asking.thing(self._exchange, call, bodies.BulkAnswer, fence=fence)
            told = bulk.created(answer, sent)
        each = iter(told)
        return [
            next(each) if _well_formed(pair) else Created(error=Refused(NO_GUID)) for pair in pairs
        ]

    def delete_assignment(self, assignment_id: str, *, fence: Fence) -> Removed:
        """Take one assignment away, or find that it is gone already.

        ``gone already`` is Wix's word on the id alone: who must be sure asks for the pair. After
        an :class:`Ambiguous`, which is a lost answer, do that too.
        """
        call = calls.delete_assignment(assignment_id)
        try:
            asking.thing(self._exchange, call, bodies.Nothing, fence=fence)
        except NotFound:
            return Removed(was_there=False)
        return Removed()

    def delete_assignments(self, assignment_ids: Sequence[str], *, fence: Fence) -> list[Removed]:
        """Take up to 100 assignments away in one call; one result an id, in order.

        A malformed id, for which Wix would refuse all of them, is not sent.
        """
        assert len(assignment_ids) <= wire.MOST_ITEMS, "more ids than a bulk delete takes"
        sent = [one for one in assignment_ids if is_guid(one)]
        told: list[Removed] = []
        if sent:
            call = calls.delete_assignments(sent)
            answer = asking.thing(self._exchange, call, bodies.BulkAnswer, fence=fence)
            told = bulk.removed(answer, sent)
        each = iter(told)
        return [
            next(each) if is_guid(one) else Removed(error=Refused(NO_GUID))
            for one in assignment_ids
        ]

    def _rows(self, badge_ids: list[str], member_ids: list[str] | None) -> list[bodies.Assignment]:
        with _cure_of_a_path():
            return asking.every(
                self._exchange,
                lambda cursor: calls.query_assignments(badge_ids, member_ids, cursor=cursor),
                bodies.Assignment,
            )


@contextmanager
def _cure_of_a_path() -> Iterator[None]:
    """A query names nothing that could be missing but its path."""
    try:
        yield
    except (NotFound, PathUnknown) as error:
        cure = "`badgejobs doctor` finds out by which path assignments answer"
        raise type(error)(f"{error}; {cure}") from error


def _fact(row: bodies.Assignment, badge_id: str, member_id: str) -> WixAssignment:
    return WixAssignment(
        id=row.id, badge_id=badge_id, member_id=member_id, created_at=row.created_date
    )


def _well_formed(pair: tuple[str, str]) -> bool:
    return all(is_guid(one) for one in pair)
