"""Reading answers: a page of a list so that one bad record does not spoil it, or one thing.

A page is decoded as a whole, straight from its bytes; only where that fails are its records
taken one by one.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, Generic, TypeVar

from pydantic import AliasChoices, Field, ValidationError
from pydantic_core import to_json

from badgejobs.errors import Ambiguous
from badgejobs.wix import wire
from badgejobs.wix.bodies import Body

#: The longest cursor by the SDK's typings.
_LONGEST_CURSOR: Final = 16_000

Record = TypeVar("Record", bound=Body)
_Item = TypeVar("_Item")


@dataclass(frozen=True, slots=True, kw_only=True)
class BadRecord:
    """A record that could not be read: its id where it has one, and why, without values."""

    id: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed(Generic[Record]):
    """One page of a list."""

    records: tuple[Record, ...]
    bad: tuple[BadRecord, ...] = ()
    #: ``None`` on the last page.
    next_cursor: str | None = None
    #: Wix's time when it answered, where it said so.
    answered_at: datetime | None = None


class _Cursors(Body):
    next: str | None = None


class _Paging(Body):
    cursors: _Cursors | None = None
    has_next: bool | None = None


class _Page(Body, Generic[_Item]):
    records: list[_Item] | None = Field(
        None, validation_alias=AliasChoices("orders", "comments", "badges", "badgeAssignments")
    )
    #: Orders name it ``metadata``, everything else ``pagingMetadata``.
    paging: _Paging | None = Field(
        None, validation_alias=AliasChoices("pagingMetadata", "metadata")
    )


def page(body: bytes, record: type[Record], *, answered_at: datetime | None) -> Listed[Record]:
    """Read one page; raises :class:`Ambiguous` where the page as such makes no sense."""
    bad: list[BadRecord] = []
    try:
        found = _Page[record].model_validate_json(body)  # type: ignore[valid-type]
        records = found.records
    except ValidationError:
        found, records = _one_by_one(body, record, bad)
    rows = len(records or ()) + len(bad)
    if found.paging is None and (records is None or rows >= wire.MOST_ITEMS):
        raise Ambiguous("Wix's answer is no page of a list: records or paging data are missing")
    return Listed(
        records=tuple(records or ()),
        bad=tuple(bad),
        next_cursor=_next(found.paging),
        answered_at=answered_at,
    )


def decoded(body: bytes, kind: type[Record], *, what: str) -> Record:
    """Read an answer that is one thing; raises :class:`Ambiguous` where it is not that thing."""
    try:
        return kind.model_validate_json(body)
    except ValidationError as error:
        raise Ambiguous(f"Wix's answer to {what} cannot be read: {reason(error)}") from None


def reason(error: ValidationError) -> str:
    """Which field is wrong and how; never its value, which could be a member's."""
    first = error.errors(include_url=False, include_context=False, include_input=False)[0]
    place = ".".join(str(part) for part in first["loc"])
    return f"{place}: {first['msg']}" if place else first["msg"]


def _one_by_one(
    body: bytes, record: type[Record], bad: list[BadRecord]
) -> tuple[_Page[Any], list[Record]]:
    try:
        found = _Page[Any].model_validate_json(body)
    except ValidationError as error:
        raise Ambiguous(f"Wix's answer is no page of a list: {reason(error)}") from None
    records = []
    for raw in found.records or ():
        try:
            records.append(record.model_validate_json(to_json(raw)))
        except ValidationError as error:
            bad.append(BadRecord(id=_id_of(raw), reason=reason(error)))
    return found, records


def _id_of(raw: object) -> str:
    found = raw.get("id") if isinstance(raw, dict) else None
    plain = isinstance(found, str) and found.isascii() and found.isprintable()
    return found[:100] if plain and isinstance(found, str) else ""


def _next(paging: _Paging | None) -> str | None:
    if paging is None or paging.has_next is False:
        return None
    cursor = (paging.cursors.next if paging.cursors else None) or None
    if cursor is None and paging.has_next:
        raise Ambiguous("Wix's answer says that more follows, and not where")
    if cursor is not None and len(cursor) > _LONGEST_CURSOR:
        raise Ambiguous("Wix's answer holds a cursor longer than any cursor can be")
    return cursor
