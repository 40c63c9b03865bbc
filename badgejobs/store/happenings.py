"""What happened to awards last, of one site: the end of its history, by an index of each state."""

from __future__ import annotations

from sqlalchemy import Connection, select, union_all

from badgejobs.core.award import State
from badgejobs.core.overview import Happening
from badgejobs.store.tables import award_history

#: What a change to a state is called.
_KINDS = {
    State.HELD: "held back",
    State.PENDING: "earned",
    State.INFLIGHT: "sent",
    State.UNKNOWN: "answer lost",
    State.ASSIGNED: "given",
    State.WITHDRAWN: "withdrawn",
    State.BLOCKED: "refused by Wix",
    State.PAUSED: "paused",
    State.REVOKING: "to be taken",
    State.REVOKED: "taken",
    State.TAKEN: "taken by a person",
    State.NEEDS_ATTENTION: "left to a person",
}
#: Being sent is a moment between two others, and told by what comes of it.
_TOLD = [state for state in State if state is not State.INFLIGHT]


def happenings(
    connection: Connection, site: str, *, badge: str | None, limit: int
) -> list[Happening]:
    """The latest changes of a site, or of those one badge's, newest first."""
    history = award_history.c
    ends = []
    for state in _TOLD:
        end = (
            select(
                history.id,
                history.at,
                history.from_state,
                history.to_state,
                history.badge,
                history.member_id,
                history.actor,
                history.reason,
            )
            .where(history.site == site, history.to_state == state)
            .order_by(history.at.desc())
            .limit(limit)
        )
        if badge is not None:
            end = end.where(history.badge == badge)
        ends.append(select(end.subquery()))
    every = union_all(*ends).subquery()
    latest = select(every).order_by(every.c.at.desc(), every.c.id.desc()).limit(limit)
    return [
        Happening(
            at=row.at,
            kind=_KINDS[State(row.to_state)],
            badge=row.badge,
            state=State(row.to_state),
            by=row.actor,
            member=row.member_id,
            reason=row.reason,
        )
        for row in connection.execute(latest)
    ]
