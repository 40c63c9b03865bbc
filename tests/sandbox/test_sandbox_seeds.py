from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

import pytest
from sandbox_caller import Caller, Clock, comment, member, order

from badgejobs.errors import SettingsError, StateError
from badgejobs.sandbox import builtin
from badgejobs.sandbox.history import seeds
from badgejobs.sandbox.server import running
from badgejobs.sandbox.settings import Options, parse_installations
from badgejobs.sandbox.world import World


def world_of(number: int, clock: Clock | None = None) -> World:
    options = Options(query_lag_seconds=0)
    sites = parse_installations(builtin.sites(number))
    return World(sites, options, clock=clock or Clock())


def held(world: World) -> list[tuple[int, int, int]]:
    return [
        (len(one.members.current), len(one.orders.current), len(one.comments.current))
        for one in world.sites.values()
    ]


def test_an_empty_seed_holds_nothing() -> None:
    world = world_of(1)
    seeds.sow(world, "empty")
    assert held(world) == [(0, 0, 0)]


def test_the_real_seed_is_the_shipped_history_on_every_site() -> None:
    world = world_of(2)
    seeds.sow(world, "real")
    assert held(world) == [(1520, 3000, 3000)] * 2


def test_the_real_seed_can_arrive_over_time() -> None:
    clock = Clock()
    world = world_of(1, clock)
    seeds.sow(world, "real", seconds=100)
    (site,) = world.sites.values()
    early = len(site.orders.current)
    clock.seconds += 50
    site.advance(clock())
    half = len(site.orders.current)
    clock.seconds += 50
    site.advance(clock())
    assert early < half < len(site.orders.current) == 3000


def test_a_file_of_records_is_stored_as_it_is(tmp_path: Path) -> None:
    file = tmp_path / "shop.json"
    deleted = comment(2, status="DELETED")
    file.write_text(
        json.dumps({"members": [member(0)], "orders": [order(1)], "comments": [deleted]})
    )
    world = world_of(1)
    seeds.sow(world, str(file))
    with running(world) as url:
        caller = Caller(url, Clock())
        caller.log_in(builtin.sites(1)[0])
        assert caller.post("/ecom/v1/orders/search", {})["orders"] == [order(1)]
        stored = caller.good("GET", f"/comments/v1/comments/{deleted['id']}")["comment"]
        caller.close()
    assert "author" not in stored, "a deleted comment has lost its author"


def test_a_file_may_say_how_the_site_is_set_and_hold_a_shop_and_a_blog(tmp_path: Path) -> None:
    file = tmp_path / "shop.json"
    told = {
        "site": {"timeZone": "Europe/Riga", "catalogVersion": "V3_CATALOG"},
        "products": [{"id": "p", "collectionIds": ["c"]}],
        "collections": [{"id": "c", "name": "Cups"}],
        "posts": [{"id": "b", "memberId": "m", "referenceId": "r"}],
        "reviews": [{"id": "v", "author": {"contactId": "m"}}],
    }
    file.write_text(json.dumps(told))
    world = world_of(2)
    seeds.sow(world, str(file))
    for site in world.sites.values():
        assert site.properties.time_zone == "Europe/Riga"
        assert site.properties.catalog_version == "V3_CATALOG"
        assert [one.body for one in site.posts.current.values()] == told["posts"]
        assert [one.body for one in site.reviews.current.values()] == told["reviews"]
        held = [*site.products.current.values(), *site.collections.current.values()]
        assert [one.id for one in held] == ["p", "c"]


def test_the_real_shop_files_goods_apart_from_what_is_none_and_bills_in_pounds() -> None:
    world = world_of(1)
    seeds.sow(world, "real")
    [site] = world.sites.values()
    names = {one.id: one.body["name"] for one in site.collections.current.values()}
    filed: dict[str, set[str]] = {"goods": set(), "other": set()}
    for one in site.products.current.values():
        [collection] = one.body["collectionIds"]
        filed[names[collection]].add(one.body["name"])
    assert {"POST", "D", "M"} & filed["other"]
    assert all(code[:5].isdigit() for code in filed["goods"])
    assert not any(code[:5].isdigit() and len(code) >= 5 for code in filed["other"])
    lines = {
        line["catalogReference"]["catalogItemId"]
        for order in site.orders.current.values()
        for line in order.body["lineItems"]
    }
    assert lines == set(site.products.current), "every line's product is in the shop"
    assert site.payment_currency == "GBP"


@pytest.mark.parametrize(
    ("text", "match"),
    [
        ('{"site": {"zone": "UTC"}}', r"shop\.json: site\.zone is not a field known here"),
        ('{"site": {"catalogVersion": 1}}', r"shop\.json: catalogVersion must be one of"),
        ("{", r"shop\.json:1:2: no JSON"),
        ("[]", r"shop\.json: body Expected an object"),
        ('{"order": []}', r"shop\.json: order is not a field known here"),
        ('{"orders": {}}', r"shop\.json: orders Expected a list"),
        ('{"orders": [{"number": "1"}]}', r"shop\.json: orders\[0\]\.id must be a text"),
    ],
)
def test_a_file_that_is_no_seed_is_refused_with_the_place(
    text: str, match: str, tmp_path: Path
) -> None:
    file = tmp_path / "shop.json"
    file.write_text(text)
    world = world_of(1)
    with pytest.raises(SettingsError, match=match):
        seeds.sow(world, str(file))
    assert held(world) == [(0, 0, 0)]


def test_an_unknown_seed_is_refused_with_those_that_there_are() -> None:
    named = "name 'empty', 'real', 'orders:N', 'comments:NUMBER:POSTS' or a JSON file"
    with pytest.raises(SettingsError, match=named):
        seeds.sow(world_of(1), "reel")


def test_a_folder_without_the_real_data_is_refused(tmp_path: Path) -> None:
    with pytest.raises(StateError, match="cannot be read"):
        seeds.sow(world_of(1), "real", data=tmp_path)


def test_made_up_comments_stand_on_so_many_posts_and_are_the_same_each_time() -> None:
    worlds = [world_of(1), world_of(1)]
    for one in worlds:
        seeds.sow(one, "comments:600:40")
    first, second = (next(iter(one.sites.values())).comments.current for one in worlds)
    assert {one: record.encoded for one, record in first.items()} == {
        one: record.encoded for one, record in second.items()
    }
    on = Counter(record.values["resourceId"] for record in first.values())
    assert (len(first), len(on), set(on.values())) == (600, 40, {15})
    (site,) = worlds[0].sites.values()
    writers = {record.values["author.memberId"] for record in first.values()}
    assert writers <= set(site.members.current)


@pytest.mark.parametrize(
    "name", ["comments:", "comments:5", "comments:5:6", "comments:5:0", "comments:x:1"]
)
def test_a_made_up_seed_that_is_none_is_refused_with_the_form(name: str) -> None:
    with pytest.raises(SettingsError, match="write comments:NUMBER:POSTS, such as"):
        seeds.sow(world_of(1), name)
