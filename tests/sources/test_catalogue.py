"""Orders with the categories of their products, comments with the question whose post it is.

Both are asked of a real sandbox through the real client.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

import pytest
import wix_orders

from badgejobs.core.activity import Activity, Item
from badgejobs.core.milestone import Wants
from badgejobs.core.site import Site as SiteOfOurs
from badgejobs.core.source import Walk, Window
from badgejobs.errors import PermissionMissing
from badgejobs.sandbox import builtin
from badgejobs.sandbox.history import seeds
from badgejobs.sandbox.server import running
from badgejobs.sandbox.settings import Options, parse_installations
from badgejobs.sandbox.world import Site, World
from badgejobs.sources.catalogue import Catalogue
from badgejobs.sources.comments import Comments
from badgejobs.sources.orders import Orders
from badgejobs.sources.posts import Writers
from badgejobs.wix import wire
from badgejobs.wix.auth import ApiKeyCredentials
from badgejobs.wix.client import WixClient

WHEN = datetime(2026, 3, 1, tzinfo=UTC)
BOOKINGS = "13d21c63-b5ec-5912-8397-c3a5ddb27a97"
BLOG, FORUM = wire.COMMENT_APPS["blog"], wire.COMMENT_APPS["forum"]
ADA, BEN = (f"c2b7a6d4-0d3f-4a4e-9f10-6f5a2c9e220{number}" for number in (1, 2))


def product(number: int) -> str:
    return f"6b1f0c92-7d3e-4a58-91c4-{number:012x}"


@contextmanager
def site(*scopes: str) -> Iterator[tuple[Site, WixClient]]:
    told = builtin.sites(1)[0] | {"scopes": list(scopes) or None}
    world = World(parse_installations([told]), Options(query_lag_seconds=0, rate_limit_requests=0))
    [one] = world.sites.values()
    key = ApiKeyCredentials(api_key=builtin.API_KEY, site_id=builtin.site_id(1))
    with (
        running(world) as url,
        WixClient(base_url=url, credentials=key, pace=lambda: None) as wix,
    ):
        yield one, wix


def store(at: Site, kind: str, *records: dict[str, Any]) -> None:
    seeds.put(at, kind, seeds.records(kind, list(records)), 0.0)


def stocked(at: Site, products: int = 3) -> None:
    numbers = range(products)
    store(at, "products", *({"id": product(n), "collectionIds": [f"c{n % 2}"]} for n in numbers))
    store(at, "collections", {"id": "c0", "name": "Even"}, {"id": "c1", "name": "Odd"})


def order(number: int, *items: Item) -> Activity:
    return Activity(
        site="shop",
        source="orders",
        activity_id=f"order-{number}",
        member_id=ADA,
        occurred_at=WHEN,
        updated_at=WHEN,
        items=items,
    )


def line(number: int, catalog: str = wire.STORES_APP) -> Item:
    return Item(product=product(number), catalog=catalog, quantity=2)


def test_each_line_of_the_shop_is_told_its_categories_and_no_other_line() -> None:
    with site() as (at, wix):
        stocked(at)
        orders = [order(1, line(0), line(1)), order(2, line(1, BOOKINGS)), order(3, line(77))]
        first, second, third = Catalogue().filed(wix, orders)
    assert [one.categories for one in first.items] == [{"c0", "even"}, {"c1", "odd"}]
    assert [one.quantity for one in first.items] == [2, 2]
    assert second == orders[1]
    assert third.items[0].categories == frozenset(), "a product that is gone"


def test_a_product_is_asked_for_once_in_a_scan_also_one_that_is_gone() -> None:
    with site() as (at, wix):
        stocked(at)
        catalogue = Catalogue()
        catalogue.filed(wix, [order(1, line(0)), order(2, line(0), line(77))])
        assert wix.calls == 3
        again = catalogue.filed(wix, [order(3, line(77)), order(4, line(0))])
        assert wix.calls == 3
        assert again[1].items[0].categories == {"c0", "even"}
        catalogue.filed(wix, [order(5, line(1))])
        assert wix.calls_by_path[wire.CATALOG_VERSION] == 1
        assert wix.calls == 5


def test_orders_without_anything_of_the_shop_cost_no_call() -> None:
    with site() as (_, wix):
        orders = (order(1), order(2, line(1, BOOKINGS)))
        assert Catalogue().filed(wix, orders) == orders
        assert Catalogue().filed(wix, []) == ()
        assert wix.calls == 0


def test_a_page_with_more_products_than_are_kept_is_told_whole() -> None:
    with site() as (at, wix):
        stocked(at, 250)
        catalogue = Catalogue(most_kept=10)
        [found] = catalogue.filed(wix, [order(1, *(line(number) for number in range(250)))])
        assert all(one.categories for one in found.items)
        before = wix.calls
        catalogue.filed(wix, [order(2, *(line(number) for number in range(240, 250)))])
        assert wix.calls == before, "the last ones are still known"
        catalogue.filed(wix, [order(3, line(0))])
        assert wix.calls == before + 2, "the first one is not"


def test_a_missing_permission_is_named_with_what_needs_it() -> None:
    with site(wire.SCOPE_READ_ORDERS) as (_, wix), pytest.raises(PermissionMissing) as caught:
        Catalogue().filed(wix, [order(1, line(0))])
    assert "take the categories out of the rules" in str(caught.value)
    assert wire.SCOPE_READ_CATALOG_VERSION in str(caught.value)


def comment(number: int, member: str | None, post: str, app: str = BLOG) -> Activity:
    return Activity(
        site="shop",
        source="comments",
        activity_id=f"comment-{number}",
        member_id=member,
        occurred_at=WHEN,
        updated_at=WHEN,
        part=app,
        post=post,
    )


def written(at: Site) -> None:
    for number, writer in ((1, ADA), (2, BEN)):
        post = {"id": product(number), "referenceId": f"ref-{number}", "memberId": writer}
        store(at, "posts", post)


def test_a_comment_under_ones_own_post_is_own_and_no_other() -> None:
    with site() as (at, wix):
        written(at)
        comments = [
            comment(1, ADA, "ref-1"),
            comment(2, ADA, "ref-2"),
            comment(3, BEN, "ref-2"),
            comment(4, None, "ref-1"),
            comment(5, ADA, "ref-gone"),
            comment(6, ADA, "ref-1", FORUM),
            comment(7, ADA, ""),
        ]
        found = Writers().owned(wix, comments)
    assert [one.own for one in found] == [True, False, True, False, False, False, False]
    assert found[1:2] + found[3:] == (comments[1], *comments[3:])


def test_a_member_is_asked_for_once_in_a_scan_whatever_they_comment_on() -> None:
    with site() as (at, wix):
        written(at)
        writers = Writers()
        writers.owned(wix, [comment(1, ADA, "ref-2"), comment(2, BEN, "ref-9")])
        assert wix.calls == 1
        [found] = writers.owned(wix, [comment(3, ADA, "ref-1")])
        assert (found.own, wix.calls) == (True, 1)
        writers.owned(wix, [comment(4, None, "ref-1"), comment(5, "visitor", "x", FORUM)])
        assert wix.calls == 1


def test_what_is_kept_is_bounded_and_asked_for_anew() -> None:
    with site() as (at, wix):
        written(at)
        writers = Writers(most_kept=1)
        for calls in (1, 2):
            [found] = writers.owned(wix, [comment(1, ADA, "ref-1")])
            assert (found.own, wix.calls) == (True, calls)


def test_a_missing_permission_for_posts_is_named_with_what_needs_it() -> None:
    with site(wire.SCOPE_READ_COMMENTS) as (_, wix), pytest.raises(PermissionMissing) as caught:
        Writers().owned(wix, [comment(1, ADA, "ref-1")])
    assert "take on_own_content out of the rules" in str(caught.value)
    assert wire.SCOPE_READ_BLOG in str(caught.value)


@pytest.mark.parametrize("wants", [Wants(), Wants(categories=True)])
def test_orders_come_with_categories_just_where_the_rules_want_them(wants: Wants) -> None:
    with site() as (at, wix):
        stocked(at)
        reference = {"catalogItemId": product(1), "appId": wire.STORES_APP}
        bought = wix_orders.order(lineItems=[wix_orders.line(catalogReference=reference)])
        store(at, "orders", bought)

        page = Orders(SiteOfOurs(name="shop", wants=wants)).fetch(wix, Window(since=None), None)

        [one] = page.activities
        assert one.items[0].categories == ({"odd", "c1"} if wants.categories else frozenset())


@pytest.mark.parametrize("wants", [Wants(), Wants(post_authors=True)])
def test_comments_are_known_as_ones_own_just_where_the_rules_want_it(wants: Wants) -> None:
    with site() as (at, wix):
        store(at, "posts", {"id": "p-1", "memberId": ADA, "referenceId": "r-1"})
        when = {"createdDate": "2026-03-01T08:00:00Z", "updatedDate": "2026-03-01T08:00:00Z"}
        comment = when | {"appId": BLOG, "contextId": "r-1", "resourceId": "r-1"}
        comment |= {"status": "PUBLISHED", "revision": "1"}
        writers = {"c-ada": ADA, "c-ben": BEN}
        texts = [comment | {"id": i, "author": {"memberId": m}} for i, m in writers.items()]
        store(at, "comments", *texts)

        shop = SiteOfOurs(name="shop", comment_apps=(BLOG,), wants=wants)
        page = Comments(shop).fetch(wix, Walk(generation=1), None)

        own = {one.activity_id for one in page.activities if one.own}
        assert own == ({"c-ada"} if wants.post_authors else set())
