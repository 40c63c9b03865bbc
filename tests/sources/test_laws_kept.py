"""Our sources, and the worked example of a plug-in, keep the laws: over client and sandbox."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import worlds
from distributions import REVIEWS, link
from live_shop import LiveShop, live_shop
from worlds import SandboxWorld

from badgejobs.core.milestone import Wants
from badgejobs.core.site import Site
from badgejobs.sources.comments import Comments
from badgejobs.sources.installed import found_sources
from badgejobs.sources.membership import Membership
from badgejobs.sources.orders import Orders
from badgejobs.testing import check_source
from badgejobs.wix import wire

PLAIN = Site(name="shop")
BLOG = Site(name="shop", comment_apps=(wire.COMMENT_APPS["blog"],))


@pytest.fixture
def shop() -> Iterator[LiveShop]:
    with live_shop() as shop:
        yield shop


@pytest.mark.parametrize(
    ("source", "world", "site"),
    [
        (Orders, worlds.orders, PLAIN),
        (Orders, worlds.orders, replace(PLAIN, wants=Wants(payments=True))),
        (Comments, worlds.comments, BLOG),
        (Comments, worlds.comments, replace(BLOG, wants=Wants(post_authors=True))),
        (Membership, worlds.membership, PLAIN),
    ],
    ids=["orders", "orders with payments", "comments", "comments with posts", "membership"],
)
def test_our_sources_keep_the_laws(
    shop: LiveShop, source: Any, world: Callable[[LiveShop], SandboxWorld], site: Site
) -> None:
    check_source(source, world(shop), site=site)


@pytest.mark.parametrize("sorting", ["none", "documented"])
def test_members_are_lawfully_read_however_wix_sorts_them(shop: LiveShop, sorting: Any) -> None:
    shop.world.switches = replace(shop.world.switches, member_sorting=sorting)
    check_source(Membership, worlds.membership(shop))


def test_the_worked_example_keeps_the_laws(
    shop: LiveShop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    link(tmp_path, REVIEWS)
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.syspath_prepend(str(REVIEWS))
    check_source(found_sources()["reviews"], worlds.reviews(shop))
