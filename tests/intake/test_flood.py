from __future__ import annotations

from badgejobs.intake.flood import Flood


def test_each_site_has_its_own_minute() -> None:
    now = 100.0
    flood = Flood(2, clock=lambda: now)
    assert [flood.admits("a") for _ in range(3)] == [True, True, False]
    assert flood.admits("b")
    now = 159.9
    assert not flood.admits("a")
    now = 160.0
    assert [flood.admits("a") for _ in range(3)] == [True, True, False]
