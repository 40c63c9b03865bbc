"""An award as a row, and the history of its states."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, and_, insert, or_, select

from badgejobs.core.award import TAKEN_BY_HAND, Award, Giver, State
from badgejobs.store.acting import PERSON_AT_WIX, PERSON_BY_COMMAND, RULES, who_acts
from badgejobs.store.tables import award, award_history

_NAMES = tuple(Award.__dataclass_fields__)

#: The columns of an award, in the order in which ``from_row`` reads them.
COLUMNS = tuple(award.c[name] for name in _NAMES)

KEY = ("site", "member_id", "badge")


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One change of state of one award."""

    site: str
    member_id: str
    badge: str
    at: datetime
    #: ``None`` when the award was opened for the first time.
    from_state: State | None
    to_state: State
    reason: str
    rules_version: str
    attempt: int
    period: int = 1
    #: Who: the rules, a person at Wix, or whoever ran a command.
    actor: str = RULES
    note: str = ""
    #: The run in which it happened.
    run: int | None = None


def from_row(row: Row[*tuple[Any, ...]]) -> Award:
    """The award of a row that begins with ``COLUMNS``."""
    values = dict(zip(_NAMES, row, strict=False))
    values["state"] = State(values["state"])
    values["giver"] = Giver(values["giver"]) if values["giver"] else None
    return Award(**values)


def changed(one: Award, *, was: State | None, at: datetime) -> Change:
    """The change that brought an award to where it is now."""
    now_acting = who_acts()
    return Change(
        site=one.site,
        member_id=one.member_id,
        badge=one.badge,
        at=at,
        from_state=was,
        to_state=one.state,
        reason=one.reason,
        rules_version=one.rules_version,
        attempt=one.attempt,
        period=one.period,
        actor=_actor(one) if now_acting.actor == RULES else now_acting.actor,
        note=now_acting.note,
        run=now_acting.run,
    )


def _actor(one: Award) -> str:
    """Whose doing a change is that the rules did not bring about by themselves."""
    if one.by_hand or (one.state is State.TAKEN and one.reason == TAKEN_BY_HAND):
        return PERSON_BY_COMMAND
    by_person = one.state is State.ASSIGNED and one.giver is Giver.PERSON
    return PERSON_AT_WIX if by_person or one.state is State.TAKEN else RULES


def remember(connection: Connection, changes: Iterable[Change]) -> None:
    """Add to the history; nothing in it is ever altered."""
    names = Change.__dataclass_fields__
    rows = [{name: getattr(one, name) for name in names} for one in changes]
    if rows:
        connection.execute(insert(award_history), rows)


def lost_sendings(
    connection: Connection, site: str, pairs: Collection[tuple[str, str]]
) -> dict[tuple[str, str], list[datetime]]:
    """When the creates of (member_id, badge) were sent whose answers were lost."""
    names = ("member_id", "badge", "from_state", "to_state", "at")
    rows = connection.execute(
        select(*(award_history.c[name] for name in names))
        .where(award_history.c.site == site)
        .where(award_history.c.member_id.in_(sorted({member for member, _ in pairs})))
        .order_by(award_history.c.id)
    )
    sent, lost = (
        dict[tuple[str, str], datetime](),
        defaultdict[tuple[str, str], list[datetime]](list),
    )
    for member, badge, was, became, at in rows:
        pair = (member, badge)
        if pair not in pairs:
            continue
        if became == State.INFLIGHT:
            sent[pair] = at
        elif was == State.INFLIGHT and became == State.UNKNOWN:
            lost[pair].append(sent[pair])
    return dict(lost)


def any_of(site: str, pairs: Sequence[tuple[str, str]]) -> ColumnElement[bool]:
    """The awards of one site with these (member_id, badge).

    The members narrow it down by the key; the badges are few, so what is found beside the pairs
    is little, and the caller picks.
    """
    return and_(
        award.c.site == site,
        award.c.member_id.in_(sorted({member for member, _ in pairs})),
        award.c.badge.in_(sorted({badge for _, badge in pairs})),
    )


def free_at(now: datetime) -> ColumnElement[bool]:
    """The awards that are in nobody's hand."""
    return or_(award.c.claim.is_(None), award.c.claimed_until < now)
