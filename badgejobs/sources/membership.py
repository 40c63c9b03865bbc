"""That somebody is a member, and since when: one activity a member, read in full walks.

No name is read. Where orders of guests are to find their member, digests of contact and proved
address are told, and nothing else of them. Wix pages members by offset, so a walk can shift under
its own feet: where somebody before it leaves, the next page begins one too late.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from badgejobs.core import identity
from badgejobs.core.activity import Activity, Mark, Unreadable
from badgejobs.core.identity import Identity
from badgejobs.core.site import Site
from badgejobs.core.source import Mode, Page, Scope, Walk
from badgejobs.errors import Ambiguous, CursorRefused, PermissionMissing, Refused
from badgejobs.wix import wire
from badgejobs.wix.bodies import Joined
from badgejobs.wix.calls import Fieldset, is_guid
from badgejobs.wix.client import WixClient
from badgejobs.wix.client.people import MembersListed
from badgejobs.wix.pages import BadRecord, Listed

_NO_ID = "id: does not have the form of Wix's ids"
_MARK_OF_STATUS = {"BLOCKED": Mark.BLOCKED, "PENDING": Mark.PENDING}


class Membership:
    """The members of one site, the oldest first where Wix sorts them so.

    Each page begins with the last member of the page before. Where that one is not in it, some
    have left meanwhile, and the walk goes a page back, once for each place. So nobody is missed;
    and whoever is missed all the same, since Wix gives an order of its own, is held to be gone
    only after two walks.
    """

    name = "membership"
    mode: Mode = "walk"

    def __init__(self, site: Site) -> None:
        self._site = site

    def fetch(self, client: WixClient, scope: Scope, cursor: str | None) -> Page:
        """One page of up to 100 members, whatever their status."""
        assert isinstance(scope, Walk), "members are read by walks"
        place = _Place.read(cursor)
        try:
            found = self._listed(client, place)
        except Refused:
            # the SDK's typings know no field to sort by
            if cursor is not None:
                raise
            place = replace(place, by_date=False)
            found = self._listed(client, place)
        page = found.page
        return Page(
            activities=tuple(map(self._activity, page.records)),
            unreadable=tuple(map(self._unreadable, page.bad)),
            next_cursor=place.behind(
                [one.id for one in page.records], bad=len(page.bad), total=found.total
            ),
            answered_at=page.answered_at,
        )

    def reread(self, client: WixClient, activity_ids: Sequence[str]) -> Page:
        """Up to 100 members as they are now; those who have left are left out.

        An id that is not one of Wix's cannot be asked for: it stays what could not be understood.
        """
        asked = [one for one in activity_ids if is_guid(one)]
        page: Listed[Joined] = Listed(records=())
        if asked:
            page = client.joined(asked, fieldset=self._fieldset)
        odd = (BadRecord(id=one, reason=_NO_ID) for one in activity_ids if not is_guid(one))
        return Page(
            activities=tuple(map(self._activity, page.records)),
            unreadable=tuple(map(self._unreadable, (*page.bad, *odd))),
            answered_at=page.answered_at,
        )

    def _unreadable(self, bad: BadRecord) -> Unreadable:
        return Unreadable(source=self.name, activity_id=bad.id, reason=bad.reason)

    @property
    def _fieldset(self) -> Fieldset:
        """Whether an address was proved is told of a member by the whole of them alone."""
        return "FULL" if self._site.wants.guests else "EXTENDED"

    def _listed(self, client: WixClient, place: _Place) -> MembersListed:
        try:
            return client.list_members(
                offset=place.offset, by_date=place.by_date, fieldset=self._fieldset
            )
        except PermissionMissing as error:
            if not self._site.wants.guests:
                raise
            raise PermissionMissing(
                f"{error}; it is needed to find whose the orders of guests are: grant it, or write "
                "guests: never under policies: orders: in the rules"
            ) from error

    def _identities(self, member: Joined) -> frozenset[Identity]:
        """By what an order of theirs is known that they placed as a guest."""
        digest = self._site.digest
        if digest is None or not self._site.wants.guests:
            return frozenset()
        found = set[Identity]()
        if member.contact_id:
            found.add(identity.contact(member.contact_id, digest))
        if member.login_email and member.login_email_verified:
            found.add(identity.email(member.login_email, digest))
        return frozenset(found)

    def _activity(self, member: Joined) -> Activity:
        marks = {Mark.JOINED}
        if member.status in _MARK_OF_STATUS:
            marks.add(_MARK_OF_STATUS[member.status])
        return Activity(
            site=self._site.name,
            source=self.name,
            activity_id=member.id,
            member_id=member.id,
            occurred_at=member.created_date,
            updated_at=member.updated_date or member.created_date,
            marks=frozenset(marks),
            identities=self._identities(member),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Place:
    """Where a walk stands; as a cursor its parts are joined by colons."""

    offset: int = 0
    by_date: bool = True
    #: The last member of the page before, who must be in the next one.
    last: str = ""
    #: Up to this offset the walk went back already.
    went_back_to: int = 0

    @classmethod
    def read(cls, cursor: str | None) -> _Place:
        """The place that a cursor of ours says."""
        if cursor is None:
            return cls()
        try:
            way, offset, went_back_to, last = cursor.split(":")
            return cls(
                offset=int(offset),
                by_date=way == "date",
                last=last,
                went_back_to=int(went_back_to),
            )
        except ValueError:
            raise CursorRefused("the walk over members has no such place") from None

    def behind(self, ids: list[str], *, bad: int, total: int | None) -> str | None:
        """The cursor to the next page, or ``None`` where this was the last one."""
        if self.last and self.last not in ids and self.offset > self.went_back_to:
            back = max(0, self.offset - wire.MOST_ITEMS)
            return replace(self, offset=back, last="", went_back_to=self.offset).written()
        rows = len(ids) + bad
        end = self.offset + rows
        if rows < wire.MOST_ITEMS if total is None else end >= total:
            return None
        if not rows:
            raise Ambiguous(f"of {total} members Wix lists only {self.offset}")
        if bad or rows == 1:
            return replace(self, offset=end, last="").written()
        return replace(self, offset=end - 1, last=ids[-1]).written()

    def written(self) -> str:
        """The place as a cursor."""
        way = "date" if self.by_date else "own"
        return f"{way}:{self.offset}:{self.went_back_to}:{self.last}"
