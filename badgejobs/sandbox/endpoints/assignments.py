"""Badge assignments: create, query, delete, one by one and in bulk."""

from __future__ import annotations

from dataclasses import dataclass, replace
from http import HTTPStatus
from typing import Any, Final

from badgejobs.sandbox import refusals, validation
from badgejobs.sandbox.endpoints import bulk, pages, tagging
from badgejobs.sandbox.endpoints.endpoint import Answer, Call, Endpoint
from badgejobs.sandbox.records.collection import Record
from badgejobs.sandbox.records.kinds import ASSIGNMENTS
from badgejobs.sandbox.refusals import Refusal
from badgejobs.sandbox.settings import DuplicateMode
from badgejobs.sandbox.world import new_id
from badgejobs.wix import wire


@dataclass(frozen=True, slots=True, kw_only=True)
class _Wanted:
    """An assignment as a caller sends it."""

    badge_id: str
    member_id: str
    #: Tags and extended fields, where they were sent.
    more: dict[str, Any]

    @property
    def pair(self) -> tuple[str, str]:
        return self.badge_id, self.member_id


def _wanted(given: object, field: str) -> _Wanted:
    one = validation.mapping(given, field)
    more: dict[str, Any] = {}
    if one.get("tags") is not None:
        more["tags"] = tagging.as_json(tagging.tags_of(one["tags"], f"{field}.tags"))
    if one.get("extendedFields") is not None:
        more["extendedFields"] = validation.mapping(
            one["extendedFields"], f"{field}.extendedFields"
        )
    return _Wanted(
        badge_id=validation.guid(one.get("badgeId"), f"{field}.badgeId"),
        member_id=validation.guid(one.get("memberId"), f"{field}.memberId"),
        more=more,
    )


def _unknown(call: Call, code: str, thing: str) -> Refusal:
    """The refusal of an assignment whose badge or member is not there."""
    match call.switches.unknown_on_create:
        case 400:
            return refusals.application_error(
                HTTPStatus.BAD_REQUEST, "INVALID_ARGUMENT", f"{thing} does not exist"
            )
        case _:
            return refusals.not_found(code, thing)


def _require_known(call: Call, wanted: _Wanted) -> None:
    """Refuse an unknown badge, and, unless such are accepted, an unknown member."""
    if wanted.badge_id not in call.site.badges.current:
        raise _unknown(call, "BADGE_NOT_FOUND", f"badge {wanted.badge_id}")
    accepts = call.switches.unknown_on_create == "accept"
    if not accepts and wanted.member_id not in call.site.members.current:
        raise _unknown(call, "MEMBER_NOT_FOUND", f"member {wanted.member_id}")


def _assign(call: Call, wanted: _Wanted) -> Record:
    """The assignment of a pair, created or, if the mode says so, found; else a refusal."""
    site, mode = call.site, call.world.options.duplicate_mode
    standing = site.pairs.get(wanted.pair)
    try:
        _require_known(call, wanted)
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
        "badgeId": wanted.badge_id,
        "memberId": wanted.member_id,
        "createdDate": now,
        "updatedDate": now,
    }
    record = Record(body | wanted.more, ASSIGNMENTS)
    site.assignments.put(record, call.at)
    site.pairs.setdefault(wanted.pair, []).append(record.id)
    site.ever_assigned[wanted.pair] = site.ever_assigned.get(wanted.pair, 0) + 1
    return record


def existing(call: Call, assignment_id: str) -> Record:
    """An assignment as it is now, or a refusal (404)."""
    record = call.site.assignments.current.get(assignment_id)
    if record is None:
        raise refusals.not_found("BADGE_ASSIGNMENT_NOT_FOUND", f"assignment {assignment_id}")
    return record


def _unassign(call: Call, assignment_id: str) -> None:
    record = existing(call, assignment_id)
    call.site.assignments.remove(assignment_id, call.at)
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
    wanted = _wanted(call.body.get("badgeAssignment"), "badgeAssignment")
    return {"badgeAssignment": _assign(call, wanted).body}


def delete(call: Call) -> Answer:
    """Take an assignment away."""
    _unassign(call, call.path_guid("badgeAssignmentId"))
    return {}


def bulk_create(call: Call) -> Answer:
    """Create up to 100 assignments, each like a single create; a malformed one refuses all."""
    field = "badgeAssignments"
    given = validation.items(call.body.get(field), field, least=1, most=wire.MOST_ITEMS)
    whole = validation.truth(call.body.get("returnEntity") or False, "returnEntity")
    items = [_wanted(one, f"{field}[{index}]") for index, one in enumerate(given)]
    results = bulk.Bulk(call)
    for index, wanted in enumerate(items):
        try:
            record = _assign(call, wanted)
        except Refusal as refusal:
            results.failed(index, refusal)
        else:
            results.succeeded(index, record.id, record.body if whole else None)
    return results.answer()


def bulk_delete(call: Call) -> Answer:
    """Delete up to 100 assignments; an unknown one fails alone."""
    results = bulk.Bulk(call)
    for index, assignment_id in enumerate(bulk.ids(call, "badgeAssignmentIds")):
        try:
            _unassign(call, assignment_id)
        except Refusal as refusal:
            results.failed(index, refusal)
        else:
            results.succeeded(index, assignment_id)
    return results.answer()


def query(call: Call) -> Answer:
    """A page of assignments."""
    listing = pages.Listing(
        name="assignments",
        collection=call.site.assignments,
        default_limit=call.switches.badges_default_limit,
    )
    page = pages.read(call, listing)
    return pages.encoded("badgeAssignments", page.records, {"pagingMetadata": page.metadata()})


def spelled(*endpoints: Endpoint) -> tuple[Endpoint, ...]:
    """Endpoints under both spellings of their paths, of which a switch says which answer."""
    sdk = (
        replace(one, present=lambda switches: switches.assignment_paths != "docs")
        for one in endpoints
    )
    docs = (
        replace(
            one,
            path=wire.spelled(one.path, wire.Spelling.DOCS),
            present=lambda switches: switches.assignment_paths != "sdk",
        )
        for one in endpoints
    )
    return (*sdk, *docs)


_MANAGE: Final = wire.SCOPE_MANAGE_BADGES
ENDPOINTS: Final = spelled(
    Endpoint("POST", wire.ASSIGNMENTS, _MANAGE, create),
    Endpoint("POST", wire.ASSIGNMENTS_QUERY, wire.SCOPE_READ_BADGES, query),
    Endpoint("DELETE", wire.ASSIGNMENT, _MANAGE, delete),
    Endpoint("POST", wire.ASSIGNMENTS_BULK_CREATE, _MANAGE, bulk_create),
    Endpoint("POST", wire.ASSIGNMENTS_BULK_DELETE, _MANAGE, bulk_delete),
)
