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
costs little, and else the part is ``to_walk``.

What no count shows, no count finds: an edit, or one comment less and one more in the same group.
Those are for hints and the walk.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from math import ceil

#: Records on one page of Wix: a walk is measured in these.
_PAGE = 100
#: Reading so many pages at once is little, whatever the size of the site.
_FEW_PAGES = 10

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


@dataclass(frozen=True, slots=True)
class _Group:
    """Resources that together have another count than is known."""

    ids: Sequence[str]
    #: By how many.
    by: int

    @property
    def halvings(self) -> int:
        """The counts that single out one resource of it."""
        return (len(self.ids) - 1).bit_length()


@dataclass(slots=True)
class _Search:
    known: Mapping[str, int]
    count: CountOf
    #: The counts that may be spent.
    most: int
    spent: int = 0
    uncountable: bool = False
    groups: list[_Group] = field(default_factory=list)

    def differs(self, ids: Sequence[str]) -> int | None:
        """By how many a group differs from what is known; ``None`` where it is too big."""
        self.spent += 1
        now = self.count(ids)
        return None if now is None else now - sum(self.known[one] for one in ids)

    @property
    def can_finish(self) -> bool:
        """Whether what is left may be enough to single out one resource a group."""
        return self.spent + sum(group.halvings for group in self.groups) <= self.most

    @property
    def by(self) -> int:
        """How much of the difference these groups explain."""
        return sum(group.by for group in self.groups)


def search(
    known: Mapping[str, int], *, live: int | None, offset: int, count: CountOf, longest: int
) -> Found:
    """The resources of one part whose count differs from the known one.

    ``live`` is how many there are in all, ``None`` where Wix will not count so many: then the
    known resources are counted group by group, and new ones show only in a walk. ``offset`` is
    what the last probe could not explain.

    >>> now = {"a": 1, "b": 5, "c": 2}
    >>> search({"a": 1, "b": 4, "c": 2}, live=9, offset=0, longest=1000,
    ...        count=lambda ids: sum(now[one] for one in ids))
    Found(changed=('b',), unexplained=1, to_walk=False)
    """
    published = sum(known.values())
    difference = None if live is None else live - published
    if difference is not None and difference in {0, offset}:
        return Found(unexplained=difference)
    at = _Search(known=known, count=count, most=max(1, ceil(published / _PAGE)))
    ids = sorted(known)
    if ceil(len(ids) / longest) > at.most:
        return Found(unexplained=difference or 0, to_walk=True)
    news = None if difference is None else difference - offset
    complete = _open_groups(at, ids, longest=longest, news=news)
    while complete and at.can_finish and any(len(group.ids) > 1 for group in at.groups):
        at.groups = [half for group in at.groups for half in _halved(at, group)]
    return _result(at, difference, complete=complete)


def _open_groups(at: _Search, ids: Sequence[str], *, longest: int, news: int | None) -> bool:
    """Ask group by group until the news is explained; whether the counts sufficed for that."""
    waiting = deque(ids[start : start + longest] for start in range(0, len(ids), longest))
    while waiting and (news is None or at.by != news):
        if at.spent >= at.most:
            return False
        group = waiting.popleft()
        by = at.differs(group)
        if by:
            at.groups.append(_Group(group, by))
        elif by is None and len(group) > 1:
            middle = len(group) // 2
            waiting.extendleft((group[middle:], group[:middle]))
        elif by is None:
            at.uncountable = True
    return True


def _halved(at: _Search, group: _Group) -> list[_Group]:
    """The halves of a group that differ; only the first is asked."""
    if len(group.ids) == 1:
        return [group]
    middle = len(group.ids) // 2
    first, second = group.ids[:middle], group.ids[middle:]
    by = at.differs(first)
    if by is None:  # it grew beyond what Wix counts since the whole was counted
        at.uncountable = True
        return []
    halves = (_Group(first, by), _Group(second, group.by - by))
    return [half for half in halves if half.by]


def _result(at: _Search, difference: int | None, *, complete: bool) -> Found:
    groups = at.groups
    unexplained = 0 if difference is None else difference - at.by
    changed = tuple(sorted(one for group in groups for one in group.ids))
    if complete and all(len(group.ids) == 1 for group in groups):
        return Found(changed=changed, unexplained=unexplained, to_walk=at.uncountable)
    pages = ceil(sum(at.known[one] for one in changed) / _PAGE)
    is_little = pages <= max((at.most - at.spent) / 2, _FEW_PAGES)
    if complete and is_little:
        return Found(changed=changed, unexplained=unexplained, to_walk=at.uncountable)
    return Found(unexplained=difference or 0, to_walk=True)
