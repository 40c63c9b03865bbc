"""What took long to count is told for a while as it was, and never after an act."""

from __future__ import annotations

from collections.abc import Callable

from badgejobs.bootstrap.kept import Kept


class Watch:
    """A clock that looks move, by as long as they take."""

    def __init__(self) -> None:
        self.now, self.looks = 1000.0, 0

    def __call__(self) -> float:
        return self.now

    def look(self, seconds: float) -> Callable[[], int]:
        def found() -> int:
            self.now += seconds
            self.looks += 1
            return self.looks

        return found


def test_quick_answers_are_always_new_and_slow_ones_are_kept_longer_the_slower_they_were() -> None:
    watch = Watch()
    kept = Kept(clock=watch)
    assert [kept.get("quick", watch.look(0.01)) for _ in range(3)] == [1, 2, 3]
    slow = watch.look(0.08)
    assert [kept.get("slow", slow) for _ in range(3)] == [4, 4, 4]
    watch.now += 7.9
    assert kept.get("slow", slow) == 4
    watch.now += 0.2
    assert kept.get("slow", slow) == 5
    assert kept.get("another", watch.look(3)) == 6
    watch.now += 10.1
    assert kept.get("another", slow) == 7


def test_after_an_act_all_is_looked_for_anew_also_what_was_being_looked_for() -> None:
    watch = Watch()
    kept = Kept(clock=watch)
    assert kept.get("large", watch.look(1)) == 1
    kept.forget()
    assert kept.known("large") is None

    def acted_meanwhile() -> int:
        kept.forget()
        return watch.look(1)()

    assert kept.get("large", acted_meanwhile) == 2
    assert kept.get("large", watch.look(1)) == 3
