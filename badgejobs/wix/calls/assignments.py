"""Requests of Badge Assignments V4 (Wix docs, Badge Assignments V4).

There is no call to get or to update one. Wix names no idempotency key, and no error of its own
for an assignment that exists already.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from badgejobs.wix import wire
from badgejobs.wix.calls.call import Call, among, paged

#: The form of an id, and the id of nothing.
NOBODY: Final = "00000000-0000-0000-0000-000000000000"


def query_assignments(
    badge_ids: Sequence[str],
    member_ids: Sequence[str] | None,
    *,
    cursor: str | None = None,
) -> Call:
    """A page of the assignments of these badges, to these members where given."""
    wanted: dict[str, Any] = {"badgeId": among(badge_ids)}
    if member_ids is not None:
        wanted["memberId"] = among(member_ids)
    return Call(
        form=wire.ASSIGNMENTS_QUERY,
        body={"query": paged({"filter": wanted}, cursor)},
        scope=wire.SCOPE_READ_BADGES,
        cursor_sent=cursor is not None,
    )


def query_no_assignment(spelling: wire.Spelling) -> Call:
    """A query that finds nothing, to see whether its path is known in this spelling."""
    query = paged({"filter": {"badgeId": NOBODY, "memberId": NOBODY}}, None, 1)
    return Call(
        form=wire.ASSIGNMENTS_QUERY,
        body={"query": query},
        scope=wire.SCOPE_READ_BADGES,
        spelling=spelling,
    )


def create_assignment(badge_id: str, member_id: str) -> Call:
    """One badge to one member."""
    return Call(
        form=wire.ASSIGNMENTS,
        body={"badgeAssignment": {"badgeId": badge_id, "memberId": member_id}},
        scope=wire.SCOPE_MANAGE_BADGES,
        writes=True,
    )


def create_assignments(pairs: Sequence[tuple[str, str]]) -> Call:
    """Up to 100 (badge id, member id) pairs; not atomic at Wix."""
    assignments = [{"badgeId": badge, "memberId": member} for badge, member in pairs]
    return Call(
        form=wire.ASSIGNMENTS_BULK_CREATE,
        body={"badgeAssignments": assignments, "returnEntity": True},
        scope=wire.SCOPE_MANAGE_BADGES,
        writes=True,
    )


def delete_assignment(assignment_id: str) -> Call:
    """Take one badge from one member."""
    return Call(
        method="DELETE",
        form=wire.ASSIGNMENT,
        id=assignment_id,
        scope=wire.SCOPE_MANAGE_BADGES,
        writes=True,
    )


def delete_assignments(assignment_ids: Sequence[str]) -> Call:
    """Up to 100 assignments; not atomic at Wix."""
    return Call(
        form=wire.ASSIGNMENTS_BULK_DELETE,
        body={"badgeAssignmentIds": list(assignment_ids)},
        scope=wire.SCOPE_MANAGE_BADGES,
        writes=True,
    )


def delete_nothing() -> Call:
    """A write that cannot take effect: the assignment that it names exists nowhere."""
    return delete_assignments([NOBODY])
