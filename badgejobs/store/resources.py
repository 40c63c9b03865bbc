"""How many published activities each resource has, and which resources may have changed."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable
from datetime import timedelta

from sqlalchemy import Connection, and_, case, delete, func, insert, literal, select, update

from badgejobs.core.activity import Activity, Mark, is_live
from badgejobs.core.source import Known, Resources
from badgejobs.store.dialect import insert_into
from badgejobs.store.moment import Moment
from badgejobs.store.tables import activity, hint, resource

_KEY = ("site", "source", "part", "resource")


class SqlResources:
    """The memo of published activities by resource, and the hints of what may have changed."""

    def __init__(self, connection: Connection, moment: Moment) -> None:
        self._connection, self._moment = connection, moment

    # ------------------------------------------------------------ the memo

    def known(self, site: str, source: str) -> Known:
        """How many published activities each resource has, by part; none stands for none."""
        rows = self._connection.execute(
            select(resource.c.part, resource.c.resource, resource.c.published).where(
                resource.c.site == site, resource.c.source == source
            )
        )
        found = defaultdict[str, dict[str, int]](dict)
        for part, name, published in rows:
            found[part][name] = published
        return dict(found)

    def published(self, site: str, source: str, on: Resources) -> int:
        """How many published activities these resources have together."""
        here = and_(resource.c.site == site, resource.c.source == source)
        total = select(func.coalesce(func.sum(resource.c.published), 0)).where(
            here, resource.c.part == on.part, resource.c.resource.in_(on.ids)
        )
        return int(self._connection.execute(total).scalar_one())

    def moved(
        self, site: str, source: str, *, before: Iterable[Activity], after: Iterable[Activity]
    ) -> None:
        """Keep the memo with its rows: these states were replaced by those."""
        moves = Counter[tuple[str, str]]()
        for one in before:
            moves[one.part, one.post] -= is_live(one.marks)
        for one in after:
            moves[one.part, one.post] += is_live(one.marks)
        rows = [
            {"site": site, "source": source, "part": part, "resource": name, "published": by}
            for (part, name), by in sorted(moves.items())
            if by
        ]
        if rows:
            statement = insert_into(self._connection, resource)
            statement = statement.on_conflict_do_update(
                index_elements=_KEY,
                set_={"published": resource.c.published + statement.excluded.published},
            )
            self._connection.execute(statement, rows)

    def rebuild(self, site: str, source: str) -> None:
        """Make the memo anew from the rows: nothing that ever went wrong with it lasts."""
        self._connection.execute(
            delete(resource).where(resource.c.site == site, resource.c.source == source)
        )
        published = (
            select(literal(site), literal(source), activity.c.part, activity.c.post, func.count())
            .where(activity.c.site == site, activity.c.source == source)
            .where(activity.c.marks.contains(Mark.PUBLISHED))
            .where(~activity.c.marks.contains(Mark.GONE))
            .group_by(activity.c.part, activity.c.post)
        )
        self._connection.execute(insert(resource).from_select([*_KEY, "published"], published))

    # ------------------------------------------------------------ hints

    def hint(
        self,
        site: str,
        source: str,
        resources: Collection[Resources],
        *,
        due_in: timedelta = timedelta(0),
    ) -> None:
        """Note resources that may have changed; noted twice, they are read once, at the earlier.

        What is being read just now is noted anew: it may have changed since its page came.
        """
        due_at = self._moment.now + due_in
        rows = {
            (group.part, name): {
                "site": site, "source": source, "part": group.part, "resource": name,
                "due_at": due_at, "generation": 0,
            }
            for group in resources
            for name in group.ids
        }  # fmt: skip
        if rows:
            statement = insert_into(self._connection, hint)
            new = statement.excluded
            earlier = case((hint.c.due_at < new.due_at, hint.c.due_at), else_=new.due_at)
            statement = statement.on_conflict_do_update(
                index_elements=_KEY, set_={"due_at": earlier, "generation": 0}
            )
            self._connection.execute(statement, list(rows.values()))

    def hints(self, site: str, source: str) -> int:
        """How many resources are noted and not read yet, now or later."""
        noted = (
            select(func.count())
            .select_from(hint)
            .where(hint.c.site == site, hint.c.source == source)
        )
        return self._connection.scalar(noted) or 0

    def take(self, site: str, source: str, *, generation: int, limit: int) -> Resources | None:
        """Take up some hints of one part under this number; ``None`` where none is due."""
        here = and_(hint.c.site == site, hint.c.source == source)
        here = and_(here, hint.c.due_at <= self._moment.now)
        first = self._connection.execute(
            select(hint.c.part).where(here).order_by(hint.c.due_at, hint.c.part).limit(1)
        ).first()
        if first is None:
            return None
        names = list(
            self._connection.scalars(
                select(hint.c.resource)
                .where(here, hint.c.part == first.part)
                .order_by(hint.c.due_at, hint.c.resource)
                .limit(limit)
            )
        )
        self._connection.execute(
            update(hint)
            .where(here, hint.c.part == first.part, hint.c.resource.in_(names))
            .values(generation=generation)
        )
        return Resources(part=first.part, ids=tuple(sorted(names)))

    def taken(self, site: str, source: str, *, generation: int) -> Resources | None:
        """What a reading that was cut off had taken up; ``None`` where all was noted anew."""
        rows = self._connection.execute(
            select(hint.c.part, hint.c.resource)
            .where(hint.c.site == site, hint.c.source == source)
            .where(hint.c.generation == generation)
            .order_by(hint.c.resource)
        ).all()
        if not rows:
            return None
        return Resources(part=rows[0].part, ids=tuple(row.resource for row in rows))

    def read(self, site: str, source: str, *, generation: int) -> None:
        """Forget the hints that this reading took up, unless they were noted anew meanwhile."""
        self._connection.execute(
            delete(hint)
            .where(hint.c.site == site, hint.c.source == source)
            .where(hint.c.generation == generation)
        )
