"""Limits over all members."""

from __future__ import annotations

from dataclasses import replace

from core_facts import at, badge, order, orders_at_least
from hypothesis import given
from hypothesis import strategies as st

from badgejobs.core.activity import Activity
from badgejobs.core.milestone import Lifecycle, Milestone
from badgejobs.core.verdict import Verdict, verdicts

LATER = at(10_000)


def limited(first: int) -> Milestone:
    return replace(badge(orders_at_least(1)), lifecycle=Lifecycle(first=first))


def those_of(milestone: Milestone, world: dict[str, list[Activity]]) -> list[Verdict]:
    return [one for [one] in verdicts([milestone], world.items, LATER)]


firsts = st.dictionaries(
    st.sampled_from("abcdefgh"), st.tuples(st.integers(0, 3), st.sampled_from("xyz")), min_size=1
)


@given(crossings=firsts, first=st.integers(1, 5))
def test_the_first_so_many_by_moment_then_activity_then_member_have_the_places(
    crossings: dict[str, tuple[int, str]], first: int
) -> None:
    world = {member: [order(one, minute=minute)] for member, (minute, one) in crossings.items()}
    in_order = sorted((minute, one, member) for member, (minute, one) in crossings.items())

    found = those_of(limited(first), world)

    assert {one.member for one in found if one.met} == {who for *_, who in in_order[:first]}
    assert {one.withheld for one in found if not one.met} <= {f"only for the first {first}"}
    assert all(one.earned_at is None for one in found if not one.met)


def test_who_never_crossed_the_line_takes_no_place_and_is_not_told_of_a_limit() -> None:
    found = those_of(limited(1), {"ada": [], "bob": [order("o1")]})

    assert [(one.met, one.withheld) for one in found] == [(False, ""), (True, "")]


def test_without_a_limit_everyone_has_it() -> None:
    world = {member: [order(member)] for member in "abc"}

    assert all(one.met for one in those_of(badge(orders_at_least(1)), world))
