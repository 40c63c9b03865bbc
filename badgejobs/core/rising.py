"""What may stay where it is when things are put in order."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence


def may_stay(places: Sequence[int]) -> frozenset[int]:
    """The indexes that need not be moved: as many as can be, and the first if it can be.

    >>> sorted(may_stay([2, 1])), sorted(may_stay([2, 1, 3])), sorted(may_stay([3, 1, 2]))
    ([0], [0, 2], [1, 2])
    >>> sorted(may_stay([0, 0])), may_stay([])
    ([0], frozenset())
    """
    run = longest_rising(places)
    if places and (places[0] or not run):
        behind = longest_rising([one if one > places[0] else 0 for one in places[1:]])
        if len(behind) + 1 >= len(run):
            return frozenset({0, *(index + 1 for index in behind)})
    return frozenset(run)


def longest_rising(places: Sequence[int]) -> tuple[int, ...]:
    """The indexes of a longest rising run among the places, gaps allowed; a place of 0 is none.

    All others have to be moved to put everything in order, and no fewer would do.

    >>> longest_rising([3, 1, 2, 0, 4])
    (1, 2, 4)
    >>> longest_rising([0, 0])
    ()
    """
    lowest, ends, before = list[int](), list[int](), dict[int, int]()
    for index, place in enumerate(places):
        if not place:
            continue
        length = bisect_left(lowest, place)
        if length:
            before[index] = ends[length - 1]
        lowest[length : length + 1] = [place]
        ends[length : length + 1] = [index]
    run = ends[-1:]
    while run and run[-1] in before:
        run.append(before[run[-1]])
    return tuple(reversed(run))
