"""What is to be told to somebody outside: noted with the award, claimed, and settled."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

from sqlalchemy import (
    ColumnElement,
    Connection,
    RowMapping,
    and_,
    bindparam,
    case,
    delete,
    func,
    or_,
    select,
    update,
)

from badgejobs.core.alert import Kind
from badgejobs.core.award import Award
from badgejobs.core.notification import Channel, Event, Notification
from badgejobs.store.acting import who_acts
from badgejobs.store.dialect import chunks, insert_into
from badgejobs.store.moment import Moment
from badgejobs.store.operator_tables import notification
from badgejobs.store.serving import served
from badgejobs.store.tables import alert, award, badge_binding

_KEY = ("site", "member_id", "badge", "period", "channel")

_OF_AWARD = and_(
    award.c.site == notification.c.site,
    award.c.member_id == notification.c.member_id,
    award.c.badge == notification.c.badge,
    # a later one was earned by something else
    award.c.period == notification.c.period,
)
_OF_BADGE = and_(
    badge_binding.c.site == notification.c.site, badge_binding.c.badge == notification.c.badge
)
#: So many rows are looked at at once to be forgotten.
_AT_ONCE = 10_000
_GIVEN_UP = and_(notification.c.due_at.is_(None), notification.c.sent_at.is_(None))

#: What its column says of a channel and an event; a table needs no more for one of each.
_WRITTEN = {
    (channel, event): channel.value if event is Event.GIVEN else f"{channel} {event}"
    for channel in Channel
    for event in Event
}
_READ = {text: pair for pair, text in _WRITTEN.items()}


def note(connection: Connection, changes: Iterable[tuple[Award, Award]], *, now: datetime) -> None:
    """Note what others are to be told of these (before, after), where somebody is told at all.

    Once an award, its period, event and channel: a second time there is a row already.
    """
    telling = who_acts().telling
    if telling is None:
        return
    rows = [
        {
            "site": one.site,
            "member_id": one.member_id,
            "badge": one.badge,
            "period": one.period,
            "channel": _WRITTEN[channel, event],
            "made_at": now,
            "due_at": telling.due_at(channel, now),
            "tries": 0,
            "last_error": "",
        }
        for was, one in changes
        if (event := telling.event_of(was, one))
        for channel in sorted(telling.channels)
    ]
    if rows:
        statement = insert_into(connection, notification)
        connection.execute(statement.on_conflict_do_nothing(index_elements=_KEY), rows)


class SqlNotifications:
    """What is to be told, was told, and could not be."""

    def __init__(self, connection: Connection, moment: Moment) -> None:
        self._connection, self._moment = connection, moment

    def due_sites(self, configured: Collection[str]) -> list[str]:
        """The served sites with something to be told now."""
        due = select(notification.c.site).where(
            notification.c.due_at <= self._moment.now, served(notification.c.site, configured)
        )
        return sorted(self._connection.scalars(due.distinct()))

    def claim(
        self, site: str, channel: Channel, *, limit: int, holds: timedelta
    ) -> list[Notification]:
        """Take in hand what is due, for so long; others pass it over, and have it afterwards."""
        now = self._moment.now
        found = select(notification.c.id).where(*self._due(site, channel))
        first = found.order_by(notification.c.due_at, notification.c.id).limit(limit)
        ids = list(self._connection.scalars(first.with_for_update(skip_locked=True)))
        if not ids:
            return []
        token, claimed = uuid4().hex, list[Notification]()
        for some in chunks(sorted(ids)):
            these = notification.c.id.in_(some)
            self._connection.execute(
                update(notification).where(these).values(claim=token, due_at=now + holds)
            )
            claimed += self._read(these, limit=limit)
        return claimed

    def told(self, some: Sequence[Notification]) -> int:
        """These were told; how many were still in the hand that claimed them."""
        return self._settle(
            [(one, {"due_at": None, "sent_at": self._moment.now, "last_error": ""}) for one in some]
        )

    def put_off(self, some: Iterable[tuple[Notification, datetime | None, str, bool]]) -> int:
        """Not told: when each is tried again, if at all, why, and whether that was a failure."""
        return self._settle(
            [
                (
                    one,
                    {
                        "due_at": due_at,
                        "tries": one.tries + counted,
                        "last_error": error or one.last_error,
                    },
                )
                for one, due_at, error, counted in some
            ]
        )

    def postpone(self, site: str, *, until: datetime, channel: Channel | None = None) -> int:
        """Let all that is due, by one channel or any, wait until then; how many."""
        due = [notification.c.site == site, notification.c.due_at <= self._moment.now]
        due = due if channel is None else self._due(site, channel)
        values = {"due_at": until, "claim": None}
        return self._connection.execute(update(notification).where(*due).values(values)).rowcount

    def next_try(self, site: str) -> datetime | None:
        """When what failed is tried again first; ``None`` where nothing waits for that."""
        tried = select(func.min(notification.c.due_at)).where(
            notification.c.site == site,
            notification.c.due_at.is_not(None),
            notification.c.tries > 0,
        )
        found: datetime | None = self._connection.scalar(tried)
        return found

    def prune(self, older_than: timedelta) -> int:
        """Forget what was told, or given up, of what happened longer ago; how many."""
        before, forgotten = self._moment.now - older_than, 0
        # the first are the oldest, so that the rest need not be looked at
        first = select(notification.c.id).order_by(notification.c.id).limit(_AT_ONCE)
        old = and_(notification.c.due_at.is_(None), notification.c.made_at < before)
        while True:
            gone = delete(notification).where(old, notification.c.id.in_(first.scalar_subquery()))
            number = self._connection.execute(gone).rowcount
            forgotten += number
            if number < _AT_ONCE:
                return forgotten

    def count_failed(
        self, site: str, channel: Channel, *, until: datetime, why: str, most: int
    ) -> tuple[int, int]:
        """Let all else that is due by a channel count as tried, and wait until then.

        What was tried ``most`` times by that is given up. How many wait, and how many are that.
        """
        values = {"claim": None, "tries": notification.c.tries + 1, "last_error": why}
        due = update(notification).where(*self._due(site, channel))
        over = due.where(notification.c.tries + 1 >= most).values(values | {"due_at": None})
        given_up = self._connection.execute(over).rowcount
        return self._connection.execute(due.values(values | {"due_at": until})).rowcount, given_up

    def give_up(self, site: str, channel: Channel, *, why: str) -> int:
        """Let all that is due by a channel be; how many."""
        values = {"due_at": None, "claim": None, "last_error": why}
        due = self._due(site, channel)
        return self._connection.execute(update(notification).where(*due).values(values)).rowcount

    def revive(self, site: str, *, with_open: bool = False) -> int:
        """Let what was given up be due now; how many. ``with_open``: what waits for a try too."""
        tried = and_(
            notification.c.due_at.is_not(None),
            notification.c.tries > 0,
            notification.c.claim.is_(None),
        )
        which = or_(_GIVEN_UP, tried) if with_open else _GIVEN_UP
        return self._connection.execute(
            update(notification)
            .where(notification.c.site == site, which)
            .values(due_at=self._moment.now, tries=0, claim=None)
        ).rowcount

    def is_off(self, site: str, channel: Channel) -> bool:
        """Whether its receiver wanted nothing more: an alert stands open that says so."""
        return Kind.CHANNEL_OFF in self.alerted(site, channel)

    def alerted(self, site: str, channel: Channel) -> set[Kind]:
        """What a person is asked for because of a channel just now."""
        found = (
            select(alert.c.kind)
            .where(alert.c.site == site, alert.c.kind.in_([Kind.CHANNEL_OFF, Kind.NOT_TOLD]))
            .where(alert.c.subject == channel, alert.c.cleared_at.is_(None))
        )
        return {Kind(kind) for kind in self._connection.scalars(found)}

    def given_up(self, site: str, channel: Channel) -> int:
        """How many by this channel nobody was told of, nor will be by itself."""
        which = and_(notification.c.site == site, _of(channel), _GIVEN_UP)
        number = select(func.count()).select_from(notification).where(which)
        return self._connection.scalar(number) or 0

    def numbers(self, sites: Collection[str]) -> dict[tuple[str, str], dict[str, int]]:
        """By (site, channel): how many wait, were told and were given up."""
        counted = {
            "waiting": notification.c.due_at.is_not(None),
            "told": notification.c.sent_at.is_not(None),
            "given up": _GIVEN_UP,
        }
        rows = self._connection.execute(
            select(
                notification.c.site,
                notification.c.channel,
                *(func.sum(case((which, 1), else_=0)) for which in counted.values()),
            )
            .where(notification.c.site.in_(sorted(sites)))
            .group_by(notification.c.site, notification.c.channel)
            .order_by(notification.c.site, notification.c.channel)
        )
        return {
            (site, channel): dict(zip(counted, map(int, numbers), strict=True))
            for site, channel, *numbers in rows
        }

    def listed(self, sites: Collection[str], *, failed: bool, limit: int) -> list[Notification]:
        """The newest of these sites; with ``failed`` what was given up, or failed before."""
        which: ColumnElement[bool] = notification.c.site.in_(sorted(sites))
        if failed:
            open_again = and_(notification.c.due_at.is_not(None), notification.c.last_error != "")
            which = and_(which, or_(_GIVEN_UP, open_again))
        return self._read(which, limit=limit, newest_first=True)

    def _due(self, site: str, channel: Channel) -> list[ColumnElement[bool]]:
        due = notification.c.due_at <= self._moment.now
        return [notification.c.site == site, _of(channel), due]

    def _settle(self, some: Sequence[tuple[Notification, Mapping[str, Any]]]) -> int:
        if not some:
            return 0
        names = sorted(some[0][1])
        return self._connection.execute(
            update(notification)
            .where(notification.c.id == bindparam("of_id"))
            .where(notification.c.claim == bindparam("of_claim"))
            .values({name: bindparam(f"to_{name}") for name in names} | {"claim": None}),
            [
                {"of_id": one.row, "of_claim": one.claim}
                | {f"to_{name}": values[name] for name in names}
                for one, values in some
            ],
        ).rowcount

    def _read(
        self, which: ColumnElement[bool], *, limit: int, newest_first: bool = False
    ) -> list[Notification]:
        order = notification.c.id.desc() if newest_first else notification.c.id
        rows = self._connection.execute(
            select(
                notification,
                award.c.earned_at,
                badge_binding.c.title,
                badge_binding.c.wix_badge_id,
            )
            .outerjoin(award, _OF_AWARD)
            .outerjoin(badge_binding, _OF_BADGE)
            .where(which)
            .order_by(order)
            .limit(limit)
        )
        return [_from(row) for row in rows.mappings()]


def _of(channel: Channel) -> ColumnElement[bool]:
    return notification.c.channel.in_([_WRITTEN[channel, event] for event in Event])


def _from(row: RowMapping) -> Notification:
    channel, event = _READ[row["channel"]]
    values = {name: row[name] for name in row if name not in {"id", "channel"}}
    values |= {"title": row["title"] or "", "wix_badge_id": row["wix_badge_id"] or ""}
    return Notification(**values, row=row["id"], channel=channel, event=event)
