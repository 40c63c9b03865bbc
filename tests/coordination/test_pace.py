from __future__ import annotations

import pytest

from badgejobs.coordination.pace import Pace
from badgejobs.core.lane import Lane
from badgejobs.errors import Paced


class Scripted:
    """A throttle that gives these answers."""

    def __init__(self, *answers: float) -> None:
        self.answers = list(answers)

    def take(self, site: str, lane: Lane, *, per_minute: int) -> float:
        assert (site, lane, per_minute) == ("shop", Lane.SCAN, 180)
        return self.answers.pop(0)


def test_a_slot_that_is_near_is_waited_for() -> None:
    slept: list[float] = []
    Pace(Scripted(0.5, 0.25, 0.0), "shop", Lane.SCAN, 180, sleep=slept.append)()
    assert slept == [0.5, 0.25]


def test_a_slot_that_is_far_is_not_waited_for() -> None:
    slept: list[float] = []
    with pytest.raises(Paced) as caught:
        Pace(Scripted(31.0), "shop", Lane.SCAN, 180, sleep=slept.append)()
    assert caught.value.seconds == 31.0
    assert slept == []


def test_the_waits_of_one_call_add_up_to_its_patience_and_no_further() -> None:
    slept: list[float] = []
    with pytest.raises(Paced):
        Pace(Scripted(*[0.0001] * 1000), "shop", Lane.SCAN, 180, 0.5, sleep=slept.append)()
    assert 0.4 < sum(slept) <= 0.5
