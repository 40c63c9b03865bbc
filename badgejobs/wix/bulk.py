"""Bulk Create and Bulk Delete Badge Assignments: which answer belongs to which item.

Wix handles the items one by one and answers 200 also where some failed; rows are matched by
``originalIndex`` alone, and failures may be counted without a row (``undetailedFailures``).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from pydantic import ValidationError
from pydantic_core import to_json

from badgejobs.core.wixfacts import Created, Removed, WixAssignment
from badgejobs.errors import Ambiguous, BadgeJobsError, NotFound
from badgejobs.wix import bodies, protocol
from badgejobs.wix.bodies import ItemResult

Pair = tuple[str, str]


def created(answer: bodies.BulkAnswer, pairs: Sequence[Pair]) -> list[Created]:
    """One result a pair, in order; :class:`Ambiguous` for one that the answer is silent about.

    So is one that the answer contradicts itself about: no badge stands on such a word, and none
    is taken for refused.
    """
    rows = _rows(answer)
    results = [_created(rows.get(index, []), pair) for index, pair in enumerate(pairs)]
    ids = Counter(one.assignment.id for one in results if one.assignment)
    totals = answer.bulk_action_metadata
    told = totals.total_successes if totals else None
    too_many = told is not None and told < ids.total()
    contradicts = Created(error=Ambiguous("Wix's answer contradicts itself about this assignment"))
    return [
        contradicts if one.assignment and (too_many or ids[one.assignment.id] > 1) else one
        for one in results
    ]


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


#: The rows about one item; ``None`` for one that is about it and cannot be read.
_Rows = list[ItemResult | None]


def _rows(answer: bodies.BulkAnswer) -> dict[int, _Rows]:
    rows: dict[int, _Rows] = {}
    for raw in answer.results:
        row: ItemResult | None = None
        try:
            row = ItemResult.model_validate_json(to_json(raw))
            index = row.item_metadata.original_index
        except ValidationError:
            index = _index_of(raw)
        if index is not None:
            rows.setdefault(index, []).append(row)
    return rows


def _index_of(raw: object) -> int | None:
    """The item that an unreadable row is about, where it says so."""
    metadata = raw.get("itemMetadata") if isinstance(raw, dict) else None
    index = metadata.get("originalIndex") if isinstance(metadata, dict) else None
    return index if type(index) is int else None


def _created(rows: _Rows, pair: Pair) -> Created:
    try:
        row = _succeeded(rows)
        told = row.item_metadata
        if row.item is not None and told.id is not None and row.item.id != told.id:
            raise Ambiguous("Wix's answer names two ids for this assignment")
        if row.item is not None:
            return Created(assignment=assignment(row.item, pair))
        if told.id is None:
            raise Ambiguous("Wix's answer names no id")
    except BadgeJobsError as error:
        return Created(error=error)
    return Created(
        assignment=WixAssignment(id=told.id, badge_id=pair[0], member_id=pair[1], created_at=None)
    )


def _removed(rows: _Rows, assignment_id: str) -> Removed:
    try:
        told = _succeeded(rows).item_metadata
        if told.id is not None and told.id.lower() != assignment_id.lower():
            raise Ambiguous("Wix's answer is about another assignment than was asked for")
    except NotFound:
        return Removed(was_there=False)
    except BadgeJobsError as error:
        return Removed(error=error)
    return Removed()


def _succeeded(rows: _Rows) -> ItemResult:
    """The one row about an item, where it tells of success; else raises what it means."""
    row = rows[0] if len(rows) == 1 else None
    if row is None:
        raise Ambiguous("Wix's answer does not tell about this assignment")
    told = row.item_metadata
    if told.success and told.error is not None:
        raise Ambiguous("Wix's answer says both success and error")
    if told.success:
        return row
    if told.error is None:
        raise Ambiguous("Wix's answer says neither success nor error")
    raise protocol.item_error(told.error.code, told.error.description)
