"""The activities of a file, member by member, in bounded memory.

A file of up to ``MOST_HELD`` activities may be in any order: it is read once and held. A larger
one must be sorted by its member column: it is looked through once, so that nothing is told of a
file that has a mistake somewhere, and then read again with one member at a time in memory.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from collections.abc import Set as AbstractSet
from itertools import groupby
from pathlib import Path
from typing import Final

from badgejobs.core.activity import Activity
from badgejobs.errors import TrialError
from badgejobs.rules.activities.facts import activity_of
from badgejobs.rules.activities.problems import RowError
from badgejobs.rules.activities.reading import rows_of_file
from badgejobs.rules.activities.rows import row_of

#: So many activities are held at once: 305 MB were measured, with three lines an order.
MOST_HELD: Final = 100_000

#: Is told now and then how many activities were read.
Told = Callable[[int], None]


class Activities:
    """All activities of one file, by member."""

    def __init__(
        self, *, number: int, guests: int, read: Callable[[], Iterator[tuple[str, list[Activity]]]]
    ) -> None:
        #: How many activities there are, and how many of them are nobody's.
        self.number, self.guests = number, guests
        self._read = read

    def members(self) -> Iterator[tuple[str, Sequence[Activity]]]:
        """Each member with their activities, in order of the member ids."""
        return self._read()


def gathered(
    path: Path,
    *,
    currency: str | None,
    sources: AbstractSet[str],
    most_held: int = MOST_HELD,
    told: Told = lambda _: None,
) -> Activities:
    """Read a file to its end; ``TrialError`` for the first thing that is wrong in it.

    ``currency`` is the site's own, for money of which the file does not say it.
    """

    def read() -> Iterator[tuple[int, Activity]]:
        return _activities(path, currency=currency, sources=sources)

    group = _Group(str(path), most_held)
    guests = number = 0
    for line, one in read():
        number += 1
        if not number % 10_000:
            told(number)
        if one.member_id is None:
            guests += 1
        else:
            group.take(line, one.member_id, one)
    if group.whole:
        held = sorted(group.members.items())
        return Activities(
            number=number,
            guests=guests,
            read=lambda: ((member, [*ones.values()]) for member, ones in held),
        )
    return Activities(number=number, guests=guests, read=lambda: _by_member(read()))


def _by_member(read: Iterator[tuple[int, Activity]]) -> Iterator[tuple[str, list[Activity]]]:
    ones = (one for _, one in read)
    for member, theirs in groupby(ones, key=lambda one: one.member_id):
        if member is not None:
            yield member, list(theirs)


class _Group:
    """What is held: everything while that is little enough, else one member at a time."""

    def __init__(self, file: str, most_held: int) -> None:
        self._file, self._most = file, most_held
        self.members = dict[str, dict[tuple[str, str], Activity]]()
        #: Whether all that was taken is held.
        self.whole = True
        self._in_order = True
        self._last, self._held = "", 0

    def take(self, line: int, member: str, one: Activity) -> None:
        self._in_order = self._in_order and self._last <= member
        if not self.whole and member != self._last:
            self.members.clear()
            self._held = 0
        self._last = member
        theirs = self.members.setdefault(member, {})
        if (one.source, one.activity_id) in theirs:
            raise TrialError(
                f"id: {one.source} of this member have this id twice; "
                "keep the row of the latest state",
                file=self._file,
                line=line,
            )
        theirs[one.source, one.activity_id] = one
        self._held += 1
        if self._held > self._most:
            self._shrink(line, member)
        elif not self.whole and not self._in_order:
            raise self._unsorted(line)

    def _shrink(self, line: int, member: str) -> None:
        if not self._in_order:
            raise self._unsorted(line)
        self.whole = False
        self.members = {member: self.members[member]}
        self._held = len(self.members[member])
        if self._held > self._most:
            raise TrialError(
                f"more than {self._most:,} activities of one member; leave some out",
                file=self._file,
                line=line,
            )

    def _unsorted(self, line: int) -> TrialError:
        return TrialError(
            f"more than {self._most:,} activities, which are not sorted by member; "
            "sort the file by its member column (character by character) and try again",
            file=self._file,
            line=line,
        )


def _activities(
    path: Path, *, currency: str | None, sources: AbstractSet[str]
) -> Iterator[tuple[int, Activity]]:
    for line, cells in rows_of_file(path):
        try:
            yield line, activity_of(row_of(cells, sources=sources), currency=currency)
        except RowError as error:
            raise TrialError(str(error), file=str(path), line=line) from None
