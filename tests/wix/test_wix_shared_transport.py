"""Clients of several sites over one transport: what they share, and what stays apart."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import pytest
from scripted_wix import ScriptedWix, token
from wix_facts import API_KEY, APP, BADGE, EMPTY_PAGE, no_fence

from badgejobs.core.wixfacts import Fence
from badgejobs.wix import wire
from badgejobs.wix.auth import Credentials
from badgejobs.wix.client import WixClient
from badgejobs.wix.transport import Transport

pytest_plugins = ["wix_fixtures"]


@pytest.fixture
def transport(wix: ScriptedWix) -> Iterator[Transport]:
    made = Transport(wix.url, request_deadline=timedelta(seconds=5))
    yield made
    made.close()


def at(transport: Transport, credentials: Credentials) -> WixClient:
    def pace() -> Fence:
        return no_fence

    return WixClient(
        base_url=wire.BASE_URL, credentials=credentials, pace=pace, transport=transport
    )


def test_sites_share_a_connection_and_each_has_its_own_credentials_and_counts(
    wix: ScriptedWix, transport: Transport
) -> None:
    other = replace(APP, instance_id=BADGE)
    one, two, three = (at(transport, which) for which in (APP, other, API_KEY))
    wix.expect(wire.TOKEN, token("first"), token("second"))
    wix.expect(wire.BADGES_QUERY, *[EMPTY_PAGE] * 5)
    for client in (one, two, one, two, three):
        client.badges()
    seen = wix.seen(wire.BADGES_QUERY)
    assert [request.headers["authorization"] for request in seen] == [
        "first", "second", "first", "second", API_KEY.api_key,
    ]  # fmt: skip
    assert len({request.connection for request in seen}) == 1
    assert [client.calls for client in (one, two, three)] == [2, 2, 1]


def test_closing_one_client_leaves_the_connection_to_the_others(
    wix: ScriptedWix, transport: Transport
) -> None:
    one, two = (at(transport, API_KEY) for _ in range(2))
    wix.expect(wire.BADGES_QUERY, EMPTY_PAGE, EMPTY_PAGE)
    with one:
        one.badges()
    two.badges()
    assert len({request.connection for request in wix.seen(wire.BADGES_QUERY)}) == 1
