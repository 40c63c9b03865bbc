"""The app's own installation: who the caller is, and on which site."""

from __future__ import annotations

from typing import Final

from badgejobs.sandbox.endpoint import Answer, Call, Endpoint
from badgejobs.wix import wire


def get(call: Call) -> Answer:
    """The installation that the caller's credentials stand for."""
    installation = call.site.installation
    return {
        "instance": {
            "instanceId": installation.instance_id,
            "appName": "badgejobs",
            "appVersion": "latest",
            "isFree": True,
            "permissions": sorted(installation.scopes or ()),
        },
        "site": {"siteId": installation.site_id, "siteDisplayName": "Sandbox", "locale": "en"},
    }


ENDPOINTS: Final = (Endpoint("GET", wire.APP_INSTANCE, None, get),)
