"""Calls are counted for each job, also where several share a client in threads."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from scripted_wix import ScriptedWix, error
from wix_facts import API_KEY, EMPTY_PAGE, Connect

from badgejobs.errors import NotSent, PermissionMissing
from badgejobs.wix import wire
from badgejobs.wix.exchange import counting

pytest_plugins = ["wix_fixtures"]


def test_each_thread_counts_its_own_calls_of_one_client(wix: ScriptedWix, connect: Connect) -> None:
    client, together = connect(credentials=API_KEY), Barrier(3)
    wix.expect(wire.BADGES_QUERY, *[EMPTY_PAGE] * 6)

    def job(number: int) -> int:
        with counting() as tally:
            together.wait()  # all of them count at once
            for _ in range(number):
                client.badges()
        return tally[wire.BADGES_QUERY]

    with ThreadPoolExecutor(3) as pool:
        assert list(pool.map(job, [1, 2, 3])) == [1, 2, 3]
    assert client.calls == 6


def test_a_job_counts_what_reached_wix_without_tokens_and_only_while_it_runs(
    wix: ScriptedWix, connect: Connect
) -> None:
    app, key = connect(), connect(credentials=API_KEY)
    away = connect(credentials=API_KEY, base_url="http://127.0.0.1:9")
    wix.expect(wire.BADGES_QUERY, EMPTY_PAGE, error(403), EMPTY_PAGE)

    with counting() as tally:
        app.badges()
        with counting() as inner, pytest.raises(PermissionMissing):
            key.badges()
        with pytest.raises(NotSent):
            away.badges()
    key.badges()

    assert wix.seen(wire.TOKEN)
    assert (tally.total(), inner.total()) == (1, 1)
