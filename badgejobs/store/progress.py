"""How far all members of a site were towards each badge when they were looked at last: a memo."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import Connection, delete, func, insert, select

from badgejobs.store.dialect import take_turns
from badgejobs.store.moment import Moment
from badgejobs.store.operator_tables import progress


class SqlProgress:
    """The numbers of members by badge and step."""

    def __init__(self, connection: Connection, moment: Moment) -> None:
        self._connection, self._moment = connection, moment

    def replace(self, site: str, steps: Mapping[str, Mapping[int, int]]) -> None:
        """These are the numbers now; what stood before is forgotten.

        A badge that nobody is on the way to is kept by a step 0 without members.
        """
        take_turns(self._connection, "progress", site)
        self._connection.execute(delete(progress).where(progress.c.site == site))
        now = self._moment.now
        rows = [
            {"site": site, "badge": badge, "step": step, "members": number, "made_at": now}
            for badge, numbers in steps.items()
            for step, number in (numbers or {0: 0}).items()
        ]
        if rows:
            self._connection.execute(insert(progress), rows)

    def of(self, site: str) -> dict[str, dict[int, int]]:
        """The numbers; empty where nobody was looked at yet."""
        found = defaultdict[str, dict[int, int]](dict)
        rows = self._connection.execute(
            select(progress.c.badge, progress.c.step, progress.c.members)
            .where(progress.c.site == site)
            .order_by(progress.c.badge, progress.c.step)
        )
        for badge, step, members in rows:
            found[badge][step] = members
        return dict(found)

    def made_at(self, site: str) -> datetime | None:
        """When all were looked at last."""
        made_at: datetime | None = self._connection.scalar(
            select(func.max(progress.c.made_at)).where(progress.c.site == site)
        )
        return made_at
