"""The facts, written page by page and read member by member."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from sqlalchemy import Connection, Row, and_, bindparam, case, func, not_, or_, select, update

from badgejobs.core.activity import VOID, Activity, Mark
from badgejobs.core.identity import Digest
from badgejobs.core.ledger import Missing, Recorded
from badgejobs.core.source import Resources
from badgejobs.core.watermark import CLOCK_TOLERANCE
from badgejobs.store import facts
from badgejobs.store.dialect import chunks, insert_into, take_turns
from badgejobs.store.identities import SqlIdentities
from badgejobs.store.links import SqlLinks
from badgejobs.store.moment import Moment
from badgejobs.store.quarantine import SqlQuarantine
from badgejobs.store.resources import SqlResources
from badgejobs.store.tables import activity
from badgejobs.store.tombstones import SqlTombstones

_KEY = ("site", "source", "activity_id")


class SqlActivities:
    """The facts."""

    def __init__(
        self, connection: Connection, moment: Moment, digest: Digest | None = None
    ) -> None:
        self._connection, self._moment = connection, moment
        self._resources = SqlResources(connection, moment)
        self._quarantine = SqlQuarantine(connection, moment)
        self._links = SqlLinks(connection, moment, SqlIdentities(connection))
        self._tombstones = SqlTombstones(connection, digest)

    def record(
        self, activities: Sequence[Activity], *, site: str, source: str, generation: int
    ) -> Recorded:
        """Insert or renew; an older state never replaces a newer one.

        States of one activity may come in any order, and several in one call. Members who are
        never named by one state and replaced by another end the same in every order. What a guest
        did becomes the member's whom it names, and what is of somebody erased is left out.
        """
        if any((one.site, one.source) != (site, source) for one in activities):
            raise ValueError("an activity of another site or source")
        if not activities:
            return Recorded(new=0, changed=0, touched=frozenset())
        take_turns(self._connection, "activity", site, source)
        seen = {one.activity_id for one in activities}
        stored, renewed = self._stored(site, source, seen)
        after, told = dict(stored), dict[str, Activity]()
        for one in self._tombstones.spared(site, activities, stored):
            known = after.get(one.activity_id)
            after[one.activity_id] = (
                facts.merged(known, one, believed_to=self._believed_to) if known else one
            )
            if known is None or facts.is_news(one, known, believed_to=self._believed_to):
                told[one.activity_id] = one
        differing = [one for key, one in after.items() if stored.get(key) != one]
        self._write(differing, generation)
        same = [key for key, one in after.items() if stored.get(key) == one]
        self._renew(site, source, [key for key in same if renewed[key] < generation], generation)
        self._quarantine.understood(site, source, seen)
        before = [stored[one.activity_id] for one in differing if one.activity_id in stored]
        self._resources.moved(site, source, before=before, after=differing)
        linked = self._links.follow(site, source, told, before=stored, after=after)
        return Recorded(
            new=len(differing) - len(before),
            changed=len(before),
            void=sum(
                1
                for one in differing
                if one.marks & VOID
                and not (one.activity_id in stored and stored[one.activity_id].marks & VOID)
            ),
            touched=_members([*before, *differing]) | linked,
        )

    @property
    def _believed_to(self) -> datetime:
        """No stamp can be later than this and be right."""
        return self._moment.now + CLOCK_TOLERANCE

    def take_turns(self, site: str) -> None:
        """Until this transaction ends, nobody else records or decides for this site."""
        take_turns(self._connection, "site", site)

    def mark_missing(
        self,
        site: str,
        source: str,
        *,
        unseen_since: int,
        gap: timedelta,
        on: Resources | None = None,
        changed_before: datetime | None = None,
        but: Collection[str] = (),
    ) -> Missing:
        """Note what a complete reading did not find; what was missed before that too is gone.

        ``unseen_since`` is the reading's number, ``on`` what it read where that was not all, and
        of a source with a watermark only what ``changed_before`` it began. ``but`` these parts
        could not be read.
        Gone is a mark beside the others, set where the first miss is at least ``gap`` ago: a
        record that Wix is slow to show again, or that slid from one page to another, is missed
        once. What is gone was hidden or not: it does not count.
        """
        take_turns(self._connection, "activity", site, source)
        missed = [activity.c.site == site, activity.c.source == source]
        missed.append(activity.c.generation < unseen_since)
        if but:
            missed.append(activity.c.part.not_in(sorted(but)))
        if changed_before is not None:
            # what is dated far ahead is in every live scan, which renews it between two readings
            ahead = activity.c.updated_at > self._believed_to
            missed.append(or_(activity.c.updated_at < changed_before, ahead))
        if on is not None:
            missed += [activity.c.part == on.part, activity.c.post.in_(on.ids)]
            missed.append(activity.c.post != "")  # so that the index of posts serves
        not_gone = not_(activity.c.marks.contains(Mark.GONE))
        now = self._moment.now
        gone = self._connection.execute(
            select(*facts.COLUMNS).where(*missed, not_gone, activity.c.missed_at <= now - gap)
        ).all()
        first = self._connection.execute(
            update(activity)
            .where(*missed, not_gone, activity.c.missed_at.is_(None))
            .values(missed_at=now)
        ).rowcount
        if gone:
            self._connection.execute(
                update(activity)
                .where(activity.c.site == site, activity.c.source == source)
                .where(activity.c.activity_id == bindparam("of_activity"))
                .values(marks=bindparam("to_marks")),
                [
                    {
                        "of_activity": row.activity_id,
                        "to_marks": facts.text_of_marks(facts.marks_of(row.marks) | facts.GONE),
                    }
                    for row in gone
                ],
            )
        # also what was missed too short a while ago: its second look is still to come
        waiting = self._connection.execute(
            select(activity.c.part, activity.c.post)
            .where(*missed, not_gone, activity.c.missed_at >= now - gap)
            .distinct()
        ).all()
        before = [facts.from_row(site, row) for row in gone]
        after = [replace(one, marks=one.marks | facts.GONE) for one in before]
        self._resources.moved(site, source, before=before, after=after)
        touched = _members(before) | self._links.left(site, source, before)
        return Missing(first=first, gone=len(gone), touched=touched, on=_resources(waiting))

    def of_members(self, site: str, members: Collection[str]) -> dict[str, list[Activity]]:
        """All activities of these members; a member without any is absent."""
        found = defaultdict[str, list[Activity]](list)
        for some in chunks(sorted(members)):
            rows = self._connection.execute(
                select(*facts.COLUMNS).where(
                    activity.c.site == site, activity.c.member_id.in_(some)
                )
            )
            for row in rows.all():  # at once: one by one takes twice as long
                found[row[1]].append(facts.from_row(site, row))
        return dict(found)

    def members_after(self, site: str, after: str, limit: int) -> list[str]:
        """Member ids in key order, beginning behind ``after``."""
        members = (
            select(activity.c.member_id)
            .where(activity.c.site == site, activity.c.member_id > after)
            .distinct()
            .order_by(activity.c.member_id)
            .limit(limit)
        )
        return list(self._connection.scalars(members))

    def number(self, site: str, source: str) -> int:
        """How many activities of a source are known, whatever their marks."""
        rows = (
            select(func.count())
            .select_from(activity)
            .where(activity.c.site == site, activity.c.source == source)
        )
        return self._connection.scalar(rows) or 0

    def standing(self, site: str, source: str, *, seen_since: int) -> tuple[int, int]:
        """How many are known and not gone, and how many of them a reading of this number saw."""
        row = self._connection.execute(
            select(
                func.count(),
                func.coalesce(func.sum(case((activity.c.generation >= seen_since, 1), else_=0)), 0),
            )
            .where(activity.c.site == site, activity.c.source == source)
            .where(not_(activity.c.marks.contains(Mark.GONE)))
        ).one()
        return row[0], row[1]

    def oldest_change(self, site: str, source: str) -> datetime | None:
        """The last change of what changed longest ago; reads every row of the source."""
        oldest = select(func.min(activity.c.updated_at)).where(
            activity.c.site == site, activity.c.source == source
        )
        found: datetime | None = self._connection.scalar(oldest)
        return found

    def _stored(
        self, site: str, source: str, keys: Collection[str]
    ) -> tuple[dict[str, Activity], dict[str, int]]:
        """What is stored of these, and the generation that saw each of them last."""
        stored, seen = dict[str, Activity](), dict[str, int]()
        for some in chunks(sorted(keys)):
            rows = self._connection.execute(
                select(*facts.COLUMNS).where(
                    activity.c.site == site,
                    activity.c.source == source,
                    activity.c.activity_id.in_(some),
                )
            )
            for row in rows:
                stored[row[0]], seen[row[0]] = facts.from_row(site, row), row[-1]
        return stored, seen

    def _write(self, differing: Sequence[Activity], generation: int) -> None:
        if not differing:
            return
        now = self._moment.now
        statement = insert_into(self._connection, activity)
        new = statement.excluded
        statement = statement.on_conflict_do_update(
            index_elements=_KEY,
            set_={
                column.name: new[column.name]
                for column in activity.c
                if column.name not in {*_KEY, "first_seen_at"}
            }
            # a reading that began before a later one saw it takes nothing back
            | {
                "generation": case(
                    (activity.c.generation > new.generation, activity.c.generation),
                    else_=new.generation,
                )
            },
            # The rows were read under a lock, so this holds; it is the last line of defence.
            where=or_(
                new.revision > activity.c.revision,
                and_(
                    new.revision == activity.c.revision,
                    or_(
                        new.updated_at >= activity.c.updated_at,
                        activity.c.updated_at > self._believed_to,
                    ),
                ),
                activity.c.marks.contains(Mark.GONE),
            ),
        )
        rows = [facts.to_row(one, generation=generation, now=now) for one in differing]
        self._connection.execute(statement, rows)

    def _renew(self, site: str, source: str, keys: Sequence[str], generation: int) -> None:
        for some in chunks(keys):
            self._connection.execute(
                update(activity)
                .where(activity.c.site == site, activity.c.source == source)
                .where(activity.c.activity_id.in_(some))
                .values(generation=generation, missed_at=None)
            )


def _members(activities: Iterable[Activity]) -> frozenset[str]:
    return frozenset(one.member_id for one in activities if one.member_id)


def _resources(rows: Iterable[Row[str, str]]) -> tuple[Resources, ...]:
    """The resources of these rows of part and post, by part."""
    found = defaultdict[str, set[str]](set)
    for part, post in rows:
        if post:
            found[part].add(post)
    return tuple(Resources(part=part, ids=tuple(sorted(ids))) for part, ids in found.items())
