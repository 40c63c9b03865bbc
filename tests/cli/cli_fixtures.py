"""A live sandbox, and folders that are configured for it or for none."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from command_desk import APP, INSTANCE, SECRET, SITE, Desk, LiveWix

from badgejobs.sandbox.server import running
from badgejobs.sandbox.settings import Installation, Options
from badgejobs.sandbox.world import World


@pytest.fixture
def live_wix() -> Iterator[LiveWix]:
    site = Installation(site_id=SITE, instance_id=INSTANCE, app_id=APP, app_secret=SECRET)
    world = World([site], Options(query_lag_seconds=0))
    with running(world) as url:
        yield LiveWix(url=url, world=world)


@pytest.fixture
def lonely_desk(tmp_path: Path) -> Desk:
    """A desk whose Wix does not answer."""
    return Desk(tmp_path, "http://127.0.0.1:9")


@pytest.fixture
def desk(live_wix: LiveWix, tmp_path: Path) -> Desk:
    return Desk(tmp_path, live_wix.url)
