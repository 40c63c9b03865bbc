"""Whose tick it is: several beats make one tick a slot of time."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from sqlalchemy import Connection, or_

from badgejobs.store.dialect import insert_into
from badgejobs.store.fleet_tables import tick
from badgejobs.store.moment import Moment

#: Beside the kinds of ticks that are begun: that one was carried out to its end.
ENDED = "tick ended"
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class SqlTicks:
    """The last slot of each kind of tick that was begun."""

    def __init__(self, connection: Connection, moment: Moment) -> None:
        self._connection, self._moment = connection, moment

    def begin(self, kind: str, every: timedelta) -> bool:
        """Take the slot that it is now; whether nobody had taken it before.

        A slot is the database's time divided by ``every``, whole. One that nobody took is not
        made up for. Where the clock went back by more than a slot, the slots begin anew from
        there; by less, one slot is passed over.
        """
        slot = (self._moment.now - _EPOCH) // every
        statement = insert_into(self._connection, tick).values(
            kind=kind, slot=slot, at=self._moment.now
        )
        taken = self._connection.execute(
            statement.on_conflict_do_update(
                index_elements=("kind",),
                set_={"slot": statement.excluded.slot, "at": statement.excluded.at},
                where=or_(
                    tick.c.slot < statement.excluded.slot,
                    tick.c.slot > statement.excluded.slot + 1,
                ),
            ).returning(tick.c.slot)
        )
        return taken.first() is not None

    def ended(self) -> None:
        """A tick was carried out: one that fails each time is not taken for one that works."""
        statement = insert_into(self._connection, tick).values(
            kind=ENDED, slot=0, at=self._moment.now
        )
        self._connection.execute(
            statement.on_conflict_do_update(
                index_elements=("kind",), set_={"at": statement.excluded.at}
            )
        )
