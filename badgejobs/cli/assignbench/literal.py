"""The flow that comes to mind first: ask whether the member has the badge, give it if not.

It is what a task does that is told to "check, then assign, and retry on failure": no claim, no
memory of what was sent, one member at a time. It is here to be measured beside ours, over the
same client, and is used nowhere else.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Sequence

from badgejobs.errors import BadgeJobsError, StateError
from badgejobs.wix.client import WixClient

#: A task is tried again so long after its failure, as Celery's growing wait begins.
RETRY_SECONDS = 1.0
#: How often it is tried in all.
_TRIES = 8


def give(
    client: WixClient,
    badge_id: str,
    members: Sequence[str],
    heard: Callable[[int], None] = lambda _: None,
) -> None:
    """Give one badge to each member; what failed is tried again while others go on.

    ``StateError`` where a member is without it after all tries.
    """
    fresh = deque(members)
    #: (when it is tried again, member, tries so far), soonest first since all wait alike
    failed = deque[tuple[float, str, int]]()
    given = 0
    while fresh or failed:
        if failed and (not fresh or failed[0][0] <= time.monotonic()):
            again_at, member, tries = failed.popleft()
            time.sleep(max(0.0, again_at - time.monotonic()))
        else:
            member, tries = fresh.popleft(), 0
        try:
            if not client.assignments([badge_id], [member]):
                client.create_assignment(badge_id, member, fence=lambda: None)
        except BadgeJobsError as error:
            if tries + 1 == _TRIES:
                raise StateError(f"the literal flow gave up: {error}") from error
            failed.append((time.monotonic() + RETRY_SECONDS, member, tries + 1))
            continue
        given += 1
        heard(given)
