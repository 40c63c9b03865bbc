"""A source together with the client that it reads by."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from badgejobs.core.source import Known, Mode, Page, Probed, Scope, Source
from badgejobs.wix.client import WixClient


@dataclass(frozen=True)
class Bound:
    source: Source[WixClient]
    client: WixClient

    @property
    def name(self) -> str:
        return self.source.name

    @property
    def mode(self) -> Mode:
        return self.source.mode

    def fetch(self, scope: Scope, cursor: str | None) -> Page:
        return self.source.fetch(self.client, scope, cursor)

    def probe(self, known: Known, offsets: dict[str, int] | None = None) -> Probed:
        source: Any = self.source
        found: Probed = source.probe(self.client, known, offsets or {})
        return found
