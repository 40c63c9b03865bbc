"""One kind of record on one site: as it is now, and as lists show it, a little later.

Wix's lists trail behind its writes. Every write is kept in a queue until it is ``lag`` seconds
old and only then reaches the shown state; reading by id sees the current one. Orders of the
shown state are kept sorted, so that a page costs what it holds and not what the site holds.
"""

from __future__ import annotations

import json
from bisect import bisect_left, bisect_right, insort
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, MutableMapping
from itertools import islice
from typing import Any

from badgejobs.sandbox.records.operators import kind
from badgejobs.sandbox.records.query import Fields, Sort, Values

_Key = tuple[tuple[tuple[int, Any], ...], str]

#: More changes than this at once, and an order is built anew rather than mended.
_MENDED = 500
#: Orders kept sorted per collection; the one unused for longest goes first.
_ORDERS = 8


class Record:
    """One stored record: its JSON text, encoded once, and the values that queries ask for."""

    __slots__ = ("encoded", "id", "values")

    def __init__(self, body: Mapping[str, Any], fields: Fields) -> None:
        self.id: str = body["id"]
        self.encoded: bytes = json.dumps(body, separators=(",", ":")).encode()
        self.values: Values = fields.values(body)

    @property
    def body(self) -> dict[str, Any]:
        """The record decoded, a fresh copy each time."""
        found: dict[str, Any] = json.loads(self.encoded)
        return found


class _Downwards:
    """Text in falling order; numbers need no such wrapper, their sign is turned."""

    __slots__ = ("text",)

    def __init__(self, text: str) -> None:
        self.text = text

    def __lt__(self, other: _Downwards) -> bool:
        return other.text < self.text

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Downwards) and other.text == self.text

    def __hash__(self) -> int:
        return hash(self.text)


def _ordinal(value: Any, *, falling: bool) -> tuple[int, Any]:
    rank = kind(value)
    if value is None or isinstance(value, tuple | list):  # a list comes back from a cursor
        value = 0
    if not falling:
        return rank, value
    return -rank, _Downwards(value) if isinstance(value, str) else -value


def _key(found: list[Any], sort: Sort, record_id: str) -> _Key:
    pairs = zip(found, sort, strict=True)
    return tuple(_ordinal(one, falling=falling) for one, (_, falling) in pairs), record_id


def place_of(record: Record, sort: Sort) -> list[Any]:
    """Where a record stands in an order, as JSON: its sort values, then its id."""
    return [*(record.values[name] for name, _ in sort), record.id]


class Collection:
    """Records of one kind; times are seconds of the world's clock, never going back."""

    def __init__(self, fields: Fields, lag: float, *, grouped_by: str | None = None) -> None:
        self.fields = fields
        self.current: MutableMapping[str, Record] = {}
        self._lag = lag
        self._shown: dict[str, Record] = {}
        self._queue: deque[tuple[float, str, Record | None]] = deque()
        self._orders: dict[Sort, list[_Key]] = {}
        self._grouped_by = grouped_by
        self._groups: dict[Any, dict[str, Record]] = {}

    def put(self, record: Record, at: float) -> None:
        """Store a record, in place of the one with its id if there is one."""
        self.current[record.id] = record
        self._queue.append((at, record.id, record))

    def remove(self, record_id: str, at: float) -> Record | None:
        """Remove a record, and return it if it was there."""
        found = self.current.pop(record_id, None)
        if found is not None:
            self._queue.append((at, record_id, None))
        return found

    def shown(self, now: float) -> Mapping[str, Record]:
        """The records as they were ``lag`` seconds ago."""
        self._catch_up(now)
        return self._shown

    def _catch_up(self, now: float) -> None:
        until = now - self._lag
        due = 0
        for at, _, _ in self._queue:
            if at > until:
                break
            due += 1
        if due > _MENDED:
            self._orders.clear()
        for _ in range(due):
            _, record_id, record = self._queue.popleft()
            self._show(record_id, record)

    def grouped(self, now: float, wanted: Iterable[Any]) -> Iterator[Record]:
        """Records as shown at ``now`` whose value of ``grouped_by`` is one of these."""
        self.shown(now)
        for value in dict.fromkeys(wanted):
            yield from self._groups.get(value, {}).values()

    def walk(
        self,
        now: float,
        sort: Sort,
        matches: Callable[[Values], bool],
        *,
        after: list[Any] | None = None,
        least: int | None = None,
    ) -> Iterator[Record]:
        """Matching records as shown at ``now``, in order, from behind ``after`` (a place).

        None is passed over for nothing where it is told that all that match have at ``least``
        this value in the first field of an order that rises.
        """
        self._catch_up(now)
        order = self._order(sort)
        start = bisect_right(order, _key(after[:-1], sort, after[-1])) if after else 0
        if least is not None:
            start = bisect_left(order, ((_ordinal(least, falling=False),), ""), lo=start)
        for _, record_id in islice(order, start, None):
            record = self._shown[record_id]
            if matches(record.values):
                yield record

    def _order(self, sort: Sort) -> list[_Key]:
        order = self._orders.pop(sort, None)
        if order is None:
            order = sorted(self._key_of(record, sort) for record in self._shown.values())
        self._orders[sort] = order
        if len(self._orders) > _ORDERS:
            del self._orders[next(iter(self._orders))]
        return order

    @staticmethod
    def _key_of(record: Record, sort: Sort) -> _Key:
        return _key([record.values[name] for name, _ in sort], sort, record.id)

    def _show(self, record_id: str, record: Record | None) -> None:
        before = self._shown.pop(record_id, None) if record is None else self._shown.get(record_id)
        if record is not None:
            self._shown[record_id] = record
        if self._grouped_by is not None:
            if before is not None:
                del self._groups[before.values[self._grouped_by]][record_id]
            if record is not None:
                self._groups.setdefault(record.values[self._grouped_by], {})[record_id] = record
        for sort, order in self._orders.items():
            if before is not None:
                del order[bisect_left(order, self._key_of(before, sort))]
            if record is not None:
                insort(order, self._key_of(record, sort))
