"""Whom to ring for: due rows of all sites, in turns, by lanes, each within its bound.

A row is *out* from its bell until its worker gives the lease back: bounds count those.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NamedTuple

from sqlalchemy import (
    ColumnElement,
    Connection,
    Text,
    and_,
    case,
    func,
    literal,
    or_,
    select,
    tuple_,
    update,
)

from badgejobs.core.lane import WAIT_WELL, Lane
from badgejobs.core.source import Track
from badgejobs.store.columns import AwareTime
from badgejobs.store.dialect import chunks, take_turns
from badgejobs.store.moment import Moment
from badgejobs.store.serving import served
from badgejobs.store.tables import scan

#: A bell that nobody answered for so long counts as lost, unless more is known of its queue.
RING_AGAIN_AFTER = timedelta(seconds=60)
AGAIN_AFTER: Mapping[Lane, timedelta] = dict.fromkeys(Lane, RING_AGAIN_AFTER)
#: So many units of one site are out at once beside its assigning, lest one whose every call
#: times out holds all the slots of a worker.
SITE_UNITS = 2
#: What failed so often in a row may hold a worker until its deadline again: not too much of it
#: is out at once.
FAILING = 2
#: So many times as many rows as there is room for are looked at, to find those of most sites.
MANY = 4
#: What was never done yet, as all of a thousand sites that are added at once, has this part of the
#: room while others wait: their age would have it go before all that comes due at the others.
NEWCOMERS_ONE_IN = 4

_KEY = (scan.c.site, scan.c.source, scan.c.track)


@dataclass(frozen=True, slots=True, kw_only=True)
class Due:
    """One row to ring for."""

    site: str
    #: A source, or a duty.
    source: str
    track: Track
    lane: Lane

    @property
    def key(self) -> tuple[str, str, str]:
        """What names its row."""
        return self.site, self.source, self.track.value


class _Waiting(NamedTuple):
    """A row that is due."""

    site: str
    source: str
    track: str
    due_at: datetime
    is_new: bool


class _Out(NamedTuple):
    """A unit that is out."""

    site: str
    lane: Lane
    fails: bool


class SqlDispatch:
    """The rows of what is due, as those who ring see them."""

    def __init__(self, connection: Connection, moment: Moment) -> None:
        self._connection, self._moment = connection, moment

    def out(self, again_after: Mapping[Lane, timedelta] = AGAIN_AFTER) -> Counter[Lane]:
        """How many units are out, by lane."""
        return Counter(one.lane for one in self._out(again_after))

    def rung(self) -> Counter[Lane]:
        """How many rows have a bell that no worker has answered, by lane."""
        now = self._moment.now
        # PostgreSQL does not see that two cases with parameters are the same: it is said once
        rung = (
            select(_lane().label("lane"))
            .where(scan.c.rung_at <= now, scan.c.due_at <= now)
            .where(or_(scan.c.lease_until.is_(None), scan.c.lease_until <= now))
            .subquery()
        )
        rows = self._connection.execute(select(rung.c.lane, func.count()).group_by(rung.c.lane))
        return Counter({Lane(lane): number for lane, number in rows})

    def claim(
        self,
        lane: Lane,
        configured: Collection[str],
        *,
        bound: int,
        limit: int,
        failing: int | None = None,
        again_after: Mapping[Lane, timedelta] = AGAIN_AFTER,
    ) -> list[Due]:
        """The due rows of a lane to ring for now; each is noted as rung.

        First the longest waiting row of each site, then the second ones, within that by age;
        what was never done yet holds up nothing else for long. No more than ``limit``, nor so
        many that more than ``bound`` are out; of one site not more than ``SITE_UNITS`` beside its
        assigning, and of what keeps failing no more than ``failing`` of all sites. Suspended
        sites are left out. A row is named again only ``again_after`` its bell without a lease.
        """
        # Bounds are counted, and no row can be locked that is not there yet.
        take_turns(self._connection, "dispatch")
        self._take_back_from_the_lost()
        out = self._out(again_after)
        room = min(limit, bound - sum(1 for one in out if one.lane == lane))
        if room <= 0:
            return []
        more_failing = room
        if failing is not None:
            more_failing = failing - sum(1 for one in out if one.lane == lane and one.fails)
        of_site = Counter(one.site for one in out if one.lane != Lane.ASSIGN)
        most = SITE_UNITS if lane is not Lane.ASSIGN else len(Lane) * room
        full = sorted(site for site, number in of_site.items() if number >= most)
        mine = self._waits(again_after[lane])
        # Those that are oldest by their index, a few times as many as there is room for: so
        # that it costs no more, however much is due.
        mine_here = and_(mine, _lane() == lane, served(scan.c.site, configured))
        rows = list[_Waiting]()
        for which, most_of_them in (
            (and_(~_fails(), ~_is_new()), MANY * room),
            (and_(~_fails(), _is_new()), MANY * room),
            (_fails(), min(room, more_failing)),
        ):
            if most_of_them <= 0:
                continue
            oldest = self._connection.execute(
                select(*_KEY, scan.c.due_at, _is_new().label("is_new"))
                .where(mine_here, which)
                .where(scan.c.site.not_in(full))
                .order_by(scan.c.due_at)
                .limit(most_of_them)
            )
            rows += [_Waiting(*row) for row in oldest]
        turns = Counter[str]() if lane is Lane.ASSIGN else of_site
        placed = list[tuple[int, _Waiting]]()
        for row in sorted(rows, key=_by_age):
            turns[row.site] += 1
            if turns[row.site] <= most:
                placed.append((turns[row.site], row))
        keys = [(row.site, row.source, row.track) for row in _with_newcomers(placed, room)]
        free = set[tuple[str, str, str]]()
        for some in chunks(keys):
            locked = self._connection.execute(
                select(*_KEY).where(tuple_(*_KEY).in_(some), mine).with_for_update(skip_locked=True)
            )
            free |= {(row.site, row.source, row.track) for row in locked}
        rung = [key for key in keys if key in free]
        self._note(rung, self._moment.now)
        return [
            Due(site=site, source=source, track=Track(track), lane=lane)
            for site, source, track in rung
        ]

    def hasten(self, site: str, source: str, track: Track = Track.LIVE) -> Due | None:
        """Note a row as rung at once, and as due; ``None`` where that is of no use.

        It is of none where somebody is at it, a bell was rung for it, or it rests after a
        failure.
        """
        now = self._moment.now
        here = and_(scan.c.site == site, scan.c.source == source, scan.c.track == track)
        lane = self._connection.scalar(
            update(scan)
            .where(here)
            .where(or_(scan.c.lease_until.is_(None), scan.c.lease_until <= now))
            .where(or_(scan.c.rung_at.is_(None), scan.c.rung_at <= now - RING_AGAIN_AFTER,
                       scan.c.due_at > now))
            .where(or_(scan.c.failures == 0, scan.c.due_at <= now))
            .values(due_at=case((scan.c.due_at <= now, scan.c.due_at),
                                else_=literal(now, AwareTime)), rung_at=now)
            .returning(_lane())
        )  # fmt: skip
        return lane and Due(site=site, source=source, track=track, lane=Lane(lane))

    def fails(self, site: str, source: str, track: Track) -> bool:
        """Whether a row keeps failing."""
        here = and_(scan.c.site == site, scan.c.source == source, scan.c.track == track)
        return bool(self._connection.scalar(select(_fails()).where(here)))

    def withdraw(self, bells: Iterable[Due]) -> None:
        """These bells did not go out: they are to be rung by the next tick."""
        self._note([one.key for one in bells], None)

    def put_off(self, site: str, source: str, track: Track, *, by: timedelta) -> None:
        """A bell came to nothing before it took the lease: give its place to others for a while."""
        now = self._moment.now
        self._connection.execute(
            update(scan)
            .where(scan.c.site == site, scan.c.source == source, scan.c.track == track)
            .where(or_(scan.c.lease_until.is_(None), scan.c.lease_until <= now))
            .where(scan.c.due_at <= now)
            .values(due_at=now + by, rung_at=None)
        )

    def _note(self, keys: Sequence[tuple[str, ...]], rung_at: datetime | None) -> None:
        for some in chunks(keys):
            self._connection.execute(
                update(scan).where(tuple_(*_KEY).in_(some)).values(rung_at=rung_at)
            )

    def _out(self, again_after: Mapping[Lane, timedelta]) -> list[_Out]:
        """The units that are out."""
        rows = self._connection.execute(
            select(scan.c.site, _lane(), _fails()).where(self._is_out(again_after))
        )
        return [_Out(site, Lane(lane), bool(fails)) for site, lane, fails in rows]

    def _take_back_from_the_lost(self) -> None:
        """What a worker had in hand that was lost is due since its lease has ended."""
        self._connection.execute(
            update(scan)
            .where(scan.c.lease_until <= self._moment.now, scan.c.due_at.is_(None))
            .values(due_at=scan.c.lease_until, rung_at=None)
        )

    def _waits(self, again_after: timedelta) -> ColumnElement[bool]:
        """Due, in nobody's hand, and without a bell that may still be answered."""
        now = self._moment.now
        return and_(
            scan.c.due_at <= now,
            or_(scan.c.lease_until.is_(None), scan.c.lease_until <= now),
            or_(scan.c.rung_at.is_(None), scan.c.rung_at <= now - again_after),
        )

    def _is_out(self, again_after: Mapping[Lane, timedelta]) -> ColumnElement[bool]:
        """In a worker's hand, or with a bell that may still be answered."""
        now, lane = self._moment.now, _lane()
        may_come = or_(
            *(and_(lane == one, scan.c.rung_at > now - after) for one, after in again_after.items())
        )
        rung = and_(
            # said once more without the lanes, for the index
            scan.c.rung_at > now - max(again_after.values()),
            scan.c.due_at <= now,
            may_come,
        )
        return or_(scan.c.lease_until > now, rung)


def _by_age(row: _Waiting) -> tuple[datetime, int, str, str]:
    """Of what is equally old, badges come before reading, and that before deciding."""
    return row.due_at, {"provision": 0, "flip": 2}.get(row.source, 1), row.source, row.track


def _with_newcomers(placed: Iterable[tuple[int, _Waiting]], room: int) -> list[_Waiting]:
    """Those whose turn it is; of what was never done yet only its part, where others wait."""
    ordered = [row for _, row in sorted(placed, key=lambda one: (one[0], _by_age(one[1])))]
    if len(ordered) <= room:
        return ordered
    others = [row for row in ordered if not row.is_new]
    newcomers = [row for row in ordered if row.is_new]
    part = max(room - len(others), room // NEWCOMERS_ONE_IN)
    if not part:
        return ordered[:room]
    return [*others[: room - min(part, len(newcomers))], *newcomers[:part]]


def _is_new() -> ColumnElement[bool]:
    """Whether a row's work was never done to its end."""
    return scan.c.completed_at.is_(None)


def _lane() -> ColumnElement[str]:
    """The lane of a row, as ``core.lane.lane_of`` says it."""
    return case(
        (scan.c.source == "assign", literal(Lane.ASSIGN.value, Text)),
        (
            or_(scan.c.source.in_(sorted(WAIT_WELL)), scan.c.track != Track.LIVE),
            literal(Lane.WALK.value, Text),
        ),
        else_=literal(Lane.SCAN.value, Text),
    )


def _fails() -> ColumnElement[bool]:
    """Whether a row keeps failing."""
    return scan.c.failures >= FAILING
