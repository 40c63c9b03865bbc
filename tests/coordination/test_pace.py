from __future__ import annotations

from dataclasses import dataclass

import pytest

from badgejobs.coordination.lanes import SLOT_LIFE_SECONDS
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


@dataclass
class Clock:
    now: float = 0.0

    def __call__(self) -> float:
        return self.now


def test_a_slot_that_is_used_soon_is_the_only_one() -> None:
    clock = Clock()
    in_time = Pace(Scripted(0.0), "shop", Lane.SCAN, 180, clock=clock)()
    clock.now += SLOT_LIFE_SECONDS
    in_time()


def test_a_slot_that_grew_old_before_the_bytes_left_is_followed_by_another() -> None:
    clock, slept = Clock(), list[float]()
    throttle = Scripted(0.0, 0.5, 0.0, 31.0)
    in_time = Pace(throttle, "shop", Lane.SCAN, 180, clock=clock, sleep=slept.append)()
    clock.now += 1.01
    in_time()
    assert (slept, throttle.answers) == ([0.5], [31.0])
    in_time()
    clock.now += 1.01
    with pytest.raises(Paced) as caught:
        in_time()
    assert caught.value.seconds == 31.0


def test_slots_that_always_come_too_late_are_not_asked_for_without_end() -> None:
    clock = Clock()

    class Slow:
        asked = 0

        def take(self, _site: str, _lane: Lane, *, per_minute: int) -> float:
            del per_minute
            self.asked += 1
            clock.now += 1.9  # the answer comes just within the patience of the socket
            return 0.0

    slow = Slow()
    in_time = Pace(slow, "shop", Lane.SCAN, 180, clock=clock)()
    with pytest.raises(Paced):
        in_time()
    assert slow.asked == 4
