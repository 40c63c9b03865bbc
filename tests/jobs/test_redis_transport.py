"""A connection to Redis that was given up is an error of the connection, and of nothing else."""

from __future__ import annotations

from typing import Any

import pytest
from kombu import Connection

from badgejobs.jobs import app as jobs
from badgejobs.jobs.redis_transport import Channel, Transport
from badgejobs.service.broker import EmbeddedBroker

pytest_plugins = ["jobs_fixtures"]


@pytest.mark.parametrize(
    "url", ["redis://somewhere/0", "rediss://somewhere/0", "redis+socket:///s"]
)
def test_celery_speaks_to_redis_by_it(url: str) -> None:
    assert jobs.app.main == "badgejobs"  # what installs it
    assert isinstance(Connection(url).transport, Transport)


def test_jobs_in_hand_do_not_stop_the_closing_of_a_connection_that_was_given_up(
    valkey: EmbeddedBroker,
) -> None:
    connection = Connection(valkey.celery_url)
    queue = connection.SimpleQueue("work")
    channels: list[Any] = [connection.default_channel, queue.channel]
    assert {type(one) for one in channels} == {Channel}
    queue.put("bell")
    queue.get(timeout=5)  # in hand, and never acknowledged
    # as kombu leaves it whose first try to close it failed
    for one in channels:
        one._disconnect_pools()
        one.connection.client = None

    with pytest.raises(ConnectionError, match="given up"):
        channels[1].qos.restore_unacked()
    connection.close()  # raises nothing
