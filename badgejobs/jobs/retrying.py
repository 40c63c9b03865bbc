"""When to run again after an error: one pure answer, for tasks, commands and tests alike."""

from __future__ import annotations

import random
from dataclasses import dataclass
from datetime import timedelta

from badgejobs.errors import (
    BadgeJobsError,
    CredentialsRefused,
    Later,
    Permanent,
    PermissionMissing,
)

#: The longest wait between two tries of something that may work any moment.
LONGEST_WAIT = 120.0
#: What only a person can mend is looked at again this often at first, and then ever more rarely.
FIRST_PROBE = 300.0
LONGEST_PROBE = 6 * 3600.0
#: Waits stop doubling here: both limits are long reached, and no float can hold 2 ** 1024.
MOST_DOUBLINGS = 16


@dataclass(frozen=True, slots=True, kw_only=True)
class Again:
    """Come back in ``seconds``; ``counted`` where this was a failure and not a mere wait."""

    seconds: float
    counted: bool


def verdict(error: BadgeJobsError, failures: int) -> Again:
    """When to run a job again that failed ``failures`` times in a row before.

    Nothing is given up for good: the database keeps it due, only ever later.

    >>> verdict(Later("the pace is used up", seconds=7), 3)
    Again(seconds=7, counted=False)
    >>> verdict(PermissionMissing("no scope"), 1)
    Again(seconds=600.0, counted=True)
    """
    doubled = 2.0 ** min(failures, MOST_DOUBLINGS)
    match error:
        case Later():
            return Again(seconds=error.seconds, counted=False)
        case CredentialsRefused() | PermissionMissing() | Permanent():
            return Again(seconds=min(FIRST_PROBE * doubled, LONGEST_PROBE), counted=True)
        case _:
            return Again(seconds=min(2.0 * doubled, LONGEST_WAIT), counted=True)


def patience(error: BadgeJobsError, failures: int) -> timedelta:
    """The verdict as a wait, spread so that many jobs that failed at once do not return at once.

    A wait that was asked for is never shortened.
    """
    again = verdict(error, max(0, failures))
    if not again.counted:
        return timedelta(seconds=again.seconds * random.uniform(1.0, 1.1))  # noqa: S311 - spread
    return timedelta(seconds=again.seconds * random.uniform(0.5, 1.0))  # noqa: S311 - spread
