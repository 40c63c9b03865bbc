"""Lists of members, of holders and of awards, page by page: none is ever whole in memory.

Each page is a query of its own that begins after the last row of the one before, so that whoever
reads slowly keeps no transaction open.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Select, and_, func, or_, select, union

from badgejobs.core.award import Award, Giver, State
from badgejobs.store import ledger
from badgejobs.store.links import LinkRow
from badgejobs.store.profiles import AT_WIX, STOOD_NOT
from badgejobs.store.tables import activity, award, award_history, badge_binding, link


@dataclass(frozen=True, slots=True, kw_only=True)
class MemberLine:
    """What is recorded of one member, in numbers."""

    member_id: str
    #: Recorded activities, and when the latest of them happened, by source.
    activities: Mapping[str, tuple[int, datetime]]
    #: Each badge with where its award stands.
    badges: Mapping[str, State]


@dataclass(frozen=True, slots=True, kw_only=True)
class Holder:
    """Who has a badge at Wix by our ledger, and how they came by it."""

    member_id: str
    earned_at: datetime
    #: When it was given, or found to stand there.
    since: datetime
    giver: Giver | None
    #: Who brought that about: the rules, a person at Wix, or whoever ran a command.
    by: str
    state: State
    rules_version: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AwardLine:
    """An award with when it was opened, and last changed."""

    award: Award
    opened_at: datetime
    changed_at: datetime


class SqlPeople:
    """What is recorded, by people."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def members(
        self, site: str, *, after: str, limit: int, badge: str | None = None
    ) -> list[MemberLine]:
        """The next members of whom anything is recorded, by id.

        With a ``badge`` only those who have an award of it, in whatever state.
        """
        of_award = select(award.c.member_id).where(award.c.site == site, award.c.member_id > after)
        # by the key, whose order is that of the list: the index of badges would be sorted anew
        # for each page
        page: Select[Any] = of_award.where(award.c.badge.concat("") == badge)
        if badge is None:
            of_activity = (
                select(activity.c.member_id)
                .where(activity.c.site == site, activity.c.member_id > after)
                .distinct()
            )
            # each side by its own index, and no more than a page of either
            sides = [
                one.order_by("member_id").limit(limit).subquery()
                for one in (of_activity, of_award.distinct())
            ]
            both = union(*(select(one.c.member_id) for one in sides)).subquery()
            page = select(both.c.member_id)
        page = page.order_by("member_id").limit(limit)
        return self._lines(site, [row.member_id for row in self._connection.execute(page)])

    def member(self, site: str, member_id: str) -> MemberLine:
        """One member, of whom nothing may be recorded."""
        return self._lines(site, [member_id])[0]

    def links(self, site: str, member_id: str) -> list[LinkRow]:
        """The guests' activities that are or were a member's, the oldest link first."""
        names = LinkRow.__dataclass_fields__
        rows = self._connection.execute(
            select(*(link.c[name] for name in names))
            .where(link.c.site == site, link.c.member_id == member_id)
            .order_by(link.c.id)
        )
        return [LinkRow(**row) for row in rows.mappings()]

    def badges(self, site: str) -> list[str]:
        """Every badge of which there is anything: one at Wix, or an award."""
        there = [
            select(one.c.badge).where(one.c.site == site).distinct()
            for one in (badge_binding, award)
        ]
        return sorted(self._connection.scalars(union(*there)))

    def holders(
        self, site: str, badge: str, *, after: tuple[datetime, str] | None, limit: int
    ) -> list[Holder]:
        """The next members who have a badge at Wix, in the order in which they earned it."""
        came = (
            select(func.max(award_history.c.id))
            .where(
                award_history.c.site == award.c.site,
                award_history.c.member_id == award.c.member_id,
                # by the member: of a badge there may be a hundred thousand changes
                award_history.c.badge.concat("") == award.c.badge,
                award_history.c.to_state.in_(AT_WIX),
                STOOD_NOT,
            )
            .correlate(award)
            .scalar_subquery()
        )
        rows = (
            select(
                award.c.member_id,
                award.c.earned_at,
                award.c.state,
                award.c.giver,
                award.c.rules_version,
                award.c.changed_at,
                award_history.c.at,
                award_history.c.actor,
                award_history.c.reason,
            )
            .outerjoin(award_history, award_history.c.id == came)
            .where(award.c.site == site, award.c.badge == badge)
            .order_by(award.c.earned_at, award.c.member_id)
            .limit(limit)
        )
        if after is not None:
            at, member = after
            rows = rows.where(
                award.c.earned_at >= at,
                or_(award.c.earned_at > at, award.c.member_id > member),
            )
        # a query a state: each in the order of its index, so that no page sorts all holders
        found = [
            Holder(
                member_id=row.member_id,
                earned_at=row.earned_at,
                since=row.at or row.changed_at,
                giver=Giver(row.giver) if row.giver else None,
                by=row.actor or "",
                state=State(row.state),
                rules_version=row.rules_version,
                reason=row.reason or "",
            )
            for state in AT_WIX
            for row in self._connection.execute(rows.where(award.c.state == state))
        ]
        return sorted(found, key=lambda one: (one.earned_at, one.member_id))[:limit]

    def awards(self, site: str, *, after: tuple[str, str], limit: int) -> list[AwardLine]:
        """The next awards of a site, by member and badge."""
        member, badge = after
        rows = (
            select(*ledger.COLUMNS, award.c.opened_at, award.c.changed_at)
            .where(award.c.site == site, award.c.member_id >= member)
            .where(or_(award.c.member_id > member, award.c.badge > badge))
            .order_by(award.c.member_id, award.c.badge)
            .limit(limit)
        )
        return [
            AwardLine(
                award=ledger.from_row(row), opened_at=row.opened_at, changed_at=row.changed_at
            )
            for row in self._connection.execute(rows)
        ]

    def history(
        self, site: str, *, after: tuple[str, int], limit: int
    ) -> list[tuple[int, ledger.Change]]:
        """The next changes of awards of a site with their numbers: by member, oldest first."""
        member, number = after
        names = ledger.Change.__dataclass_fields__
        rows = (
            select(award_history.c.id, *(award_history.c[name] for name in names))
            .where(award_history.c.site == site, award_history.c.member_id >= member)
            .where(or_(award_history.c.member_id > member, award_history.c.id > number))
            .order_by(award_history.c.member_id, award_history.c.id)
            .limit(limit)
        )
        found = []
        for row in self._connection.execute(rows).mappings():
            told = {name: row[name] for name in names}
            told["from_state"] = State(row["from_state"]) if row["from_state"] else None
            told["to_state"] = State(row["to_state"])
            found.append((int(row["id"]), ledger.Change(**told)))
        return found

    def _lines(self, site: str, ids: list[str]) -> list[MemberLine]:
        did = defaultdict[str, dict[str, tuple[int, datetime]]](dict)
        has = defaultdict[str, dict[str, State]](dict)
        counted = (
            select(
                activity.c.member_id,
                activity.c.source,
                func.count().label("number"),
                func.max(activity.c.occurred_at).label("latest"),
            )
            .where(and_(activity.c.site == site, activity.c.member_id.in_(ids)))
            .group_by(activity.c.member_id, activity.c.source)
            .order_by(activity.c.source)
        )
        for row in self._connection.execute(counted):
            did[row.member_id or ""][row.source] = (row.number, row.latest)
        # put in order here: asked for it, SQLite goes by the index of badges, through all awards of
        # the site for each page
        stands = select(award.c.member_id, award.c.badge, award.c.state).where(
            award.c.site == site, award.c.member_id.in_(ids)
        )
        for member, badge, state in sorted(self._connection.execute(stands)):
            has[member][badge] = State(state)
        return [MemberLine(member_id=one, activities=did[one], badges=has[one]) for one in ids]
