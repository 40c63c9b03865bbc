"""The shop's two catalogues: one set of records, shown as the site's own version shows it."""

from __future__ import annotations

import json
from typing import Any

import pytest
from sandbox_caller import ONE, Caller, guid, sandbox, site

from badgejobs.wix import wire
from badgejobs.wix.wire import CatalogVersion

MUG, JAR = guid(0xC1, 1), guid(0xC1, 2)
CUPS, SALE = guid(0xC2, 1), guid(0xC2, 2)
TREE = {"appNamespace": wire.STORES_TREE, "treeKey": None}


def stocked(wix: Caller) -> None:
    wix.store(
        "products",
        {"id": MUG, "name": "Mug", "visible": True, "collectionIds": [CUPS, SALE]},
        {"id": JAR, "name": "Jar", "visible": False, "collectionIds": []},
    )
    wix.store(
        "collections",
        {"id": CUPS, "name": "Cups", "visible": True},
        {"id": SALE, "name": "Sale", "visible": False},
    )


def moved(wix: Caller, version: CatalogVersion) -> None:
    wix.post("/_sandbox/site", {"instanceId": ONE["instanceId"], "catalogVersion": version})


def v1(wix: Caller, path: str, **query: Any) -> Any:
    packed = {
        name: json.dumps(value) if name in {"filter", "sort"} else value
        for name, value in query.items()
    }
    return wix.post(path, {"query": packed})


def test_a_site_has_the_older_catalogue_until_it_is_moved() -> None:
    with sandbox() as wix:
        assert wix.good("GET", wire.CATALOG_VERSION) == {"catalogVersion": "V1_CATALOG"}
        for version in (CatalogVersion.V3, CatalogVersion.NONE):
            moved(wix, version)
            assert wix.good("GET", wire.CATALOG_VERSION) == {"catalogVersion": version}


@pytest.mark.parametrize("version", CatalogVersion)
def test_each_catalogue_answers_only_where_the_site_has_it(version: CatalogVersion) -> None:
    answering = {
        CatalogVersion.V1: {wire.PRODUCTS_QUERY, wire.COLLECTIONS_QUERY},
        CatalogVersion.V3: {wire.PRODUCTS_V3_QUERY, wire.CATEGORIES_QUERY},
        CatalogVersion.NONE: set[str](),
    }
    with sandbox() as wix:
        moved(wix, version)
        for path in set[str]().union(*answering.values()):
            reply = wix.call("POST", path, {"treeReference": TREE})
            assert reply.status == (200 if path in answering[version] else 428), path


def test_the_older_catalogue_takes_a_filter_as_json_in_a_text_and_no_other() -> None:
    with sandbox() as wix:
        stocked(wix)
        found = v1(wix, wire.PRODUCTS_QUERY, filter={"id": {"$hasSome": [MUG, JAR]}})
        assert [one["id"] for one in found["products"]] == [MUG]
        assert (found["metadata"], found["totalResults"]) == ({"items": 100, "offset": 0}, 1)
        by_collection = v1(
            wix, wire.PRODUCTS_QUERY, filter={"collections.id": {"$hasSome": [SALE]}}
        )
        assert by_collection["totalResults"] == 1
        for wrong in ({"id": MUG}, "{", json.dumps(["id"]), json.dumps({"price": 1})):
            reply = wix.call("POST", wire.PRODUCTS_QUERY, {"query": {"filter": wrong}})
            assert reply.violation["field"].startswith("query.filter")


def test_hidden_products_of_the_older_catalogue_are_shown_to_who_asks_for_them() -> None:
    with sandbox() as wix:
        stocked(wix)
        all_of_them = wix.post(wire.PRODUCTS_QUERY, {"includeHiddenProducts": True})
        assert [one["id"] for one in all_of_them["products"]] == [MUG, JAR]
        assert all_of_them["products"][0]["collectionIds"] == [CUPS, SALE]


def test_pages_of_the_older_catalogue_go_by_offset() -> None:
    with sandbox() as wix:
        stocked(wix)
        first, second, third = (
            v1(wix, wire.COLLECTIONS_QUERY, paging={"limit": 1, "offset": offset})
            for offset in range(3)
        )
        assert [one["collections"][0]["name"] for one in (first, second)] == ["Cups", "Sale"]
        assert third["collections"] == []
        assert (second["metadata"], second["totalResults"]) == ({"items": 1, "offset": 1}, 2)
        last = v1(wix, wire.COLLECTIONS_QUERY, sort=[{"fieldName": "name", "order": "DESC"}])
        assert [one["name"] for one in last["collections"]] == ["Sale", "Cups"]


def test_categories_of_a_product_of_the_newer_catalogue_come_only_when_asked_for() -> None:
    with sandbox() as wix:
        stocked(wix)
        moved(wix, CatalogVersion.V3)
        by_id = {"filter": {"id": {"$in": [MUG]}}}
        [plain] = wix.post(wire.PRODUCTS_V3_QUERY, {"query": by_id})["products"]
        assert plain == {"id": MUG, "name": "Mug", "visible": True}
        ask = {"query": by_id, "fields": ["ALL_CATEGORIES_INFO", "URL"]}
        [whole] = wix.post(wire.PRODUCTS_V3_QUERY, ask)["products"]
        assert whole["allCategoriesInfo"] == {"categories": [{"id": CUPS}, {"id": SALE}]}
        wrong = wix.call("POST", wire.PRODUCTS_V3_QUERY, {"fields": ["name"]})
        assert wrong.violation["field"] == "fields[0]"


def test_the_newer_catalogue_filters_by_the_fields_of_its_own_table() -> None:
    with sandbox() as wix:
        moved(wix, CatalogVersion.V3)
        for name, taken in (("visible", True), ("createdDate", True), ("name", False)):
            query = {"filter": {name: {"$exists": True}}}
            reply = wix.call("POST", wire.PRODUCTS_V3_QUERY, {"query": query})
            assert (reply.status == 200) == taken, name


def test_products_that_visitors_do_not_see_need_the_wider_scope() -> None:
    with sandbox() as wix:
        for wider, seen in ((False, [MUG]), (True, [MUG, JAR])):
            scopes = [wire.SCOPE_READ_PRODUCTS_V3]
            scopes += [wire.SCOPE_READ_HIDDEN_PRODUCTS_V3] if wider else []
            wix.reset(site(1, scopes=scopes), queryLagSeconds=0)
            wix.log_in(ONE)
            stocked(wix)
            moved(wix, CatalogVersion.V3)
            found = wix.post(wire.PRODUCTS_V3_QUERY, {})
            assert [one["id"] for one in found["products"]] == seen


def test_categories_need_the_tree_and_no_empty_filter() -> None:
    with sandbox() as wix:
        stocked(wix)
        moved(wix, CatalogVersion.V3)
        for body, field in (
            ({}, "treeReference"),
            ({"treeReference": {"appNamespace": "@wix/other"}}, "treeReference.appNamespace"),
            ({"treeReference": TREE, "query": {"filter": {}}}, "query.filter"),
        ):
            assert wix.call("POST", wire.CATEGORIES_QUERY, body).violation["field"] == field
        asked = {"treeReference": TREE, "query": {"filter": {"id": {"$in": [CUPS, SALE]}}}}
        for hidden, names in ((False, ["Cups"]), (True, ["Cups", "Sale"])):
            more = asked | {"returnNonVisibleCategories": hidden}
            found = wix.post(wire.CATEGORIES_QUERY, more)
            assert [one["name"] for one in found["categories"]] == names


@pytest.mark.parametrize(
    ("method", "path", "scope"),
    [
        ("GET", wire.CATALOG_VERSION, wire.SCOPE_READ_CATALOG_VERSION),
        ("POST", wire.PRODUCTS_QUERY, wire.SCOPE_READ_PRODUCTS),
        ("POST", wire.COLLECTIONS_QUERY, wire.SCOPE_READ_PRODUCTS),
        ("POST", wire.PRODUCTS_V3_QUERY, wire.SCOPE_READ_PRODUCTS_V3),
        ("POST", wire.CATEGORIES_QUERY, wire.SCOPE_READ_CATEGORIES),
        ("POST", wire.POSTS_QUERY, wire.SCOPE_READ_BLOG),
        ("POST", wire.REVIEWS_QUERY, wire.SCOPE_READ_REVIEWS),
    ],
)
def test_each_needs_its_scope(method: str, path: str, scope: str) -> None:
    with sandbox() as wix:
        wix.reset(site(1, scopes=[wire.SCOPE_READ_ORDERS]))
        wix.log_in(ONE)
        body: Any = None if method == "GET" else {}
        reply = wix.call(method, path, body)
        assert (reply.status, reply.code) == (403, "PERMISSION_DENIED")
        wix.reset(site(1, scopes=[scope]))
        wix.log_in(ONE)
        assert wix.call(method, path, body).status != 403
