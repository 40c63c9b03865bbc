"""Site properties: the site's time zone and currency, as its owner set them."""

from __future__ import annotations

from typing import Final

from badgejobs.sandbox.endpoints.endpoint import Answer, Call, Endpoint
from badgejobs.wix import wire


def get(call: Call) -> Answer:
    """The properties of the caller's site; those that nothing here asks for are left out."""
    site = call.site
    return {
        "properties": {
            "language": "en",
            "paymentCurrency": site.payment_currency,
            "timeZone": site.properties.time_zone,
            "siteDisplayName": "Sandbox",
        },
        "version": "1",
    }


#: The docs name permissions for it and no scope.
ENDPOINTS: Final = (Endpoint("GET", wire.SITE_PROPERTIES, None, get),)
