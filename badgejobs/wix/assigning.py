"""Bulk Create Badge Assignments: which answer belongs to which pair.

Wix handles the items one by one and answers 200 also where some failed; rows are matched by
``originalIndex`` alone, and failures may be counted without a row (``undetailedFailures``).
"""

from __future__ import annotations

from collections.abc import Sequence

from pydantic import ValidationError
from pydantic_core import to_json

from badgejobs.core.wixfacts import Created, WixAssignment
from badgejobs.errors import Ambiguous
from badgejobs.wix import bodies, pages, protocol

Pair = tuple[str, str]


def results(body: bytes, pairs: Sequence[Pair]) -> list[Created]:
    """One result a pair, in order; raises :class:`Ambiguous` where nothing can be read."""
    answer = pages.decoded(body, bodies.BulkAnswer, what="a bulk create")
    rows: dict[int, list[bodies.ItemResult]] = {}
    for raw in answer.results:
        row = _row(raw)
        if row is not None and row.item_metadata.original_index is not None:
            rows.setdefault(row.item_metadata.original_index, []).append(row)
    return [_result(rows.get(index, []), pair) for index, pair in enumerate(pairs)]


def assignment(found: bodies.Assignment, pair: Pair) -> WixAssignment:
    """What Wix created, which must be what was asked for."""
    if (found.badge_id.lower(), found.member_id.lower()) != (pair[0].lower(), pair[1].lower()):
        raise Ambiguous("Wix's answer is about another badge or member than was asked for")
    return WixAssignment(
        id=found.id, badge_id=pair[0], member_id=pair[1], created_at=found.created_date
    )


def _row(raw: object) -> bodies.ItemResult | None:
    try:
        return bodies.ItemResult.model_validate_json(to_json(raw))
    except ValidationError:
        return None


def _result(rows: list[bodies.ItemResult], pair: Pair) -> Created:
    if len(rows) != 1:
        return _untold("Wix's answer does not tell about this assignment")
    told = rows[0].item_metadata
    if told.error is not None and not told.success:
        return Created(error=protocol.item_error(told.error.code, told.error.description))
    if not told.success:
        return _untold("Wix's answer says neither success nor error")
    item = rows[0].item
    if item is not None:
        try:
            return Created(assignment=assignment(item, pair))
        except Ambiguous as error:
            return Created(error=error)
    if told.id is None:
        return _untold("Wix's answer names no id")
    return Created(
        assignment=WixAssignment(id=told.id, badge_id=pair[0], member_id=pair[1], created_at=None)
    )


def _untold(text: str) -> Created:
    return Created(error=Ambiguous(text))
