"""Who gains, who loses and who changes tier, where two sets of rules differ."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from test_progress import NOW, orders

from badgejobs.core.activity import Activity
from badgejobs.core.milestone import Count, Lifecycle, Milestone, OrderPolicy, Selection
from badgejobs.core.rules_diff import Kind, Turn, turns

ORDERS = Selection(source="orders", policy=OrderPolicy())


def badge(name: str, gte: int, **more: Any) -> Milestone:
    condition = Count(of=ORDERS, gte=gte)
    return replace(
        Milestone(badge=name, title=name.title(), look=None, condition=condition), **more
    )


def ladder(silver: int, gold: int) -> list[Milestone]:
    top = badge("gold", gold, ladder="vip")
    return [badge("silver", silver, ladder="vip", above=(top,)), top]


def members() -> Iterator[tuple[str, list[Activity]]]:
    """A member m1 with one order, m2 with two, and so on."""
    for number in range(1, 6):
        yield f"m{number}", orders(number)


def found(old: list[Milestone], new: list[Milestone]) -> list[Turn]:
    return list(turns(old, new, members, NOW))


def test_who_has_another_tier_changes_it_and_neither_gains_nor_loses() -> None:
    assert found(ladder(2, 4), ladder(3, 5)) == [
        Turn(member="m2", kind=Kind.LOSES, old="silver"),
        Turn(member="m4", kind=Kind.CHANGES, old="gold", new="silver", ladder="vip"),
    ]
    up = found(ladder(2, 5), ladder(2, 3))
    assert [(one.member, one.old, one.new) for one in up] == [
        ("m3", "silver", "gold"),
        ("m4", "silver", "gold"),
    ]


def test_a_badge_that_comes_goes_or_is_limited_is_told_and_one_that_stays_is_not() -> None:
    same = badge("same", 1)
    assert found([same, badge("a", 5)], [same, badge("b", 5)]) == [
        Turn(member="m5", kind=Kind.LOSES, old="a"),
        Turn(member="m5", kind=Kind.GAINS, new="b"),
    ]
    # m5 crossed the line of two orders first: its orders began longest ago
    limited = badge("a", 2, lifecycle=Lifecycle(first=1))
    lost = found([badge("a", 2)], [limited])
    assert {one.kind for one in lost} == {Kind.LOSES}
    assert len(lost) == 3
    retired = badge("a", 1, lifecycle=Lifecycle(retired=True))
    assert found([badge("a", 2)], [retired]) == []
