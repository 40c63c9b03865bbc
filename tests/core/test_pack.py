from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from badgejobs.core.pack import NAME, Pack, place_in
from badgejobs.errors import Refused

THEN = datetime(2026, 1, 1, tzinfo=UTC)
SITES = [f"site-{number}" for number in range(1_000)]


def tried(percent: int, *named: str) -> frozenset[str]:
    pack = Pack(
        name="shops",
        stable=1,
        canary=2,
        canary_percent=percent,
        canary_sites=frozenset(named),
        changed_at=THEN,
    )
    return frozenset(one for one in SITES if pack.version_for(one) == 2)


@given(st.integers(0, 100), st.integers(0, 100))
def test_a_larger_share_only_adds_sites(one: int, other: int) -> None:
    assert tried(min(one, other)) <= tried(max(one, other))


def test_a_share_is_about_that_share_and_all_and_none_are_just_that() -> None:
    assert tried(0) == frozenset()
    assert tried(100) == frozenset(SITES)
    assert 60 < len(tried(10)) < 140
    assert tried(0, "site-7") == {"site-7"}
    assert tried(10, "site-7") == tried(10) | {"site-7"}


def test_the_same_site_stands_elsewhere_in_another_pack() -> None:
    assert [place_in("shops", one) for one in SITES] != [place_in("blogs", one) for one in SITES]


def test_the_same_version_is_tried_by_more_and_another_one_begins_anew() -> None:
    pack = Pack(name="shops", stable=1, changed_at=THEN)
    pack = pack.tried(2, sites=["a"], percent=None, now=THEN)
    later = THEN.replace(day=2)
    more = pack.tried(2, sites=["b"], percent=5, now=later)
    assert (more.canary_sites, more.canary_percent) == (frozenset("ab"), 5)
    assert more.canary_since == THEN
    assert more.tried(2, sites=[], percent=None, now=later) == more
    other = more.tried(3, sites=[], percent=None, now=later)
    assert (other.canary, other.canary_sites, other.canary_percent) == (3, frozenset(), 0)
    assert other.canary_since == later


def test_a_trial_that_ends_leaves_nothing() -> None:
    pack = Pack(name="shops", stable=1, changed_at=THEN)
    trying = pack.tried(2, sites=["a"], percent=5, now=THEN)
    assert trying.rolled_back() == pack
    assert trying.promoted(2) == Pack(name="shops", stable=2, changed_at=THEN)
    with pytest.raises(Refused, match="rollback shops --to VERSION"):
        pack.rolled_back()


@pytest.mark.parametrize("name", ["", "A", "a_b", "-a", "a-", "a--b", "a" * 64, "a\n"])
def test_a_pack_is_named_as_a_site(name: str) -> None:
    assert not NAME.fullmatch(name)
    assert NAME.fullmatch("a-b-2")
