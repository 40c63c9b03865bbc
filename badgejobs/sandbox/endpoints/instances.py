"""The app's own installation: who the caller is, and on which site."""

from __future__ import annotations

from typing import Final

from badgejobs.sandbox.endpoints.endpoint import Answer, Call, Endpoint
from badgejobs.wix import wire

#: What an installation without a list of its own is granted.
_EVERY_SCOPE = frozenset(
    {
        wire.SCOPE_READ_BADGES,
        wire.SCOPE_MANAGE_BADGES,
        wire.SCOPE_READ_ORDERS,
        wire.SCOPE_READ_COMMENTS,
        wire.SCOPE_READ_MEMBERS,
        wire.SCOPE_READ_CATALOG_VERSION,
        wire.SCOPE_READ_PRODUCTS,
        wire.SCOPE_READ_PRODUCTS_V3,
        wire.SCOPE_READ_HIDDEN_PRODUCTS_V3,
        wire.SCOPE_READ_CATEGORIES,
        wire.SCOPE_READ_BLOG,
        wire.SCOPE_READ_REVIEWS,
    }
)


def get(call: Call) -> Answer:
    """The installation that the caller's credentials stand for."""
    installation = call.site.installation
    granted = installation.scopes
    return {
        "instance": {
            "instanceId": installation.instance_id,
            "appName": "badgejobs",
            "appVersion": "latest",
            "isFree": True,
            "permissions": sorted(_EVERY_SCOPE if granted is None else granted),
            "availablePlans": [],
            "copiedFromTemplate": False,
            "freeTrialAvailable": False,
        },
        "site": {
            "siteId": installation.site_id,
            "siteDisplayName": "Sandbox",
            "locale": "en",
            "url": "https://sandbox.example",
            "description": "A site that exists on this machine only.",
            "paymentCurrency": call.site.payment_currency,
            "multilingual": {"isMultiLingual": False, "supportedLanguages": []},
            "installedWixApps": [],
        },
    }


ENDPOINTS: Final = (Endpoint("GET", wire.APP_INSTANCE, None, get),)
