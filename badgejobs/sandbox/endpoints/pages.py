"""One page of a list: the query of a request in, records and the way on out."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

from badgejobs.sandbox import refusals, validation
from badgejobs.sandbox.endpoints.endpoint import Call
from badgejobs.sandbox.records.collection import Collection, Record, place_of
from badgejobs.sandbox.records.query import Fields, Filter, Sort, Values, parse_sort
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
    #: The keys that an order may stand under; the first one that is there counts.
    sort_keys: Sequence[str] = ("sort",)
    default_limit: int = wire.MOST_ITEMS
    #: Whether ``paging {limit, offset}`` is taken besides cursors.
    offsets: bool = False
    #: What a cursor belongs to besides endpoint and site, for example an app.
    within: Sequence[str] = ()
    #: A condition of the endpoint itself, which may depend on the filter.
    condition: Callable[[Filter], Predicate] | None = None
    #: What it can be filtered and sorted by, where that is not all that its collection keeps.
    fields: Fields | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """Records of one page and, where more follow, the cursor to them."""

    records: list[Record]
    next_cursor: str | None
    #: How many records were skipped, None where the page was not asked for by offset.
    offset: int | None
    matches: Predicate

    def metadata(self) -> dict[str, Any]:
        """The paging information."""
        return metadata(len(self.records), self.next_cursor)


def totals(call: Call, listing: Listing, page: Page) -> dict[str, Any]:
    """The further paging information where pages are asked for by offset."""
    shown = listing.collection.shown(call.at).values()
    return {
        "offset": page.offset or 0,
        "total": sum(page.matches(record.values) for record in shown),
        "tooManyToCount": False,
    }


def read(call: Call, listing: Listing) -> Page:
    """The page that a call asks for."""
    key = listing.wrapper
    query = _object(call.body, key, key)
    fields = listing.fields or listing.collection.fields
    cursor, limit, offset = _paging(query, listing)
    sort_key, wanted = _first(query, listing.sort_keys)
    after: list[Any] | None = None
    if cursor is None:
        given = query.get("filter")
        sort = parse_sort(wanted, fields, f"{key}.{sort_key}")
    else:
        told_again = query.get("filter") or wanted
        if told_again and call.switches.cursor_with_filter == "refuse":
            raise refusals.invalid(f"{key}.cursorPaging.cursor", "excludes filter and sort")
        given, sort, after = opened(call, listing, cursor, f"{key}.cursorPaging.cursor")
    found = call.filter(given, fields, f"{key}.filter")
    matches = _both(listing.condition(found), found.matches) if listing.condition else found.matches
    return page(
        call,
        listing,
        matches=matches,
        sort=sort,
        after=after,
        limit=limit,
        offset=offset,
        carried=given,
        least=None if sort[0][1] else found.least.get(sort[0][0]),
    )


def page(
    call: Call,
    listing: Listing,
    *,
    matches: Predicate,
    sort: Sort,
    after: list[Any] | None,
    limit: int,
    carried: Any,
    offset: int | None = None,
    least: int | None = None,
) -> Page:
    """One page in an order, from behind a place in it; its cursor carries ``carried`` on.

    ``least`` is the date that all that match have at least in the order's first field.
    """
    walk = listing.collection.walk(call.at, sort, matches, after=after, least=least)
    # No site holds as many records as the largest offset that can be skipped.
    skipped = min(offset or 0, sys.maxsize - limit - 1)
    records = list(islice(walk, skipped, skipped + limit + 1))
    call.page_start[:] = [*_belongs(call, listing), carried, sort, after]
    way_on = None
    if len(records) > limit:
        del records[limit:]
        way_on = cursor_behind(call, listing, carried=carried, sort=sort, last=records[-1])
    return Page(records=records, next_cursor=way_on, offset=offset, matches=matches)


def cursor_behind(
    call: Call, listing: Listing, *, carried: Any, sort: Sort, last: Record | None
) -> str:
    """The cursor to what stands behind ``last`` in an order, or to its start if that is None."""
    after = None if last is None else place_of(last, sort)
    return call.world.cursors.seal([*_belongs(call, listing), carried, sort, after])


def metadata(count: int, next_cursor: str | None) -> dict[str, Any]:
    """The paging information of a page of ``count`` records."""
    more = next_cursor is not None
    return {"count": count, "cursors": {"next": next_cursor} if more else {}, "hasNext": more}


def _both(one: Predicate, other: Predicate) -> Predicate:
    return lambda values: one(values) and other(values)


def opened(
    call: Call, listing: Listing, sealed: object, field: str
) -> tuple[Any, Sort, list[Any] | None]:
    """What a cursor carries, its order, and its place; foreign ones are refused."""
    content = call.world.cursors.unseal(sealed, field)
    *belongs, carried, sort, after = content
    if belongs != _belongs(call, listing):
        raise refusals.invalid(field, "is not a cursor given by this endpoint")
    return carried, sort_of(sort), after


def sort_of(unsealed: Iterable[Any]) -> Sort:
    """An order out of its JSON form."""
    return tuple((name, falling) for name, falling in unsealed)


def _belongs(call: Call, listing: Listing) -> list[str]:
    return [listing.name, call.site.instance_id, *listing.within]


def _paging(query: dict[str, Any], listing: Listing) -> tuple[Any, int, int | None]:
    """Cursor, limit and offset that are asked for; no offset where paging is by cursor."""
    cursor_field = f"{listing.wrapper}.cursorPaging"
    cursor_paging = _object(query, "cursorPaging", cursor_field)
    cursor = cursor_paging.get("cursor")
    limit, field, offset = cursor_paging.get("limit"), cursor_field, None
    paging = query.get("paging")
    if listing.offsets and paging is not None:
        if cursor_paging:
            raise refusals.invalid(cursor_field, "excludes paging")
        field = f"{listing.wrapper}.paging"
        paging = validation.mapping(paging, field)
        limit = paging.get("limit")
        offset = paging.get("offset")
        offset = validation.integer(0 if offset is None else offset, f"{field}.offset", least=0)
    if limit is None:
        limit = listing.default_limit
    limit = validation.integer(limit, f"{field}.limit", least=1, most=wire.MOST_ITEMS)
    return cursor, limit, offset


def _first(given: dict[str, Any], names: Sequence[str]) -> tuple[str, Any]:
    """The first of the named entries that is there, else the first name with nothing."""
    there = (name for name in names if given.get(name) is not None)
    name = next(there, names[0])
    return name, given.get(name)


def _object(given: dict[str, Any], name: str, field: str) -> dict[str, Any]:
    found = given.get(name)
    return {} if found is None else validation.mapping(found, field)


def encoded(name: str, records: Iterable[Record], rest: dict[str, Any]) -> bytes:
    """A JSON object with records encoded before under ``name``, and the rest behind them."""
    joined = b",".join(record.encoded for record in records)
    tail = json.dumps(rest, separators=(",", ":")).encode()[1:]
    return b'{"%b":[%b],%b' % (name.encode(), joined, tail)
