"""When a badge came to a member's profile at Wix, and when it left it: which changes say so.

The history tells of more. What stands there already may be kept by a person, or stay since a delete
never happened; and what never stood there may be forbidden.
"""

from __future__ import annotations

from sqlalchemy import ColumnElement, and_

from badgejobs.core.award import State
from badgejobs.store.tables import award_history

#: States in which the badge is on the member's profile, as far as the ledger knows.
AT_WIX = (State.ASSIGNED, State.REVOKING)
#: States of what is there no more: a rule or a person took it, or the member or the badge itself is
#: gone, or was and is made anew.
GONE = (State.REVOKED, State.TAKEN, State.BLOCKED, State.PAUSED, State.WITHDRAWN)

#: The changes of what stood there before them, and of what did not.
STOOD: ColumnElement[bool] = award_history.c.from_state.in_(AT_WIX)
STOOD_NOT: ColumnElement[bool] = and_(
    *(award_history.c.from_state.is_distinct_from(state) for state in AT_WIX)
)
