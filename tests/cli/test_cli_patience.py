"""Waiting where Wix asks for it, and no longer than one was told to wait."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from badgejobs.cli.patience import patiently
from badgejobs.errors import Ambiguous, BadgeJobsError, Later, RateLimited


class Wix:
    """Raises what it is told to, and is asked by a clock that waits move."""

    def __init__(self, *errors: BadgeJobsError) -> None:
        self.errors, self.now, self.asked = list(errors), 0.0, 0

    def ask(self) -> str:
        self.asked += 1
        if self.errors:
            raise self.errors.pop(0)
        return "told"

    def wait(self, seconds: float) -> None:
        self.now += seconds

    def patiently(self, max_seconds: float | None = None) -> str:
        silent: Callable[[str], None] = lambda _: None  # noqa: E731 - one line of it
        return patiently(
            self.ask, silent, max_seconds=max_seconds, sleep=self.wait, clock=lambda: self.now
        )


def test_a_pause_is_waited_for_and_one_that_is_too_long_ends_it_at_once_with_the_cure() -> None:
    assert Wix(RateLimited("a pause", seconds=40)).patiently(50) == "told"
    wix = Wix(RateLimited("Wix asks for a pause of 40 s", seconds=40))
    with pytest.raises(Later, match="a pause of 40 s: nothing was done; try again in 40 s"):
        wix.patiently(6)
    assert (wix.asked, wix.now) == (1, 0)


def test_pauses_end_together_where_one_waits_no_longer_also_unasked() -> None:
    wix = Wix(*(RateLimited("a pause", seconds=7) for _ in range(1000)))
    with pytest.raises(Later, match="nothing was done"):
        wix.patiently()
    assert 290 < wix.now <= 300


def test_failures_are_tried_again_only_as_long_as_one_waits() -> None:
    wix = Wix(*(Ambiguous(f"no answer {n}") for n in range(9)))
    with pytest.raises(Ambiguous, match="no answer 1"):
        wix.patiently(3)
    assert wix.now == 2
