from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import reduce

import pytest
from hypothesis import given
from hypothesis import strategies as st

from badgejobs.core.sighting import LASTS, Begun
from badgejobs.errors import Ambiguous

T0 = datetime(2026, 1, 1, tzinfo=UTC)


def begun(badges: int = 1) -> Begun:
    return Begun(began=T0, badge_ids=tuple(f"b{number:03}" for number in range(badges)))


@given(lead=st.integers(0, 40), circle=st.integers(1, 40))
def test_a_circle_of_any_length_is_found_within_a_few_rounds(lead: int, circle: int) -> None:
    cursors = [
        f"c{page if page < lead else lead + (page - lead) % circle}"
        for page in range(4 * (lead + circle) + 4)
    ]
    with pytest.raises(Ambiguous, match="never end"):
        reduce(Begun.turned, cursors, begun())


@given(pages=st.integers(0, 300))
def test_a_list_that_ends_is_read_to_its_end(pages: int) -> None:
    at = begun()
    for number in range(pages):
        at = at.turned(f"c{number}")
        assert not at.done
    assert at.turned(None).done


def test_more_badges_than_a_list_takes_are_read_list_by_list() -> None:
    at, asked = begun(250), list[str]()
    while not at.done:
        assert at.turned("c").asked == at.asked
        asked += at.asked
        # a cursor of another list is another one
        at = at.turned("c").turned(None)
    assert asked == list(begun(250).badge_ids)


def test_a_reading_goes_on_for_the_same_badges_and_not_for_ever() -> None:
    at = begun(2)
    assert at.goes_on({"b001", "b000"}, T0 + LASTS)
    assert not at.goes_on({"b000"}, T0)
    assert not at.goes_on({"b000", "b001", "b002"}, T0)
    assert not at.goes_on({"b000", "b001"}, T0 + LASTS + timedelta(seconds=1))
