"""What happened to awards last, of one site: the end of its history, by an index of each state."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, Integer, Select, bindparam, select, union_all

from badgejobs.core.award import State
from badgejobs.core.overview import Happening
from badgejobs.store.profiles import AT_WIX
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
#: What it is called where the badge stood, or did not stand, before.
_KEPT, _FORBIDDEN = "kept", "not to be given"
#: Being sent is a moment between two others, and told by what comes of it.
_TOLD = [state for state in State if state is not State.INFLIGHT]


def happenings(
    connection: Connection, site: str, *, badge: str | None, limit: int
) -> list[Happening]:
    """The latest changes of a site, or of those one badge's, newest first."""
    told = {"of_site": site, "most": limit}
    if badge is None:
        found = connection.execute(_OF_A_SITE, told)
    else:
        found = connection.execute(_OF_A_BADGE, told | {"of_badge": badge})
    return [
        Happening(
            at=row.at,
            kind=_kind(row.from_state, State(row.to_state)),
            badge=row.badge,
            state=State(row.to_state),
            by=row.actor,
            member=row.member_id,
            reason=row.reason,
        )
        for row in found
    ]


def _kind(was: str | None, became: State) -> str:
    stood = was in AT_WIX
    if became is State.ASSIGNED and stood:
        return _KEPT
    if became is State.TAKEN and not stood:
        return _FORBIDDEN
    return _KINDS[became]


def _latest(*, of_badge: bool) -> Select[Any]:
    """The end of the history in each state, of which the latest changes are taken."""
    history, most = award_history.c, bindparam("most", type_=Integer)
    told = (
        history.id, history.at, history.from_state, history.to_state, history.badge,
        history.member_id, history.actor, history.reason,
    )  # fmt: skip
    ends = []
    for state in _TOLD:
        end = select(*told).where(history.site == bindparam("of_site"), history.to_state == state)
        if of_badge:
            end = end.where(history.badge == bindparam("of_badge"))
        ends.append(select(end.order_by(history.at.desc()).limit(most).subquery()))
    every = union_all(*ends).subquery()
    return select(every).order_by(every.c.at.desc(), every.c.id.desc()).limit(most)


#: Made once: to put so large a statement together takes longer than to answer it.
_OF_A_SITE, _OF_A_BADGE = _latest(of_badge=False), _latest(of_badge=True)
