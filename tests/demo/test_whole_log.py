"""The whole real log through sandbox, client, store and stages: every award and its moment."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
import real_data
from explained_log import Explained, Ledger
from left_alone import left_alone

from badgejobs.bootstrap import House, found_sources
from badgejobs.cli.foreground import Foreground
from badgejobs.cli.output import Output
from badgejobs.config import Settings, SiteSettings
from badgejobs.coordination.local import LocalThrottle
from badgejobs.core.award import Award
from badgejobs.jobs import duties
from badgejobs.sandbox.history import seed
from badgejobs.sandbox.remote import RemoteSandbox
from badgejobs.sandbox.server import running
from badgejobs.sandbox.settings import parse_installations, parse_options
from badgejobs.sandbox.world import World
from badgejobs.store import SqlStore
from badgejobs.wix import wire

__test__ = real_data.IS_THERE
pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]

SITE = "whole-log"
IDS = {
    "siteId": "5b0f0f64-6f0e-4f0e-9c52-0d5d4b1c0001",
    "instanceId": "5b0f0f64-6f0e-4f0e-9c52-0d5d4b1c0002",
    "appId": "5b0f0f64-6f0e-4f0e-9c52-0d5d4b1c0003",
}
CONDITIONS = {
    **{f"orders_count_{n}": f"{{count: orders, gte: {n}}}" for n in (1, 5, 10, 25)},
    **{f"spent_gross_{n}": f"{{sum: orders.amount, gte: {n}}}" for n in (100, 500, 1000)},
    "orders_3_in_30d": "{count: orders, window: {rolling: 30d}, gte: 3}",
    "distinct_products_5": "{distinct: orders.items.product, gte: 5}",
    "distinct_products_5_goods": (
        "{distinct: orders.items.product, where: {category: goods}, gte: 5}"
    ),
    "loyal_10_orders_or_500": "{any: [{count: orders, gte: 10}, {sum: orders.amount, gte: 500}]}",
    **{f"comments_count_{n}": f"{{count: comments, gte: {n}}}" for n in (1, 10, 25, 50, 100)},
}
#: Each looks at all members again, so a few of each kind in every run; all of them at length.
NEAR = ("orders-count-10", "loyal-10-orders-or-500", "comments-count-25")
#: Wix reads by POST too.
READINGS = {
    wire.TOKEN,
    wire.TOKEN_INFO,
    wire.BADGES_QUERY,
    wire.ASSIGNMENTS_QUERY,
    wire.ORDERS_SEARCH,
    wire.PAYMENTS_LIST,
    wire.COMMENTS_QUERY,
    wire.COMMENTS_COUNT,
    wire.MEMBERS_QUERY,
    wire.PRODUCTS_QUERY,
    wire.COLLECTIONS_QUERY,
}
HEAD = """\
version: 1
site: {currency: GBP}
policies:
  orders: {amount: total, min_amount: '0.01', full_refund: keep, partial_refund: keep}
badges:
"""


def fast() -> float:
    """A minute of the pace passes in 60 ms: no limit of Wix is on trial here."""
    return time.monotonic() * 1000


@pytest.fixture
def sandbox() -> Iterator[RemoteSandbox]:
    options = parse_options({"rateLimitRequests": 0, "queryLagSeconds": 0})
    world = World(parse_installations([{**IDS, "appSecret": "s"}]), options)
    with running(world) as url:
        remote = RemoteSandbox(url)
        remote.start_replay(IDS["instanceId"], seconds=0, data=str(real_data.FOLDER))
        yield remote


@pytest.fixture
def house(sandbox: RemoteSandbox, database_url: str, tmp_path: Path, home: Path) -> Iterator[House]:
    rules = tmp_path / "rules.yaml"
    badges = "".join(
        f"  - {{id: {name.replace('_', '-')}, badge: {{title: {name}}}, when: {condition}}}\n"
        for name, condition in CONDITIONS.items()
    )
    rules.write_text(HEAD + badges)
    left_alone(rules)
    site = {
        "rules": rules,
        "app_id": IDS["appId"],
        "app_secret": "s",
        "instance_id": IDS["instanceId"],
    }
    settings = Settings(
        state_dir=tmp_path, wix_base_url=sandbox.base_url, sites={SITE: SiteSettings(**site)}
    )
    house = House(settings, SqlStore(database_url), LocalThrottle(clock=fast), found_sources())
    duties.register(house)
    yield house
    house.close()


def sync(house: House) -> None:
    """What workers do until nothing is due."""
    with house.store.begin() as tx:
        tx.scans.make_due(SITE)
    with Output().progress() as tell:
        done = Foreground(house, SITE, tell=tell).sync(house.at(SITE).wanted_sources())
    assert (done.blocked_by, done.left) == (None, None)


def writes(sandbox: RemoteSandbox) -> dict[tuple[str, str], int]:
    """How often each path was called that is not known to change nothing."""
    found = Counter[tuple[str, str]]()
    for row in sandbox.stats(IDS["instanceId"])["requests"]:
        if row["method"] != "GET" and row["path"] not in READINGS:
            found[row["method"], row["path"]] += row["count"]
    return dict(found)


def ledger(house: House) -> Ledger:
    found, after = dict[tuple[str, str], Award](), ""
    with house.store.read() as tx:
        while members := tx.activities.members_after(SITE, after, 500):
            found |= tx.awards.of_members(SITE, members)
            after = members[-1]
    return found


@pytest.mark.parametrize(
    "database_url",
    # what differs on PostgreSQL has its own tests in the rooms that know it
    ["sqlite", pytest.param("postgres", marks=pytest.mark.at_length)],
    indirect=True,
)
def test_every_award_of_the_whole_log_and_nothing_else_and_what_is_explained_of_them(
    house: House, sandbox: RemoteSandbox
) -> None:
    expected = {
        (one.member_id, one.rule.replace("_", "-")): one.earned_at
        for one in seed.expected(real_data.FOLDER)
        if one.rule in CONDITIONS
    }
    assert len(expected) == 26_163

    sync(house)

    standing = ledger(house)
    assert {pair: award.earned_at for pair, award in standing.items()} == expected
    explained = Explained(house, SITE, standing)
    explained.awards(one_in=20)
    explained.near_misses(*NEAR, one_in=20)
    explained.others(one_in=200)

    state = sandbox.state(IDS["instanceId"])
    names = {badge["id"]: badge["title"].replace("_", "-") for badge in state["badges"]}
    at_wix = [(row["memberId"], names[row["badgeId"]]) for row in state["badgeAssignments"]]
    assert len(at_wix) == len(expected), "each award stands once"
    assert set(at_wix) == expected.keys()

    before = writes(sandbox)
    assert before["POST", wire.BADGES] == len(CONDITIONS)
    assert before["POST", wire.ASSIGNMENTS_BULK_CREATE] >= len(expected) / wire.MOST_ITEMS
    sync(house)
    assert writes(sandbox) == before, "a second run writes nothing"
    assert sandbox.state(IDS["instanceId"]) == state


@pytest.mark.at_length
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_every_award_and_every_near_miss_of_the_whole_log_is_explained_as_it_stands(
    house: House,
) -> None:
    sync(house)
    explained = Explained(house, SITE, ledger(house))
    explained.awards()
    explained.near_misses()
    explained.others(one_in=40)
