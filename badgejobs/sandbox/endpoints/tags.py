"""Tags of badge assignments: private ones and public ones, changed in bulk."""

from __future__ import annotations

from http import HTTPStatus
from typing import Final

from badgejobs.sandbox import refusals, validation
from badgejobs.sandbox.endpoints import bulk
from badgejobs.sandbox.endpoints.assignments import existing, spelled
from badgejobs.sandbox.endpoints.endpoint import Answer, Call, Endpoint
from badgejobs.sandbox.endpoints.tagging import KINDS, MOST_TAGS, Tags, as_json, tags_of
from badgejobs.sandbox.records.collection import Record
from badgejobs.sandbox.records.kinds import ASSIGNMENTS
from badgejobs.sandbox.refusals import Refusal
from badgejobs.sandbox.world import new_id
from badgejobs.wix import wire


def _change(call: Call) -> tuple[Tags, Tags]:
    """The tags to assign, which must be sent, and those to unassign."""
    assign = tags_of(call.body.get("assignTags"), "assignTags")
    unassign = call.body.get("unassignTags")
    return assign, {} if unassign is None else tags_of(unassign, "unassignTags")


def _retag(call: Call, record: Record, assign: Tags, unassign: Tags) -> None:
    """Change the tags of one assignment; a tag to assign and to unassign ends assigned."""
    body = record.body
    tags = tags_of(body.get("tags", {}), "tags")
    for kind in [kind for kind in KINDS if kind in assign or kind in unassign]:
        gone = unassign.get(kind, ())
        kept = [tag for tag in tags.get(kind, ()) if tag not in gone]
        tags[kind] = list(dict.fromkeys((*kept, *assign.get(kind, ()))))
        if len(tags[kind]) > MOST_TAGS:
            raise refusals.application_error(
                HTTPStatus.BAD_REQUEST, "INVALID_ARGUMENT", f"more than {MOST_TAGS} {kind}"
            )
    changed = body | {"tags": as_json(tags), "updatedDate": call.world.stamp()}
    call.site.assignments.put(Record(changed, ASSIGNMENTS), call.at)


def bulk_update(call: Call) -> Answer:
    """Change the tags of up to 100 assignments; an unknown one fails alone."""
    ids = bulk.ids(call, "ids")
    assign, unassign = _change(call)
    results = bulk.Bulk(call)
    for index, assignment_id in enumerate(ids):
        try:
            _retag(call, existing(call, assignment_id), assign, unassign)
        except Refusal as refusal:
            results.failed(index, refusal)
        else:
            results.succeeded(index, assignment_id)
    return results.answer()


def update_by_filter(call: Call) -> Answer:
    """Change the tags of all assignments that a filter finds, an empty one: of all.

    Wix does it in a job of its own, later; here it is done at once, and nobody can ask after
    the job. Like that of a query, the filter sees what lists show.
    """
    given = validation.mapping(call.body.get("filter"), "filter")
    assign, unassign = _change(call)
    matches = call.filter(given, ASSIGNMENTS, "filter").matches
    assignments = call.site.assignments
    for assignment_id, shown in assignments.shown(call.at).items():
        record = assignments.current.get(assignment_id)
        if record is not None and matches(shown.values):
            try:
                _retag(call, record, assign, unassign)
            except Refusal:  # one that would have too many keeps those it has
                continue
    return {"jobId": new_id()}


ENDPOINTS: Final = spelled(
    Endpoint("POST", wire.ASSIGNMENTS_BULK_TAGS, wire.SCOPE_MANAGE_BADGES, bulk_update),
    Endpoint("POST", wire.ASSIGNMENTS_TAGS_BY_FILTER, wire.SCOPE_MANAGE_BADGES, update_by_filter),
)
