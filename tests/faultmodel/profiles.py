"""What goes wrong, and how often: the columns of our fault model, and what owners do."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

Duplicates = Literal["second row", "refuse", "return"]


@dataclass(frozen=True, kw_only=True)
class Profile:
    """Chances are of one, durations in seconds."""

    name: str
    #: A bell that rings twice.
    double_bell: float = 0.1
    #: A write that Wix never sees applied, with no answer or one that tells nothing.
    lost_before: float = 0.0
    #: A write that is applied, and whose answer is lost.
    lost_after: float = 0.0
    #: A write that is applied up to half a minute after the client has given up on it.
    late: float = 0.0
    #: A query without an answer.
    unread: float = 0.0
    #: An item of a bulk call that fails by itself, or that its answer is silent about.
    item: float = 0.0
    #: A worker that dies, at each step.
    crash: float = 0.0
    #: A query shows what was written so late at most.
    lag: float = 5.0
    #: A worker that stands still, wherever it is not in a transaction.
    stall: float = 0.0
    stall_seconds: tuple[float, float] = (20.0, 120.0)
    #: Also between the last check and the first byte, where nobody can check any more.
    stalls_behind_all: bool = True
    #: The owner gives or takes a badge so often an award, and in the middle of our calls.
    owner: float = 0.0
    badges_deleted: int = 0
    #: Members who are deleted, of all.
    members_deleted: float = 0.0
    #: A row that is not shown for a while though it stands for long.
    missed: float = 0.0
    #: How many awards may wait for a person at the end, of all: three attempts without an answer.
    for_a_person: float = 0.005
    #: What a create of a pair that stands does; a second row hides nothing.
    duplicates: Duplicates = "second row"


_FAULTS = Profile(
    name="faults",
    lost_before=0.03,
    lost_after=0.03,
    late=0.01,
    unread=0.02,
    item=0.01,
    crash=0.01,
)


CALM = Profile(name="calm")
FAULTS = _FAULTS
LONG_LAG = replace(_FAULTS, name="faults, lag up to 60 s", lag=60.0)
STALLS = replace(_FAULTS, name="faults and stalls of 20 to 120 s", stall=0.01)
OWNER = replace(_FAULTS, name="the owner's hand", owner=0.2)
BADGE_DELETED = replace(_FAULTS, name="badges deleted", badges_deleted=1)
MEMBERS_DELETED = replace(_FAULTS, name="members deleted", members_deleted=0.05)
#: The four columns of the model, and the three of what happens to a site meanwhile.
SEVEN = (CALM, FAULTS, LONG_LAG, STALLS, OWNER, BADGE_DELETED, MEMBERS_DELETED)

REFUSES = replace(_FAULTS, name="faults, a second create is refused", duplicates="refuse")
RETURNS = replace(_FAULTS, name="faults, a second create returns the first", duplicates="return")
#: A machine that sleeps: no check helps but the one before the bytes.
SLEEPS = replace(
    _FAULTS,
    name="stalls of 3 to 15 minutes",
    stall=0.03,
    stall_seconds=(180.0, 900.0),
    stalls_behind_all=False,
)
MANY_STALLS = replace(
    _FAULTS,
    name="stalls of 20 to 120 s, many, and a lag up to 60 s",
    stall=0.05,
    stalls_behind_all=False,
    lag=60.0,
    for_a_person=0.05,
)
STALE = replace(_FAULTS, name="queries that miss what stands", missed=0.3)
OWNER_REFUSED = replace(
    _FAULTS,
    name="the owner's hand, a second create is refused",
    owner=0.4,
    duplicates="refuse",
    lag=60.0,
)
SILENT = replace(_FAULTS, name="bulk answers with gaps", item=0.05, lag=60.0)
MORE = (REFUSES, RETURNS, SLEEPS, MANY_STALLS, STALE, OWNER_REFUSED, SILENT)
