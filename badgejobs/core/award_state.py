"""Where an award can stand, who gave it, and which states mean what."""

from __future__ import annotations

from enum import StrEnum


class State(StrEnum):
    """Where an award stands."""

    #: Earned, and not to be given now: ``reason`` says why. Nobody takes it in hand.
    HELD = "held"
    PENDING = "pending"
    INFLIGHT = "inflight"
    UNKNOWN = "unknown"
    ASSIGNED = "assigned"
    #: The condition was no longer met before anything was sent.
    WITHDRAWN = "withdrawn"
    #: Wix refuses this member for this badge; terminal until something changes.
    BLOCKED = "blocked"
    #: The badge is gone at Wix; waits for a person.
    PAUSED = "paused"
    #: Being taken away at Wix: a delete may be on its way.
    REVOKING = "revoking"
    #: Taken away by a rule; earned once more, it is given once more.
    REVOKED = "revoked"
    #: Taken away by a person: never given again until a person says so.
    TAKEN = "taken"
    NEEDS_ATTENTION = "needs_attention"


class Giver(StrEnum):
    """Who gave a badge that stands at Wix."""

    OURS = "ours"
    PERSON = "person"


class Unmet(StrEnum):
    """Why a badge that stands at Wix should not stand there any more."""

    CONDITION = "the condition is no longer met"
    EXPIRED = "expired"
    HIGHER_TIER = "a higher tier is held"


#: States with something to give once ``not_before`` has passed.
OPEN = frozenset({State.PENDING, State.UNKNOWN})

#: States in which nothing has been sent to Wix that could still take effect there.
UNSENT = frozenset({State.HELD, State.PENDING})

#: States from which the facts may open a new award: nothing stands at Wix, and a rule may give.
REOPENED = frozenset({State.WITHDRAWN, State.REVOKED})

#: States that tell of a request to Wix, or of a badge that stands or stood there.
SENT = frozenset(
    {
        State.INFLIGHT,
        State.UNKNOWN,
        State.ASSIGNED,
        State.NEEDS_ATTENTION,
        State.REVOKING,
        State.REVOKED,
        State.TAKEN,
    }
)

#: States of an award that waits, together with its badge, when that is gone at Wix; what is in
#: flight is settled first.
WAITS_WITH_BADGE = frozenset(
    {State.HELD, State.PENDING, State.UNKNOWN, State.ASSIGNED, State.REVOKING}
)

#: States of an award that begins anew with its badge. What a person took stays taken, what Wix
#: refuses stays refused, and what is open or was taken by a rule is decided as ever.
BEGINS_WITH_BADGE = frozenset(
    {State.PAUSED, State.NEEDS_ATTENTION, State.UNKNOWN, State.ASSIGNED, State.REVOKING}
)
