"""The badges of a site in numbers."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection
from datetime import datetime

from sqlalchemy import Connection, func, literal, select, union_all

from badgejobs.core.award import State
from badgejobs.core.overview import BadgeLine
from badgejobs.store.profiles import AT_WIX, STOOD_NOT
from badgejobs.store.tables import award, award_history, badge_binding, progress

#: On their way to Wix, or with an answer that was lost.
_PENDING = (State.PENDING, State.INFLIGHT, State.UNKNOWN)
_FOR_A_PERSON = (State.NEEDS_ATTENTION, State.BLOCKED, State.PAUSED)


def badge_lines(connection: Connection, site: str) -> list[BadgeLine]:
    """Every badge of which there is anything: one at Wix, or an award.

    In the order in which they are shown at Wix, then by name.
    """
    states = defaultdict[str, dict[State, int]](dict)
    counted = (
        select(award.c.badge, award.c.state, func.count().label("number"))
        .where(award.c.site == site)
        .group_by(award.c.badge, award.c.state)
    )
    for row in connection.execute(counted):
        states[row.badge][State(row.state)] = row.number
    bound = {
        row.badge: row
        for row in connection.execute(
            select(
                badge_binding.c.badge,
                badge_binding.c.title,
                badge_binding.c.place,
                badge_binding.c.opens_pages,
                badge_binding.c.gone_at,
            ).where(badge_binding.c.site == site)
        )
    }
    members = dict(
        connection.execute(
            select(progress.c.badge, func.sum(progress.c.members))
            .where(progress.c.site == site)
            .group_by(progress.c.badge)
        ).all()
    )
    given = _last_given(connection, site, states)
    places = {name: row.place for name, row in bound.items() if row.place}
    # those that have no place of ours come last
    names = sorted({*states, *bound}, key=lambda one: (one not in places, places.get(one, 0), one))
    return [
        BadgeLine(
            badge=name,
            title=(bound[name].title if name in bound else "") or name,
            holders=sum(states[name].get(one, 0) for one in AT_WIX),
            members=int(members[name]) if name in members else None,
            pending=sum(states[name].get(one, 0) for one in _PENDING),
            held=states[name].get(State.HELD, 0),
            needs_attention=sum(states[name].get(one, 0) for one in _FOR_A_PERSON),
            states=dict(states[name]),
            last_given_at=given.get(name),
            opens_pages=name in bound and bool(bound[name].opens_pages),
            gone_at=bound[name].gone_at if name in bound else None,
        )
        for name in names
    ]


def _last_given(connection: Connection, site: str, badges: Collection[str]) -> dict[str, datetime]:
    """When each of these badges was given last: of each the end of its own history."""
    if not badges:
        return {}
    names = (select(literal(badge).label("badge")) for badge in sorted(badges))
    one = union_all(*names).subquery()
    last = (
        select(award_history.c.at)
        .where(award_history.c.site == site, award_history.c.badge == one.c.badge)
        .where(award_history.c.to_state == State.ASSIGNED, STOOD_NOT)
        .order_by(award_history.c.at.desc())
        .limit(1)
        .correlate(one)
        .scalar_subquery()
    )
    return {badge: at for badge, at in connection.execute(select(one.c.badge, last)) if at}
