"""A worker that is told to stop in the middle of its work leaves nothing behind."""

from __future__ import annotations

import signal

import pytest
from chaos_fleet import CREATES, MakeFleet, until

pytest_plugins = ["chaos_fixtures"]
pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]

#: In place of the time that we ship, all of which Celery sleeps where a job is at work.
SOFT_SHUTDOWN = 8
#: On a machine under load.
GRACE_SECONDS = SOFT_SHUTDOWN + 40


@pytest.mark.parametrize("pool", ["prefork", "threads"])
def test_a_worker_that_is_stopped_at_work_ends_in_time_and_another_goes_on(
    make_fleet: MakeFleet, pool: str
) -> None:
    fleet = make_fleet(batch=4)
    fleet.is_slow(0.4, *CREATES)
    beat = fleet.start("beat", machine="one")
    first = fleet.worker(pool, machine="one", worker_soft_shutdown_timeout=SOFT_SHUTDOWN)
    first.says("ready.")

    fleet.buys(range(16), times=3)
    fleet.gives_more_than(0)
    first.process.send_signal(signal.SIGTERM)
    took = until(lambda: first.process.poll() is not None, seconds=GRACE_SECONDS)
    assert first.process.returncode == 0, first.said()
    assert fleet.lies_in_no_hand(), "what it did not finish is due again at once"

    second = fleet.worker(pool, machine="two")
    rest = fleet.comes_to_rest()
    assert beat.stop() == 0
    second.kill()

    fleet.nothing_is_lost_or_doubled()
    assert fleet.cut_off() == 0
    fleet.logs_are_clean()
    fleet.tells(f"{pool}: ended after {took:.1f} s; the rest was done {rest:.1f} s later")
