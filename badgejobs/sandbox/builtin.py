"""The sites that a sandbox has when nobody has set any up: made-up ids and secrets, no secret."""

from __future__ import annotations

from typing import Any, Final

#: One app that all built-in sites share, and one key that reaches all of them.
APP_ID: Final = "00000003-0000-4000-8000-000000000001"
APP_SECRET: Final = "sandbox-app-secret"  # noqa: S105 - printed for everybody
API_KEY: Final = "IST.sandbox-key"


def site_id(number: int) -> str:
    """The site id of the built-in site of that number, from 1.

    >>> site_id(1)
    '00000001-0000-4000-8000-000000000001'
    """
    return f"00000001-0000-4000-8000-{number:012d}"


def instance_id(number: int) -> str:
    """The instance id of the built-in site of that number, from 1."""
    return f"00000002-0000-4000-8000-{number:012d}"


def sites(number: int) -> list[dict[str, Any]]:
    """So many sites, in the form of ``POST /_sandbox/reset``."""
    return [
        {
            "siteId": site_id(one),
            "instanceId": instance_id(one),
            "appId": APP_ID,
            "appSecret": APP_SECRET,
            "apiKey": API_KEY,
        }
        for one in range(1, number + 1)
    ]
