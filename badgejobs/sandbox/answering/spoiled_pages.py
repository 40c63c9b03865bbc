"""What faults make of a page of a list: rows twice, in disorder, missing, unknown or broken."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from random import Random
from typing import Any, Final

from badgejobs.sandbox import refusals
from badgejobs.sandbox.answering.replies import Reply, encoded, refused
from badgejobs.sandbox.faults.kinds import FaultKind
from badgejobs.sandbox.faults.scripted import Fault

#: Objects that map ids to something: they have no fields that could be new.
_MAPS: Final = frozenset({"commentReplies", "badgesByMemberId"})
_NEW_FIELD: Final = {"addedLater": {"reason": "Wix added it", "since": 2031, "also": [None]}}
_NEW_STATUS: Final = "STATUS_OF_THE_FUTURE"


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """An answer of a list taken apart; the parts may be changed and belong to nobody else."""

    answer: dict[str, Any]
    #: The records, and under which name they stand.
    name: str
    rows: list[Any]
    #: The objects with paging information.
    paging: list[dict[str, Any]]
    #: A cursor that leads to this very page.
    here: str

    def with_rows(self, rows: list[Any]) -> dict[str, Any]:
        """The answer with other records, counted anew."""
        for one in self.paging:
            one["count"] = len(rows)
        return self.answer | {self.name: rows}


def opened(body: bytes, here: str) -> Page | None:
    """A page out of the text of an answer, None if it is the answer of no list."""
    answer = json.loads(body)
    paging = [
        found
        for name in ("pagingMetadata", "metadata")
        if isinstance(found := answer.get(name), dict) and "count" in found
    ]
    name = next((name for name, value in answer.items() if isinstance(value, list)), None)
    if not paging or name is None:
        return None
    return Page(answer=answer, name=name, rows=answer[name], paging=paging, here=here)


def spoiled(page: Page, fault: Fault, cursor_field: str) -> Reply | None:
    """The page as a fault makes it, None where it holds nothing that the fault could spoil.

    ``cursor_field`` is where the request holds its cursor, if it has one.
    """
    if fault.kind is FaultKind.EXPIRED_CURSOR:
        return refused(refusals.invalid(cursor_field, "has expired"))
    # Not the dice of the fault: what it hits must not hang on what it finds there.
    answer = _SPOILERS[fault.kind](page, Random(fault.seed))  # noqa: S311 - meant to be foreseen
    return None if answer is None else Reply(status=HTTPStatus.OK, body=encoded(answer))


def _duplicated(page: Page, _: Random) -> dict[str, Any] | None:
    return page.with_rows([row for row in page.rows for _ in range(2)]) if page.rows else None


def _reordered(page: Page, luck: Random) -> dict[str, Any] | None:
    if len(page.rows) < 2:  # noqa: PLR2004 - one record has one order
        return None
    rows = luck.sample(page.rows, len(page.rows))
    return page.answer | {page.name: rows if rows != page.rows else rows[1:] + rows[:1]}


def _empty(page: Page, luck: Random) -> dict[str, Any] | None:
    answer = _looping(page, luck)
    if answer is None:
        return None
    left_out: dict[str, Any] = {name: {} for name in _MAPS if name in answer}
    return page.with_rows([]) | left_out


def _looping(page: Page, _: Random) -> dict[str, Any] | None:
    by_cursor = [one for one in page.paging if "cursors" in one]
    for one in by_cursor:
        one["cursors"]["next"], one["hasNext"] = page.here, True
    return page.answer if by_cursor else None


def _unknown_fields(page: Page, _: Random) -> dict[str, Any] | None:
    extended: dict[str, Any] = _extended(page.answer)
    return extended


def _extended(value: Any, *, name: str = "") -> Any:
    if isinstance(value, list):
        return [_extended(one) for one in value]
    if not isinstance(value, dict):
        return value
    found = {key: _extended(one, name=key) for key, one in value.items()}
    return found if name in _MAPS else found | _NEW_FIELD


def _unknown_enum(page: Page, _: Random) -> dict[str, Any] | None:
    if not page.rows:
        return None
    first = page.rows[0] | {"status": _NEW_STATUS}
    return page.answer | {page.name: [first, *page.rows[1:]]}


def _broken(page: Page, luck: Random) -> dict[str, Any] | None:
    if not page.rows:
        return None
    at = luck.randrange(len(page.rows))
    broken = {
        name: 17 if name.endswith("Date") else value
        for name, value in page.rows[at].items()
        if name != "id"
    }
    return page.answer | {page.name: [*page.rows[:at], broken, *page.rows[at + 1 :]]}


_SPOILERS: Final[Mapping[FaultKind, Callable[[Page, Random], dict[str, Any] | None]]] = {
    FaultKind.DUPLICATED_ROWS: _duplicated,
    FaultKind.REORDERED_ROWS: _reordered,
    FaultKind.EMPTY_PAGE: _empty,
    FaultKind.LOOPING_CURSOR: _looping,
    FaultKind.UNKNOWN_FIELDS: _unknown_fields,
    FaultKind.UNKNOWN_ENUM: _unknown_enum,
    FaultKind.BROKEN_RECORD: _broken,
}
