"""Group testing: which resources have another count than is known, found in few counts.

Counts add up. One of all tells whether anything differs; a group that differs is halved, and of
the two halves only one is asked, since the other's count follows. So, for ``R`` known resources
of which ``k`` differ:

* nothing differs, or just as much as the last probe could not explain: the total alone, 1 count;
* ``k`` differ: 1 + at most ``2k(1 + log2(R/k))`` counts. Wix is asked about at most ``longest``
  resources at once, so beyond that all groups of this length are asked first, until the whole
  difference is explained: at most ``ceil(R/longest) - 1`` counts more. With groups of 1,000 the
  bound holds without this addition up to 20,000 resources; with groups of 100 it does not;
* none of the known ones differs though the total does: 1 + ``ceil(R/longest)``. What is left is
  ``unexplained``: it stands on resources that nobody told of, and a walk finds them.

A full walk costs ``ceil(published/100)`` pages, and that is the most that is spent here behind the
total. Where it would not do, the groups that are known to differ are read as they are if that
costs little, and else the part is ``to_walk``; what was singled out until then is read all the
same. One group is searched to its end before the next, so that a search that is cut off has found
something, and the next one goes on behind it.

What no count shows, no count finds: an edit, or one comment less and one more in the same group.
Those are for hints and the walk.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from math import ceil

from badgejobs.errors import Later

#: Records on one page of Wix: a walk is measured in these.
_PAGE = 100
#: Reading so many pages at once is little, whatever the size of the site.
_FEW_PAGES = 10
#: After so many of the resources, what the others will cost is guessed ...
_SAMPLE = 1 / 10
#: ... and the search given up where it looks so many times too dear.
_TOO_DEAR = 2

#: How many published there are on these resources; ``None`` where Wix will not count so many.
CountOf = Callable[[Sequence[str]], int | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """What the counts tell of one part."""

    #: In the order of their ids.
    changed: tuple[str, ...] = ()
    #: How many more (or fewer) there are than known resources explain.
    unexplained: int = 0
    #: A walk costs less than finding out more, or something cannot be counted.
    to_walk: bool = False
    #: The search was cut off: once these are read, there is more to find.
    unfinished: bool = False


@dataclass(frozen=True, slots=True)
class _Group:
    """Resources, and by how many their count differs; ``None`` while they are not counted."""

    ids: Sequence[str]
    by: int | None = None

    @property
    def halvings(self) -> int:
        """The counts that single out one resource of it, if it is known to differ."""
        return (len(self.ids) - 1).bit_length() if self.by else 0


@dataclass(slots=True)
class _Search:
    known: Mapping[str, int]
    count: CountOf
    #: The counts that may be spent.
    most: int
    #: What is to be looked into, the last first.
    waiting: list[_Group]
    #: What the counted groups are to explain until no other need be counted, if that is known.
    news: int | None
    found: list[_Group] = field(default_factory=list)
    spent: int = 0
    #: The counts that singled out, and how many resources are settled by them.
    halved: int = 0
    settled: int = 0
    explained: int = 0
    uncountable: bool = False

    @property
    def can_finish(self) -> bool:
        """Whether the counts that are left may do, as far as can be told."""
        if self.spent + sum(group.halvings for group in self.waiting) > self.most:
            return False
        if self.waiting and self.waiting[-1].by is None and self.spent >= self.most:
            return False
        whole, seen = len(self.known), self.settled
        return seen < whole * _SAMPLE or self.halved * whole <= self.most * seen * _TOO_DEAR

    def step(self) -> None:
        """Look into the next group: count it, or one half of it."""
        group = self.waiting.pop()
        if group.by is None:
            self._open(group)
        elif len(group.ids) == 1:
            self.found.append(group)
            self.settled += 1
        else:
            self._halve(group)

    def _open(self, group: _Group) -> None:
        by = self._differs(group.ids)
        if by is None and len(group.ids) > 1:
            self.waiting += reversed([_Group(half) for half in _halves(group.ids)])
        elif by is None:
            self.uncountable = True
        elif by:
            self.explained += by
            if self.explained == self.news:
                self.waiting = [one for one in self.waiting if one.by is not None]
            self.waiting.append(_Group(group.ids, by))
        else:
            self.settled += len(group.ids)

    def _halve(self, group: _Group) -> None:
        """Only the first half is asked: counts add up."""
        assert group.by is not None, "it is known to differ"
        first, second = _halves(group.ids)
        by = self._differs(first)
        self.halved += 1
        if by is None:  # it grew beyond what Wix counts since the whole was counted
            self.uncountable = True
            return
        halves = (_Group(first, by), _Group(second, group.by - by))
        self.settled += sum(len(half.ids) for half in halves if not half.by)
        self.waiting += [half for half in reversed(halves) if half.by]

    def _differs(self, ids: Sequence[str]) -> int | None:
        """By how many a group differs from what is known; ``None`` where it is too big."""
        self.spent += 1
        now = self.count(ids)
        return None if now is None else now - sum(self.known[one] for one in ids)


def search(
    known: Mapping[str, int],
    *,
    live: int | None,
    offset: int,
    count: CountOf,
    longest: int,
    time_is_up: Callable[[], bool] = lambda: False,
) -> Found:
    """The resources of one part whose count differs from the known one.

    ``live`` is how many there are in all, ``None`` where Wix will not count so many: then the
    known resources are counted group by group, and new ones show only in a walk. ``offset`` is
    what the last probe could not explain. Cut off by the time, or by an error that says to come
    later, it tells what it has found; the error is raised where that is nothing, and where the
    time was too short for that, it is for a walk.

    >>> now = {"a": 900, "b": 901, "c": 900}
    >>> found = search(dict.fromkeys("abc", 900), live=2703, offset=0, longest=1000,
    ...                count=lambda ids: sum(now[one] for one in ids))
    >>> found.changed, found.unexplained
    (('b',), 2)
    """
    published = sum(known.values())
    difference = None if live is None else live - published
    if difference is not None and difference in {0, offset}:
        return Found(unexplained=difference)
    most, ids = max(1, ceil(published / _PAGE)), sorted(known)
    if ceil(len(ids) / longest) > most:
        return Found(unexplained=difference or 0, to_walk=True)
    groups = [_Group(ids[start : start + longest]) for start in range(0, len(ids), longest)]
    at = _Search(
        known=known,
        count=count,
        most=most,
        waiting=groups[::-1],
        news=None if difference is None else difference - offset,
    )
    try:
        while at.waiting and at.can_finish:
            if time_is_up():
                return _result(at, difference, cut_off=bool(at.found))
            at.step()
    except Later:
        if not at.found:
            raise
        return _result(at, difference, cut_off=True)
    return _result(at, difference)


def _halves(ids: Sequence[str]) -> tuple[Sequence[str], Sequence[str]]:
    middle = len(ids) // 2
    return ids[:middle], ids[middle:]


def _result(at: _Search, difference: int | None, *, cut_off: bool = False) -> Found:
    open_groups = [] if cut_off else at.waiting
    pages = ceil(sum(at.known[one] for group in open_groups for one in group.ids) / _PAGE)
    all_counted = all(group.by for group in open_groups)
    given_up = bool(open_groups) and not (all_counted and pages <= _FEW_PAGES)
    read = at.found if given_up else [*at.found, *open_groups]
    explained = sum(group.by or 0 for group in read)
    return Found(
        changed=tuple(sorted(one for group in read for one in group.ids)),
        unexplained=0 if difference is None or cut_off else difference - explained,
        to_walk=given_up or at.uncountable,
        unfinished=cut_off,
    )
