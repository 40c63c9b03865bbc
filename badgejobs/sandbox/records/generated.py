"""A collection too large for memory: its records are made when they are asked for.

Which records there are is arithmetic; only those that are stored afterwards are held, and lie
over the made ones with the same id.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, MutableMapping
from heapq import merge
from typing import Any, Protocol

from badgejobs.sandbox import refusals
from badgejobs.sandbox.records.collection import Collection, Record
from badgejobs.sandbox.records.query import Fields, Sort, Values


class Maker(Protocol):
    """Makes the record at each place from 0 on; places are in rising order of one field."""

    @property
    def number(self) -> int:
        """How many there are."""
        ...

    @property
    def risen_by(self) -> str:
        """The field, which holds a date; no two records have the same."""
        ...

    def record(self, place: int) -> Record:
        """The record at a place, the same each time."""
        ...

    def place_of(self, record_id: str) -> int | None:
        """The place of a record, ``None`` for an id that none of them has."""
        ...

    def first_from(self, at: int) -> int:
        """The first place whose date is not before ``at``; their number where there is none."""
        ...


class _Overlaid(MutableMapping[str, Record]):
    """Records by id: those that were stored, over those that are made."""

    def __init__(self, maker: Maker, stored: dict[str, Record]) -> None:
        self._maker, self._stored = maker, stored

    def __getitem__(self, record_id: str) -> Record:
        if record_id in self._stored:
            return self._stored[record_id]
        place = self._maker.place_of(record_id)
        if place is None:
            raise KeyError(record_id)
        return self._maker.record(place)

    def __setitem__(self, record_id: str, record: Record) -> None:
        self._stored[record_id] = record

    def __delitem__(self, record_id: str) -> None:
        raise TypeError("made records can be replaced, not removed")

    def __iter__(self) -> Iterator[str]:
        yield from self._stored
        for place in range(self._maker.number):
            found = self._maker.record(place).id
            if found not in self._stored:
                yield found

    def __len__(self) -> int:
        new = sum(self._maker.place_of(one) is None for one in self._stored)
        return self._maker.number + new


class Generated(Collection):
    """Made records with those lying over them that were stored; listed in one order alone."""

    def __init__(self, maker: Maker, fields: Fields, lag: float) -> None:
        super().__init__(fields, lag)
        self._maker = maker
        self._sort: Sort = ((maker.risen_by, False),)
        self.current = _Overlaid(maker, {})

    def shown(self, now: float) -> Mapping[str, Record]:
        """The records as they were ``lag`` seconds ago; the made ones were there always."""
        return _Overlaid(self._maker, dict(super().shown(now)))

    def walk(
        self,
        now: float,
        sort: Sort,
        matches: Callable[[Values], bool],
        *,
        after: list[Any] | None = None,
        least: int | None = None,
    ) -> Iterator[Record]:
        """As of any collection; an order that would need all records at once is refused (400)."""
        if sort != self._sort:
            [(name, _)] = self._sort
            raise refusals.invalid(
                "search.sort",
                f"of this sandbox's generated records must be '{name}' ascending, and no other",
            )
        stored = super().shown(now)
        begins = max(self._behind(after), 0 if least is None else self._maker.first_from(least))
        made = (self._maker.record(place) for place in range(begins, self._maker.number))
        standing = (one for one in made if one.id not in stored and matches(one.values))
        over = super().walk(now, sort, matches, after=after, least=least)
        return merge(standing, over, key=self._place)

    def _behind(self, after: list[Any] | None) -> int:
        """The first made place behind a place in the order."""
        if after is None:
            return 0
        at, record_id = after
        place = self._maker.first_from(at)
        if place == self._maker.number:
            return place
        here = self._maker.record(place)
        return place + (self._place(here) <= (at, record_id))

    def _place(self, record: Record) -> tuple[int, str]:
        return record.values[self._maker.risen_by], record.id
