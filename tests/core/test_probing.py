"""Group testing over known resources: sound, within its bound, and never dearer than a walk."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from math import ceil, log2

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from badgejobs.core.probing import Found, search
from badgejobs.errors import Paced

#: Published comments of each resource, so many that a walk is always dearer.
MANY = 100_000


@dataclass
class Wix:
    """Counts what is there; asked for more than it will count, it says so."""

    now: Mapping[str, int]
    longest: int = 1_000
    counts_up_to: int | None = None
    asked: list[int] = field(default_factory=list)

    def total(self) -> int | None:
        return self._told(sum(self.now.values()))

    def count(self, ids: Sequence[str]) -> int | None:
        assert 1 <= len(ids) <= self.longest
        self.asked.append(len(ids))
        return self._told(sum(self.now.get(one, 0) for one in ids))

    def _told(self, number: int) -> int | None:
        is_too_many = self.counts_up_to is not None and number > self.counts_up_to
        return None if is_too_many else number

    def searched(self, known: Mapping[str, int], offset: int = 0) -> tuple[Found, int]:
        """What is found, and the counts that it cost, that of all included."""
        self.asked.clear()
        found = search(
            known, live=self.total(), offset=offset, count=self.count, longest=self.longest
        )
        return found, 1 + len(self.asked)


def resources(number: int, *, each: int = MANY) -> dict[str, int]:
    return {f"post-{one:06d}": each for one in range(number)}


def bound(changed: int, known: int) -> float:
    return 1 + 2 * changed * (1 + log2(known / changed))


@st.composite
def sites(draw: st.DrawFn, most: int = 3_000) -> tuple[dict[str, int], dict[str, int]]:
    """What is known, and by how much some of it differs."""
    known = resources(draw(st.integers(1, most)))
    names = sorted(known)
    places = draw(st.sets(st.integers(0, len(names) - 1), min_size=1, max_size=60))
    by = st.integers(-3, 3).filter(bool)
    return known, {names[place]: draw(by) for place in places}


@given(site=sites(), longest=st.sampled_from([100, 1_000]))
@settings(deadline=None)
def test_what_is_found_differs_and_the_rest_is_accounted_for_within_the_bound(
    site: tuple[dict[str, int], dict[str, int]], longest: int
) -> None:
    known, moved = site
    wix = Wix({one: n + moved.get(one, 0) for one, n in known.items()}, longest=longest)

    found, counts = wix.searched(known)

    assert set(found.changed) <= set(moved), "only what differs is read"
    assert not found.to_walk
    explained = sum(moved[one] for one in found.changed)
    assert explained + found.unexplained == sum(moved.values())
    more = ceil(len(known) / longest) - 1
    assert counts <= bound(len(moved), len(known)) + more


@given(site=sites())
@settings(deadline=None)
def test_changes_that_do_not_cancel_are_all_found_and_nothing_is_left_unexplained(
    site: tuple[dict[str, int], dict[str, int]],
) -> None:
    known, moved = site
    moved = {one: abs(by) for one, by in moved.items()}
    found, _ = Wix({one: n + moved.get(one, 0) for one, n in known.items()}).searched(known)
    assert found == Found(changed=tuple(sorted(moved)))


@given(number=st.integers(1, 20_000), data=st.data())
@settings(deadline=None, max_examples=30)
def test_groups_of_a_thousand_keep_the_bound_up_to_20000_resources(
    number: int, data: st.DataObject
) -> None:
    known = resources(number)
    places = data.draw(st.sets(st.integers(0, number - 1), min_size=1, max_size=20))
    now = known | {f"post-{one:06d}": MANY + 1 for one in places}

    found, counts = Wix(now).searched(known)

    assert len(found.changed) == len(places)
    assert counts <= bound(len(places), number)


@pytest.mark.parametrize("offset", [0, 4])
def test_an_unchanged_site_costs_one_count(offset: int) -> None:
    """Also while a new resource that the last probe could not explain stays as it is."""
    known = resources(5_000)
    now = known | ({"unknown": offset} if offset else {})
    found, counts = Wix(now).searched(known, offset)
    assert (found, counts) == (Found(unexplained=offset), 1)


def test_what_was_unexplained_and_is_known_now_costs_one_count() -> None:
    known = resources(5_000)
    assert Wix(known).searched(known, 4) == (Found(), 1)


def test_a_new_resource_is_unexplained_after_one_count_a_group() -> None:
    known = resources(5_000)
    found, counts = Wix(known | {"new": 2}).searched(known)
    assert (found, counts) == (Found(unexplained=2), 1 + 5)


def test_it_stops_when_the_news_is_explained() -> None:
    """Beside an old offset too: the groups behind the changed one are not asked."""
    known = resources(5_000)
    wix = Wix(known | {"post-000000": MANY + 1, "elsewhere": 7})
    found, counts = wix.searched(known, 7)
    assert found == Found(changed=("post-000000",), unexplained=7)
    assert counts == 1 + 1 + 9


def test_one_more_and_one_less_in_a_group_cancel_and_are_not_seen() -> None:
    known = resources(8)
    wix = Wix(known | {"post-000000": MANY + 1, "post-000001": MANY - 1, "post-000007": MANY + 1})
    found, _ = wix.searched(known)
    assert found == Found(changed=("post-000007",))


@given(site=sites(400), each=st.integers(0, 40), news=st.integers(0, 3))
@settings(deadline=None)
def test_a_probe_never_counts_more_often_than_a_walk_reads_pages(
    site: tuple[dict[str, int], dict[str, int]], each: int, news: int
) -> None:
    known, moved = site
    known = dict.fromkeys(known, each)
    now = {one: max(0, n + moved.get(one, 0)) for one, n in known.items()} | {"new": news}
    walk = max(1, ceil(sum(known.values()) / 100))

    found, counts = Wix(now).searched(known)

    assert counts <= 1 + walk
    differ = {one for one, n in known.items() if now[one] != n}
    if not found.to_walk and found.unexplained == 0 and all(by > 0 for by in moved.values()):
        assert differ <= set(found.changed), "nothing that differs is left out"


def test_a_small_site_reads_the_groups_that_differ_rather_than_wait_for_a_walk() -> None:
    known = resources(10, each=5)
    found, counts = Wix(known | {"post-000003": 6}).searched(known)
    assert (found, counts) == (Found(changed=tuple(sorted(known))), 2)


def test_where_the_counts_would_exceed_the_pages_of_a_walk_it_is_to_walk() -> None:
    known = resources(5_000, each=20)
    now = {one: n + (place % 2) for place, (one, n) in enumerate(known.items())}
    found, counts = Wix(now).searched(known)
    assert found.to_walk
    assert found.unexplained == 2_500 - len(found.changed) > 2_000, "what was paid for is read"
    assert all(now[one] != known[one] for one in found.changed)
    assert counts <= 600, "it is seen early"

    sparse = resources(5_000, each=1)
    found, counts = Wix(sparse | {"post-000003": 2}, longest=10).searched(sparse)
    assert (found.to_walk, counts) == (True, 1)


def test_where_all_are_too_many_to_count_the_parts_are_counted() -> None:
    known = resources(4_000, each=100)
    wix = Wix(known | {"post-001234": 101, "new": 5}, counts_up_to=50_000)

    found, counts = wix.searched(known)

    assert found == Found(changed=("post-001234",)), "new ones are for the walk"
    assert wix.asked[:3] == [1_000, 500, 500]
    assert counts <= 1 + 4 + 8 + 10


def test_a_resource_that_cannot_be_counted_is_to_be_walked_and_the_others_are_found() -> None:
    known = resources(8, each=1_000) | {"post-000002": 90_000}
    found, _ = Wix(known | {"post-000005": 1_001}, counts_up_to=20_000).searched(known)
    assert found == Found(changed=("post-000005",), to_walk=True)


@pytest.mark.parametrize("error", [None, Paced("the pace is used up", seconds=3)])
def test_a_search_that_is_cut_off_tells_what_it_found_and_the_next_finds_more(
    error: Paced | None,
) -> None:
    known = resources(2_000)
    moved = {f"post-{one:06d}": 1 for one in (3, 700, 1_400, 1_900)}
    now = known | dict.fromkeys(moved, MANY + 1)
    rounds = 0
    while True:
        wix, left = Wix(now), iter(range(25))

        def counted(ids: Sequence[str], wix: Wix = wix, left: Iterator[int] = left) -> int | None:
            if error and next(left, None) is None:
                raise error
            return wix.count(ids)

        def time_is_up(wix: Wix = wix) -> bool:
            return error is None and len(wix.asked) >= 25

        found = search(
            known,
            live=wix.total(),
            offset=0,
            count=counted,
            longest=1_000,
            time_is_up=time_is_up,
        )
        rounds += 1
        assert len(wix.asked) <= 25
        assert found.changed
        assert set(found.changed) <= set(moved)
        assert found.unexplained == 0
        known |= {one: now[one] for one in found.changed}
        if not found.unfinished:
            break
    assert known == now
    assert 1 < rounds <= 4


def test_a_search_that_could_find_nothing_raises_what_stood_in_its_way() -> None:
    known = resources(2_000)

    def never(_: Sequence[str]) -> int | None:
        raise Paced("the pace is used up", seconds=3)

    with pytest.raises(Paced):
        search(known, live=MANY, offset=0, count=never, longest=1_000)


def test_where_the_time_is_too_short_to_single_out_one_a_walk_finds_it() -> None:
    known = resources(2_000)
    wix = Wix(known | {"post-000700": MANY + 1})
    found = search(
        known, live=wix.total(), offset=0, count=wix.count, longest=1_000,
        time_is_up=lambda: len(wix.asked) >= 2,
    )  # fmt: skip
    assert found == Found(unexplained=1, to_walk=True)
