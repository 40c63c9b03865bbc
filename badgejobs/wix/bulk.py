"""Bulk Create and Bulk Delete Badge Assignments: which answer belongs to which item.

Wix handles the items one by one and answers 200 also where some failed; rows are matched by
``originalIndex`` alone, and failures may be counted without a row (``undetailedFailures``).
"""

from __future__ import annotations

from collections.abc import Sequence

from pydantic import ValidationError
from pydantic_core import to_json

from badgejobs.core.wixfacts import Created, Removed, WixAssignment
from badgejobs.errors import Ambiguous, BadgeJobsError, NotFound
from badgejobs.wix import bodies, protocol
from badgejobs.wix.bodies import ItemResult

Pair = tuple[str, str]


def created(answer: bodies.BulkAnswer, pairs: Sequence[Pair]) -> list[Created]:
    """One result a pair, in order; :class:`Ambiguous` for one that the answer is silent about."""
    rows = _rows(answer)
    return [_created(rows.get(index, []), pair) for index, pair in enumerate(pairs)]


def removed(answer: bodies.BulkAnswer, assignment_ids: Sequence[str]) -> list[Removed]:
    """One result an id, in order; an id that Wix does not know is gone already."""
    rows = _rows(answer)
    return [_removed(rows.get(index, []), one) for index, one in enumerate(assignment_ids)]


def assignment(found: bodies.Assignment, pair: Pair) -> WixAssignment:
    """What Wix created, which must be what was asked for."""
    if (found.badge_id.lower(), found.member_id.lower()) != (pair[0].lower(), pair[1].lower()):
        raise Ambiguous("Wix's answer is about another badge or member than was asked for")
    return WixAssignment(
        id=found.id, badge_id=pair[0], member_id=pair[1], created_at=found.created_date
    )


def _rows(answer: bodies.BulkAnswer) -> dict[int, list[ItemResult]]:
    rows: dict[int, list[ItemResult]] = {}
    for raw in answer.results:
        try:
            row = ItemResult.model_validate_json(to_json(raw))
        except ValidationError:
            continue
        if row.item_metadata.original_index is not None:
            rows.setdefault(row.item_metadata.original_index, []).append(row)
    return rows


def _created(rows: list[ItemResult], pair: Pair) -> Created:
    try:
        row = _succeeded(rows)
        told = row.item_metadata
        if row.item is not None:
            return Created(assignment=assignment(row.item, pair))
        if told.id is None:
            raise Ambiguous("Wix's answer names no id")
    except BadgeJobsError as error:
        return Created(error=error)
    return Created(
        assignment=WixAssignment(id=told.id, badge_id=pair[0], member_id=pair[1], created_at=None)
    )


def _removed(rows: list[ItemResult], assignment_id: str) -> Removed:
    try:
        told = _succeeded(rows).item_metadata
        if told.id is not None and told.id.lower() != assignment_id.lower():
            raise Ambiguous("Wix's answer is about another assignment than was asked for")
    except NotFound:
        return Removed(was_there=False)
    except BadgeJobsError as error:
        return Removed(error=error)
    return Removed()


def _succeeded(rows: list[ItemResult]) -> ItemResult:
    """The one row about an item, where it tells of success; else raises what it means."""
    if len(rows) != 1:
        raise Ambiguous("Wix's answer does not tell about this assignment")
    told = rows[0].item_metadata
    if told.success:
        return rows[0]
    if told.error is None:
        raise Ambiguous("Wix's answer says neither success nor error")
    raise protocol.item_error(told.error.code, told.error.description)
