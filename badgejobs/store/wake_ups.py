"""When time alone may change what members have earned, and whose time has come."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, Connection, and_, delete, func, insert, or_, select

from badgejobs.core.ledger import WakeUp
from badgejobs.store.dialect import chunks
from badgejobs.store.moment import Moment
from badgejobs.store.tables import wake_up

#: Up to which moment everything of each source is recorded.
KnownTo = Mapping[str, datetime]


@dataclass(frozen=True, slots=True, kw_only=True)
class WakeUps:
    """How the wake-ups of one site stand."""

    #: Members who are to be decided now.
    due: int
    #: Members whose time has come, and of whom a source is not read up to it yet.
    waiting: int
    #: Members who are to be decided later, and when the first of them is.
    later: int
    next_at: datetime | None


class SqlWakeUps:
    """The members to be decided when their time has come, without any event."""

    def __init__(self, connection: Connection, moment: Moment) -> None:
        self._connection, self._moment = connection, moment

    def replace(self, site: str, members: Collection[str], wake_ups: Sequence[WakeUp]) -> None:
        """These are all the wake-ups of these members; what stood before is forgotten."""
        for some in chunks(sorted(members)):
            self._connection.execute(
                delete(wake_up).where(wake_up.c.site == site, wake_up.c.member_id.in_(some))
            )
        if wake_ups:
            rows = [
                {
                    "site": site,
                    "member_id": one.member_id,
                    "waits_for": " ".join(sorted(one.waits_for)),
                    "at": one.at,
                }
                for one in wake_ups
            ]
            self._connection.execute(insert(wake_up), rows)

    def due(self, site: str, known_to: KnownTo, *, after: str, limit: int) -> list[str]:
        """Members whose time has come, in key order, beginning behind ``after``.

        What waits for a source is due once that source is known up to its moment.
        """
        has_come = self._has_come(site, known_to)
        if has_come is None:
            return []
        members = (
            select(wake_up.c.member_id)
            .where(has_come, wake_up.c.member_id > after)
            .distinct()
            .order_by(wake_up.c.member_id)
            .limit(limit)
        )
        return list(self._connection.scalars(members))

    def due_sites(
        self,
        sites: Collection[str] | None,
        known_to: Callable[[Collection[str]], Mapping[str, KnownTo]],
    ) -> list[str]:
        """Those of ``sites`` with members whose time has come, longest waiting first.

        Without ``sites``: of all. ``known_to`` tells of many sites how far each is known.
        """
        come = (
            select(wake_up.c.site, wake_up.c.waits_for, func.min(wake_up.c.at))
            .where(wake_up.c.at <= self._moment.now)
            .group_by(wake_up.c.site, wake_up.c.waits_for)
        )
        if sites is not None:
            come = come.where(wake_up.c.site.in_(sorted(sites)))
        waiting = self._connection.execute(come).all()
        known = known_to({row.site for row in waiting if row.waits_for})
        first = dict[str, datetime]()
        for site, waits_for, at in waiting:
            if at <= self._reach(waits_for, known.get(site, {})):
                first[site] = min(at, first.get(site, at))
        return sorted(first, key=lambda site: (first[site], site))

    def overview(self, site: str, known_to: KnownTo) -> WakeUps:
        """How they stand now."""
        member = func.count(wake_up.c.member_id.distinct())
        has_come = self._has_come(site, known_to)
        later = and_(wake_up.c.site == site, wake_up.c.at > self._moment.now)
        due = 0
        if has_come is not None:
            due = self._connection.scalar(select(member).where(has_come)) or 0
        past = select(member).where(wake_up.c.site == site, wake_up.c.at <= self._moment.now)
        number, next_at = self._connection.execute(
            select(member, func.min(wake_up.c.at)).where(later)
        ).one()
        return WakeUps(
            due=due,
            waiting=(self._connection.scalar(past) or 0) - due,
            later=number,
            next_at=next_at,
        )

    def _has_come(self, site: str, known_to: KnownTo) -> ColumnElement[bool] | None:
        """The rows of one site whose time has come; ``None`` where there can be none."""
        now = self._moment.now
        past = and_(wake_up.c.site == site, wake_up.c.at <= now)
        kinds = self._connection.scalars(select(wake_up.c.waits_for).where(past).distinct())
        groups = defaultdict[datetime, list[str]](list)
        for waits_for in kinds:
            groups[self._reach(waits_for, known_to)].append(waits_for)
        if not groups:
            return None
        return and_(
            past,
            or_(
                *(
                    and_(wake_up.c.waits_for.in_(some), wake_up.c.at <= reach)
                    for reach, some in groups.items()
                )
            ),
        )

    def _reach(self, waits_for: str, known_to: KnownTo) -> datetime:
        known = (known_to[source] for source in waits_for.split() if source in known_to)
        return min(known, default=self._moment.now)
