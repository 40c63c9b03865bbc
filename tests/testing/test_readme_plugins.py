"""The source that the README shows keeps the laws: what is copied from there is a lawful one."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import httpx

from badgejobs import sources
from badgejobs.testing import CANARY, check_source
from badgejobs.wix import wire
from badgejobs.wix.auth import ApiKeyCredentials
from badgejobs.wix.client import WixClient

README = Path(sources.__file__).with_name("README.md")


@dataclass
class Bookings:
    """A Wix that has the endpoint of the README's example."""

    rows: dict[str, dict[str, Any]] = field(default_factory=dict)

    @property
    def client(self) -> WixClient:
        return WixClient(
            base_url=wire.BASE_URL,
            credentials=ApiKeyCredentials(api_key="k", site_id="s"),
            pace=lambda: None,
            request_deadline=timedelta(seconds=5),
            transport=httpx.MockTransport(self.answer),
        )

    def answer(self, request: httpx.Request) -> httpx.Response:
        asked = json.loads(request.content)["query"]["cursorPaging"]
        names, cursor = sorted(self.rows), asked.get("cursor")
        if cursor is not None and cursor not in self.rows:
            return httpx.Response(400, json={})
        start = names.index(cursor) + 1 if cursor else 0
        some, more = names[start : start + asked["limit"]], start + asked["limit"] < len(names)
        paging = {"cursors": {"next": some[-1]} if more else {}, "hasNext": more}
        body = {"bookings": [self.rows[one] for one in some], "pagingMetadata": paging}
        return httpx.Response(200, json=body, headers={"Date": "Tue, 03 Feb 2026 08:15:00 GMT"})

    def put(self, number: int, *, changed_at: datetime, created: str = "2025-01-01T00:00Z") -> str:
        name = f"booking-{number:04}"
        self.rows[name] = {
            "id": name,
            "memberId": "member",
            "title": CANARY,
            "createdDate": created,
            "updatedDate": changed_at.isoformat(),
        }
        return name

    def spoil(self, number: int, *, changed_at: datetime) -> str:
        return self.put(number, changed_at=changed_at, created=CANARY)


def test_the_source_that_the_readme_shows_keeps_the_laws() -> None:
    found = re.search(
        r"```python\n(# shop_bookings\.py\n.*?)```", README.read_text("utf-8"), re.DOTALL
    )
    assert found, "the README shows a source"
    shown: dict[str, Any] = {}
    exec(found[1], shown)  # noqa: S102 - our own README
    check_source(shown["Bookings"], Bookings())
