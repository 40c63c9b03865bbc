"""One page of a list: the query of a request in, records and the way on out."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

from badgejobs.sandbox import refusals, validation
from badgejobs.sandbox.collection import Collection, Record, place_of
from badgejobs.sandbox.endpoint import Call
from badgejobs.sandbox.query import Filter, Sort, Values, compile_filter, parse_sort
from badgejobs.wix import wire

Predicate = Callable[[Values], bool]


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """What one list endpoint does in its own way."""

    #: Names the endpoint inside its cursors.
    name: str
    collection: Collection
    #: The key under which the query stands.
    wrapper: str = "query"
    sort_key: str = "sort"
    default_limit: int = wire.MOST_ITEMS
    #: Whether ``paging {limit, offset}`` is taken besides cursors.
    offsets: bool = False
    #: What a cursor belongs to besides endpoint and site, for example an app.
    within: Sequence[str] = ()
    #: A condition of the endpoint itself, which may depend on the filter.
    condition: Callable[[Filter], Predicate] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """Records of one page and, where more follow, the cursor to them."""

    records: list[Record]
    next_cursor: str | None
    offset: int
    matches: Predicate
    by_cursor: bool

    def metadata(self) -> dict[str, Any]:
        """The paging information."""
        more = self.next_cursor is not None
        cursors = {"next": self.next_cursor} if more else {}
        return {"count": len(self.records), "cursors": cursors, "hasNext": more}


def read(call: Call, listing: Listing) -> Page:
    """The page that a call asks for."""
    key = listing.wrapper
    query = _object(call.body, key, key)
    cursor, limit, offset, by_cursor = _paging(query, listing)
    if cursor is None:
        given = query.get("filter")
        sort = parse_sort(
            query.get(listing.sort_key), listing.collection.fields, f"{key}.{listing.sort_key}"
        )
        after = None
    else:
        given, sort, after = _opened(call, listing, cursor)
    return page(
        call,
        listing,
        given=given,
        sort=sort,
        after=after,
        limit=limit,
        offset=offset,
        by_cursor=by_cursor,
    )


def page(
    call: Call,
    listing: Listing,
    *,
    given: Any,
    sort: Sort,
    after: list[Any] | None,
    limit: int,
    offset: int = 0,
    by_cursor: bool = True,
) -> Page:
    """One page of a filter and an order, from behind a place in it."""
    found = compile_filter(given, listing.collection.fields, f"{listing.wrapper}.filter")
    matches = _both(listing.condition(found), found.matches) if listing.condition else found.matches
    walk = listing.collection.walk(call.at, sort, matches, after=after)
    records = list(islice(walk, offset, offset + limit + 1))
    cursor = None
    if len(records) > limit:
        del records[limit:]
        content = [*_belongs(call, listing), given, sort, place_of(records[-1], sort)]
        cursor = call.world.cursors.seal(content)
    return Page(
        records=records, next_cursor=cursor, offset=offset, matches=matches, by_cursor=by_cursor
    )


def _both(one: Predicate, other: Predicate) -> Predicate:
    return lambda values: one(values) and other(values)


def opened(call: Call, listing: Listing, cursor: object, field: str) -> tuple[Any, Sort, list[Any]]:
    """Filter, order and place that a cursor carries; foreign ones are refused."""
    content = call.world.cursors.unseal(cursor, field)
    *belongs, given, sort, after = content
    if belongs != _belongs(call, listing):
        raise refusals.invalid(field, "is not a cursor given by this endpoint")
    return given, tuple((name, falling) for name, falling in sort), after


def _opened(call: Call, listing: Listing, cursor: object) -> tuple[Any, Sort, list[Any]]:
    return opened(call, listing, cursor, f"{listing.wrapper}.cursorPaging.cursor")


def _belongs(call: Call, listing: Listing) -> list[str]:
    return [listing.name, call.site.instance_id, *listing.within]


def _paging(query: dict[str, Any], listing: Listing) -> tuple[Any, int, int, bool]:
    """Cursor, limit and offset that are asked for, and whether by cursor paging."""
    cursor_field = f"{listing.wrapper}.cursorPaging"
    cursor_paging = _object(query, "cursorPaging", cursor_field)
    cursor = cursor_paging.get("cursor")
    limit, field, offset = cursor_paging.get("limit"), cursor_field, 0
    paging = query.get("paging")
    if listing.offsets and paging is not None:
        if cursor_paging:
            raise refusals.invalid(cursor_field, "excludes paging")
        field = f"{listing.wrapper}.paging"
        paging = validation.mapping(paging, field)
        limit = paging.get("limit")
        offset = validation.integer(paging.get("offset") or 0, f"{field}.offset", least=0)
    if limit is None:
        limit = listing.default_limit
    limit = validation.integer(limit, f"{field}.limit", least=1, most=wire.MOST_ITEMS)
    return cursor, limit, offset, bool(cursor_paging)


def _object(given: dict[str, Any], name: str, field: str) -> dict[str, Any]:
    found = given.get(name)
    return {} if found is None else validation.mapping(found, field)


def encoded(name: str, records: Iterable[Record], rest: dict[str, Any]) -> bytes:
    """A JSON object with records encoded before under ``name``, and the rest behind them."""
    joined = b",".join(record.encoded for record in records)
    tail = json.dumps(rest, separators=(",", ":")).encode()[1:]
    return b'{"%b":[%b],%b' % (name.encode(), joined, tail)
