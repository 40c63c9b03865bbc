"""A forked child never uses what its parent opened: shared connections mix up answers."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from jobs_stage import NORTH, SHOPS, SOUTH, LiveShops, MakeSettings

from badgejobs.service.broker import EmbeddedBroker

pytest_plugins = ["jobs_fixtures"]

READINGS = 100


@pytest.fixture
def told(
    shops: LiveShops, shop_settings: MakeSettings, valkey: EmbeddedBroker, tmp_path: Path
) -> dict[str, Any]:
    """What the program that forks found; each shop has a number of orders of its own."""
    shop_settings(sites=SHOPS)
    shops.buys(1, 3, shop=NORTH)
    shops.buys(1, 5, shop=SOUTH)
    program = Path(__file__).with_name("forking.py")
    arguments = [str(tmp_path / "shop"), shops.url, valkey.celery_url, valkey.redis_url]
    ended = subprocess.run(
        [sys.executable, str(program), *arguments],
        env=os.environ | {"PYTHONPATH": str(program.parents[1])},
        capture_output=True,
        text=True,
        timeout=90,
        check=False,
    )
    assert ended.returncode == 0, ended.stderr
    assert "Traceback" not in ended.stderr, ended.stderr
    found: dict[str, Any] = json.loads(ended.stdout.splitlines()[-1])
    return found


def test_forked_children_never_use_what_their_parent_opened(told: dict[str, Any]) -> None:
    children = told["children"]

    for site, orders in ((NORTH, 3), (SOUTH, 5)):
        found = children[site]
        assert found["errors"] == []
        assert found["foreign"] == 0  # no answer of the other site ever appeared
        assert found["own"] == orders * READINGS
        assert found["written"] == READINGS
        assert not found["same_house"]
        assert found["house_of"] == found["pid"]
    assert len({told["pid"], *(one["pid"] for one in children.values())}) == 3

    # and the parent's own connections work on, while its children run and after they ended
    for found, orders in (
        (told["meanwhile"], 3 * 20),
        (told["after"][NORTH], 3),
        (told["after"][SOUTH], 5),
    ):
        assert found["errors"] == []
        assert (found["own"], found["foreign"]) == (orders, 0)
        assert found["house_of"] == told["pid"]
    assert told["rows"] == 2 + 2 * READINGS + 20 + 2
