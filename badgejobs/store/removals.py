"""Awards to be taken away at Wix."""

from __future__ import annotations

from sqlalchemy import Connection, update

from badgejobs.core.award import Giver, State
from badgejobs.store.moment import Moment
from badgejobs.store.tables import award

#: Why an award that is due to be taken is not: the guard waits for a person.
HELD_BACK_BY_GUARD = "held back by the guard"


class SqlRemovals:
    """The awards that are to be taken away."""

    def __init__(self, connection: Connection, moment: Moment) -> None:
        self._connection, self._moment = connection, moment

    def hasten(self, site: str) -> int:
        """Let what the guard holds back be due now; how many."""
        now = self._moment.now
        return self._connection.execute(
            update(award)
            .where(award.c.site == site, award.c.state == State.ASSIGNED)
            .where(award.c.giver == Giver.OURS, award.c.by_hand.is_(False))
            .where(award.c.revoke_at > now, award.c.reason == HELD_BACK_BY_GUARD)
            .values(revoke_at=now)
        ).rowcount
