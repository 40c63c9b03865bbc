"""How many badges were given and taken on each day: counted in an index, no award is looked at."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import Connection, Integer, column, func, select, values

from badgejobs.core.overview import Day
from badgejobs.store.columns import AwareTime
from badgejobs.store.profiles import AT_WIX, GONE, STOOD
from badgejobs.store.tables import award_history

_DAY = timedelta(days=1)


def award_days(
    connection: Connection, site: str, *, badge: str | None, last: int, now: datetime
) -> list[Day]:
    """The ``last`` days up to today, each also where nothing happened, oldest first.

    What is found to stand at Wix counts as given when it was found, and what is kept there is not
    given once more.
    """
    today = now.replace(hour=0, minute=0, second=0, microsecond=0)
    begins = [today - number * _DAY for number in reversed(range(last))]
    told = values(
        column("number", Integer), column("begins", AwareTime), column("ends", AwareTime)
    ).data([(number, one, one + _DAY) for number, one in enumerate(begins)])
    day = told.cte("days")
    counts = []
    for state in (*AT_WIX, *GONE):
        # a piece of the index for each day: of no row its day is worked out
        number = (
            select(func.count())
            .select_from(award_history)
            .where(award_history.c.site == site, award_history.c.to_state == state)
            .where(STOOD if state in GONE else ~STOOD)
            .where(award_history.c.at >= day.c.begins, award_history.c.at < day.c.ends)
        )
        if badge is not None:
            number = number.where(award_history.c.badge == badge)
        counts.append(number.correlate(day).scalar_subquery())
    rows = connection.execute(select(day.c.number, *counts).order_by(day.c.number))
    return [
        Day(
            day=begins[number].date(),
            given=sum(changes[: len(AT_WIX)]),
            taken=sum(changes[len(AT_WIX) :]),
        )
        for number, *changes in rows
    ]
