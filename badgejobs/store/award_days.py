"""How many badges were given and taken on each day: counted in an index, no award is looked at."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import Connection, func, literal, select

from badgejobs.core.overview import Day
from badgejobs.store.columns import AwareTime
from badgejobs.store.dialect import a_day_after
from badgejobs.store.profiles import AT_WIX, GONE, STOOD, STOOD_NOT
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
    first = today - (last - 1) * _DAY
    # not as a list of days: such a statement is put together anew each time
    start = select(literal(0).label("number"), literal(first, AwareTime).label("begins"))
    days = start.cte("days", recursive=True)
    ends = a_day_after(connection, days.c.begins)
    day = days.union_all(select(days.c.number + 1, ends).where(days.c.number < last - 1))
    ends = a_day_after(connection, day.c.begins)
    counts = []
    for state in (*AT_WIX, *GONE):
        # a piece of the index for each day: of no row its day is worked out
        number = (
            select(func.count())
            .select_from(award_history)
            .where(award_history.c.site == site, award_history.c.to_state == state)
            .where(STOOD if state in GONE else STOOD_NOT)
            .where(award_history.c.at >= day.c.begins, award_history.c.at < ends)
        )
        if badge is not None:
            number = number.where(award_history.c.badge == badge)
        counts.append(number.correlate(day).scalar_subquery())
    rows = connection.execute(select(day.c.number, *counts).order_by(day.c.number))
    return [
        Day(
            day=(first + number * _DAY).date(),
            given=sum(changes[: len(AT_WIX)]),
            taken=sum(changes[len(AT_WIX) :]),
        )
        for number, *changes in rows
    ]
