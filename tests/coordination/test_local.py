from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass

from hypothesis import given
from hypothesis import strategies as st

from badgejobs.coordination.lanes import PERCENT, WINDOW_SECONDS, ceiling
from badgejobs.coordination.local import LocalThrottle
from badgejobs.coordination.seen import Seen
from badgejobs.core.lane import Lane


@dataclass
class Clock:
    now: float = 1000.0

    def __call__(self) -> float:
        return self.now


#: What happens next: seconds pass, and then one lane asks, or a 429 comes.
steps = st.lists(
    st.tuples(
        st.floats(0, 40) | st.sampled_from([0.0, 0.0, 0.0, 59.999999, 60.0]),
        st.sampled_from(Lane) | st.floats(0.5, 30),
        st.sampled_from(["a", "b"]),
    ),
    max_size=120,
)


@given(steps=steps, per_minute=st.integers(1, 12))
def test_no_rolling_minute_holds_more_than_the_budget(
    steps: list[tuple[float, Lane | float, str]], per_minute: int
) -> None:
    clock = Clock()
    throttle = LocalThrottle(clock=clock)
    taken = defaultdict(list)
    for passed, what, site in steps:
        clock.now += passed
        if isinstance(what, Lane):
            if throttle.take(site, what, per_minute=per_minute) == 0.0:
                taken[site].append(clock.now)
        else:
            throttle.shut(site, what)
    for stamps in taken.values():
        for early, late in zip(stamps, stamps[per_minute:], strict=False):
            assert late - early >= WINDOW_SECONDS > 60


@given(steps=steps, per_minute=st.integers(1, 12))
def test_whoever_waits_as_told_gets_the_slot_when_nobody_else_comes(
    steps: list[tuple[float, Lane | float, str]], per_minute: int
) -> None:
    clock = Clock()
    throttle = LocalThrottle(clock=clock)
    for passed, what, site in steps:
        clock.now += passed
        if isinstance(what, Lane):
            for _ in range(3):  # a pace that recovers may be a little slower than it looked
                wait = throttle.take(site, what, per_minute=per_minute)
                if wait == 0.0:
                    break
                clock.now += wait
            else:
                raise AssertionError(f"still {wait} s after three waits")
        else:
            throttle.shut(site, what)


def test_walks_and_scans_leave_room_for_assignments() -> None:
    throttle = LocalThrottle(clock=Clock())

    def fill(lane: Lane) -> int:
        count = 0
        while throttle.take("site", lane, per_minute=180) == 0.0:
            count += 1
        return count

    assert [fill(Lane.WALK), fill(Lane.SCAN), fill(Lane.ASSIGN)] == [126, 36, 18]


def test_a_lane_waits_until_enough_slots_for_it_are_free() -> None:
    clock = Clock()
    throttle = LocalThrottle(clock=clock)
    for _ in range(10):
        assert throttle.take("site", Lane.ASSIGN, per_minute=10) == 0.0
        clock.now += 1
    for lane, left in ((Lane.ASSIGN, 0), (Lane.SCAN, 1), (Lane.WALK, 3)):
        wait = throttle.take("site", lane, per_minute=10)
        assert wait == WINDOW_SECONDS - 10 + left


def full(throttle: LocalThrottle) -> int:
    count = 0
    while throttle.take("site", Lane.ASSIGN, per_minute=100) == 0.0:
        count += 1
    return count


def test_a_429_shuts_every_lane_and_the_pace_then_recovers_slowly() -> None:
    clock = Clock()
    throttle = LocalThrottle(clock=clock)
    throttle.shut("site", 7)
    throttle.shut("site", 3)  # a longer pause that stands is kept
    assert {throttle.take("site", lane, per_minute=100) for lane in Lane} == {7.0}
    assert throttle.take("other", Lane.WALK, per_minute=100) == 0.0

    clock.now += 7
    assert full(throttle) == 50
    clock.now += 300
    assert full(throttle) == 75
    clock.now += 300
    assert full(throttle) == 100


def test_429s_that_belong_together_halve_the_pace_once_and_later_ones_again() -> None:
    clock = Clock()
    throttle = LocalThrottle(clock=clock)
    for _ in range(8):
        assert throttle.take("site", Lane.ASSIGN, per_minute=100) == 0.0
    for _ in range(8):  # all were under way when the first came back
        throttle.shut("site", 1)
        clock.now += 0.4
    clock.now += 61
    halved = full(throttle)
    assert 50 <= halved <= 55
    for _ in range(6):
        throttle.shut("site", 1)
        clock.now += 61
        count = full(throttle)
        assert count <= halved // 2 + 6, "half of what it was, and 5 a minute come back"
        halved = count
    assert halved >= 100 // 16


def test_whoever_follows_others_uses_the_headroom_alone_at_first() -> None:
    clock = Clock()
    throttle = LocalThrottle(clock=clock, after_others=True)

    def taken(per_minute: int, site: str) -> int:
        count = 0
        while throttle.take(site, Lane.ASSIGN, per_minute=per_minute) == 0.0:
            count += 1
        return count

    assert (taken(180, "a"), taken(200, "b"), taken(60, "c")) == (20, 0, 8)
    clock.now += WINDOW_SECONDS
    assert (taken(180, "a"), taken(200, "b"), taken(60, "c")) == (180, 200, 60)


def test_an_overview_tells_what_is_taken_the_pace_and_when_the_gate_opens() -> None:
    clock = Clock()
    throttle = LocalThrottle(clock=clock)
    throttle.take("a", Lane.SCAN, per_minute=180)
    throttle.shut("a", 30)
    clock.now += 10
    assert throttle.overview({"a": 180, "b": 60}) == {
        "a": Seen(taken=1, per_minute=90, shut_seconds=20.0),
        "b": Seen(taken=0, per_minute=60, shut_seconds=0.0),
    }


def test_every_lane_gets_at_least_one_slot_and_assign_all() -> None:
    assert [ceiling(lane, 1) for lane in Lane] == [1, 1, 1]
    assert PERCENT[Lane.ASSIGN] == 100
