"""How many badges were given and taken on each day: counted in an index, no award is looked at."""

from __future__ import annotations

from collections import Counter
from datetime import date, datetime, timedelta

from sqlalchemy import Connection, func, select

from badgejobs.core.award import State
from badgejobs.core.overview import Day
from badgejobs.store.dialect import day_of
from badgejobs.store.tables import award_history

#: A badge that a rule or a person took is not on the member's profile any more.
_GONE = (State.REVOKED, State.TAKEN)


def award_days(
    connection: Connection, site: str, *, badge: str | None, last: int, now: datetime
) -> list[Day]:
    """The ``last`` days up to today, each also where nothing happened, oldest first.

    What is found to stand at Wix counts as given when it was found.
    """
    today = now.date()
    begins = today - timedelta(days=last - 1)
    since = now.replace(hour=0, minute=0, second=0, microsecond=0)
    since -= timedelta(days=last - 1)
    day = day_of(connection, award_history.c.at)
    counts = Counter[tuple[date, bool]]()
    for state in (State.ASSIGNED, *_GONE):
        rows = (
            select(day.label("day"), func.count().label("number"))
            .where(award_history.c.site == site, award_history.c.to_state == state)
            .where(award_history.c.at >= since)
            .group_by(day)
        )
        if badge is not None:
            rows = rows.where(award_history.c.badge == badge)
        for row in connection.execute(rows):
            counts[date.fromisoformat(row.day), state is State.ASSIGNED] += int(row.number)
    days = [begins + timedelta(days=number) for number in range(last)]
    return [Day(day=one, given=counts[one, True], taken=counts[one, False]) for one in days]
