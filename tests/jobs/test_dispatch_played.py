"""The laws of the dispatcher, on a fleet that is played in virtual time with its real SQL."""

from __future__ import annotations

from badgejobs.cli.dispatchbench.fleet import Plan, Played
from badgejobs.cli.dispatchbench.play import Play
from badgejobs.core.lane import Lane
from badgejobs.store.dispatch import SITE_UNITS


def keeps_its_bounds(played: Played) -> None:
    assert {lane: out for lane, out in played.most_out.items() if out > played.bounds[lane]} == {}
    assert played.most_of_a_site <= SITE_UNITS


def test_no_site_waits_two_intervals_at_a_load_of_70_percent_though_messages_are_lost() -> None:
    plan = Plan(sites=120, seconds=240, backlog=0.02, lost=0.02)
    play = Play(plan)
    played = play.run()

    assert played.lost > 0
    assert max(played.delays) <= 2
    assert set(played.scans) == set(play.names), "nothing is lost"
    assert min(played.scans.values()) >= plan.seconds / plan.interval - 2
    assert played.walks > 0
    keeps_its_bounds(played)


def test_sites_whose_calls_time_out_do_not_hold_up_the_others() -> None:
    plan = Plan(sites=100, seconds=240, bad=0.04, backlog=0.02)
    played = Play(plan).run()

    assert max(played.delays) <= 2
    assert played.bad_delays, "they are tried again and again"
    assert played.most_out[Lane.WALK] <= played.bounds[Lane.WALK]
    keeps_its_bounds(played)


def test_one_that_is_alone_walks_without_a_pause() -> None:
    played = Play(Plan(sites=1, seconds=300, backlog=1.0)).run()

    # slices of 20 s, of which the next begins where one ends and not with a tick
    assert played.walks == 300 // 20 - 1
