"""A sandbox with one shop in it, and our client of that."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from badgejobs.sandbox.records.collection import Record
from badgejobs.sandbox.server import running
from badgejobs.sandbox.settings import Options, parse_installations
from badgejobs.sandbox.world import Site, World
from badgejobs.wix.auth import ApiKeyCredentials
from badgejobs.wix.client import WixClient

IDS = {
    "siteId": "5170a9d5-5f4d-4f2b-9a57-1f2b7a0c1100",
    "instanceId": "1457a9d5-5f4d-4f2b-9a57-1f2b7a0c1100",
    "appId": "a990a9d5-5f4d-4f2b-9a57-1f2b7a0c1100",
    "appSecret": "made-up",
    "apiKey": "IST.made-up",
}


def guid(kind: str, number: int) -> str:
    return f"{kind * 8}-0000-4000-8000-{number:012d}"


@dataclass
class LiveShop:
    """The shop, what stands in it, and who asks for it."""

    world: World
    wix: WixClient
    #: Host and port.
    address: str

    @property
    def site(self) -> Site:
        return self.world.sites[IDS["instanceId"]]

    def put(self, kind: str, *bodies: dict[str, Any]) -> None:
        """Store records of a kind, each in place of the one with its id."""
        shelf = getattr(self.site, kind)
        for body in bodies:
            shelf.put(Record(body, shelf.fields), self.world.clock())

    def remove(self, kind: str, *ids: str) -> None:
        """Let records be gone."""
        for one in ids:
            getattr(self.site, kind).remove(one, self.world.clock())

    def asked(self, path: str) -> int:
        """How many requests came to a path."""
        return sum(one.path == path for one in self.world.journal.entries)


@contextmanager
def live_shop() -> Iterator[LiveShop]:
    options = Options(query_lag_seconds=0, rate_limit_requests=0)
    world = World(parse_installations([IDS]), options)
    with (
        running(world) as url,
        WixClient(
            base_url=url,
            credentials=ApiKeyCredentials(api_key=IDS["apiKey"], site_id=IDS["siteId"]),
            pace=lambda: None,
        ) as wix,
    ):
        yield LiveShop(world, wix, url.removeprefix("http://"))
