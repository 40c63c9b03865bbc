"""Badge assignments: create, query, delete, one by one and in bulk."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any, Final

from badgejobs.sandbox import pages, refusals, validation
from badgejobs.sandbox.collection import Record
from badgejobs.sandbox.endpoint import Answer, Call, Endpoint
from badgejobs.sandbox.kinds import ASSIGNMENTS
from badgejobs.sandbox.refusals import Refusal
from badgejobs.sandbox.settings import DuplicateMode
from badgejobs.sandbox.world import new_id
from badgejobs.wix import wire


def _pair(given: object, field: str) -> tuple[str, str]:
    """The badge and member that an assignment names."""
    one = validation.mapping(given, field)
    badge_id = validation.guid(one.get("badgeId"), f"{field}.badgeId")
    return badge_id, validation.guid(one.get("memberId"), f"{field}.memberId")


def _assign(call: Call, pair: tuple[str, str]) -> Record:
    """The assignment of a pair, created or, if the mode says so, found; else a refusal."""
    site, mode = call.site, call.world.options.duplicate_mode
    badge_id, member_id = pair
    try:
        if badge_id not in site.badges.current:
            raise refusals.not_found("BADGE_NOT_FOUND", f"badge {badge_id}")
        if member_id not in site.members.current:
            raise refusals.not_found("MEMBER_NOT_FOUND", f"member {member_id}")
        standing = site.pairs.get(pair)
        if standing and mode is DuplicateMode.CONFLICT:
            raise refusals.application_error(
                HTTPStatus.CONFLICT, "ALREADY_EXISTS", "the member has this badge already"
            )
    except Refusal:
        site.creates_refused += 1
        raise
    if standing and mode is DuplicateMode.RETURN_EXISTING:
        return site.assignments.current[standing[0]]
    now = call.world.stamp()
    body = {
        "id": new_id(),
        "badgeId": badge_id,
        "memberId": member_id,
        "createdDate": now,
        "updatedDate": now,
    }
    record = Record(body, ASSIGNMENTS)
    site.assignments.put(record, call.at)
    site.pairs.setdefault(pair, []).append(record.id)
    site.ever_assigned[pair] = site.ever_assigned.get(pair, 0) + 1
    return record


def _unassign(call: Call, assignment_id: str) -> None:
    record = call.site.assignments.remove(assignment_id, call.at)
    if record is None:
        raise refusals.not_found("BADGE_ASSIGNMENT_NOT_FOUND", f"assignment {assignment_id}")
    pair = record.values["badgeId"], record.values["memberId"]
    rows = call.site.pairs[pair]
    rows.remove(assignment_id)
    if not rows:
        del call.site.pairs[pair]


def forget_assignments(call: Call, badge_id: str) -> None:
    """Remove every assignment of a badge."""
    pairs = call.site.pairs
    for pair in [pair for pair in pairs if pair[0] == badge_id]:
        for assignment_id in pairs.pop(pair):
            call.site.assignments.remove(assignment_id, call.at)


def create(call: Call) -> Answer:
    """Give a member a badge."""
    pair = _pair(call.body.get("badgeAssignment"), "badgeAssignment")
    return {"badgeAssignment": _assign(call, pair).body}


def delete(call: Call) -> Answer:
    """Take an assignment away."""
    _unassign(call, call.path_guid("badgeAssignmentId"))
    return {}


def _failed(index: int, refusal: Refusal) -> dict[str, Any]:
    error = refusal.body["details"]["applicationError"]
    return {"itemMetadata": {"originalIndex": index, "success": False, "error": error}}


def _bulk_answer(results: list[dict[str, Any]]) -> Answer:
    good = sum(result["itemMetadata"]["success"] for result in results)
    totals = {
        "totalSuccesses": good,
        "totalFailures": len(results) - good,
        "undetailedFailures": 0,
    }
    return {"results": results, "bulkActionMetadata": totals}


def bulk_create(call: Call) -> Answer:
    """Create up to 100 assignments, each like a single create; a malformed one refuses all."""
    field = "badgeAssignments"
    given = validation.items(call.body.get(field), field, least=1, most=wire.MOST_ITEMS)
    whole = validation.truth(call.body.get("returnEntity") or False, "returnEntity")
    pairs = [_pair(one, f"{field}[{index}]") for index, one in enumerate(given)]
    results: list[dict[str, Any]] = []
    for index, pair in enumerate(pairs):
        try:
            record = _assign(call, pair)
        except Refusal as refusal:
            results.append(_failed(index, refusal))
            continue
        result = _succeeded(index, record.id)
        results.append(result | {"item": record.body} if whole else result)
    return _bulk_answer(results)


def bulk_delete(call: Call) -> Answer:
    """Delete up to 100 assignments; an unknown one fails alone."""
    field = "badgeAssignmentIds"
    given = validation.items(call.body.get(field), field, least=1, most=wire.MOST_ITEMS)
    ids = [validation.guid(one, f"{field}[{index}]") for index, one in enumerate(given)]
    results: list[dict[str, Any]] = []
    for index, assignment_id in enumerate(ids):
        try:
            _unassign(call, assignment_id)
        except Refusal as refusal:
            results.append(_failed(index, refusal))
        else:
            results.append(_succeeded(index, assignment_id))
    return _bulk_answer(results)


def _succeeded(index: int, assignment_id: str) -> dict[str, Any]:
    return {"itemMetadata": {"id": assignment_id, "originalIndex": index, "success": True}}


def query(call: Call) -> Answer:
    """A page of assignments."""
    listing = pages.Listing(name="assignments", collection=call.site.assignments)
    page = pages.read(call, listing)
    return pages.encoded("badgeAssignments", page.records, {"pagingMetadata": page.metadata()})


_MANAGE: Final = wire.SCOPE_MANAGE_BADGES
ENDPOINTS: Final = (
    Endpoint("POST", wire.ASSIGNMENTS, _MANAGE, create),
    Endpoint("POST", wire.ASSIGNMENTS_QUERY, wire.SCOPE_READ_BADGES, query),
    Endpoint("DELETE", wire.ASSIGNMENT, _MANAGE, delete),
    Endpoint("POST", wire.ASSIGNMENTS_BULK_CREATE, _MANAGE, bulk_create),
    Endpoint("POST", wire.ASSIGNMENTS_BULK_DELETE, _MANAGE, bulk_delete),
)
