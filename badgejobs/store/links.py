"""Which guest's order was given to which member: made, undone, and never forgotten."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, bindparam, func, insert, select, update

from badgejobs.core.activity import Activity, Link, Mark
from badgejobs.core.identity import Identity, found
from badgejobs.errors import StateError
from badgejobs.store.dialect import chunks
from badgejobs.store.identities import MEMBERS, Claims, Guest, SqlIdentities
from badgejobs.store.moment import Moment
from badgejobs.store.tables import activity, link

#: Who undid a link: a person, whose word stands; Wix, which names the member itself now; that
#: more than one member could be meant; or that guest and member are known by nothing alike now.
BY_HAND, BY_WIX, AMBIGUOUS, CHANGED = "by hand", "wix", "ambiguous", "changed"


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkRow:
    """One link, as it was made and perhaps undone."""

    id: int
    source: str
    activity_id: str
    member_id: str
    kind: str
    made_at: datetime
    undone_at: datetime | None
    undone_by: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkTotals:
    """How the orders of a site's guests stand."""

    #: Given to a member.
    linked: int
    #: Given to nobody, since more than one member could be meant.
    ambiguous: int


@dataclass(slots=True)
class _Moves:
    """What is to be written, gathered over some activities of one source."""

    rows: list[dict[str, object]]
    undone: dict[str, list[int]]
    made: list[dict[str, object]]
    touched: set[str]


class SqlLinks:
    """The links of guests' activities to members."""

    def __init__(self, connection: Connection, moment: Moment, identities: SqlIdentities) -> None:
        self._connection, self._moment, self._identities = connection, moment, identities

    def follow(
        self,
        site: str,
        source: str,
        told: Mapping[str, Activity],
        *,
        before: Mapping[str, Activity],
        after: Mapping[str, Activity],
    ) -> frozenset[str]:
        """Keep the identities of the states just told, and make or undo what follows from them.

        ``before`` and ``after`` are the same activities as they were and are recorded. Returns
        the members whose activities are not what they were. Only what came or went is looked
        into, so that a page that was read before costs one statement.
        """
        identities = {
            key: one.identities if source == MEMBERS or _is_guests(after[key]) else frozenset()
            for key, one in told.items()
        }
        changed = self._identities.keep(site, source, identities)
        if source != MEMBERS:
            return self._anew(site, {(source, key) for key in changed})
        moved = {one for some in changed.values() for one in some}
        came_back = {key for key in told if key in before and Mark.GONE in before[key].marks}
        if came_back:
            moved |= self._identities.of_members(site, came_back)
        return self._anew(site, self._identities.guests_with(site, moved))

    def left(self, site: str, source: str, activities: Iterable[Activity]) -> frozenset[str]:
        """Let others have what only those had in common with them who are gone now."""
        members = {one.activity_id for one in activities} if source == MEMBERS else set[str]()
        if not members:
            return frozenset()
        theirs = self._identities.of_members(site, members)
        return self._anew(site, self._identities.guests_with(site, theirs))

    def undo(self, site: str, link_id: int) -> frozenset[str]:
        """Undo a link for good, by a person's word; the members whose activities changed.

        ``StateError`` where there is no such link, or it is undone already.
        """
        row = self._connection.execute(
            select(link).where(link.c.site == site, link.c.id == link_id)
        ).first()
        if row is None:
            raise StateError(
                f"there is no link {link_id} of {site}; `badgejobs links {site}` lists them"
            )
        if row.undone_at is not None:
            raise StateError(f"link {link_id} of {site} is undone already ({row.undone_by})")
        self._undone([row.id], by=BY_HAND)
        return self._anew(site, {(row.source, row.activity_id)})

    def of(self, site: str) -> list[LinkRow]:
        """Every link of a site, the oldest first."""
        names = LinkRow.__dataclass_fields__
        rows = self._connection.execute(
            select(*(link.c[name] for name in names)).where(link.c.site == site).order_by(link.c.id)
        )
        return [LinkRow(**row) for row in rows.mappings()]

    def totals(self, site: str) -> LinkTotals:
        """How many activities of guests are linked, and how many cannot be."""
        standing = select(func.count()).where(link.c.site == site, link.c.undone_at.is_(None))
        return LinkTotals(
            linked=self._connection.scalar(standing) or 0,
            ambiguous=self._identities.ambiguous(site),
        )

    # ------------------------------------------------------------ how it is settled

    def _anew(self, site: str, guests: Collection[Guest]) -> frozenset[str]:
        """Settle whose these activities are, from what is known now."""
        by_source = defaultdict[str, list[str]](list)
        for source, key in sorted(guests):
            by_source[source].append(key)
        touched = set[str]()
        for source, keys in by_source.items():
            for some in chunks(keys):
                touched |= self._some_anew(site, source, some)
        return frozenset(touched)

    def _some_anew(self, site: str, source: str, keys: Collection[str]) -> set[str]:
        identities = self._identities.of_guests(site, source, keys)
        wanted = {one for some in identities.values() for one in some}
        claims = self._identities.claims(site, wanted) if wanted else {}
        standing, barred = self._logged(site, source, keys)
        moves = _Moves(rows=[], undone=defaultdict(list), made=[], touched=set())
        rows = self._connection.execute(
            select(activity.c.activity_id, activity.c.member_id, activity.c.linked_by).where(
                activity.c.site == site,
                activity.c.source == source,
                activity.c.activity_id.in_(keys),
            )
        )
        for key, member, linked_by in rows:
            if member is not None and linked_by is None:
                moves.undone[BY_WIX] += standing[key]
                continue
            contacts = _claimed(identities[key], claims, Link.CONTACT) - barred[key]
            emails = _claimed(identities[key], claims, Link.VERIFIED_EMAIL) - barred[key]
            now = found(contacts, emails)
            if now == ((member, linked_by) if member else None):
                continue
            why = AMBIGUOUS if len(contacts | emails) > 1 else CHANGED
            moves.undone[why] += standing[key]
            moves.touched |= {one for one in (member, now and now[0]) if one}
            of = {"site": site, "source": source, "activity_id": key}
            to_member, kind = now or (None, None)
            moves.rows.append({"of": key, "to_member": to_member, "by": kind})
            if now:
                made = {"member_id": to_member, "kind": kind, "made_at": self._moment.now}
                moves.made.append(of | made)
        self._write(site, source, moves)
        return moves.touched

    def _logged(
        self, site: str, source: str, keys: Collection[str]
    ) -> tuple[dict[str, list[int]], dict[str, set[str]]]:
        """The links that stand of each activity, and the members whom a person took it from."""
        standing, barred = defaultdict[str, list[int]](list), defaultdict[str, set[str]](set)
        rows = self._connection.execute(
            select(link.c.id, link.c.activity_id, link.c.member_id, link.c.undone_by).where(
                link.c.site == site, link.c.source == source, link.c.activity_id.in_(keys)
            )
        )
        for row in rows:
            if row.undone_by is None:
                standing[row.activity_id].append(row.id)
            elif row.undone_by == BY_HAND:
                barred[row.activity_id].add(row.member_id)
        return standing, barred

    def _write(self, site: str, source: str, moves: _Moves) -> None:
        for by, ids in moves.undone.items():
            self._undone(ids, by=by)
        if moves.rows:
            self._connection.execute(
                update(activity)
                .where(activity.c.site == site, activity.c.source == source)
                .where(activity.c.activity_id == bindparam("of"))
                .values(member_id=bindparam("to_member"), linked_by=bindparam("by")),
                moves.rows,
            )
        if moves.made:
            self._connection.execute(insert(link), moves.made)

    def _undone(self, ids: Collection[int], *, by: str) -> None:
        for some in chunks(sorted(ids)):
            self._connection.execute(
                update(link)
                .where(link.c.id.in_(some), link.c.undone_at.is_(None))
                .values(undone_at=self._moment.now, undone_by=by)
            )


def _is_guests(one: Activity) -> bool:
    """Whether Wix names no member for it."""
    return one.member_id is None or one.linked_by is not None


def _claimed(
    identities: Collection[Identity], claims: Mapping[Identity, Claims], kind: Link
) -> set[str]:
    """The members who have what a guest has of one kind."""
    having = [claims[one] for one in identities if one[0] is kind and one in claims]
    living = {member for one in having for member in one.living}
    return living or {member for one in having for member in one.gone}
