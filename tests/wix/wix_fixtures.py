"""A scripted Wix, and clients of it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from scripted_wix import ScriptedWix, scripted_wix
from wix_facts import APP, Connect

from badgejobs.wix.client import WixClient


@pytest.fixture
def wix() -> Iterator[ScriptedWix]:
    with scripted_wix() as server:
        yield server


@pytest.fixture
def connect(wix: ScriptedWix) -> Iterator[Connect]:
    """Makes clients of the scripted Wix; by an app unless it is told otherwise."""
    opened = []

    def client(**settings: Any) -> WixClient:
        given: dict[str, Any] = {
            "base_url": wix.url,
            "credentials": APP,
            "pace": lambda: None,
            "request_deadline": timedelta(seconds=5),
        }
        opened.append(WixClient(**(given | settings)))
        return opened[-1]

    yield client
    for one in opened:
        one.close()
