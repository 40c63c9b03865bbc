"""What products are filed under: asked of a sandbox, and of a Wix that answers oddly."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from scripted_wix import Reply, ScriptedWix
from wix_facts import API_KEY, Connect

from badgejobs import errors
from badgejobs.sandbox import builtin
from badgejobs.sandbox.history import seeds
from badgejobs.sandbox.properties import Properties
from badgejobs.sandbox.server import running
from badgejobs.sandbox.settings import Options, parse_installations
from badgejobs.sandbox.world import Site, World
from badgejobs.wix import wire
from badgejobs.wix.auth import ApiKeyCredentials
from badgejobs.wix.client import WixClient
from badgejobs.wix.wire import CatalogVersion

pytest_plugins = ["wix_fixtures"]

ALL_PRODUCTS = "00000000-000000-000000-000000000001"
CUPS = "a41c7e05-3f28-4d96-b7e1-5c6d7e8f9a81"
SECRET_SALE = "a41c7e05-3f28-4d96-b7e1-5c6d7e8f9a82"


def product(number: int) -> str:
    return f"6b1f0c92-7d3e-4a58-91c4-{number:012x}"


def put(site: Site, kind: str, *records: dict[str, Any]) -> None:
    seeds.put(site, kind, seeds.records(kind, list(records)), 0.0)


@contextmanager
def shop(version: CatalogVersion, *, scopes: frozenset[str] | None = None) -> Iterator[WixClient]:
    """A client of a sandbox whose shop has a mug, a hidden jar and an unfiled voucher."""
    told = builtin.sites(1)[0] | {"scopes": None if scopes is None else sorted(scopes)}
    world = World(parse_installations([told]), Options(query_lag_seconds=0, rate_limit_requests=0))
    [site] = world.sites.values()
    site.properties = Properties(catalog_version=version)
    put(
        site,
        "products",
        {"id": product(1), "name": "Mug", "collectionIds": [ALL_PRODUCTS, CUPS, SECRET_SALE]},
        {"id": product(2), "name": "Jar", "visible": False, "collectionIds": [CUPS]},
        {"id": product(3), "name": "Voucher"},
    )
    put(
        site,
        "collections",
        {"id": ALL_PRODUCTS, "name": "All Products"},
        {"id": CUPS, "name": " Cups & Ärmel "},
        {"id": SECRET_SALE, "name": "Sale", "visible": False},
    )
    key = ApiKeyCredentials(api_key=builtin.API_KEY, site_id=builtin.site_id(1))
    with (
        running(world) as url,
        WixClient(base_url=url, credentials=key, pace=lambda: None) as wix,
    ):
        yield wix


WANTED = [product(1), product(2), product(3), product(4), "no id at all"]


def test_collections_are_told_by_name_and_by_id_in_small_letters() -> None:
    with shop(CatalogVersion.V1) as wix:
        found = wix.categories_of(WANTED)
        assert wix.calls == 3
    everything = {ALL_PRODUCTS, "all products", CUPS, "cups & ärmel", SECRET_SALE, "sale"}
    assert found == {product(1): everything, product(3): frozenset()}


def test_categories_of_the_newer_catalogue_are_told_alike() -> None:
    with shop(CatalogVersion.V3) as wix:
        found = wix.categories_of(WANTED)
        assert wix.calls == 3
    # A category that visitors do not see can be named by its id.
    everything = {ALL_PRODUCTS, "all products", CUPS, "cups & ärmel", SECRET_SALE}
    assert found == {
        product(1): everything,
        product(2): {CUPS, "cups & ärmel"},
        product(3): frozenset(),
    }


def test_a_hidden_product_of_the_newer_catalogue_is_not_told_without_the_wider_scope() -> None:
    scopes = {wire.SCOPE_READ_CATALOG_VERSION, wire.SCOPE_READ_PRODUCTS_V3}
    with shop(CatalogVersion.V3, scopes=frozenset(scopes)) as wix:
        found = wix.product_categories([product(1), product(2)])
        assert set(found) == {product(1)}
        with pytest.raises(errors.PermissionMissing, match=wire.SCOPE_READ_CATEGORIES):
            wix.categories_of([product(1)])


def test_a_site_without_a_shop_costs_one_call_and_nothing_to_ask_costs_none() -> None:
    with shop(CatalogVersion.NONE) as wix:
        assert wix.categories_of([product(1)]) == {}
        assert wix.calls == 1
        assert wix.categories_of(["", "7", "../orders"]) == {}
        assert wix.categories_of([]) == {}
        assert wix.calls == 1


def test_the_version_is_not_asked_for_where_it_is_known() -> None:
    with shop(CatalogVersion.V1) as wix:
        wix.categories_of([product(1)], version=wix.catalog_version())
        assert wix.calls_by_path == {
            wire.CATALOG_VERSION: 1,
            wire.PRODUCTS_QUERY: 1,
            wire.COLLECTIONS_QUERY: 1,
        }


@pytest.mark.parametrize(
    ("has", "taken_for"),
    [(CatalogVersion.V1, CatalogVersion.V3), (CatalogVersion.V3, CatalogVersion.V1)],
)
def test_the_other_catalogue_refuses(has: CatalogVersion, taken_for: CatalogVersion) -> None:
    with shop(has) as wix, pytest.raises(errors.Refused):
        wix.categories_of([product(1)], version=taken_for)


def rows(name: str, *records: object) -> Reply:
    metadata = {"items": 100, "offset": 0}
    return Reply(body={name: records, "metadata": metadata, "totalResults": len(records)})


def test_products_are_asked_for_a_hundred_at_a_time_and_their_collections_too(
    wix: ScriptedWix, connect: Connect
) -> None:
    ids = [product(number) for number in range(150)]
    filed = [f"collection-{number:03}" for number in range(120)]
    wix.expect(
        wire.PRODUCTS_QUERY,
        rows("products", *({"id": one.upper(), "collectionIds": filed} for one in ids[:100])),
        rows("products", *({"id": one} for one in ids[100:])),
    )
    wix.expect(
        wire.COLLECTIONS_QUERY,
        rows("collections", *({"id": one, "name": one.upper()} for one in filed[:100])),
        rows("collections"),
    )
    client = connect(credentials=API_KEY)
    found = client.categories_of(ids, version=CatalogVersion.V1)
    assert set(found) == set(ids)
    assert found[ids[0]] == set(filed)
    assert found[ids[100]] == frozenset()
    asked = [json.loads(one.body["query"]["filter"])["id"]["$hasSome"] for one in wix.requests]
    assert asked == [ids[:100], ids[100:], filed[:100], filed[100:]]


def test_what_was_not_asked_for_is_not_believed(wix: ScriptedWix, connect: Connect) -> None:
    """Wix takes a filter that it does not see for none, and gives everything it has."""
    more = [{"id": product(number), "collectionIds": [CUPS]} for number in range(1, 50)]
    names = [{"id": CUPS, "name": "Cups"}, {"id": SECRET_SALE, "name": "Sale"}]
    wix.expect(wire.PRODUCTS_QUERY, rows("products", *more))
    wix.expect(wire.COLLECTIONS_QUERY, rows("collections", *names))
    found = connect(credentials=API_KEY).categories_of([product(7)], version=CatalogVersion.V1)
    assert found == {product(7): {CUPS, "cups"}}


@pytest.mark.parametrize(
    ("path", "name", "record"),
    [
        (wire.PRODUCTS_QUERY, "products", {"id": product(1), "collectionIds": "cups"}),
        (wire.PRODUCTS_QUERY, "products", {"collectionIds": []}),
        (wire.COLLECTIONS_QUERY, "collections", {"id": CUPS}),
        (wire.COLLECTIONS_QUERY, "collections", {"id": CUPS, "name": 7}),
    ],
)
def test_one_record_that_cannot_be_read_fails_the_whole(
    wix: ScriptedWix, connect: Connect, path: str, name: str, record: dict[str, Any]
) -> None:
    if path != wire.PRODUCTS_QUERY:
        good = {"id": product(1), "collectionIds": [CUPS]}
        wix.expect(wire.PRODUCTS_QUERY, rows("products", good))
    wix.expect(path, rows(name, record))
    with pytest.raises(errors.Ambiguous, match="a record cannot be read"):
        connect(credentials=API_KEY).categories_of([product(1)], version=CatalogVersion.V1)


def test_a_catalogue_that_we_do_not_know_is_not_guessed(wix: ScriptedWix, connect: Connect) -> None:
    wix.expect(wire.CATALOG_VERSION, Reply(body={"catalogVersion": "V4_CATALOG"}))
    with pytest.raises(errors.Ambiguous, match="catalogVersion"):
        connect(credentials=API_KEY).categories_of([product(1)])


def v3(name: str, *records: object, cursor: str | None = None) -> Reply:
    cursors = {} if cursor is None else {"next": cursor}
    paging = {"count": len(records), "cursors": cursors, "hasNext": cursor is not None}
    return Reply(body={name: records, "pagingMetadata": paging})


def test_smaller_pages_of_the_newer_catalogue_are_followed_to_the_end(
    wix: ScriptedWix, connect: Connect
) -> None:
    def filed(*ids: str) -> dict[str, Any]:
        return {"categories": [{"id": one} for one in ids]}

    wix.expect(
        wire.PRODUCTS_V3_QUERY,
        v3("products", {"id": product(1), "allCategoriesInfo": filed(CUPS)}, cursor="on"),
        v3("products", {"id": product(2), "allCategoriesInfo": filed()}, {"id": product(3)}),
    )
    wix.expect(wire.CATEGORIES_QUERY, v3("categories", {"id": CUPS, "name": "Cups"}))
    client = connect(credentials=API_KEY)
    found = client.categories_of([product(n) for n in range(1, 4)], version=CatalogVersion.V3)
    assert found == {
        product(1): {CUPS, "cups"},
        product(2): frozenset(),
        product(3): frozenset(),
    }
