"""The made-up facts that the tests of the client are about."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from scripted_wix import Reply

from badgejobs.wix.auth import ApiKeyCredentials, AppCredentials
from badgejobs.wix.client import WixClient

BADGE = "3f0a9d5e-5f4d-4f2b-9a57-1f2b7a0c1101"
ADA = "c2b7a6d4-0d3f-4a4e-9f10-6f5a2c9e2201"
BEN = "c2b7a6d4-0d3f-4a4e-9f10-6f5a2c9e2202"
SECRET = "canary-app-secret"
KEY = "IST.canary-api-key"
APP = AppCredentials(
    app_id="7d0c3a51-2f68-4e0b-9d0e-51a6f0b8c001",
    app_secret=SECRET,
    instance_id="b6e1f2a0-9f44-4b2e-8a55-0c4c4a1d7e10",
)
API_KEY = ApiKeyCredentials(api_key=KEY, site_id="2f0a9d5e-5f4d-4f2b-9a57-1f2b7a0c1199")
EMPTY_PAGE = Reply(body={"badges": [], "pagingMetadata": {"count": 0, "hasNext": False}})

Connect = Callable[..., WixClient]


def never_called() -> None:
    raise AssertionError


def no_fence() -> None:
    pass


def assignment(number: int = 1, member: str = ADA, badge: str = BADGE) -> dict[str, Any]:
    return {
        "id": f"91d5b3aa-2b61-4a0c-8e0d-3b1f5d7e33{number:02}",
        "badgeId": badge,
        "memberId": member,
        "createdDate": "2026-02-03T08:30:00.000Z",
    }


def created(number: int = 1, member: str = ADA) -> Reply:
    return Reply(body={"badgeAssignment": assignment(number, member)})


def member(number: int) -> str:
    return f"c2b7a6d4-0d3f-4a4e-9f10-6f5a2c9e22{number:02}"
