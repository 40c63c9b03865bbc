"""All sites of a process share its connections, and nothing else."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from urllib.parse import urlsplit

import psutil
from jobs_stage import NORTH, SHOPS, SOUTH, LiveShops, OpenShop, order_prefix

from badgejobs.bootstrap import House
from badgejobs.core.milestone import Wants
from badgejobs.core.source import Track, Window

pytest_plugins = ["jobs_fixtures"]


def read(house: House, site: str, track: Track = Track.LIVE) -> list[str]:
    """The ids of the orders that a site's client is answered."""
    at = house.at(site)
    page = at.source("orders", Wants()).fetch(at.client(track), Window(since=None), None)
    return [one.activity_id for one in page.activities]


def connections(shops: LiveShops) -> int:
    """How many connections to the sandbox this process holds open."""
    port = urlsplit(shops.url).port
    return sum(
        bool(one.raddr) and one.raddr.port == port
        for one in psutil.Process().net_connections(kind="tcp")
    )


def test_sites_and_lanes_read_over_one_connection(open_shop: OpenShop, shops: LiveShops) -> None:
    house = open_shop(sites=SHOPS)
    for site in SHOPS:
        for track in (Track.LIVE, Track.FULL):
            read(house, site, track)
    assert connections(shops) == 1


def test_many_threads_get_the_answers_of_their_own_site(
    open_shop: OpenShop, shops: LiveShops
) -> None:
    house = open_shop(sites=SHOPS)
    shops.buys(1, 3, shop=NORTH)
    shops.buys(1, 5, shop=SOUTH)
    for site in SHOPS:
        read(house, site)  # each has its token
    before = house.calls()
    with ThreadPoolExecutor(8) as crowd:
        found = list(crowd.map(lambda n: (SHOPS[n % 2], read(house, SHOPS[n % 2])), range(60)))
    for site, ids in found:
        assert len(ids) == {NORTH: 3, SOUTH: 5}[site]
        assert all(one.startswith(order_prefix(site)) for one in ids)
    assert sum(house.calls().values()) - sum(before.values()) == 60
    assert connections(shops) <= 8


def test_a_site_that_is_closed_leaves_the_connections_to_the_others(
    open_shop: OpenShop, shops: LiveShops
) -> None:
    house = open_shop(sites=SHOPS)
    shops.buys(1, 2, shop=SOUTH)
    read(house, NORTH)
    house.at(NORTH).close()
    assert len(read(house, SOUTH)) == 2
    assert connections(shops) == 1
    house.close()
    assert connections(shops) == 0
