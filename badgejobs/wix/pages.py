"""Reading answers: a page of a list so that one bad record does not spoil it, or one thing.

A page is decoded as a whole, straight from its bytes; only where that fails are its records
taken one by one.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any, Final, Generic, TypeVar

from pydantic import AliasChoices, Field, RootModel, ValidationError, create_model
from pydantic_core import to_json

from badgejobs.core.activity import stand_in
from badgejobs.errors import Ambiguous
from badgejobs.wix import wire
from badgejobs.wix.bodies import Body, Record

#: The longest cursor by the SDK's typings.
_LONGEST_CURSOR: Final = 16_000
#: What an id can look like; what is longer is none.
_ID: Final = re.compile(r"[\x20-\x7e]{1,100}")

One = TypeVar("One", bound=Record)
Thing = TypeVar("Thing", bound=Body)


@dataclass(frozen=True, slots=True, kw_only=True)
class BadRecord:
    """A record that could not be read: its id or what stands for it, and why, without values."""

    id: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed(Generic[One]):
    """One page of a list; a record that was asked for by its id is a page of one."""

    records: tuple[One, ...]
    bad: tuple[BadRecord, ...] = ()
    #: ``None`` on the last page.
    next_cursor: str | None = None
    #: Wix's time when it answered, where it said so.
    answered_at: datetime | None = None


_Object = RootModel[dict[str, Any]]


class _Cursors(Body):
    next: str | None = None


class _Paging(Body):
    #: How many records the page has; only asked where it has none.
    count: Any = None
    cursors: _Cursors | None = None
    has_next: bool | None = None


class _Page(Body):
    #: Orders name it ``metadata``, the older docs of the blog ``metaData``, almost everything
    #: else ``pagingMetadata``.
    paging: _Paging | None = Field(
        None, validation_alias=AliasChoices("pagingMetadata", "metadata", "metaData")
    )


@cache
def _page_of(key: str, item: Any) -> Any:
    """A page whose records stand under a key; under another's key stands another list."""
    records: Any = (list[item] | None, Field(None, validation_alias=key))
    return create_model("Page", __base__=_Page, records=records)


def page(
    body: bytes,
    record: type[One],
    *,
    answered_at: datetime | None,
    what: str = "a list",
    paged: bool = True,
) -> Listed[One]:
    """Read one page; raises :class:`Ambiguous` where the page as such makes no sense.

    A list that is not ``paged`` is whole without a word on what follows.
    """
    no_bad: tuple[BadRecord, ...] = ()
    try:
        found = _page_of(record.many, record).model_validate_json(body)
        records, bad = found.records, no_bad
    except ValidationError:
        found = _decoded(body, _page_of(record.many, Any), what)
        records, bad = one_by_one(found.records or (), record)
    rows = len(records or ()) + len(bad)
    full = paged and rows >= wire.MOST_ITEMS
    silent = records is None and (found.paging is None or found.paging.count)
    short = found.paging is not None and (found.paging.count or 0) > rows
    if silent or short or (found.paging is None and full):
        raise Ambiguous(f"{what} gave no page of a list: records or paging data are missing")
    return Listed(
        records=tuple(records or ()),
        bad=bad,
        next_cursor=_next(found.paging, what),
        answered_at=answered_at,
    )


def alone(
    body: bytes, record: type[One], *, answered_at: datetime | None, what: str
) -> Listed[One]:
    """Read an answer with one record, which may be unreadable like one in a page."""
    found = _decoded(body, _Object, what)
    raw = found.root.get(record.alone)
    if not isinstance(raw, dict):
        raise Ambiguous(f"{what} gave an answer without {record.alone}")
    records, bad = one_by_one([raw], record)
    return Listed(records=records, bad=bad, answered_at=answered_at)


def decoded(body: bytes, kind: type[Thing], *, what: str) -> Thing:
    """Read an answer that is one thing; raises :class:`Ambiguous` where it is not that thing."""
    found: Thing = _decoded(body, kind, what)
    return found


def one_by_one(
    raws: Iterable[object], record: type[One]
) -> tuple[tuple[One, ...], tuple[BadRecord, ...]]:
    """Read records that are decoded JSON: those that can be read, and the others."""
    records, bad = list[One](), list[BadRecord]()
    for raw in raws:
        try:
            records.append(record.model_validate_json(to_json(raw)))
        except ValidationError as error:
            bad.append(BadRecord(id=_id_of(raw, record.named_by), reason=reason(error)))
    return tuple(records), tuple(bad)


def reason(error: ValidationError) -> str:
    """Which field is wrong and how; never its value, which could be a member's."""
    first = error.errors(include_url=False, include_context=False, include_input=False)[0]
    place = ".".join(str(part) for part in first["loc"])
    return f"{place}: {first['msg']}" if place else first["msg"]


def _decoded(body: bytes, kind: Any, what: str) -> Any:
    try:
        return kind.model_validate_json(body)
    except ValidationError as error:
        raise Ambiguous(f"{what} cannot be read: {reason(error)}") from None


def _id_of(raw: object, field: str) -> str:
    """The id of a record; without one that could be an id, what stands for it."""
    found = raw.get(field) if isinstance(raw, dict) else None
    if isinstance(found, str) and _ID.fullmatch(found):
        return found
    # sorted, since the same record may come with its fields in another order
    return stand_in(json.dumps(raw, sort_keys=True).encode())


def _next(paging: _Paging | None, what: str) -> str | None:
    if paging is None or paging.has_next is False:
        return None
    cursor = (paging.cursors.next if paging.cursors else None) or None
    if cursor is None and paging.has_next:
        raise Ambiguous(f"{what} says that more follows, and not where")
    if cursor is not None and len(cursor) > _LONGEST_CURSOR:
        raise Ambiguous(f"{what} gave a cursor longer than any cursor can be")
    return cursor
